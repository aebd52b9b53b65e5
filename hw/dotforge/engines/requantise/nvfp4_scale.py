"""The scale of a block of NVFP4 from the divider's bits: E4M3, ties to even, and scale · unit beside it."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from ...arithmetic.carry import add
from ...block import Block
from .config import NVFP4_SCALE_BITS, RequantiseConfig

__all__ = ["Nvfp4Scale"]

#: Places between the largest scale's unit in the last place, 2^5, and the smallest one's, 2^-9.
_MOST_DROPPED = NVFP4_SCALE_BITS - 4


class Nvfp4Scale(Block):
    """Rounds a quotient of 18 bits in units of 2^-9, the most significant first, to four significant bits.

    ::

        kept bit      significand ← 2 · significand + bit      step ← 2 · step + bit · unit
        dropped bit   dropped ← dropped + 1                    step ← 2 · step      ulp ← 2 · ulp
        half          the bit below the units
        round         code ← 8 · dropped + significand + up    step ← step + up · ulp

    The code is E4M3's: a significand that becomes 16 carries into the exponent, and what has no leading bit is
    subnormal. What is 464 or more becomes 448, code 126.

    Interface attributes
    --------------------
    clear : begins a block
    shift, half, round : a bit of the quotient comes in this cycle; the half; the quotient is rounded in this cycle
    fits, rest : of the divider
    unit : tensor scale in units of a sum
    code, step : registered; step is scale · unit in units of 2^-9 sums
    """

    clear: Signal
    shift: Signal
    half: Signal
    round: Signal
    fits: Signal
    rest: Signal
    unit: Signal
    code: Signal
    step: Signal

    def __init__(self, config: RequantiseConfig) -> None:
        self.config = config
        controls = dict.fromkeys(("clear", "shift", "half", "round", "fits", "rest"), In(1))
        super().__init__(
            {
                **controls,
                "unit": In(config.unit_bits),
                "code": Out(7),
                "step": Out(NVFP4_SCALE_BITS + config.unit_bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        width, unit_bits = NVFP4_SCALE_BITS + self.config.unit_bits, self.config.unit_bits
        significand = Signal(4, reset_less=True)
        dropped = Signal(4, reset_less=True)
        code = Signal(7, name="code_register", reset_less=True)
        step = Signal(width, name="step_register", reset_less=True)
        ulp = Signal(unit_bits + _MOST_DROPPED, reset_less=True)
        leading, guard, sticky = (
            Signal(name=name, reset_less=True) for name in ("leading", "guard", "sticky")
        )
        keeps, bit, full, up, none = (Signal(name=name) for name in ("keeps", "bit", "full", "up", "none"))
        m.d.comb += [
            keeps.eq(~significand[3]),
            none.eq(~dropped.any()),
            # Four leading ones would be 480, which is NaN.
            bit.eq(self.fits & ~(leading & (significand == 7))),
            full.eq((dropped == _MOST_DROPPED) & (significand == 14)),
            up.eq(guard & (sticky | self.rest | significand[0]) & ~full),
        ]
        base, addend = Signal(width), Signal(width)
        m.d.comb += base.eq(Mux(self.round, step, Cat(Const(0, 1), step[:-1])))
        m.d.comb += addend.eq(
            Mux(
                self.round,
                ulp & up.replicate(len(ulp)),
                self.unit & (bit & keeps).replicate(unit_bits),
            )
        )
        total, _ = add(m, "step", base, addend)
        rounded, _ = add(m, "code", Cat(Const(0, 3), dropped), Cat(significand, Const(0, 3)), up)
        with m.If(self.clear):
            m.d.sync += [significand.eq(0), dropped.eq(0), step.eq(0), ulp.eq(self.unit)]
            m.d.sync += [leading.eq(1), guard.eq(0), sticky.eq(0)]
        with m.Elif(self.shift):
            m.d.sync += [step.eq(total), leading.eq(leading & self.fits)]
            with m.If(keeps):
                m.d.sync += significand.eq(Cat(bit, significand[:-1]))
            with m.Else():
                m.d.sync += [dropped.eq(dropped + 1), ulp.eq(Cat(Const(0, 1), ulp[:-1]))]
                m.d.sync += [guard.eq(Mux(none, self.fits, guard)), sticky.eq(~none & (sticky | self.fits))]
        with m.Elif(self.half):
            m.d.sync += [guard.eq(Mux(none, self.fits, guard)), sticky.eq(~none & (sticky | self.fits))]
        with m.Elif(self.round):
            m.d.sync += [step.eq(total), code.eq(rounded)]
        m.d.comb += [self.code.eq(code), self.step.eq(step)]
        return m
