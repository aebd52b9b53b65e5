"""``run``: matrices through the RTL of the log-weight MAC."""

import re
from typing import Any

import numpy as np
import pytest

from dotforge.export.design import from_parameters
from dotforge_golden.logmac import weight_code
from dotforge_sim.run.gemm import Design, RunError, RunResult
from dotforge_sim.run.logmac import Options, run

VALUES = np.array(weight_code("dally3").values) / 8


def multiply(a: Any, b: Any, parameters: dict[str, Any] | None = None, **options: Any) -> RunResult:
    generated = from_parameters("logmac", parameters or {})
    design = Design(generated.verilog, generated.manifest)
    return run(design, np.asarray(a), np.asarray(b), Options(**options), lambda done, total: None)


@pytest.mark.parametrize(
    "parameters",
    [
        {"sum_bits": 20},
        {"lanes": 7, "sum_bits": 18, "fold_sign": True, "pipeline": 1},
        {"lanes": 4, "sum_bits": 18, "weight_depth": 12, "fold_sign": True},
        {"lanes": 3, "sum_bits": 24, "activation_bits": 8, "weight_code": "exponent:-2:3", "pipeline": 2},
    ],
    ids=str,
)
@pytest.mark.parametrize("shape", [(5, 47, 3), (1, 1, 1), (9, 32, 2)], ids=str)
def test_is_exact(parameters: dict[str, Any], shape: tuple[int, int, int]) -> None:
    m, k, n = shape
    rng = np.random.default_rng(11)
    bits = parameters.get("activation_bits", 4)
    code = weight_code(parameters.get("weight_code", "dally3"))
    a = rng.integers(-(2 ** (bits - 1)), 2 ** (bits - 1), (m, k))
    b = rng.choice(np.array(code.values) * 2.0**code.low, (k, n))
    result = multiply(a, b, parameters)
    assert result.failure is None
    assert result.c.dtype == np.float64
    assert np.array_equal(result.c, a @ b)
    report = result.statistics
    assert report["mismatches"] == 0
    assert report["shape"] == {"m": m, "k": k, "n": n}
    assert report["useful_macs"] == sum(
        np.count_nonzero(a[:, inner]) * np.count_nonzero(b[inner]) for inner in range(k)
    )
    beats = -(-k // parameters.get("lanes", 16)) * m * n
    assert report["cycles"]["streaming"] == beats
    assert (
        sum(report["cycles"][bucket] for bucket in ("loading", "streaming", "add"))
        == report["cycles"]["total"]
    )
    assert report["stationary"] == ("b" if parameters.get("weight_depth") else None)


def test_streams_a_beat_a_cycle() -> None:
    """The bubbles of a whole product are a constant, not a share."""
    rng = np.random.default_rng(2)
    for parameters in ({"lanes": 4, "sum_bits": 20}, {"lanes": 4, "sum_bits": 20, "weight_depth": 8}):
        few = multiply(rng.integers(-8, 8, (20, 32)), rng.choice(VALUES, (32, 5)), parameters).statistics[
            "cycles"
        ]
        many = multiply(rng.integers(-8, 8, (40, 32)), rng.choice(VALUES, (32, 9)), parameters).statistics[
            "cycles"
        ]
        assert many["streaming"] == 8 * 40 * 9
        assert many["total"] - many["streaming"] == few["total"] - few["streaming"] < 20


def test_quantizes_when_told() -> None:
    b = np.array([[0.3], [0.8], [-0.9], [0.0]])
    with pytest.raises(RunError, match=r"3 weights that the code cannot represent, such as 0\.3"):
        multiply([[1, 2, 3, 4]], b, {"lanes": 2})
    result = multiply([[1, 2, 3, 4]], b, {"lanes": 2}, quantize="nearest")
    assert result.c.tolist() == [[0.25 * 1 + 1.0 * 2 - 1.0 * 3]]
    quantization = result.statistics["quantization"]
    assert (quantization["kind"], quantization["rounded"]) == ("nearest", 3)
    assert quantization["worst_error"] == pytest.approx(0.2)


#: 40 · 7 in units of 1/8, wrapped to 8 bits or saturated.
OVERFLOWED = {"wrap": ((40 * 7 * 8 + 128) % 256 - 128) / 8, "saturate": 127 / 8}


@pytest.mark.parametrize("overflow", OVERFLOWED)
def test_overflow_is_reported(overflow: str) -> None:
    a, b = np.full((2, 40), 7), np.ones((40, 1))
    a[0] = 0
    parameters = {"lanes": 8, "sum_bits": 8, "overflow": overflow}
    refused = multiply(a, b, parameters)
    assert refused.failure
    assert "1 of 2 sums overflowed 8 bits, the first one at (1, 0)" in refused.failure
    allowed = multiply(a, b, parameters, allow_overflow=True)
    assert allowed.failure is None
    assert allowed.statistics["overflows"] == {"count": 1, "outputs": [[1, 0]]}
    assert allowed.c.tolist() == [[0], [OVERFLOWED[overflow]]]


@pytest.mark.parametrize(
    ("a", "b", "parameters", "message"),
    [
        ([[8]], [[1.0]], {}, "1 values outside -8…7, such as 8"),
        ([[0.5]], [[1.0]], {}, "not integers, such as 0.5"),
        ([[1, 2]], [[1.0]], {}, "A's columns must be B's rows"),
        ([1], [[1.0]], {}, "allowed is a matrix"),
        (np.zeros((0, 4)), np.zeros((4, 1)), {}, "at least 1×1"),
        ([[1]], [[np.nan]], {}, "NaN or infinite"),
        ([[1]], [[1j]], {}, "dtype complex128"),
        (
            np.ones((1, 9)),
            np.ones((9, 1)),
            {"lanes": 2, "weight_depth": 4},
            "needs weight_depth 5 at 2 lanes, given 4",
        ),
        (
            np.ones((1, 64)),
            -np.ones((64, 1)),
            {"lanes": 2, "sum_bits": 8, "fold_sign": True},
            "does not fit sum_bits",
        ),
    ],
    ids=lambda value: value.replace(" ", "_") if isinstance(value, str) else "",
)
def test_refuses(a: Any, b: Any, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(RunError, match=message):
        multiply(a, b, parameters)


def test_a_wrong_rtl_is_a_failure() -> None:
    """A product that differs from golden is never returned as a success."""
    whole = from_parameters("logmac", {"lanes": 2})
    broken, count = re.subn(r"activations\[7:4\]", "activations[3:0]", whole.verilog)
    assert count == 1
    rng = np.random.default_rng(5)
    result = run(
        Design(broken, whole.manifest),
        rng.integers(-8, 8, (3, 8)),
        rng.choice(VALUES, (8, 2)),
        Options(),
        print,
    )
    assert result.failure
    assert "differ from golden" in result.failure
    assert result.statistics["mismatches"] > 0
