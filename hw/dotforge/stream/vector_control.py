"""Joins two streams of vectors and counts the beats of a vector."""

from amaranth.hdl import Const, Module, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from ..block import Block

__all__ = ["VectorControl"]


class VectorControl(Block):
    """Says when a beat of both operands is taken and where it is in its vector and in its dot product.

    A vector ends with its beat number ``beats``, or earlier with the dot product.

    Parameters
    ----------
    beats : beats of a vector

    Interface attributes
    --------------------
    a_valid, b_valid, last : of the two streams; ``last`` ends a dot product and comes with stream ``a``
    enable : the datapath moves
    a_ready, b_ready : back to the streams
    fire : a beat is taken in this cycle
    starts, ends : the beat is its vector's first, its last
    first : the vector is its dot product's first
    """

    a_valid: Signal
    b_valid: Signal
    last: Signal
    enable: Signal
    a_ready: Signal
    b_ready: Signal
    fire: Signal
    starts: Signal
    ends: Signal
    first: Signal

    def __init__(self, *, beats: int) -> None:
        self.beats = beats
        inputs = dict.fromkeys(("a_valid", "b_valid", "last", "enable"), In(1))
        outputs = dict.fromkeys(("a_ready", "b_ready", "fire", "starts", "ends", "first"), Out(1))
        super().__init__({**inputs, **outputs})

    def join(
        self, m: Module, a: stream.Interface, b: stream.Interface, enable: Value
    ) -> tuple[Value, dict[str, Value]]:
        """Connect both streams; return ``fire``, and what goes down the pipeline with a beat.

        Parameters
        ----------
        m : gets the connections
        a : stream whose payload has ``last``
        b : the other one
        enable : the datapath moves
        """
        m.d.comb += [
            self.a_valid.eq(a.valid),
            self.b_valid.eq(b.valid),
            self.last.eq(a.payload.last),
            self.enable.eq(enable),
            a.ready.eq(self.a_ready),
            b.ready.eq(self.b_ready),
        ]
        beat = {"starts": self.starts, "ends": self.ends, "first": self.first, "last": a.payload.last}
        return self.fire, beat

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += [
            self.a_ready.eq(self.b_valid & self.enable),
            self.b_ready.eq(self.a_valid & self.enable),
            self.fire.eq(self.a_valid & self.b_valid & self.enable),
        ]
        starts, ends = Const(1, 1), Const(1, 1)
        if self.beats > 1:
            index = Signal(range(self.beats))
            starts, ends = ~index.any(), self.last | (index == self.beats - 1)
            with m.If(self.fire):
                m.d.sync += index.eq(index + 1)
                with m.If(self.ends):
                    m.d.sync += index.eq(0)
        first = Signal(init=1)
        with m.If(self.fire & self.ends):
            m.d.sync += first.eq(self.last)
        m.d.comb += [self.starts.eq(starts), self.ends.eq(ends), self.first.eq(first)]
        return m
