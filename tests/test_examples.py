"""The examples run."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent


def test_paper_layer(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "paper_layer.py", "--rows", "1", "--columns", "2", "-o", tmp_path],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "seed 1" in done.stderr
    for figure in ("442,368", "33,177,600", "4,777,574,400"):
        assert figure in done.stdout
    assert json.loads((tmp_path / "S.json").read_text())["mismatches"] == 0
    assert np.array_equal(
        np.load(tmp_path / "A.npy") @ np.load(tmp_path / "B.npy"), np.load(tmp_path / "C.npy")
    )
