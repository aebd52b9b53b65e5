"""Whole products on the RTL: equal to golden, and in as many cycles as the model says."""

from functools import cache
from typing import Any

import numpy as np
import pytest

from dotforge.export.design import from_parameters
from dotforge_golden.formats import lookup
from dotforge_sim.models import systolic as model
from dotforge_sim.run import systolic
from dotforge_sim.run.gemm import Design, RunError, RunResult

SMALL: dict[str, Any] = {"rows": 3, "columns": 2, "format": "int4", "sum_format": "int9"}


@cache
def design(**parameters: Any) -> Design:
    made = from_parameters("systolic", parameters)
    return Design(made.verilog, made.manifest)


def multiply(made: Design, a: np.ndarray, b: np.ndarray, **options: Any) -> RunResult:
    return systolic.run(made, a, b, systolic.Options(**options), lambda done, total: None)


def operands(seed: int, format: str, largest: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    m, k, n = rng.integers(1, largest + 1, 3)
    if format.startswith("int"):
        half = 2 ** (int(format[3:]) - 1)
        a, b = (rng.integers(-half, half, shape) for shape in ((m, k), (k, n)))
        return a, b
    kind = lookup(format.upper())
    first, second = (rng.normal(size=shape) * 2.0 ** rng.integers(-3, 4, shape) for shape in ((m, k), (k, n)))
    return kind.decode(kind.encode(first)), kind.decode(kind.encode(second))


def check(made: Design, seeds: range, largest: int) -> None:
    """Run products: right, in the model's cycles, which are the paper's and what is stated beside them."""
    given = made.parameters
    rows, step = given["rows"], given["adder_pipeline"]
    for seed in seeds:
        a, b = operands(seed, given["format"], largest)
        result = multiply(made, a, b, stationary="ab"[seed % 2])
        assert result.failure is None, f"seed {seed}: {result.failure}"
        assert result.statistics["mismatches"] == 0
        if given["format"].startswith("int"):
            assert np.array_equal(result.c, a @ b), f"seed {seed}"
        else:
            assert np.allclose(result.c, a @ b, rtol=1e-4, atol=1e-4 * np.abs(a @ b).max())
        (m, k), n = a.shape, b.shape[1]
        cycles, folds = model.exact(given, (m, k, n), "ab"[seed % 2])
        counted = {name: getattr(cycles, name) for name in ("loading", "streaming", "add", "total")}
        assert result.statistics["cycles"] == counted, f"seed {seed}"
        assert result.statistics["folds"] == folds
        if not given["double_buffer"]:
            vectors = m if seed % 2 else n
            paper = folds * (vectors + rows + min(k, rows))
            hold = (rows - 1) * (step - 1) + given["columns"] - 1
            assert cycles.total == paper + folds * (hold - min(k, rows)) + made.manifest["latency"] - hold


@pytest.mark.parametrize("double_buffer", [True, False])
def test_cycles_of_a_hundred_products(double_buffer: bool) -> None:
    """Fifty each of the two kinds of array."""
    check(design(**SMALL, double_buffer=double_buffer), range(50), 14)


@pytest.mark.slow
@pytest.mark.parametrize(
    "parameters",
    [
        {"rows": 4, "columns": 3, "format": "bf16", "multiplier_pipeline": 1, "adder_pipeline": 3},
        {"rows": 2, "columns": 6, "format": "fp8_e4m3", "double_buffer": False, "adder_pipeline": 2},
        {"rows": 8, "columns": 8},
        {"rows": 5, "columns": 1, "format": "int16", "multiplier_pipeline": 2, "double_buffer": False},
    ],
)
def test_cycles_everywhere(parameters: dict[str, Any]) -> None:
    check(design(**parameters), range(100), 40)


def test_pieces_count_like_one_run_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "_PIECE", 40)
    a, b = operands(1, "int4", 14)
    assert len(model.pieces(design(**SMALL).parameters, (*a.shape, b.shape[1]))) > 1
    check(design(**SMALL, double_buffer=True), range(4), 14)


def test_report() -> None:
    a, b = np.array([[1, 0, 3, -4]]), np.array([[1, 2], [0, 5], [0, 0], [7, 0]])
    found = multiply(design(**SMALL, double_buffer=True), a, b, stationary="auto")
    report = found.statistics
    assert found.c.tolist() == [[-27, 2]]
    assert (report["shape"], report["folds"]) == ({"m": 1, "k": 4, "n": 2}, 2)
    assert report["stationary"] == "b"  # four vectors of A take two folds, too, but one vector streams faster
    assert report["stationary_utilisation"] == 4 / 12
    assert report["useful_macs"] == 3
    assert report["accumulated_by"] == "harness"
    assert report["overflows"]["count"] == 0
    assert report["overflow_margin"]["largest_sum"] == 28  # of a fold: −4 · 7


def test_refuses_what_the_format_does_not_hold() -> None:
    made = design(**SMALL, double_buffer=True)
    with pytest.raises(RunError, match="A holds 1 values outside -8…7, such as 8"):
        multiply(made, np.array([[8]]), np.array([[1]]))
    found = multiply(made, np.array([[8, 2.4]]), np.array([[1], [1]]), quantize="nearest")
    assert found.c.tolist() == [[9]]
    assert found.statistics["quantization"]["a"]["clipped"] == 1


def test_margin_counts_products_that_there_are() -> None:
    for k, terms in ((1, 1), (2, 2), (5, 3)):
        found = multiply(design(**SMALL, double_buffer=True), np.ones((1, k), int), np.ones((k, 1), int))
        assert found.statistics["overflow_margin"]["worst_case_sum"] == terms * 8 * 8


def test_products_beyond_float64_are_no_overflow_of_sums() -> None:
    made = design(**SMALL, double_buffer=True)
    found = multiply(made, np.full((1, 2), 1.7e308), np.array([[1.0], [3]]), quantize="scaled")
    assert found.failure is not None
    assert "1 of 1 outputs are beyond the largest float64" in found.failure


def test_overflow_is_a_failure() -> None:
    made = design(**{**SMALL, "sum_format": "int7"}, double_buffer=True)
    a, b = np.array([[-8, -8, 1], [1, 1, 1]]), np.array([[-8], [-8], [1]])
    found = multiply(made, a, b)
    assert found.failure == (
        "1 of 2 sums overflowed INT7, the first one at (0, 0): a wider sum_format, or exact, or --allow-overflow"
    )
    assert multiply(made, a, b, allow_overflow=True).failure is None
