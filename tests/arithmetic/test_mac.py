"""Baugh-Wooley products and the multiply-accumulate unit."""

import numpy as np
import pytest
from amaranth.hdl import Module, Signal, signed, unsigned
from amaranth.lib.wiring import In, Out

from dotforge.arithmetic import baugh_wooley
from dotforge.arithmetic.baugh_wooley import add_product
from dotforge.arithmetic.heap import Heap
from dotforge.arithmetic.mac import MultiplyAccumulate
from dotforge.block import Block
from dotforge.export.verilog import convert
from dotforge_sim.simulator.cosim import evaluate


class Multiplier(Block):
    """One product of values of any width and sign."""

    a: Signal
    b: Signal
    product: Signal

    def __init__(self, a_bits: int, a_signed: bool, b_bits: int, b_signed: bool) -> None:
        self.width = a_bits + b_bits
        super().__init__(
            {
                "a": In(signed(a_bits) if a_signed else unsigned(a_bits)),
                "b": In(signed(b_bits) if b_signed else unsigned(b_bits)),
                "product": Out(self.width),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        heap = Heap(self.width)
        add_product(heap, self.a, self.b)
        m.d.comb += self.product.eq(heap.compress(m)[0])
        return m


def numbers(words: np.ndarray, bits: int, is_signed: bool) -> np.ndarray:
    return words - ((words >> (bits - 1)) << bits) if is_signed else words


@pytest.mark.parametrize("b_signed", [False, True])
@pytest.mark.parametrize("a_signed", [False, True])
@pytest.mark.parametrize(("a_bits", "b_bits"), [(1, 1), (1, 4), (4, 4), (5, 3), (8, 8)])
def test_every_product(a_bits: int, a_signed: bool, b_bits: int, b_signed: bool) -> None:
    design = convert(Multiplier(a_bits, a_signed, b_bits, b_signed))
    a, b = (grid.ravel() for grid in np.meshgrid(np.arange(2**a_bits), np.arange(2**b_bits)))
    found = evaluate(design.verilog, design.top, design.ports, {"a": a, "b": b})["product"]
    wanted = numbers(a, a_bits, a_signed) * numbers(b, b_bits, b_signed)
    assert len(found) == 2 ** (a_bits + b_bits)
    assert np.array_equal(found.astype(np.int64), wanted % 2 ** (a_bits + b_bits))


def accumulate(lanes: int, bits: int, sum_bits: int, cycles: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    design = convert(MultiplyAccumulate(lanes=lanes, a_bits=bits, b_bits=bits, sum_bits=sum_bits))
    rng = np.random.default_rng(lanes)
    a, b = (rng.integers(-(2 ** (bits - 1)), 2 ** (bits - 1), (cycles, lanes)) for _ in range(2))
    shifts = np.arange(lanes) * bits

    def packed(values: np.ndarray) -> np.ndarray:
        return ((values % 2**bits) << shifts).sum(axis=1)

    found = evaluate(design.verilog, design.top, design.ports, {"a": packed(a), "b": packed(b)})["sum"]
    steps = (a * b).sum(axis=1) % 2**sum_bits
    return np.diff(found.astype(np.int64)) % 2**sum_bits, steps[:-1]


@pytest.mark.parametrize(("lanes", "bits", "sum_bits"), [(1, 4, 16), (4, 4, 16), (3, 8, 24), (1, 2, 3)])
def test_accumulates(lanes: int, bits: int, sum_bits: int) -> None:
    found, wanted = accumulate(lanes, bits, sum_bits)
    assert len(found) == 2999
    assert np.array_equal(found, wanted)


def test_a_missing_constant_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baugh_wooley.Heap, "add_constant", lambda self, constant: None)
    found, wanted = accumulate(2, 5, 16)
    assert not np.array_equal(found, wanted)
