"""Running sum that judges overflow a cycle after it adds: the loop is one carry chain."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib.wiring import In, Out

from ..block import Block
from .delays import Path
from .stages import Stages

__all__ = ["FastAccumulator"]


class FastAccumulator(Block):
    """Running sum with overflow as :class:`dotforge.arithmetic.accumulator.Accumulator` has it, for high clocks.

    ::

        addend, carry ──► + ──► exact ─┬─ does it fit? ──► sum, overflow
                          ▲            │
                          └── or start ┴─ (saturate)

    The exact sum is held, wider than the running sum by what a beat may add; wrapping is leaving out its upper
    bits. Saturating comes between register and adder, in the same cycle. Initiation interval 1, latency 2.

    Parameters
    ----------
    addend_bits : width of ``addend``, signed
    exact_bits : width that holds every running sum plus a beat
    sum_bits : width of the running sum, signed
    saturate : a sum that does not fit becomes the largest or smallest number; else it is taken modulo 2^sum_bits

    Interface attributes
    --------------------
    addend, carry : added together
    start : the running sum ahead of the first beat
    enable : lets all registers advance
    valid, first, last : there is a beat, and it is its dot product's first, last
    sum, overflow : registered; ``done`` is set two cycles after a last beat
    """

    addend: Signal
    carry: Signal
    start: Signal
    enable: Signal
    valid: Signal
    first: Signal
    last: Signal
    sum: Signal
    overflow: Signal
    done: Signal
    latency = 2

    def __init__(self, *, addend_bits: int, exact_bits: int, sum_bits: int, saturate: bool) -> None:
        self.exact_bits, self.sum_bits, self.saturate = exact_bits, sum_bits, saturate
        super().__init__(
            {
                "addend": In(signed(addend_bits)),
                "carry": In(1),
                "start": In(signed(sum_bits)),
                **dict.fromkeys(("enable", "valid", "first", "last"), In(1)),
                "sum": Out(signed(sum_bits)),
                "overflow": Out(1),
                "done": Out(1),
            }
        )

    @staticmethod
    def need(stages: Stages, *, exact_bits: int, saturate: bool) -> None:
        """Note how long the loop takes.

        Parameters
        ----------
        stages : of the datapath ahead
        exact_bits : as of the block
        saturate : as of the block
        """
        stages.need(Path(levels=3 if saturate else 1, adders=1, bits=exact_bits + 1))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        exact = Signal(signed(self.exact_bits), name="exact_sum", reset_less=True)
        held = {name: Signal(name=f"{name}_held") for name in ("valid", "first", "last")}
        above = exact[self.sum_bits - 1 :]
        overflows = Signal()
        m.d.comb += overflows.eq(above.any() & ~above.all())
        kept: Value = exact[: self.sum_bits]
        if self.saturate:
            limit = Cat((~exact[-1]).replicate(self.sum_bits - 1), exact[-1])
            kept = Mux(overflows, limit, kept)
        base = Signal(signed(self.sum_bits))
        m.d.comb += base.eq(Mux(self.first, self.start, kept))
        wide = Signal(signed(self.exact_bits))
        m.d.comb += wide.eq(self.addend)
        total = Cat(1, base, base[-1].replicate(self.exact_bits - self.sum_bits)) + Cat(self.carry, wide)
        with m.If(self.enable):
            m.d.sync += [register.eq(getattr(self, name)) for name, register in held.items()]
            m.d.sync += self.done.eq(held["valid"] & held["last"])
            with m.If(self.valid):
                m.d.sync += exact.eq(total[1:])
            with m.If(held["valid"]):
                m.d.sync += [
                    self.sum.eq(kept),
                    self.overflow.eq(overflows | (self.overflow & ~held["first"])),
                ]
        return m
