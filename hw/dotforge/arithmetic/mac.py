"""Integer multiply-accumulate unit: the baseline that every other format is compared with."""

from amaranth.hdl import Module, Signal, signed
from amaranth.lib.wiring import In, Out

from ..block import Block
from .heap import Heap
from .product import add_product

__all__ = ["MultiplyAccumulate"]


class MultiplyAccumulate(Block):
    """Adds a dot product of signed integers to a running sum every cycle, modulo ``2**sum_bits``.

    The partial products of all lanes, the running sum and the constants are one carry-save heap.
    Initiation interval 1, latency 1.

    Parameters
    ----------
    lanes : products a cycle
    a_bits, b_bits : width of the operands, two's complement
    sum_bits : width of the running sum
    method : how partial products are made, one of :data:`dotforge.arithmetic.product.METHODS` (default: the
        smaller one for these widths)

    Interface attributes
    --------------------
    a, b : ``lanes`` operands each, lane 0 in the low bits
    sum : the running sum, registered
    """

    a: Signal
    b: Signal
    sum: Signal
    latency = 1

    def __init__(
        self, *, lanes: int, a_bits: int, b_bits: int, sum_bits: int, method: str | None = None
    ) -> None:
        self.lanes, self.a_bits, self.b_bits, self.sum_bits = lanes, a_bits, b_bits, sum_bits
        self.method = method
        super().__init__({"a": In(lanes * a_bits), "b": In(lanes * b_bits), "sum": Out(signed(sum_bits))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        heap = Heap(self.sum_bits)
        for lane in range(self.lanes):
            a = self.a.word_select(lane, self.a_bits).as_signed()
            b = self.b.word_select(lane, self.b_bits).as_signed()
            add_product(m, f"lane_{lane}", heap, a, b, method=self.method, ready=1)
        running = Signal(signed(self.sum_bits), reset_less=True)
        heap.add(running.as_unsigned(), ready=0)
        (total,) = heap.compress(m)
        m.d.sync += running.eq(total)
        m.d.comb += self.sum.eq(running)
        return m
