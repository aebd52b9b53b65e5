"""The carry-save heap adds whatever is thrown into it, modulo its width."""

import numpy as np
import pytest
from amaranth.hdl import Cat, Module, Signal, signed, unsigned
from amaranth.lib.wiring import In, Out
from hypothesis import given, settings
from hypothesis import strategies as st

from dotforge.arithmetic import heap as heap_module
from dotforge.arithmetic.heap import Heap
from dotforge.block import Block
from dotforge.export.verilog import convert
from dotforge_sim.simulator.cosim import evaluate

VECTORS = 2000


class Adder(Block):
    """Adds values of given widths and signs, at given shifts, and a constant."""

    values: Signal
    total: Signal

    def __init__(
        self, terms: tuple[tuple[int, bool, int], ...], constant: int, width: int, rows: int
    ) -> None:
        self.terms, self.constant, self.width, self.rows = terms, constant, width, rows
        total = sum(bits for bits, _, _ in terms)
        super().__init__({"values": In(max(1, total)), "total": Out(width * rows)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        heap = Heap(self.width)
        offset = 0
        for bits, is_signed, shift in self.terms:
            value = Signal(signed(bits) if is_signed else unsigned(bits))
            m.d.comb += value.eq(self.values[offset : offset + bits])
            heap.add(value, shift=shift, ready=shift)
            offset += bits
        heap.add_constant(self.constant)
        m.d.comb += self.total.eq(Cat(heap.compress(m, rows=self.rows)))
        return m


def check(terms: tuple[tuple[int, bool, int], ...], constant: int, width: int, rows: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    block = Adder(terms, constant, width, rows)
    design = convert(block)
    words = [rng.integers(0, 2**bits, VECTORS) for bits, _, _ in terms]
    offsets = np.cumsum([0, *(bits for bits, _, _ in terms[:-1])])
    values = np.zeros(VECTORS, np.int64)
    for word, offset in zip(words, offsets, strict=True):
        values |= word << offset
    found = evaluate(design.verilog, design.top, design.ports, {"values": values})["total"].astype(np.int64)
    wanted = np.full(VECTORS, constant, np.int64)
    for word, (bits, is_signed, shift) in zip(words, terms, strict=True):
        number = word - ((word >> (bits - 1)) << bits) if is_signed else word
        wanted += number << shift
    low = found & ((1 << width) - 1)
    added = low if rows == 1 else low + (found >> width)
    assert len(found) == VECTORS
    assert np.array_equal(added % 2**width, wanted % 2**width)


@settings(max_examples=8, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(1, 6), st.booleans(), st.integers(0, 5)), min_size=1, max_size=7),
    st.integers(-500, 500),
    st.integers(3, 12),
    st.sampled_from([1, 2]),
)
def test_adds(terms: list[tuple[int, bool, int]], constant: int, width: int, rows: int) -> None:
    check(tuple(terms), constant, width, rows, seed=1)


@pytest.mark.parametrize("rows", [1, 2])
def test_adds_nothing_but_a_constant(rows: int) -> None:
    check(((1, False, 9),), 5, 4, rows, seed=2)


def test_counts_bits() -> None:
    heap = Heap(4)
    heap.add(Signal(3))
    heap.add(Signal(signed(2)), shift=3)  # the sign bit is outside, the other one is not
    heap.add_constant(5)
    assert len(heap) == 3 + 1 + 2


def test_needs_a_column() -> None:
    with pytest.raises(ValueError, match="at least one column, not 0"):
        Heap(0)


def test_a_lost_carry_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heap_module, "full_adder", lambda a, b, c: (a ^ b ^ c, (a & b) | (b & c)))
    with pytest.raises(AssertionError):
        check(((4, False, 0), (4, False, 0), (4, True, 0)), 0, 7, 1, seed=3)


class SideBySide(Block):
    """Counts the set bits of several vectors at once, all from the same constant on."""

    bits: Signal
    counts: Signal

    def __init__(self, size: int, count: int, constant: int, width: int) -> None:
        self.size, self.count, self.constant, self.width = size, count, constant, width
        super().__init__({"bits": In(size * count), "counts": Out(width * count)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        heap = Heap(self.width, self.count)
        for place in range(self.size):
            heap.add_bit(Cat(self.bits[place :: self.size]), 0)
        heap.add_constant(self.constant)
        m.d.comb += self.counts.eq(heap.compress(m)[0])
        return m


@pytest.mark.parametrize(("size", "count", "constant", "width"), [(4, 3, 5, 4), (7, 2, -1, 5), (1, 5, 2, 2)])
def test_side_by_side(size: int, count: int, constant: int, width: int) -> None:
    rng = np.random.default_rng(size)
    bits = rng.integers(0, 2, (VECTORS, count, size))
    words = (bits.reshape(VECTORS, -1) << np.arange(size * count)).sum(axis=1)
    design = convert(SideBySide(size, count, constant, width))
    found = evaluate(design.verilog, design.top, design.ports, {"bits": words})["counts"].astype(np.int64)
    planes = found[:, None] >> np.arange(width * count) & 1
    counted = (planes.reshape(VECTORS, width, count) << np.arange(width)[:, None]).sum(axis=1)
    assert np.array_equal(counted, (bits.sum(axis=2) + constant) % 2**width)
