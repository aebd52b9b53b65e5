"""An engine that takes both operands from one stream: a beat of weights beside each beat of activations.

That is what one DMA channel gives that reads an array of pairs. Weights and activations begin at a byte each, in the
order of the engine's streams, so that a pair is a structure of two fields in memory.
"""

from collections import Counter
from dataclasses import replace
from typing import Any

from amaranth.hdl import Module
from amaranth.lib.wiring import In

from .axi import StreamBlock
from .payload import Payload

__all__ = ["JOINED", "Joined", "joined"]

#: Name of the stream.
JOINED = "operands"


def joined(inputs: dict[str, Payload]) -> Payload:
    """Return the payload that holds a beat of each stream.

    Parameters
    ----------
    inputs : name → payload; one of them has ``last``, which becomes that of the beat
    """
    names = Counter(field.name for payload in inputs.values() for field in payload.fields)
    fields = [
        replace(field, name=f"{stream}_{field.name}" if names[field.name] > 1 else field.name)
        for stream, payload in inputs.items()
        for field in payload.fields
    ]
    ends = [name for name, payload in inputs.items() if payload.last]
    meaning = " and ".join(f"one beat of {name}" for name in inputs) + f"; tlast as of {ends[0]}"
    return Payload(tuple(fields), last=True, meaning=meaning, joins=tuple(inputs.items()))


class Joined(StreamBlock):
    """An engine whose input streams are one. Wires only: it adds no cycle.

    Parameters
    ----------
    engine : takes a beat of each of its inputs at a time, all in the same cycle, whenever it takes any
    """

    def __init__(self, engine: StreamBlock) -> None:
        self.engine = engine
        self.latency = engine.latency
        self.initiation_interval = engine.initiation_interval
        super().__init__({JOINED: joined(engine.inputs)}, engine.outputs, engine.others())

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.engine = engine = self.engine
        beat = getattr(self, JOINED)
        place = iter(self.inputs[JOINED].fields)
        ready: Any = 1
        for name, payload in engine.inputs.items():
            inner = getattr(engine, name)
            m.d.comb += [
                inner.payload[field.name].eq(beat.payload[next(place).name]) for field in payload.fields
            ]
            if payload.last:
                m.d.comb += inner.payload.last.eq(beat.payload.last)
            m.d.comb += inner.valid.eq(beat.valid)
            ready &= inner.ready
        m.d.comb += beat.ready.eq(ready)
        for name in engine.outputs:
            outer, inner = getattr(self, name), getattr(engine, name)
            m.d.comb += [
                outer.payload.as_value().eq(inner.payload.as_value()),
                outer.valid.eq(inner.valid),
                inner.ready.eq(outer.ready),
            ]
        for name, member in engine.others().items():
            ours, theirs = getattr(self, name), getattr(engine, name)
            m.d.comb += theirs.eq(ours) if member.flow == In else ours.eq(theirs)
        return m
