"""Stationary bias: one word a bank of weights."""

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from ...block import Block

__all__ = ["StationaryBias"]


class StationaryBias(Block):
    """Holds the bias of the set of weights in use and of the one that loads: a queue of two words.

    Interface attributes
    --------------------
    i : stream of one bias a set, in the order of the sets
    bias, valid : that of the set in use
    retire : the set is given up in this cycle
    """

    i: stream.Interface
    bias: Signal
    valid: Signal
    retire: Signal

    def __init__(self, *, width: int) -> None:
        self.width = width
        super().__init__(
            {
                "i": In(stream.Signature(signed(width))),
                "bias": Out(signed(width)),
                "valid": Out(1),
                "retire": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        front, back = (Signal(signed(self.width), name=name, reset_less=True) for name in ("front", "back"))
        front_full = Signal()
        back_full = Signal()
        taken = Signal()
        m.d.comb += [
            self.i.ready.eq(~back_full),
            taken.eq(self.i.valid & ~back_full),
            self.bias.eq(front),
            self.valid.eq(front_full),
        ]
        # The front word is replaced when it is empty or released: by the back word if there is one.
        moves = Signal()
        m.d.comb += moves.eq(self.retire | ~front_full)
        with m.If(moves):
            m.d.sync += [
                front.eq(Mux(back_full, back, self.i.payload)),
                front_full.eq(back_full | taken),
                back_full.eq(0),
            ]
        with m.Elif(taken):
            m.d.sync += [back.eq(self.i.payload), back_full.eq(1)]
        return m
