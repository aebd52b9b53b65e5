"""``dotforge run mxdot``: float matrices in, product and blocks out."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dotforge_golden.mx import Blocks, quantise


@pytest.mark.parametrize("format", ["mxfp4", "nvfp4"])
def test_saves_what_was_multiplied(format: str, dotforge: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=(3, 37)), rng.laplace(size=(37, 2))
    np.save(tmp_path / "A.npy", a)
    np.save(tmp_path / "B.npy", b)
    done = dotforge(
        "run", "mxdot", "--a", "A.npy", "--b", "B.npy", "-o", "C.npy", "--json", "S.json",
        "-p", f"weight_format={format}", "-p", f"activation_format={format}", "-p", "lanes=16",
        "--round-scales", "even", "--save-quantized", "Q.npz",
    )  # fmt: skip
    assert done.code == 0, done.err
    report = json.loads((tmp_path / "S.json").read_text())
    assert report["mismatches"] == 0
    assert report["quantization"]["product_sqnr_db"] > 12
    one, other = (quantise(each, format=format, scale_rounding="even") for each in (a, b.T))
    with np.load(tmp_path / "Q.npz") as saved:
        assert np.array_equal(saved["a_elements"], one.elements)
        assert np.array_equal(saved["a_scales"], one.scales)
        weights = Blocks(saved["b_elements"].T, saved["b_scales"].T, saved["b_units"], format)
        assert np.array_equal(weights.values(), other.values())
    c = np.load(tmp_path / "C.npy")
    assert np.allclose(c, one.values() @ other.values().T, rtol=1e-6)


def test_refuses_before_it_runs(dotforge: Any, tmp_path: Path) -> None:
    for name in ("A.npy", "B.npy"):
        np.save(tmp_path / name, np.ones((1, 1)))
    operands = ("run", "mxdot", "--a", "A.npy", "--b", "B.npy")
    wrong = dotforge(*operands, "-p", "lanes=24")
    assert (wrong.code, "blocks of 32 elements allow its divisors" in wrong.err) == (2, True)
    unit = dotforge(*operands, "--weight-unit", "column")
    assert (unit.code, "mxfp4 has no such scale" in unit.err) == (2, True)
    rounding = dotforge(*operands, "--round-scales", "up")
    assert (rounding.code, "'even'" in rounding.err) == (2, True)
