"""Style and types are part of the tests."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("hw", "golden", "sim")


@pytest.mark.parametrize(
    "arguments",
    [
        ["ruff", "check", "--quiet", "."],
        ["ruff", "format", "--check", "--quiet", "."],
        ["pyright", "--pythonpath", sys.executable],
    ],
    ids=" ".join,
)
def test_is_clean(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def contracts(directory: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-c",
        "import sys; from importlinter.cli import lint_imports_command as c; sys.exit(c())",
    ]
    return subprocess.run(
        [*command, "--config", str(ROOT / "pyproject.toml"), "--no-cache"],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(str(directory / top) for top in PACKAGES)},
    )


def test_imports_run_one_way() -> None:
    """No circle, no import that climbs, no engine that imports another, formats and golden models apart."""
    done = contracts(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("path", "line", "contract"),
    [
        ("hw/dotforge/tools/files.py", "import dotforge.commands.run", "Imports run one way"),
        (
            "hw/dotforge/engines/mxdot/scale.py",
            "import dotforge.engines.vsquant.scale",
            "No engine imports another",
        ),
        ("hw/dotforge/formats/block.py", "import amaranth.hdl", "Formats know no hardware"),
        (
            "golden/dotforge_golden/mx.py",
            "import dotforge.formats.block",
            "Golden models know nothing of ours",
        ),
    ],
)
def test_imports_that_climb_are_noticed(tmp_path: Path, path: str, line: str, contract: str) -> None:
    for top in PACKAGES:
        shutil.copytree(ROOT / top, tmp_path / top, ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / path).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    done = contracts(tmp_path)
    assert done.returncode == 1
    assert f"{contract} BROKEN" in done.stdout


def test_files_are_small() -> None:
    """One module, one idea."""
    long = {
        str(path.relative_to(ROOT)): lines
        for directory in ("hw", "golden", "sim", "tb", "tests", "examples")
        for path in (ROOT / directory).rglob("*.py")
        if (lines := path.read_text(encoding="utf-8").count("\n")) > 350
    }
    assert long == {}


def test_golden_models_know_no_hardware() -> None:
    """They are written from the papers, with NumPy only."""
    allowed = {"numpy", "ml_dtypes", "dotforge_golden", *sys.stdlib_module_names}
    for path in (ROOT / "golden").rglob("*.py"):
        for line in path.read_text(encoding="utf-8").splitlines():
            words = line.split()
            if words[:1] in (["import"], ["from"]) and not words[1].startswith("."):
                assert words[1].partition(".")[0] in allowed, f"{path}: {line}"


def test_every_json_that_is_written_is_valid() -> None:
    """NaN and Infinity are no JSON: whoever writes some refuses them, or has them made ``null``."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for top in (*PACKAGES, "tb", "examples")
        for path in (ROOT / top).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("json.dumps", "json.dump")
        and not any(ast.unparse(each) == "allow_nan=False" for each in node.keywords)
    ]
    assert not found, found
