"""Serial division for high clocks: a step is one carry chain and a table."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from ...block import Block
from .config import RequantiseConfig

__all__ = ["ClockedDivider"]


class ClockedDivider(Block):
    """Restoring division as :class:`dotforge.engines.requantise.divider.Divider` has it, for high clocks.

    What of the divisor is above the remainder is one bit on top of the carry chain, whose sign says whether the
    remainder takes the difference.

    Parameters
    ----------
    config : whose widths count

    Interface attributes
    --------------------
    load : takes ``dividend`` and ``divisor`` in place of a step
    fits : says the bit of this cycle
    rest : whether there is a remainder
    ones : all bits since ``load`` were ones, that of this cycle left out
    """

    load: Signal
    dividend: Signal
    divisor: Signal
    fits: Signal
    rest: Signal
    ones: Signal

    def __init__(self, config: RequantiseConfig) -> None:
        self.remainder_bits, self.divisor_bits = config.remainder_bits, config.divisor_bits
        super().__init__(
            {
                "load": In(1),
                "dividend": In(self.remainder_bits - 1),
                "divisor": In(self.divisor_bits),
                **dict.fromkeys(("fits", "rest", "ones"), Out(1)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        width = self.remainder_bits
        remainder = Signal(width, reset_less=True)
        divisor = Signal(self.divisor_bits, reset_less=True)
        ones = Signal(name="ones_register", reset_less=True)
        subtrahend = divisor[:width]
        following = Signal(self.divisor_bits)
        m.d.comb += following.eq(Mux(self.load, self.divisor, divisor[1:]))
        if self.divisor_bits > width:
            beyond = Signal(reset_less=True)
            m.d.sync += beyond.eq(following[width:].any())
            subtrahend = Cat(subtrahend, beyond)
        difference = Signal(max(width, len(subtrahend)) + 1)
        m.d.comb += [
            difference.eq(Cat(remainder, Const(0, 1)) - subtrahend),
            self.fits.eq(~difference[-1]),
            self.rest.eq(remainder.any()),
            self.ones.eq(ones),
        ]
        with m.If(self.load | self.fits):
            m.d.sync += remainder.eq(Mux(self.load, Cat(Const(0, 1), self.dividend), difference[:width]))
        m.d.sync += [divisor.eq(following), ones.eq(self.load | (ones & self.fits))]
        return m
