"""Hashes of code: blind to what makes no figure, and to nothing else."""

from pathlib import Path

import pytest

from dotforge.tools import source

CODE = '''"""A module."""

import os


#: Weights.
WEIGHTS = {"LUT4": 1, "CCU2C": 2}  # two tables
TEXT = """
# not a comment
"""


def count(cells):
    """Count."""
    from math import ceil  # here

    return ceil(sum(WEIGHTS[cell] for cell in cells))
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""A module."""', '"""Another\n\ntext."""'),
        ("import os\n", "import sys\nfrom os import path\n"),
        ("#: Weights.\n", ""),
        ("  # two tables", "    # 2"),
        ('"""Count."""', '"""Count them."""'),
        ("  # here\n\n", "\n"),
    ],
)
def test_what_makes_no_figure(old: str, new: str) -> None:
    assert CODE.count(old) == 1
    assert source.text(CODE.replace(old, new)) == source.text(CODE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"CCU2C": 2', '"CCU2C": 3'),
        ("# not a comment", "# not a remark"),
        ("ceil(sum", "int(sum"),
        ("def count(cells):", "def count(cells, extra=0):"),
    ],
)
def test_what_may_make_another(old: str, new: str) -> None:
    assert CODE.count(old) == 1
    assert source.text(CODE.replace(old, new)) != source.text(CODE)


def test_files(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(CODE)
    first = source.bench(tmp_path)
    assert source.bench(tmp_path) == first
    (tmp_path / "b.py").write_text("X = 1\n")
    second = source.bench(tmp_path)
    assert second != first
    (tmp_path / "b.py").write_text("X = 12\n")
    assert source.bench(tmp_path) not in (first, second)
    assert source.code(source) == source.code("dotforge.tools.source")
    assert source.code("dotforge.synthesis.area") != source.code(
        "dotforge.synthesis.area", "dotforge.synthesis.hierarchy"
    )
    with pytest.raises(ModuleNotFoundError):
        source.code("no_such_module_anywhere")
