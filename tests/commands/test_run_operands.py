"""``dotforge run``: warnings that reach the user, sparse products, numbers that are none."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse


def test_warnings_and_sparse_products(dotforge: Any, tmp_path: Path) -> None:
    scipy.sparse.save_npz(
        tmp_path / "A.npz", scipy.sparse.coo_matrix(([100, 100], ([0, 0], [1, 1])), (2, 3), np.int16)
    )
    np.save(tmp_path / "B.npy", np.array([[1.0], [1.0], [0.0]]))
    run = ("run", "flexdpe", "-p", "lanes=4", "--a", "A.npz", "--b", "B.npy")
    done = dotforge(*run, "--quantize", "nearest", "-o", "C.npz", "--json", "S.json")
    assert done.code == 0, done.err
    assert "flexdpe: warning: A: 1 of 1 nonzeros were clipped to the range of int8" in done.err
    assert "RuntimeWarning" not in done.err
    assert scipy.sparse.load_npz(tmp_path / "C.npz").toarray().tolist() == [[127], [0]]
    assert json.loads((tmp_path / "S.json").read_text())["warnings"]
    exact = dotforge(*run, "-p", "format=int16", "-o", "C.npy")
    assert (exact.code, np.load(tmp_path / "C.npy").tolist()) == (0, [[200], [0]])


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_numbers_that_are_none(value: str, dotforge: Any) -> None:
    for arguments in (
        ("generate", "logmac", "-o", "out", "--clock-mhz", value),
        ("synth", "logmac", "--timeout", value),
        ("verify", "logmac", "--timeout", value),
    ):
        done = dotforge(*arguments)
        assert (done.code, value in done.err) == (2, True), done.err
