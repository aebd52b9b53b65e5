# amaranth: UnusedElaboratable=no
"""Products in a heap by both methods, and which of them is smaller."""

from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Cat, Module, Signal, signed
from amaranth.lib.wiring import In, Out

from dotforge.arithmetic.heap import Heap
from dotforge.arithmetic.integer_multiplier import IntegerMultiplier
from dotforge.arithmetic.mac import MultiplyAccumulate
from dotforge.arithmetic.product import METHODS, add_product, smaller_method
from dotforge.block import Block
from dotforge.export.verilog import Design, convert
from dotforge.formats.table import IntegerFormat
from dotforge.synthesis import area

from .integers import every_pair, numbers, run_text

SIGNS = [(a_signed, b_signed) for a_signed in (False, True) for b_signed in (False, True)]


class Products(Block):
    """``a · b · 2**shift + c`` modulo 2^width, for operands with and without signs: a word each."""

    a: Signal
    b: Signal
    c: Signal
    o: Signal

    def __init__(self, method: str, a_bits: int, b_bits: int, shift: int = 0, width: int = 0) -> None:
        self.method, self.a_bits, self.b_bits, self.shift = method, a_bits, b_bits, shift
        self.width = width or a_bits + b_bits + shift
        super().__init__({"a": In(a_bits), "b": In(b_bits), "c": In(2), "o": Out(4 * self.width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        words = []
        for index, (a_signed, b_signed) in enumerate(SIGNS):
            heap = Heap(self.width)
            heap.add(self.c)
            a = self.a.as_signed() if a_signed else self.a
            b = self.b.as_signed() if b_signed else self.b
            add_product(m, f"row{index}", heap, a, b, method=self.method, shift=self.shift)
            words += heap.compress(m, name=f"heap{index}")
        m.d.comb += self.o.eq(Cat(words))
        return m


def check(block: Products, design: Design | None = None) -> list[bool]:
    """Tell for each choice of signs whether the product of every pair is right."""
    a, b = every_pair(np.arange(1 << block.a_bits), np.arange(1 << block.b_bits))
    c = (a + b) % 4
    found = run_text(design or convert(block), 0, a=a, b=b, c=c)["o"]
    assert len(found) == 1 << block.a_bits + block.b_bits
    right = []
    for index, (a_signed, b_signed) in enumerate(SIGNS):
        x = numbers(a, block.a_bits) if a_signed else a
        y = numbers(b, block.b_bits) if b_signed else b
        word = found >> np.uint64(index * block.width) & np.uint64((1 << block.width) - 1)
        right.append(np.array_equal(word.astype(np.int64), ((x * y << block.shift) + c) % (1 << block.width)))
    return right


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("a_bits", "b_bits"), [(1, 1), (3, 1), (2, 2), (3, 4), (5, 3), (6, 6), (8, 8)])
def test_every_product(a_bits: int, b_bits: int, method: str) -> None:
    assert all(check(Products(method, a_bits, b_bits)))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("shift", "width"), [(3, 0), (0, 7), (1, 16)])
def test_shifted_and_truncated(method: str, shift: int, width: int) -> None:
    assert all(check(Products(method, 5, 6, shift, width)))


def test_unknown_method() -> None:
    with pytest.raises(ValueError, match=r"^method is one of baugh-wooley, booth, not wallace$"):
        convert(Products("wallace", 2, 2))


MUTATIONS = {
    "booth": {
        "a digit's carry dropped": (r"(assign row3_2_carry) = .*;", r"\1 = 1'h0;"),
        "three not recoded": (r"(assign row3_0_minus) = .*;", r"\1 = 1'h0;"),
        "four counted as two": (r"(assign row3_2_two) = .*;", r"\1 = row3_0_two;"),
    },
    "baugh-wooley": {
        "a carry of the heap dropped": (r"(assign heap3_5_0_carry) = .*;", r"\1 = 1'h0;"),
        "a column's sum inverted": (r"(assign heap3_4_1_sum) = (.*);", r"\1 = ~(\2);"),
    },
}


@pytest.mark.parametrize(
    ("method", "name"), [(method, name) for method, names in MUTATIONS.items() for name in names]
)
def test_mutation_is_caught(method: str, name: str, mutate: Any) -> None:
    block = Products(method, 6, 6)
    assert check(block, mutate(convert(block), *MUTATIONS[method][name])) == [True, True, True, False]


@pytest.mark.parametrize(
    ("a_bits", "b_bits"),
    [
        (3, 2),
        (4, 3),
        (4, 4),
        (5, 4),
        (8, 3),
        (8, 8),
        pytest.param(12, 12, marks=pytest.mark.slow),
        pytest.param(16, 16, marks=pytest.mark.slow),
    ],
)
def test_smaller_method_is_smaller(a_bits: int, b_bits: int) -> None:
    formats = IntegerFormat(a_bits), IntegerFormat(b_bits)
    transistors = {method: area.flat(IntegerMultiplier(*formats, method=method)) for method in METHODS}
    assert min(transistors, key=lambda method: transistors[method]) == smaller_method(a_bits, b_bits)
    assert smaller_method(b_bits, a_bits) == smaller_method(a_bits, b_bits)


@pytest.mark.parametrize(
    ("bits", "sum_bits"),
    [pytest.param(4, 16, marks=pytest.mark.slow), pytest.param(8, 24, marks=pytest.mark.slow)],
)
def test_smaller_method_is_smaller_in_a_dot_product(bits: int, sum_bits: int) -> None:
    transistors = {
        method: area.flat(
            MultiplyAccumulate(lanes=16, a_bits=bits, b_bits=bits, sum_bits=sum_bits, method=method)
        )
        for method in METHODS
    }
    assert min(transistors, key=lambda method: transistors[method]) == smaller_method(bits, bits)


class Operator(Block):
    """What an engine must not write: the product as an operator."""

    a: Signal
    b: Signal
    o: Signal

    def __init__(self, bits: int) -> None:
        super().__init__({"a": In(signed(bits)), "b": In(signed(bits)), "o": Out(signed(2 * bits))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.o.eq(self.a * self.b)
        return m


@pytest.mark.parametrize("bits", [4, 8, pytest.param(16, marks=pytest.mark.slow)])
def test_operator_is_larger(bits: int) -> None:
    assert area.flat(Operator(bits)) > 1.3 * area.flat(IntegerMultiplier(IntegerFormat(bits)))
