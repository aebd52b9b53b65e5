"""Lanes of log numbers on every pair of operands, and lanes that are broken on purpose."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dotforge.engines.logmac.log_bins import LogCore
from dotforge.engines.logmac.log_lane import LogLane
from dotforge.engines.logmac.log_plan import LogPlan, lookup_table
from dotforge.export.verilog import Design, convert
from dotforge.formats.logarithm import parse_log_code
from dotforge_golden.log_dot import products
from dotforge_golden.log_number import log_number, lookup
from dotforge_sim.simulator.cosim import evaluate
from dotforge_sim.simulator.words import signed


def plan(weight: str, activation: str, **given: Any) -> LogPlan:
    integer_bits = int(activation) if activation.isdecimal() else 0
    widths: dict[str, Any] = {"lanes": 1, "lookup_bits": 5, "binned": False, "running_bits": 24, **given}
    return LogPlan(
        weight=parse_log_code(weight),
        activation=None if integer_bits else parse_log_code(activation),
        integer_bits=integer_bits,
        **widths,
    )


def differences(design: Design, weight: str, activation: str, made: LogPlan) -> tuple[int, int]:
    """Number of pairs of words, and of those whose terms differ from golden."""
    words = np.arange(2**made.activation_bits), np.arange(2**made.weight.bits)
    a, w = (grid.ravel() for grid in np.meshgrid(*words))
    found = evaluate(design.verilog, design.top, design.ports, {"activation": a, "weight": w})["terms"]
    if found.ndim == 2:  # above 64 bits: bytes
        bits = np.unpackbits(found, axis=1, bitorder="little")
    else:
        bits = found.astype(np.uint64)[:, None] >> np.arange(made.bins * made.lane_bits, dtype=np.uint64) & 1
    number = None if made.activation is None else log_number(activation)
    values = signed(a, made.integer_bits) if number is None else a
    fraction, scaled, fraction_bits = products(values, w, weight=log_number(weight), activation=number)
    assert fraction_bits == made.fraction_bits
    wrong = np.zeros(len(a), dtype=bool)
    for index in range(made.bins):
        lane = bits[:, index * made.lane_bits : (index + 1) * made.lane_bits].astype(np.int64)
        powers = 1 << np.arange(made.term_bits)
        term = signed(lane[:, : made.term_bits] @ powers, made.term_bits).astype(np.int64)
        if made.extra_bit:
            term = term + lane[:, -1]
        if made.binned:
            wanted = np.where(fraction == index, scaled, 0)
        else:
            wanted = lookup(fraction_bits, made.lookup_bits)[fraction] * scaled
        wrong |= term != wanted
    return len(a), int(wrong.sum())


PAIRS = [
    ("log:2:2", "log:2:2"),
    ("log:2:0", "log:1:1:flag"),
    ("log:3:1", "log:2:3"),
    ("log:3:2:flag", "5"),
    ("log:2:2:flag", "log:2:2:flag"),
    ("log:1:0", "log:1:0:flag"),
    ("log:2:2", "4"),
    ("log:2:0", "2"),
    ("log:1:3", "8"),
]


@pytest.mark.parametrize("binned", [False, True], ids=["convert", "binned"])
@pytest.mark.parametrize(
    ("weight", "activation"),
    [*PAIRS[:4], *(pytest.param(*pair, marks=pytest.mark.slow) for pair in PAIRS[4:])],
)
def test_every_product(weight: str, activation: str, binned: bool) -> None:
    made = plan(weight, activation, binned=binned)
    count, wrong = differences(convert(LogLane(made)), weight, activation, made)
    assert count == 2 ** (made.activation_bits + made.weight.bits)
    assert wrong == 0


@pytest.mark.slow
@pytest.mark.parametrize("binned", [False, True], ids=["convert", "binned"])
@pytest.mark.parametrize(("weight", "activation"), [("log:4:3", "log:4:3"), ("log:4:3", "8")])
def test_every_product_of_eight_bits(weight: str, activation: str, binned: bool) -> None:
    made = plan(weight, activation, binned=binned, lookup_bits=8)
    count, wrong = differences(convert(LogLane(made)), weight, activation, made)
    assert (count, wrong) == (2 ** (made.activation_bits + 8), 0)


@pytest.mark.parametrize(
    "lookup_bits", [1, 12, *(pytest.param(bits, marks=pytest.mark.slow) for bits in (2, 3, 8))]
)
def test_every_lookup_width(lookup_bits: int) -> None:
    made = plan("log:2:2", "log:2:2", lookup_bits=lookup_bits)
    assert differences(convert(LogLane(made)), "log:2:2", "log:2:2", made) == (1024, 0)


@pytest.mark.parametrize("fraction_bits", range(6))
def test_golden_has_the_same_lookup(fraction_bits: int) -> None:
    for lookup_bits in range(1, 13):
        assert lookup_table(fraction_bits, lookup_bits) == tuple(lookup(fraction_bits, lookup_bits))


@pytest.mark.parametrize("binned", [False, True], ids=["convert", "binned"])
@pytest.mark.parametrize(("weight", "activation"), PAIRS)
def test_widths_hold_the_extremes(weight: str, activation: str, binned: bool) -> None:
    for lanes in (1, 2, 16, 255):
        made = plan(weight, activation, binned=binned, lanes=lanes)
        number = None if made.activation is None else log_number(activation)
        words = np.arange(2**made.activation_bits)
        values = signed(words, made.integer_bits).astype(np.int64) if number is None else words
        a, w = (grid.ravel() for grid in np.meshgrid(values, np.arange(2**made.weight.bits)))
        fraction, scaled, bits = products(a, w, weight=log_number(weight), activation=number)
        terms = scaled if binned else lookup(bits, made.lookup_bits)[fraction] * scaled
        for sign in (-1, 1):
            extreme = 2 ** (made.running_bits - 1) + lanes * int((sign * terms).max())
            assert extreme <= 2 ** (made.exact_bits - 1)
        largest = int(lookup(bits, made.lookup_bits).sum()) << made.running_bits - 1
        assert largest < 2 ** (made.total_bits - 1)


@pytest.mark.parametrize("binned", [False, True], ids=["convert", "binned"])
def test_the_core_adds_dot_products(binned: bool) -> None:
    """The unit that is measured computes: running sums modulo their width, of random beats."""
    made = plan("log:2:2", "log:2:2", lanes=4, binned=binned, running_bits=12)
    rng = np.random.default_rng(8)
    a, w = rng.integers(0, 32, (2, 500, 4))
    packed = [(words << 5 * np.arange(4)).sum(axis=1) for words in (a, w)]
    design = convert(LogCore(made))
    found = evaluate(
        design.verilog, design.top, design.ports, {"activations": packed[0], "weights": packed[1]}, latency=1
    )["sums"]
    fraction, scaled, bits = products(a, w, weight=log_number("log:2:2"), activation=log_number("log:2:2"))
    for index in range(made.bins):
        terms = np.where(fraction == index, scaled, 0) if binned else lookup(bits, 5)[fraction] * scaled
        steps = (found.astype(np.int64) >> 12 * index) % 4096
        assert np.array_equal(np.diff(steps) % 4096, terms.sum(axis=1)[1:] % 4096)


#: Broken in the Verilog: pattern and replacement.
BROKEN = {
    "forget_zero": (r"(?<=assign nonzero = ).*(?=;)", "1'h1"),
    "ignore_a_sign": (r"weight\[4\] \^ activation\[4\]", "weight[4]"),
    "lose_a_carry": (r"(?<=assign exponent_carry_2 = ).*(?=;)", "1'h0"),
}


@pytest.mark.parametrize("binned", [False, True], ids=["convert", "binned"])
@pytest.mark.parametrize("mutation", BROKEN)
def test_a_broken_lane_fails(mutation: str, binned: bool) -> None:
    made = plan("log:2:2", "log:2:2", binned=binned)
    design = convert(LogLane(made))
    text, count = re.subn(*BROKEN[mutation], design.verilog)
    assert count == 1
    broken = replace(design, verilog=text)
    assert differences(broken, "log:2:2", "log:2:2", made)[1] > 0
