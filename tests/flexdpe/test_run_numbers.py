"""What a run on the Flex-DPE makes of numbers: rounding, units, overflow, nothing at all, and sparse matrices."""

import json
from functools import cache
from typing import Any

import numpy as np
import pytest
import scipy.sparse

from dotforge.export.design import from_parameters
from dotforge_golden.quantise import sqnr
from dotforge_sim.models import flexdpe as flexdpe_model
from dotforge_sim.run import flexdpe
from dotforge_sim.run.gemm import Design, RunError, RunResult

REAL = np.array([[0.3, 0.4, -0.2, 0.1]]), np.array([[0.3], [0.2], [0.1], [-0.4]])


@cache
def design(*parameters: tuple[str, Any]) -> Design:
    made = from_parameters("flexdpe", dict(parameters))
    return Design(made.verilog, made.manifest)


def multiply(a: Any, b: Any, *parameters: tuple[str, Any], **options: Any) -> RunResult:
    made = design(("lanes", 4), *parameters)
    result = flexdpe.run(made, a, b, flexdpe.Options(**options), lambda *_: None)
    json.dumps(result.statistics, allow_nan=False)
    return result


@pytest.mark.parametrize("stationary", ["a", "b", "auto"])
def test_operands_that_do_not_meet(stationary: str) -> None:
    """No nonzero of A meets one of B, in all windows or in some; the cycles are those of the model."""
    a, b = np.array([[1, 0]]), np.array([[0], [1]])
    result = multiply(a, b, stationary=stationary)
    assert (result.failure, result.c.tolist(), result.statistics["folds"]) == (None, [[0]], 0)
    wider_a, wider_b = np.zeros((3, 13), int), np.zeros((13, 2), int)
    wider_a[0, 0], wider_b[1, 0] = 3, 5  # they miss each other in the first window
    wider_a[1, 6], wider_b[6, 1] = -7, 2  # and meet in the second
    wider_a[2, 12] = 1  # nothing to meet in the last
    for first, second in ((a, b), (wider_a, wider_b)):
        found = multiply(first, second, stationary=stationary)
        assert np.array_equal(found.c, first @ second)
        kept = found.statistics["stationary"]
        sides = (first, second.T) if kept == "a" else (second.T, first)
        cycles, folds = flexdpe_model.exact(design(("lanes", 4)).parameters, sides[0] != 0, sides[1] != 0)
        assert found.statistics["cycles"]["total"] == cycles.total
        assert found.statistics["folds"] == folds


def test_weights_that_become_zero_are_a_failure() -> None:
    result = multiply(*REAL, quantize="nearest")
    assert result.failure is not None
    assert (
        "nothing was multiplied: 4 of 4 nonzeros of A and 4 of 4 nonzeros of B became zero" in result.failure
    )
    report = result.statistics
    assert report["warnings"][0] == "A: 4 of 4 nonzeros became zero in int8"
    assert report["error"]["sqnr_db"] == 0
    assert report["quantization"]["b"]["made_zero"] == 4


@pytest.mark.parametrize(
    "format",
    ["int8", "fp8_e4m3", *(pytest.param(each, marks=pytest.mark.slow) for each in ("int4", "int16", "fp16"))],
)
@pytest.mark.parametrize("unit", ["max", "least_error"])
def test_scaled(format: str, unit: str) -> None:
    rng = np.random.default_rng(7)
    a, b = rng.normal(size=(5, 13)), rng.laplace(size=(13, 3)) * 1e-6
    a[rng.random(a.shape) < 0.5] = 0
    result = multiply(a, b, ("format", format), quantize="scaled", unit=unit, activation_unit="row")
    assert result.failure is None
    quality = result.statistics["quantization"]
    assert quality["product_sqnr_db"] == pytest.approx(sqnr(a @ b, result.c))
    assert quality["product_sqnr_db"] > {"int4": 10, "fp8_e4m3": 20}.get(format, 35)
    saved = result.arrays
    decode = flexdpe.Format(format).decode
    found = (
        decode(saved["a_elements"]) * saved["a_units"][:, None],
        decode(saved["b_elements"]) * saved["b_units"],
    )
    assert sqnr(a, found[0]) == pytest.approx(quality["a"]["sqnr_db"])
    assert np.allclose(result.c, found[0] @ found[1], rtol=1e-6, atol=1e-12)


def test_what_is_too_large_is_clipped_and_said() -> None:
    result = multiply([[1e30, 2]], [[1], [0]], quantize="nearest")
    assert result.c.tolist() == [[127]]
    assert "A: 1 of 2 nonzeros were clipped to the range of int8" in result.statistics["warnings"]
    for value in (2**53 + 1, -(2**62) - 1):
        with pytest.raises(RunError, match=r"A holds 1 values outside -128…127"):
            multiply([[value]], [[1]])


