"""The scale of a product of two vectors: the product of their scales, rounded to fewer bits."""

from amaranth.hdl import Module, Signal
from amaranth.lib.wiring import In, Out

from ...arithmetic.carry import increment, name_value
from ...arithmetic.heap import Heap
from ...arithmetic.product import add_product
from ...block import Block

__all__ = ["ScaleProduct"]


class ScaleProduct(Block):
    """Multiplies two unsigned scales and drops low bits, combinational.

    ::

        half_up     (weight · activation + 2^(dropped − 1)) >> dropped       the half is a bit of the heap
        half_even   the same, but a product halfway between two goes to the even one

    Parameters
    ----------
    weight_bits, activation_bits : width of the scales
    dropped : low bits of the product that are left out, less than it has
    rounding : ``half_up`` or ``half_even``
    width : bits of the result; enough for the largest

    Interface attributes
    --------------------
    weight, activation : the scales
    scale : the rounded product
    """

    weight: Signal
    activation: Signal
    scale: Signal

    def __init__(
        self, *, weight_bits: int, activation_bits: int, dropped: int, rounding: str, width: int
    ) -> None:
        self.weight_bits, self.activation_bits = weight_bits, activation_bits
        self.dropped, self.rounding, self.width = dropped, rounding, width
        super().__init__({"weight": In(weight_bits), "activation": In(activation_bits), "scale": Out(width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        dropped = self.dropped
        # A product of w and a bits plus half of 2^dropped is below 2^(w + a) unless dropped is close to w + a.
        heap = Heap(max(self.weight_bits + self.activation_bits, dropped + self.width))
        add_product(m, "scales", heap, self.weight, self.activation)
        if dropped and self.rounding == "half_up":
            heap.add_constant(1 << (dropped - 1))
        (total,) = heap.compress(m)
        product = name_value(m, "product", total)
        kept = product[dropped : dropped + self.width]
        if dropped and self.rounding == "half_even":
            below = product[: dropped - 1].any() if dropped > 1 else 0
            up = name_value(m, "up", product[dropped - 1] & (product[dropped] | below))
            kept, _ = increment(m, "rounded", name_value(m, "kept", kept), up)
        m.d.comb += self.scale.eq(kept)
        return m
