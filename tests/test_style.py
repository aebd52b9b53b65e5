"""Style and types are part of the tests."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


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
