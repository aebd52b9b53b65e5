"""What becomes of the divider's bits: the scale of a vector and its step, and the elements."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from ...arithmetic.carry import add, increment
from ...block import Block
from .config import RequantiseConfig

__all__ = ["ElementQuotient", "ScaleQuotient"]


class ScaleQuotient(Block):
    """The scale, and scale · unit beside it without a multiplier: both take a bit a cycle.

    ::

        bit      scale ← 2 · scale + bit        step ← 2 · step + bit · unit
        round    scale ← scale + up             step ← step + up · unit

    Interface attributes
    --------------------
    clear : begins a vector
    shift, round : a bit of the quotient comes in this cycle; the quotient is rounded in this cycle
    fits, rest : of the divider
    unit : second-level scale
    scale, step : registered
    """

    clear: Signal
    shift: Signal
    round: Signal
    fits: Signal
    rest: Signal
    unit: Signal
    scale: Signal
    step: Signal

    def __init__(self, config: RequantiseConfig) -> None:
        self.config = config
        controls = dict.fromkeys(("clear", "shift", "round", "fits", "rest"), In(1))
        super().__init__(
            {
                **controls,
                "unit": In(config.unit_bits),
                "scale": Out(config.scale_bits),
                "step": Out(config.step_bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        scale = Signal(config.scale_bits, name="scale_register", reset_less=True)
        step = Signal(config.step_bits, name="step_register", reset_less=True)
        up = Signal()  # the bit that is added, of the quotient or of rounding
        m.d.comb += up.eq(self.fits)
        with m.If(self.round):
            m.d.comb += up.eq((self.fits if config.scale_rounding == "nearest" else self.rest) & ~scale.all())
        base = Signal(config.step_bits)
        m.d.comb += base.eq(Mux(self.round, step, Cat(Const(0, 1), step[:-1])))
        unit = Signal(config.step_bits)
        m.d.comb += unit.eq(self.unit & up.replicate(config.unit_bits))
        total, _ = add(m, "step", base, unit)
        rounded, _ = increment(m, "scale", scale, up)
        with m.If(self.clear):
            m.d.sync += step.eq(0)
        with m.Elif(self.shift | self.round):
            m.d.sync += [
                step.eq(total),
                scale.eq(Mux(self.round, rounded, Cat(up, scale[:-1]))),
            ]
        m.d.comb += [self.scale.eq(scale), self.step.eq(step)]
        return m


class ElementQuotient(Block):
    """An element from the divider's bits, and the vector that it becomes part of.

    Interface attributes
    --------------------
    shift, round : a bit of the quotient comes in this cycle; the element is complete in this cycle
    fits : of the divider
    negative : sign of the element
    valid : the scale is not zero; otherwise the element is
    vector : the last ``config.vector`` elements, the latest one in the high bits, registered
    """

    shift: Signal
    round: Signal
    fits: Signal
    negative: Signal
    valid: Signal
    vector: Signal

    def __init__(self, config: RequantiseConfig) -> None:
        self.config = config
        controls = dict.fromkeys(("shift", "round", "fits", "negative", "valid"), In(1))
        super().__init__({**controls, "vector": Out(config.vector * config.element_bits)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        bits = config.magnitude_bits
        quotient = Signal(bits, reset_less=True)
        vector = Signal(config.vector * config.element_bits, name="elements", reset_less=True)
        up = Signal()
        kept = Signal(bits)
        m.d.comb += [
            up.eq(self.fits & ~quotient.all() & self.valid),
            kept.eq(quotient & self.valid.replicate(bits)),
        ]
        # −(q + 1) is ~q, and −q is ~q + 1: rounding and sign share one incrementer.
        flipped = Signal(config.element_bits)
        m.d.comb += flipped.eq(Cat(kept, Const(0, 1)) ^ self.negative.replicate(config.element_bits))
        element, _ = increment(m, "element", flipped, up ^ self.negative)
        with m.If(self.shift):
            m.d.sync += quotient.eq(Cat(self.fits, quotient[:-1]))
        with m.If(self.round):
            m.d.sync += vector.eq(Cat(vector[config.element_bits :], element))
        m.d.comb += self.vector.eq(vector)
        return m