@pytest.mark.parametrize(
    "value", [2**53 + 1, np.longdouble(1) + np.longdouble(2) ** -60], ids=["int64", "longdouble"]
)
def test_a_cast_hides_no_rounding(value: Any) -> None:
    if np.asarray(value).dtype == np.longdouble and np.finfo(np.longdouble).nmant < 60:
        pytest.skip("longdouble is float64 here")
    with pytest.raises(RunError, match=r"A holds 1 values that are not of BF16"):
        multiply(np.array([[value]]), np.ones((1, 1)), ("format", "bf16"))


def test_floating_point_overflow_is_a_failure() -> None:
    """As for mxdot; and the report is JSON."""
    a, b = np.array([[2.0**127, 1]]), np.array([[2.0**10, 1], [0, 1]])
    result = multiply(a, b, ("format", "bf16"))
    assert result.failure is not None
    assert "1 of 2 sums overflowed FP32, the first one at (0, 0)" in result.failure
    assert result.statistics["overflows"] == {"count": 1, "outputs": [[0, 0]]}
    assert result.statistics["error"]["largest"] is None
    allowed = multiply(a, b, ("format", "bf16"), allow_overflow=True)
    assert allowed.failure is None
    assert np.isinf(allowed.c[0, 0])


def test_integer_overflow_says_where() -> None:
    a, b = np.array([[0, 0], [100, 100]]), np.array([[1, 100], [1, 100]])
    parameters = ("sum_format", "int12")
    result = multiply(a, b, parameters, stationary="b")
    assert result.failure is not None
    assert "1 of 4 sums overflowed int12, the first one at (1, 1)" in result.failure
    assert result.statistics["overflow_margin"]["bits"] < 0
    exact = multiply(-np.ones((1, 2)) * 128, np.array([[8], [8]]), parameters)
    assert (exact.failure, exact.c.tolist()) == (None, [[-2048]])
    assert exact.statistics["overflow_margin"]["bits"] == 0


def test_margin_counts_products_that_there_are() -> None:
    """No lane beyond K adds to the largest sum that any data can give."""
    for k, terms in ((1, 1), (3, 3), (9, 4)):
        margin = multiply(np.ones((1, k), int), np.ones((k, 1), int)).statistics["overflow_margin"]
        assert margin["worst_case_sum"] == terms * 128 * 128


@pytest.mark.parametrize("sparse", [False, True])
def test_products_beyond_float64_are_a_failure(sparse: bool) -> None:
    """Sums fit, but not in the units that real operands were given."""
    a, b = np.full((2, 2), 1.7e308), np.array([[1.0, 0], [3, 0.5]])
    given = (scipy.sparse.csr_array(a), scipy.sparse.csr_array(b)) if sparse else (a, b)
    result = multiply(*given, quantize="scaled")
    assert result.failure is not None
    assert "2 of 4 outputs are beyond the largest float64, the first one at (0, 0)" in result.failure
    assert result.statistics["overflows"] == {"count": 2, "outputs": [[0, 0], [1, 0]]}
    assert multiply(*given, quantize="scaled", allow_overflow=True).failure is None


def test_auto_takes_an_operand_that_can_run() -> None:
    """B would take fewer cycles, but has more rows than ids."""
    a, b = np.ones((2, 4), int), np.eye(4, 5, dtype=int)
    assert multiply(a, b, ("row_bits", 1)).statistics["stationary"] == "a"
    with pytest.raises(RunError, match="too many stationary rows: 4 rows of B need row_bits 2, given 1"):
        multiply(a, b, ("row_bits", 1), stationary="b")


def test_stays_sparse() -> None:
    """2^22 × 2^22 with one nonzero, and a product that is no array."""
    size = 1 << 22
    one = scipy.sparse.coo_matrix(([3], ([5], [9])), shape=(size, size))
    two = scipy.sparse.coo_matrix(([7, 1], ([9, 8], [0, 1])), shape=(size, 2))
    result = multiply(one, two, stationary="a")
    assert (result.failure, result.c.shape, int(result.c[5, 0]), np.count_nonzero(result.c)) == (
        None,
        (size, 2),
        21,
        1,
    )
    other = multiply(one, scipy.sparse.coo_matrix(([7], ([8], [0])), shape=(size, size)))
    assert (other.failure, other.c.shape, other.c.nnz) == (None, (size, size), 0)
