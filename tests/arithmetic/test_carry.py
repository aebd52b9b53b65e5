# amaranth: UnusedElaboratable=no
"""Carry chains, shifters and the leading-zero counter, exhaustively at small widths."""

from collections.abc import Callable

import numpy as np
import pytest
from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from dotforge.arithmetic.carry import add, add_constant, at_least, increment, less_than, subtract
from dotforge.arithmetic.leading_zeros import leading_zeros
from dotforge.arithmetic.shifter import align, normalize, read_window, shift_left
from dotforge.block import Block
from dotforge.flow.verilog import convert
from dotforge_sim.cosim import evaluate

Logic = Callable[[Module, Value, Value, Value], dict[str, Value]]


class Unit(Block):
    """Logic of two 5-bit operands and a bit; the outputs are one word."""

    a: Signal
    b: Signal
    c: Signal
    o: Signal

    def __init__(self, logic: Logic) -> None:
        self.logic = logic
        self.outputs = {
            key: len(value) for key, value in logic(Module(), Signal(5), Signal(5), Signal(1)).items()
        }
        super().__init__({"a": In(5), "b": In(5), "c": In(1), "o": Out(sum(self.outputs.values()))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.o.eq(Cat(*self.logic(m, self.a, self.b, self.c).values()))
        return m


def evaluate_all(logic: Logic) -> tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Return all operands and each output for them."""
    unit = Unit(logic)
    design = convert(unit)
    a, b, c = (axis.ravel() for axis in np.meshgrid(np.arange(32), np.arange(32), np.arange(2)))
    word = evaluate(design.verilog, design.top, design.ports, {"a": a, "b": b, "c": c})["o"].astype(np.int64)
    assert len(word) == 2048
    found, position = {}, 0
    for key, width in unit.outputs.items():
        found[key] = word >> position & ((1 << width) - 1)
        position += width
    return a, b, c, found


@pytest.mark.parametrize("operators", [False, True])
def test_carry_chains(operators: bool) -> None:
    def logic(m: Module, a: Value, b: Value, c: Value) -> dict[str, Value]:
        total, carry = add(m, "add", a, b, c, operators=operators)
        difference, borrow = subtract(m, "subtract", a, b, c, operators=operators)
        less_small, borrow_small = subtract(m, "narrow", a, b[:2], operators=operators)
        more, over = increment(m, "increment", a, c, operators=operators)
        return {
            "sum": Cat(total, carry),
            "difference": Cat(difference, borrow),
            "narrow": Cat(less_small, borrow_small),
            "increment": Cat(more, over),
            "less": less_than(m, "less", a, b, c, operators=operators),
        }

    a, b, c, found = evaluate_all(logic)
    assert np.array_equal(found["sum"], a + b + c)
    assert np.array_equal(found["difference"], (a - b - c) % 64)
    assert np.array_equal(found["narrow"], (a - b % 4) % 64)
    assert np.array_equal(found["increment"], a + c)
    assert np.array_equal(found["less"], (a < b) | (a == b) & (c == 1))


def test_constants() -> None:
    constants = (-3, -1, 0, 1, 2, 12, 13, 31)
    limits = (0, 1, 6, 7, 24, 31, 32)

    def logic(m: Module, a: Value, b: Value, c: Value) -> dict[str, Value]:
        sums = {f"sum{index}": add_constant(m, f"sum{index}", a, k) for index, k in enumerate(constants)}
        return sums | {f"least{k}": at_least(m, f"least{k}", a, k) for k in limits}

    a, _, _, found = evaluate_all(logic)
    for index, constant in enumerate(constants):
        assert np.array_equal(found[f"sum{index}"], (a + constant) % 32)
    for limit in limits:
        assert np.array_equal(found[f"least{limit}"], a >= limit)


def test_leading_zeros() -> None:
    def logic(m: Module, a: Value, b: Value, c: Value) -> dict[str, Value]:
        value, found = Cat(a, b), {}
        for width in range(2, 11):
            found[f"count{width}"], found[f"any{width}"] = leading_zeros(m, f"zeros{width}", value[:width])
        return found

    a, b, _, found = evaluate_all(logic)
    for width in range(2, 11):
        value = (a | b << 5) % 2**width
        some = value > 0
        assert np.array_equal(found[f"any{width}"], some)
        assert np.array_equal(found[f"count{width}"][some], width - np.frexp(value[some])[1])


def test_shifters() -> None:
    def logic(m: Module, a: Value, b: Value, c: Value) -> dict[str, Value]:
        aligned, sticky = align(m, "align", a, b[:3])
        normal, shift = normalize(m, "normalize", Cat(c, a), 3)
        limited, places = normalize(m, "limited", Cat(c, a), 3, limit=b)
        return {
            "aligned": aligned,
            "sticky": sticky,
            "left": shift_left(m, "left", a, b[:3]),
            "normal": normal,
            "shift": shift,
            "limited": limited,
            "places": places,
        }

    a, b, c, found = evaluate_all(logic)
    value = a << 1 | c
    zeros = np.where(value > 0, 6 - np.frexp(value)[1], 7)
    assert np.array_equal(found["aligned"], a >> b % 8)
    assert np.array_equal(found["sticky"], a % 2 ** (b % 8) != 0)
    assert np.array_equal(found["left"], a << b % 8)
    assert np.array_equal(found["shift"], zeros)
    assert np.array_equal(found["normal"], (value << zeros) % 64)
    assert np.array_equal(found["places"], np.minimum(zeros, b))
    assert np.array_equal(found["limited"], (value << np.minimum(zeros, b)) % 64)


def test_window() -> None:
    """Three bits at the top of five, 0…3 places to the left and none, 4 or 8 to the right."""

    def logic(m: Module, a: Value, b: Value, c: Value) -> dict[str, Value]:
        distances: dict[int, Value] = {-k: b[2:4] == k for k in range(3)}
        window, sticky = read_window(m, "window", a, b[:2], distances, top=4, width=3)
        return {"window": window, "sticky": sticky}

    a, b, _, found = evaluate_all(logic)
    shifted = (a << b % 4 << 8) >> 4 * (b // 4 % 4)
    there = b // 4 % 4 < 3
    window = (shifted >> 10) % 8
    assert np.array_equal(found["window"], np.where(there, window, 0))
    known = there & (window % 2 == 1) & (a != 16)  # its top bit alone is excluded
    assert known.sum() > 100
    assert np.array_equal(found["sticky"][known], (shifted % 2**10 != 0)[known])
