"""An engine with register slices at its streams: no combinational path is left from port to port."""

from collections.abc import Iterator
from typing import Any

from amaranth.hdl import Module
from amaranth.lib.wiring import In

from .axi import StreamBlock
from .payload import Payload
from .register_slice import RegisterSlice

__all__ = ["Sliced"]


class Sliced(StreamBlock):
    """An engine behind register slices. What it does is unchanged; each slice on the way adds a cycle.

    A stream that a port of the engine clears (:attr:`StreamBlock.cleared_by_port`) is cleared in its slice too: beats
    that were taken before, or are in that cycle, are gone. A port that tells of work until its last beat has left
    (:attr:`StreamBlock.busy_until_left`) stays high while that beat is in a slice.

    Parameters
    ----------
    engine : the block inside
    inputs, outputs : which of its streams get slices
    """

    def __init__(self, engine: StreamBlock, *, inputs: bool, outputs: bool) -> None:
        self.engine = engine
        self.slices_inputs, self.slices_outputs = inputs, outputs
        self.latency = engine.latency + inputs + outputs
        self.initiation_interval = engine.initiation_interval
        super().__init__(engine.inputs, engine.outputs, dict(engine.others()))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.engine = engine = self.engine
        held: dict[str, Any] = {}
        for name, payload, is_input in self._streams():
            outer, inner = getattr(self, name), getattr(engine, name)
            source, sink = (outer, inner) if is_input else (inner, outer)
            if self.slices_inputs if is_input else self.slices_outputs:
                slice_ = RegisterSlice(payload.layout().size)
                port = engine.cleared_by_port.get(name)
                slice_.cleared_by = None if port is None else getattr(self, port)
                m.submodules[f"{name}_slice"] = slice_
                _connect(m, source, slice_.i)
                source = slice_.o
                held[name] = slice_.o.valid
            _connect(m, source, sink)
        for name, member in engine.others().items():
            ours, theirs = getattr(self, name), getattr(engine, name)
            if member.flow == In:
                m.d.comb += theirs.eq(ours)
            else:
                waits = held.get(engine.busy_until_left.get(name, ""), 0)
                m.d.comb += ours.eq(theirs | waits if name in engine.busy_until_left else theirs)
        return m

    def _streams(self) -> Iterator[tuple[str, Payload, bool]]:
        for name, payload in self.inputs.items():
            yield name, payload, True
        for name, payload in self.outputs.items():
            yield name, payload, False


def _connect(m: Module, source: Any, sink: Any) -> None:
    """Join two ends of a stream, whatever shape each gives its payload."""
    m.d.comb += [
        _bits(sink).eq(_bits(source)),
        sink.valid.eq(source.valid),
        source.ready.eq(sink.ready),
    ]


def _bits(end: Any) -> Any:
    payload = end.payload
    return payload.as_value() if hasattr(payload, "as_value") else payload
