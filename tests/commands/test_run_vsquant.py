"""``dotforge run vsquant``: float matrices in, product and quantised operands out."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from dotforge_golden.quantise import quantise

SMALL = ("-p", "lanes=4", "-p", "sum_bits=20")


def test_saves_what_was_multiplied(dotforge: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(3, 37)), rng.laplace(size=(37, 2))
    np.save(tmp_path / "A.npy", a)
    np.save(tmp_path / "B.npy", b)
    done = dotforge(
        "run", "vsquant", "--a", "A.npy", "--b", "B.npy", *SMALL, "-o", "C.npy", "--json", "S.json",
        "--save-quantized", "Q.npz", "--clipping", "optimum",
    )  # fmt: skip
    assert done.code == 0, done.err
    report = json.loads((tmp_path / "S.json").read_text())
    assert report["mismatches"] == 0
    assert report["quantization"]["product_sqnr_db"] > 12
    with np.load(tmp_path / "Q.npz") as saved:
        shared: dict[str, Any] = {"bits": 4, "scale_bits": 4, "vector": 16, "clipping": "optimum"}
        one, other = quantise(a, **shared), quantise(b.T, per_row=True, **shared)
        assert np.array_equal(saved["a_elements"], one.elements)
        assert np.array_equal(saved["a_scales"], one.scales)
        assert np.array_equal(saved["b_elements"], other.elements.T)
        assert np.array_equal(saved["b_scales"], other.scales.T)
        assert np.array_equal(saved["b_units"], other.units)
    c = np.load(tmp_path / "C.npy")
    assert c.shape == (3, 2)
    assert np.abs(c - one.values() @ other.values().T).max() < 0.1 * np.abs(a @ b).max()


def test_refuses_before_it_runs(dotforge: Any, tmp_path: Path) -> None:
    for name in ("A.npy", "B.npy"):
        np.save(tmp_path / name, np.ones((1, 1)))
    operands = ("run", "vsquant", "--a", "A.npy", "--b", "B.npy")
    missing = dotforge(*operands, "--save-quantized", "no/Q.npz")
    assert (missing.code, "cannot write no/Q.npz" in missing.err) == (2, True)
    unknown = dotforge(*operands, "--clipping", "best")
    assert (unknown.code, "'optimum'" in unknown.err) == (2, True)
    wrong = dotforge(*operands, "-p", "lanes=24")
    assert (wrong.code, "parameter lanes=24" in wrong.err) == (2, True)
