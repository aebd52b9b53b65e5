# amaranth: UnusedElaboratable=no
"""Floating-point adder against NumPy, bit for bit."""

from typing import Any

import numpy as np
import pytest

from dotforge.arithmetic.float_adder import FloatAdder
from dotforge.export.verilog import convert
from dotforge.formats import table as formats
from dotforge.formats.table import FP32, FloatFormat
from dotforge.synthesis import area
from dotforge_golden.float_adder import add
from dotforge_sim.simulator.cosim import evaluate

from .floats import classes, draw, near, run, run_text, show


def operands(count: int, seed: int, format: FloatFormat = FP32) -> tuple[np.ndarray, np.ndarray]:
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    a = draw(format, count, rng)
    return a, near(format, a, rng)


def check(block: FloatAdder, a: np.ndarray, b: np.ndarray) -> None:
    found = run(block, a=a, b=b)
    wanted = add(a, b, block.format.name, flush_subnormals=block.flush_subnormals)
    assert len(found) == len(a)
    assert np.array_equal(found, wanted), show(found, wanted, a, b)


@pytest.mark.parametrize("operators", [False, True])
@pytest.mark.parametrize("flush", [False, True])
def test_random_sums(flush: bool, operators: bool) -> None:
    a, b = operands(200_000, seed=1)
    check(FloatAdder(flush_subnormals=flush, operators=operators), a, b)


def test_operands_reach_every_case() -> None:
    """The vectors cancel, tie, round both ways, underflow, overflow: a count for each."""
    a, b = operands(200_000, seed=1)
    with np.errstate(all="ignore"):
        x, y = a.view(np.float32).astype(np.float64), b.view(np.float32).astype(np.float64)
        exact, rounded = x + y, x.astype(np.float32) + y.astype(np.float32)
        finite = np.isfinite(exact) & np.isfinite(rounded)
        error = np.where(finite, np.abs(exact - rounded), 0)
        half = np.where(finite, np.spacing(np.abs(rounded)) / 2, 1)
    smallest = 2.0**-126
    assert (finite & (np.abs(exact) < np.abs(x) * 2.0**-8) & (exact != 0)).sum() > 1000, "cancellation"
    assert ((exact == 0) & (x != 0)).sum() > 1000, "x + (−x)"
    assert (finite & (error == half)).sum() > 1000, "ties"
    assert (finite & (error > 0) & (error < half)).sum() > 10_000, "rounding"
    assert (finite & (np.abs(exact) < smallest) & (exact != 0)).sum() > 1000, "subnormal results"
    assert (np.isfinite(x) & np.isfinite(y) & np.isinf(rounded)).sum() > 100, "overflow"
    assert (np.isinf(x) & np.isinf(y) & np.isnan(exact)).sum() > 10, "opposite infinities"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_ten_million_random_sums(seed: int) -> None:
    a, b = operands(1_000_000, seed=1000 + seed)
    assert len(a) * 12 >= 10_000_000
    check(FloatAdder(), a, b)


@pytest.mark.parametrize("flush", [False, True])
def test_every_pair_of_classes(flush: bool) -> None:
    corners = classes(FP32)
    assert len(corners) >= 200
    a, b = (grid.ravel() for grid in np.meshgrid(corners, corners))
    check(FloatAdder(flush_subnormals=flush), a, b)


@pytest.mark.parametrize(
    ("format", "flush"),
    [(formats.FP16, False), (formats.BF16, True), (formats.FP8_E5M2, False), (formats.FP8_E5M2, True)],
)
def test_other_formats(format: FloatFormat, flush: bool) -> None:
    block = FloatAdder(format, flush_subnormals=flush)
    if format.width == 8:
        a, b = (grid.ravel().astype(np.uint32) for grid in np.meshgrid(np.arange(256), np.arange(256)))
        assert len(a) == 65_536
    else:
        a, b = operands(50_000, seed=3, format=format)
    check(block, a, b)


@pytest.mark.parametrize(
    ("pipeline", "operators"),
    [*((depth, False) for depth in range(1, FloatAdder.MAX_PIPELINE + 1)), (FloatAdder.MAX_PIPELINE, True)],
)
def test_every_depth(pipeline: int, operators: bool) -> None:
    block = FloatAdder(pipeline=pipeline, operators=operators)
    assert block.latency == pipeline
    a, b = operands(20_000, seed=4)
    design = convert(block)
    wanted = add(a, b)
    for latency in (pipeline - 1, pipeline):
        found = run_text(design, latency, a=a, b=b)
        assert np.array_equal(found, wanted) == (latency == pipeline), f"latency {latency}"


@pytest.mark.parametrize("pipeline", [1, 3])
def test_stages_hold_while_not_enabled(pipeline: int) -> None:
    design = convert(FloatAdder(pipeline=pipeline))
    a, b = operands(5_000, seed=5)
    enable = np.random.default_rng(6).integers(0, 2, len(a))
    found = evaluate(design.verilog, design.top, design.ports, {"a": a, "b": b, "en": enable})["o"]
    taken = np.flatnonzero(enable)
    advanced = np.cumsum(enable) - enable  # rising edges with enable before each row
    known = advanced >= pipeline
    assert known.sum() > 4_900
    wanted = add(a, b)[taken[advanced[known] - pipeline]]
    assert np.array_equal(found[known], wanted)


MUTATIONS = {
    "a tie takes the negative sign": (r"(assign both_\w+ = )a\[31\] &", r"\1b[31] &"),
    "sticky bit left out of the borrow": (r"~ ?align_sticky\b", "1'h1"),
    "no rounding to even": (r"(assign round_up = normalize_by_1\[3\] & ).*;", r"\1 1'h1;"),
    "the limit of the shift ignored": (r"assign normalize_free = .*;", "assign normalize_free = 1'h1;"),
    "infinity minus infinity": (r"assign cancelled = .*;", "assign cancelled = 1'h0;"),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_mutation_is_caught(name: str, mutate: Any) -> None:
    design = mutate(convert(FloatAdder()), *MUTATIONS[name])
    a, b = operands(20_000, seed=7)
    assert not np.array_equal(run_text(design, 0, a=a, b=b), add(a, b))


def test_area() -> None:
    assert area.flat(FloatAdder()) <= 5_050  # combinational core; the bar is 5,700


def test_area_flushed() -> None:
    assert area.flat(FloatAdder(flush_subnormals=True)) <= 5_100


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pipeline": 6}, "FloatAdder: pipeline is 0…5, not 6"),
        ({"pipeline": -1}, "FloatAdder: pipeline is 0…5, not -1"),
        ({"format": formats.FP8_E4M3}, "FloatAdder: format has IEEE 754 specials, unlike FP8_E4M3"),
        (
            {"format": FloatFormat("E3M9", 3, 9)},
            "FloatAdder: E3M9 has too few exponent bits for its fraction",
        ),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        FloatAdder(**arguments)
