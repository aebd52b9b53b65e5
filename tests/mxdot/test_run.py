"""``run``: float matrices through quantiser, RTL of the block-format dot product, and back."""

import json
from functools import cache
from typing import Any

import numpy as np
import pytest

from dotforge.export.design import from_parameters
from dotforge_golden.mx import Blocks, quantise
from dotforge_golden.quantise import sqnr
from dotforge_sim.run.gemm import Design, RunError, RunResult
from dotforge_sim.run.mxdot import Options, run


@cache
def design(parameters: str) -> Design:
    generated = from_parameters("mxdot", json.loads(parameters))
    return Design(generated.verilog, generated.manifest)


def of(format: str, **more: Any) -> dict[str, Any]:
    return {"weight_format": format, "activation_format": format, **more}


def multiply(a: Any, b: Any, parameters: dict[str, Any], **options: Any) -> RunResult:
    found = design(json.dumps(parameters))
    return run(found, np.asarray(a), np.asarray(b), Options(**options), lambda done, total: None)


def draw(rng: np.random.Generator, kind: str, shape: tuple[int, int]) -> np.ndarray:
    if kind == "normal":
        return rng.normal(size=shape)
    return rng.laplace(size=shape) if kind == "laplacian" else rng.standard_t(2, size=shape)


#: Least SQNR of a product in decibels; with heavy tails, where one element rules its block, 5 dB less.
QUALITY = {
    "mxfp4": 14,
    "nvfp4": 17,
    "mxint8": 35,
    "mxfp8_e5m2": 20,
    "mxfp8_e4m3": 25,
    "mxfp6_e3m2": 20,
    "mxfp6_e2m3": 25,
}


@pytest.mark.parametrize(
    "format",
    [
        format if format in ("mxfp4", "nvfp4") else pytest.param(format, marks=pytest.mark.slow)
        for format in QUALITY
    ],
)
def test_odd_shapes(format: str) -> None:
    parameters = of(format, lanes=4 if format == "mxint8" else 16)
    for kind in ("normal", "laplacian", "heavy-tailed"):
        for m, k, n in ((7, 77, 5), (1, 1, 1), (3, 64, 9)):
            rng = np.random.default_rng([m, k, n])
            a, b = draw(rng, kind, (m, k)), draw(rng, kind, (k, n))
            result = multiply(
                a, b, parameters, rule="ocp", round_scales="ceil" if kind == "normal" else "standard"
            )
            report = result.statistics
            assert result.failure is None
            assert report["mismatches"] == 0
            assert report["shape"] == {"m": m, "k": k, "n": n}
            assert report["cycles"]["streaming"] == -(-k // parameters["lanes"]) * m * n
            if k > 1:
                least = QUALITY[format] - 5 * (kind == "heavy-tailed")
                assert sqnr(a @ b, result.c) > least, (kind, m, k, n)
                assert report["quantization"]["product_sqnr_db"] == pytest.approx(sqnr(a @ b, result.c))
            assert 100 < report["overflow_margin"]["bits"] < 150
            assert report["overflow_margin"]["block_bits"] > 0
            json.dumps(report, allow_nan=False)


def test_what_is_saved_is_what_was_multiplied() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(4, 50)), rng.normal(size=(50, 3))
    result = multiply(a, b, of("nvfp4", lanes=16), activation_unit="row", weight_unit="column")
    one, other = (quantise(each, format="nvfp4", per_row=True) for each in (a, b.T))
    assert np.allclose(result.c, one.values() @ other.values().T, rtol=1e-5, atol=1e-6)
    saved = result.arrays
    assert np.array_equal(saved["a_elements"], one.elements)
    weights = Blocks(saved["b_elements"].T, saved["b_scales"].T, saved["b_units"], "nvfp4")
    assert np.array_equal(weights.values(), other.values())


def test_overflow_fails_unless_allowed() -> None:
    a, b = np.full((2, 40), 1e30), np.ones((40, 2))
    b[:, 1] = 1e30
    parameters = of("mxfp4", lanes=16)
    result = multiply(a, b, parameters)
    assert result.failure is not None
    assert "2 of 4 sums overflowed FP32, the first one at (0, 1): smaller operands" in result.failure
    allowed = multiply(a, b, parameters, allow_overflow=True)
    assert allowed.failure is None
    assert allowed.statistics["overflows"] == {"count": 2, "outputs": [[0, 1], [1, 1]]}
    assert np.isfinite(allowed.c[:, 0]).all()
    json.dumps(allowed.statistics, allow_nan=False)


def test_zeros_and_refusals() -> None:
    parameters = of("mxfp4", lanes=16)
    result = multiply(np.zeros((2, 20)), np.ones((20, 3)), parameters)
    assert not result.c.any()
    assert result.statistics["quantization"]["a"]["sqnr_db"] is None
    with pytest.raises(RunError, match="--activation-unit row: mxfp4 has no such scale, allowed is matrix"):
        multiply(np.ones((1, 1)), np.ones((1, 1)), parameters, activation_unit="row")
