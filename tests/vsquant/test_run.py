"""``run``: float matrices through quantiser, RTL of the vector-scaled MAC, and back."""

import json
from functools import cache
from typing import Any

import numpy as np
import pytest

from dotforge.export.design import from_parameters
from dotforge_golden.quantise import quantise, sqnr
from dotforge_golden.vsquant import expand, prune
from dotforge_sim.run.gemm import Design, RunError, RunResult
from dotforge_sim.run.vsquant import Options, run


@cache
def design(parameters: str) -> Design:
    generated = from_parameters("vsquant", json.loads(parameters))
    return Design(generated.verilog, generated.manifest)


def multiply(a: Any, b: Any, parameters: dict[str, Any] | None = None, **options: Any) -> RunResult:
    return run(
        design(json.dumps(parameters or {})),
        np.asarray(a),
        np.asarray(b),
        Options(**options),
        lambda done, total: None,
    )


def draw(rng: np.random.Generator, kind: str, shape: tuple[int, int]) -> np.ndarray:
    if kind == "normal":
        return rng.normal(size=shape)
    return rng.laplace(size=shape) if kind == "laplacian" else rng.standard_t(2, size=shape)


@pytest.mark.parametrize("kind", ["normal", "laplacian", "heavy-tailed"])
@pytest.mark.parametrize("shape", [(7, 77, 5), (1, 1, 1), (3, 64, 9)], ids=str)
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"lanes": 4, "vector": 20, "pipeline": 2, "gate": True, "scale_product_bits": 0},
        {"lanes": 4, "weight_bits": 8, "activation_bits": 8, "weight_scale_bits": 8, "activation_scale_bits": 8,
         "scale_product_bits": 8, "sum_bits": 32},
    ],
    ids=str,
)  # fmt: skip
def test_odd_shapes(parameters: dict[str, Any], shape: tuple[int, int, int], kind: str) -> None:
    m, k, n = shape
    rng = np.random.default_rng([m, k, n])
    a, b = draw(rng, kind, (m, k)), draw(rng, kind, (k, n))
    result = multiply(a, b, parameters, clipping="optimum" if kind == "heavy-tailed" else "max")
    report = result.statistics
    assert result.failure is None
    assert report["mismatches"] == 0
    assert report["shape"] == {"m": m, "k": k, "n": n}
    beats = -(-k // parameters.get("lanes", 16)) * m * n
    assert report["cycles"]["streaming"] == beats
    least = 30 if parameters.get("weight_bits") == 8 else 8
    assert sqnr(a @ b, result.c) > least
    if k > 1:
        assert report["quantization"]["product_sqnr_db"] == pytest.approx(sqnr(a @ b, result.c))
    margin = report["overflow_margin"]
    assert 0 <= margin["worst_case_bits"] <= margin["bits"]
    json.dumps(report, allow_nan=False)


def test_full_scale_products_are_exact() -> None:
    """With no rounding of scale products, what comes out is the product of the quantised matrices."""
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(4, 50)), rng.normal(size=(50, 3))
    result = multiply(
        a, b, {"lanes": 8, "scale_product_bits": 0}, activation_unit="row", weight_unit="matrix", round_scales="ceil"
    )  # fmt: skip
    shared: dict[str, Any] = {"bits": 4, "scale_bits": 4, "vector": 16, "scale_rounding": "ceil"}
    one, other = quantise(a, per_row=True, **shared), quantise(b.T, **shared)
    assert np.allclose(result.c, one.values() @ other.values().T, rtol=1e-12, atol=1e-12)
    saved = result.arrays
    assert np.array_equal(saved["a_elements"], one.elements)
    assert np.array_equal(saved["b_elements"], other.elements.T)
    scales = np.repeat(saved["b_scales"], 16, axis=0)[:50]
    assert np.allclose(saved["b_elements"] * scales * saved["b_units"], other.values().T)


@pytest.mark.parametrize("lanes", [2, 8, 16])
def test_sparse_weights(lanes: int) -> None:
    rng = np.random.default_rng(lanes)
    a, b = rng.normal(size=(3, 75)), rng.normal(size=(75, 4))
    parameters = {"lanes": lanes, "vector": 16, "sparsity": "2:4", "sum_bits": 28, "scale_product_bits": 0}
    with pytest.raises(RunError, match=r"B is not 2:4 sparse along K: 1[34]\d weights too many, such as B\["):
        multiply(a, b, parameters)
    result = multiply(a, b, parameters, prune="magnitude")
    kept = prune(b.T).T
    assert result.failure is None
    assert sqnr(a @ kept, result.c) > 15
    assert np.array_equal(multiply(a, kept, parameters).c, result.c)
    saved = result.arrays
    full = expand(saved["b_stored"].T, saved["b_places"].T).T[:75]
    assert np.array_equal(full, saved["b_elements"])
    assert result.statistics["quantization"]["b"]["bits_an_element"] == 2 + 1 + 4 / 16


def test_overflow_fails_unless_allowed() -> None:
    a, b = np.ones((2, 40)), np.ones((40, 2))
    result = multiply(a, b, {"lanes": 4, "sum_bits": 12})
    assert result.failure is not None
    assert "4 of 4 sums overflowed 12 bits, the first one at (0, 0): more sum_bits" in result.failure
    assert result.statistics["overflow_margin"]["bits"] < 0
    allowed = multiply(a, b, {"lanes": 4, "sum_bits": 12}, allow_overflow=True)
    assert allowed.failure is None
    assert allowed.statistics["overflows"]["count"] == 4
    saturated = multiply(a, b, {"lanes": 4, "sum_bits": 12, "overflow": "saturate"}, allow_overflow=True)
    assert (saturated.c > allowed.c).all()


def test_zeros() -> None:
    """A matrix of zeros has units of 1 and scales of 0, and no ratio to report."""
    result = multiply(np.zeros((2, 20)), np.ones((20, 3)))
    assert not result.c.any()
    report = result.statistics["quantization"]
    assert report["a"]["zero_scales"] == 4
    assert report["a"]["sqnr_db"] is None
    assert result.statistics["overflow_margin"]["bits"] is None


def test_refuses_a_percentile() -> None:
    with pytest.raises(RunError, match=r"--percentile 101: allowed 0…100"):
        multiply(np.ones((1, 1)), np.ones((1, 1)), clipping="percentile", percentile=101)
