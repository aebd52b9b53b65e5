"""A register slice: cuts every combinational path of a stream, forwards and backwards, at a beat a cycle."""

from amaranth.hdl import Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from ..block import Block

__all__ = ["DEPTH", "RegisterSlice"]

#: Beats that a slice holds.
DEPTH = 2


class RegisterSlice(Block):
    """Two beats of a stream: one that is offered, one that came while it was not taken.

    Data, valid and ready are registers, ready too: it is low in reset and while both places are taken. A beat a
    cycle goes through, whatever its neighbours do; it is there a cycle after it came.

    Parameters
    ----------
    width : bits of a beat, 1 or more

    Interface attributes
    --------------------
    i, o : the stream, before and behind the registers
    """

    latency = 1
    i: stream.Interface
    o: stream.Interface

    def __init__(self, width: int) -> None:
        self.width = width
        super().__init__({"i": In(stream.Signature(width)), "o": Out(stream.Signature(width))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        ready, waits, moves = Signal(), Signal(), Signal()
        beat, second = (
            Signal(self.width, name="beat", reset_less=True),
            Signal(self.width, name="second", reset_less=True),
        )
        valid, full = Signal(), Signal()  # there is a beat, there is a second one
        m.d.comb += [
            moves.eq(self.o.ready | ~valid),
            waits.eq((full | (self.i.valid & ready)) & ~moves),
            self.i.ready.eq(ready),
            self.o.valid.eq(valid),
            self.o.payload.eq(beat),
        ]
        m.d.sync += [full.eq(waits), ready.eq(~waits)]
        with m.If(moves):
            m.d.sync += valid.eq(full | (self.i.valid & ready))
            with m.If(full):
                m.d.sync += beat.eq(second)
            with m.Else():
                m.d.sync += beat.eq(self.i.payload)
        with m.If(ready):
            m.d.sync += second.eq(self.i.payload)
        return m
