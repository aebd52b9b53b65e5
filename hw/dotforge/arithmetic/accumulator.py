"""Running sum that says when it overflowed: the end of every integer dot product."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib.wiring import In, Out

from ..block import Block

__all__ = ["Accumulator"]


class Accumulator(Block):
    """Running sum with overflow: judged at each update on the exact sum, wrapped or saturated, sticky.

    Parameters
    ----------
    exact_bits : width of ``exact``, signed
    sum_bits : width of the running sum, signed
    saturate : a sum that does not fit becomes the largest or smallest number; else it is taken modulo
        2^sum_bits

    Interface attributes
    --------------------
    exact : running sum plus one beat, exactly
    enable, valid, last : the beat in ``exact`` counts, and is its dot product's last
    clear : the beat is its dot product's first: the flag starts anew
    sum, overflow : registered; ``done`` is set in the cycle after a last beat
    """

    exact: Signal
    enable: Signal
    valid: Signal
    clear: Signal
    last: Signal
    sum: Signal
    overflow: Signal
    done: Signal
    latency = 1

    def __init__(self, *, exact_bits: int, sum_bits: int, saturate: bool) -> None:
        self.exact_bits, self.sum_bits, self.saturate = exact_bits, sum_bits, saturate
        super().__init__(
            {
                "exact": In(signed(exact_bits)),
                "enable": In(1),
                "valid": In(1),
                "clear": In(1),
                "last": In(1),
                "sum": Out(signed(sum_bits)),
                "overflow": Out(1),
                "done": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        running = Signal(signed(self.sum_bits), reset_less=True)
        sticky = Signal(reset_less=True)
        done = Signal()
        above = self.exact[self.sum_bits - 1 :]
        overflows = Signal()
        m.d.comb += overflows.eq(above.any() & ~above.all())
        kept: Value = self.exact[: self.sum_bits]
        if self.saturate:
            negative = self.exact[-1]
            limit = Cat((~negative).replicate(self.sum_bits - 1), negative)
            kept = Mux(overflows, limit, kept)
        with m.If(self.enable):
            m.d.sync += done.eq(self.valid & self.last)
            with m.If(self.valid):
                m.d.sync += [running.eq(kept), sticky.eq(overflows | (sticky & ~self.clear))]
        m.d.comb += [self.sum.eq(running), self.overflow.eq(sticky), self.done.eq(done)]
        return m
