"""Serial division, a bit a cycle: finds the scale of a vector and every element of it."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ...arithmetic.carry import subtract
from ...block import Block

__all__ = ["Divider"]


class Divider(Block):
    """Restoring division with the divisor shifted down: what a quotient of few bits needs.

    ::

        load      remainder ← 2 · dividend      divisor ← divisor · 2^bits
        step      fits = remainder ≥ divisor    remainder − divisor if it fits;  divisor / 2

    The first ``bits`` steps say the bits of the quotient, the most significant first; all ones if it has more.
    The step after those says whether twice the rest is the divisor or more: whether the quotient rounds up.

    Parameters
    ----------
    remainder_bits : width of twice the dividend
    divisor_bits : width of the divisor where it is loaded, shifted up

    Interface attributes
    --------------------
    load : takes ``dividend`` and ``divisor`` in place of a step
    fits : says the bit of this cycle
    rest : whether there is a remainder
    """

    load: Signal
    dividend: Signal
    divisor: Signal
    fits: Signal
    rest: Signal

    def __init__(self, *, remainder_bits: int, divisor_bits: int) -> None:
        self.remainder_bits, self.divisor_bits = remainder_bits, divisor_bits
        super().__init__(
            {
                "load": In(1),
                "dividend": In(remainder_bits - 1),
                "divisor": In(divisor_bits),
                "fits": Out(1),
                "rest": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        remainder = Signal(self.remainder_bits, reset_less=True)
        divisor = Signal(self.divisor_bits, reset_less=True)
        low: Value = divisor[: self.remainder_bits]
        difference, borrow = subtract(m, "step", remainder, low)
        m.d.comb += [
            self.fits.eq(~(borrow | divisor[self.remainder_bits :].any())),
            self.rest.eq(remainder.any()),
        ]
        with m.If(self.load):
            m.d.sync += [remainder.eq(Cat(0, self.dividend)), divisor.eq(self.divisor)]
        with m.Else():
            m.d.sync += [remainder.eq(Mux(self.fits, difference, remainder)), divisor.eq(divisor[1:])]
        return m
