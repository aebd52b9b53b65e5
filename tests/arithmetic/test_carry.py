# amaranth: UnusedElaboratable=no
"""Carry chains, shifters and the leading-zero counter: all operands at small widths, and broken ones."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from dotforge.arithmetic.carry import add, add_constant, at_least, increment, less_than, subtract
from dotforge.arithmetic.leading_zeros import leading_zeros
from dotforge.arithmetic.shifter import align, normalize, read_window, shift_left
from dotforge.block import Block
from dotforge.export.verilog import Design, convert
from dotforge_sim.simulator.cosim import evaluate

Logic = Callable[[Module, Value, Value, Value], dict[str, Value]]
Wanted = Callable[[np.ndarray, np.ndarray, np.ndarray], dict[str, np.ndarray]]


@dataclass(frozen=True)
class Unit:
    """Logic of two 5-bit operands and a bit, and what each of its outputs is; −1 where it has no meaning."""

    logic: Logic
    wanted: Wanted


class UnitBlock(Block):
    """The outputs of a unit's logic in one word."""

    a: Signal
    b: Signal
    c: Signal
    o: Signal

    def __init__(self, logic: Logic) -> None:
        self.logic = logic
        found = logic(Module(), Signal(5), Signal(5), Signal(1))
        self.widths = {name: len(value) for name, value in found.items()}
        super().__init__({"a": In(5), "b": In(5), "c": In(1), "o": Out(sum(self.widths.values()))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.o.eq(Cat(*self.logic(m, self.a, self.b, self.c).values()))
        return m


def wrong(unit: Unit, change: Callable[[Design], Design] = lambda design: design) -> list[str]:
    """Return the names of the outputs that are wrong for any operands."""
    block = UnitBlock(unit.logic)
    design = change(convert(block))
    a, b, c = (axis.ravel() for axis in np.meshgrid(np.arange(32), np.arange(32), np.arange(2)))
    word = evaluate(design.verilog, design.top, design.ports, {"a": a, "b": b, "c": c})["o"].astype(np.int64)
    assert len(word) == 2048
    names, position, wanted = [], 0, unit.wanted(a, b, c)
    assert list(wanted) == list(block.widths)
    for name, width in block.widths.items():
        known = wanted[name] >= 0
        assert known.sum() > 100
        if (word >> position & ((1 << width) - 1) != wanted[name])[known].any():
            names.append(name)
        position += width
    return names


def _chains(operators: bool) -> Unit:
    def logic(m: Module, a: Value, b: Value, c: Value) -> dict[str, Value]:
        return {
            "sum": Cat(*add(m, "add", a, b, c, operators=operators)),
            "difference": Cat(*subtract(m, "subtract", a, b, c, operators=operators)),
            "narrow": Cat(*subtract(m, "narrow", a, b[:2], operators=operators)),
            "increment": Cat(*increment(m, "increment", a, c, operators=operators)),
            "less": less_than(m, "less", a, b, c, operators=operators),
        }

    def wanted(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> dict[str, np.ndarray]:
        return {
            "sum": a + b + c,
            "difference": (a - b - c) % 64,
            "narrow": (a - b % 4) % 64,
            "increment": a + c,
            "less": (a < b) | (a == b) & (c == 1),
        }

    return Unit(logic, wanted)


_TERMS = (-3, -1, 0, 1, 2, 12, 13, 31)
_LIMITS = (0, 1, 6, 7, 24, 31, 32)


def _constants() -> Unit:
    def logic(m: Module, a: Value, b: Value, c: Value) -> dict[str, Value]:
        sums = {f"sum{index}": add_constant(m, f"sum{index}", a, term) for index, term in enumerate(_TERMS)}
        return sums | {f"least{limit}": at_least(m, f"least{limit}", a, limit) for limit in _LIMITS}

    def wanted(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> dict[str, np.ndarray]:
        sums = {f"sum{index}": (a + term) % 32 for index, term in enumerate(_TERMS)}
        return sums | {f"least{limit}": (a >= limit).astype(np.int64) for limit in _LIMITS}

    return Unit(logic, wanted)


def _zeros() -> Unit:
    def logic(m: Module, a: Value, b: Value, c: Value) -> dict[str, Value]:
        value, found = Cat(a, b), {}
        for width in range(2, 11):
            found[f"count{width}"], found[f"any{width}"] = leading_zeros(m, f"zeros{width}", value[:width])
        return found

    def wanted(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> dict[str, np.ndarray]:
        outputs = {}
        for width in range(2, 11):
            value = (a | b << 5) % 2**width
            outputs[f"count{width}"] = np.where(value > 0, width - np.frexp(value)[1], -1)
            outputs[f"any{width}"] = (value > 0).astype(np.int64)
        return outputs

    return Unit(logic, wanted)


def _shifters() -> Unit:
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

    def wanted(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> dict[str, np.ndarray]:
        value = a << 1 | c
        zeros = np.where(value > 0, 6 - np.frexp(value)[1], 7)
        limited = np.minimum(zeros, b)
        return {
            "aligned": a >> b % 8,
            "sticky": (a % 2 ** (b % 8) != 0).astype(np.int64),
            "left": a << b % 8,
            "normal": (value << zeros) % 64,
            "shift": zeros,
            "limited": (value << limited) % 64,
            "places": limited,
        }

    return Unit(logic, wanted)


def _window() -> Unit:
    """Three bits at the top of five, 0…3 places to the left and none, 4 or 8 to the right."""

    def logic(m: Module, a: Value, b: Value, c: Value) -> dict[str, Value]:
        distances: dict[int, Value] = {-k: b[2:4] == k for k in range(3)}
        window, sticky = read_window(m, "window", a, b[:2], distances, top=4, width=3)
        return {"window": window, "sticky": sticky}

    def wanted(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> dict[str, np.ndarray]:
        shifted = (a << b % 4 << 8) >> 4 * (b // 4 % 4)
        there = b // 4 % 4 < 3
        window = np.where(there, (shifted >> 10) % 8, 0)
        known = there & (window % 2 == 1) & (a != 16)  # its top bit alone is excluded
        return {"window": window, "sticky": np.where(known, shifted % 2**10 != 0, -1)}

    return Unit(logic, wanted)


UNITS = {
    "chains": _chains(operators=False),
    "chains as operators": _chains(operators=True),
    "constants": _constants(),
    "leading zeros": _zeros(),
    "shifters": _shifters(),
    "window": _window(),
}


@pytest.mark.parametrize("name", UNITS)
def test_every_operand(name: str) -> None:
    assert wrong(UNITS[name]) == []


#: What is broken: unit, pattern and replacement in its Verilog, outputs that must be wrong then.
MUTATIONS = {
    "a carry dropped": ("chains", r"(assign add_carry_2) = .*;", r"\1 = 1'h0;", ["sum"]),
    "a borrow taken for a carry": (
        "chains",
        r"(assign subtract_borrow_1) = .*;",
        r"\1 = a[1] & b[1];",
        ["difference"],
    ),
    "a borrow of the narrow end dropped": (
        "chains",
        r"(assign narrow_borrow_3) = .*;",
        r"\1 = 1'h0;",
        ["narrow"],
    ),
    "an increment stops": ("chains", r"(assign increment_carry_3) = .*;", r"\1 = 1'h0;", ["increment"]),
    "a bit not compared": ("chains", r"(assign less_3) = .*;", r"\1 = less_2;", ["less"]),
    "a constant's carry dropped": ("constants", r"(assign sum0_carry_2) = .*;", r"\1 = 1'h1;", ["sum0"]),
    "a limit off by one": ("constants", r"(assign least7) = .*;", r"\1 = least6;", ["least7"]),
    "a half of the count": (
        "leading zeros",
        r"(assign zeros8_low_count\[0\]) = .*;",
        r"\1 = 1'h0;",
        ["count8"],
    ),
    "a shift by four lost": ("shifters", r"(assign align_by_4\[1\]) = .*;", r"\1 = a[1];", ["aligned"]),
    "a lost bit not noticed": ("shifters", r"(assign align_sticky) = .*;", r"\1 = 1'h0;", ["sticky"]),
    "the limit ignored": (
        "shifters",
        r"(assign limited_free) = .*;",
        r"\1 = 1'h1;",
        ["limited", "places"],
    ),
    "a row of the left shifter": ("shifters", r"(assign left_by_2\[3\]) = .*;", r"\1 = 1'h0;", ["left"]),
    "a distance not read": ("window", r"(assign o\[1\] = \w+) \| \w+;", r"\1;", ["window"]),
    "bits below not noticed": ("window", r"(assign window_sticky) = .*;", r"\1 = 1'h0;", ["sticky"]),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_mutation_is_caught(name: str, mutate: Any) -> None:
    unit, pattern, replacement, outputs = MUTATIONS[name]
    assert wrong(UNITS[unit], lambda design: mutate(design, pattern, replacement)) == outputs
