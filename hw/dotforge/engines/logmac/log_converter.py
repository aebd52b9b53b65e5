"""Linear sum back to a log number."""

from math import floor

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib.wiring import In, Out

from ...arithmetic.carry import add_constant, at_least
from ...arithmetic.heap import Heap
from ...arithmetic.shifter import normalize
from ...block import Block
from ...formats.logarithm import LogCode, midpoint, power

__all__ = ["LogConverter"]


class LogConverter(Block):
    """Nearest log number of an integer, combinational.

    The magnitude is normalized; its leading one's place is the integer part, and of the thresholds between two
    octaves as many as the significand exceeds are the fraction. Both ends of the range are compared directly::

        |sum| ──► normalize ─┬─ place ──────────────► + ──► exponent ──► least or largest beyond the ends
                             └─ significand > T_f ? ──┘

    Halfway between two numbers the one of smaller magnitude is taken; zero is the word with sign 0.

    Parameters
    ----------
    sum_bits : width of the sum
    code : format of the result
    scale : the result stands for sum · 2^−scale, not negative

    Interface attributes
    --------------------
    i : two's complement
    o : word
    """

    i: Signal
    o: Signal

    def __init__(self, *, sum_bits: int, code: LogCode, scale: int) -> None:
        self.sum_bits, self.code, self.scale = sum_bits, code, scale
        super().__init__({"i": In(signed(sum_bits)), "o": Out(code.bits)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        code, width = self.code, self.sum_bits
        y = code.fraction_bits
        negative = self.i[-1]
        # −x = ~x + 1; the most negative sum's magnitude has all bits of the sum.
        heap = Heap(width)
        heap.add(self.i.as_unsigned() ^ negative.replicate(width))
        heap.add_bit(negative, 0)
        magnitude = Signal(width)
        m.d.comb += magnitude.eq(heap.compress(m)[0])

        rows = (width - 1).bit_length()
        significand, zeros = normalize(m, "normal", magnitude, rows)
        passed = Signal(1 << y)
        m.d.comb += passed.eq(
            Cat(
                at_least(m, f"passed_{f}", significand, floor(midpoint(f, y) * 2 ** (width - 1)) + 1)
                for f in range(1 << y)
            )
        )
        count = Heap(y + 1)
        for bit in passed:
            count.add_bit(bit, 0)
        # The leading one is at width − 1 − zeros: −zeros = ~zeros + 1, modulo the field's width.
        field_bits = code.field_bits
        exponent = Heap(field_bits)
        exponent.add(count.compress(m, name="count")[0])
        places = Cat(~zeros, Const(-1, signed(max(1, code.integer_bits))))[: code.integer_bits]
        exponent.add(places, shift=y)
        found = Signal(field_bits)
        m.d.comb += found.eq(exponent.compress(m, name="exponent")[0])
        inside = add_constant(m, "inside", found, (width - self.scale) << y)

        def above(threshold: int) -> Value:
            return at_least(m, f"above_{threshold % 1000000007}", magnitude, threshold)

        least, largest = code.least_exponent, code.largest_exponent
        scale = 1 << self.scale
        nonzero = above(floor(power(least, y) / 2 * scale) + 1)
        field: Value = Const(least, field_bits)
        if largest > least:
            above_least = above(floor(midpoint(least, y) * scale) + 1)
            reaches_largest = above(floor(midpoint(largest - 1, y) * scale) + 1)
            field = Mux(above_least, Mux(reaches_largest, Const(largest, field_bits), inside), field)
        m.d.comb += self.o.eq(
            Cat(Mux(nonzero, field, 0), negative & nonzero, *([~nonzero] if code.zero_flag else []))
        )
        return m
