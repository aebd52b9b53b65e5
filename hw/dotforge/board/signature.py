"""Compares a stream with golden by a signature, without storing what is expected."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from dotforge_golden.signature import POLYNOMIAL

from ..block import Block

__all__ = ["SignatureCheck"]


class SignatureCheck(Block):
    """Folds the first ``count`` beats into a signature (see :mod:`dotforge_golden.signature`).

    Parameters
    ----------
    width : bits of a beat
    count : beats expected, at least one
    expected : signature of those beats
    exact : whether one more beat is an error

    Interface attributes
    --------------------
    data, valid : a beat comes in every cycle in which ``valid`` is high
    complete : all expected beats came
    right : they have the expected signature, and none too many came
    """

    module_name = "signature_check"
    data: Signal
    valid: Signal
    complete: Signal
    right: Signal

    def __init__(self, *, width: int, count: int, expected: int, exact: bool) -> None:
        self.width, self.count, self.expected, self.exact = width, count, expected, exact
        super().__init__({"data": In(width), "valid": In(1), "complete": Out(1), "right": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        state = Signal(32, init=0xFFFFFFFF)
        seen = Signal(range(self.count + 1))
        surplus = Signal()
        folded = Cat(Const(0, 1), state[:31]) ^ Mux(state[31], POLYNOMIAL, 0)
        for low in range(0, self.width, 32):
            folded ^= self.data[low : low + 32]
        m.d.comb += [
            self.complete.eq(seen == self.count),
            self.right.eq(self.complete & (state == self.expected) & ~surplus),
        ]
        with m.If(self.valid):
            with m.If(~self.complete):
                m.d.sync += [state.eq(folded), seen.eq(seen + 1)]
            with m.Elif(self.exact):
                m.d.sync += surplus.eq(1)
        return m
