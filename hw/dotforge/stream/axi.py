"""Wraps an engine's streams as AXI-Stream ports.

``s_axis_<port>_tdata/tvalid/tready[/tkeep][/tlast]`` for inputs, ``m_axis_<port>_…`` for outputs. ``tdata`` is whole
bytes: bits above the payload are ignored on inputs and zero on outputs.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from ..block import Block
from .payload import Payload

__all__ = ["AxiStream", "StreamBlock", "prefix"]


class StreamBlock(Block):
    """A block whose data ports are streams, and which says what their payloads hold.

    Parameters
    ----------
    extra : ports that are no streams

    Interface attributes
    --------------------
    inputs, outputs : name → payload of each stream
    initiation_interval : cycles between two beats of the busiest stream
    cleared_by_port : stream → input port that, while it is high, throws away what is on its way in it
    busy_until_left : output port → output stream: it is high until the stream's last beat has left
    """

    inputs: dict[str, Payload]
    outputs: dict[str, Payload]
    initiation_interval: int = 1
    cleared_by_port: Mapping[str, str] = {}
    busy_until_left: Mapping[str, str] = {}

    def __init__(
        self, inputs: dict[str, Payload], outputs: dict[str, Payload], extra: dict[str, Any] | None = None
    ) -> None:
        self.inputs, self.outputs = inputs, outputs
        members: dict[str, Any] = {}
        for name, payload in inputs.items():
            members[name] = In(stream.Signature(payload.layout()))
        for name, payload in outputs.items():
            members[name] = Out(stream.Signature(payload.layout()))
        super().__init__({**members, **(extra or {})})

    def others(self) -> dict[str, Any]:
        """Return the members of the signature that are no streams."""
        streams = {*self.inputs, *self.outputs}
        return {name: member for name, member in self.signature.members.items() if name not in streams}


def prefix(name: str, direction: str) -> str:
    """``weights`` that is an input → ``s_axis_weights``.

    Parameters
    ----------
    name : of the stream
    direction : ``input`` or ``output``
    """
    return f"{'s' if direction == 'input' else 'm'}_axis_{name}"


class AxiStream(Block):
    """The outside of an engine. Wires only: it adds no cycle.

    Parameters
    ----------
    engine : the block inside
    power_of_two : ``tdata`` of every stream is padded to a power of two, not only to whole bytes
    keep : every stream has ``tkeep``. Bytes of an input that are not kept are read as zeros; those of an output are
        all kept

    Interface attributes
    --------------------
    inputs, outputs : name → payload of each stream, as it is at the ports
    """

    def __init__(self, engine: StreamBlock, *, power_of_two: bool = False, keep: bool = False) -> None:
        self.engine = engine
        self.latency = engine.latency
        self.inputs, self.outputs = (
            {
                name: replace(payload, power_of_two=power_of_two, keep=keep or payload.keep)
                for name, payload in payloads.items()
            }
            for payloads in (engine.inputs, engine.outputs)
        )
        ports: dict[str, Any] = {}
        for name, payload in self.inputs.items():
            ports |= _ports(prefix(name, "input"), payload, In, Out)
        for name, payload in self.outputs.items():
            ports |= _ports(prefix(name, "output"), payload, Out, In)
        super().__init__({**ports, **engine.others()})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.engine = engine = self.engine
        for name, payload in engine.inputs.items():
            inner, outer = getattr(engine, name), prefix(name, "input")
            m.d.comb += [
                inner.payload.as_value()[: payload.width].eq(self._taken(outer, payload, self.inputs[name])),
                inner.valid.eq(self._port(outer, "tvalid")),
                self._port(outer, "tready").eq(inner.ready),
            ]
            if payload.keep:
                m.d.comb += inner.payload.keep.eq(self._port(outer, "tkeep"))
            if payload.last:
                m.d.comb += inner.payload.last.eq(self._port(outer, "tlast"))
        for name, payload in engine.outputs.items():
            inner, outer = getattr(engine, name), prefix(name, "output")
            m.d.comb += [
                self._port(outer, "tdata").eq(inner.payload.as_value()[: payload.width]),
                self._port(outer, "tvalid").eq(inner.valid),
                inner.ready.eq(self._port(outer, "tready")),
            ]
            if payload.keep:
                m.d.comb += self._port(outer, "tkeep").eq(inner.payload.keep)
            elif self.outputs[name].keep:
                m.d.comb += self._port(outer, "tkeep").eq(-1)
            if payload.last:
                m.d.comb += self._port(outer, "tlast").eq(inner.payload.last)
        for name, member in engine.others().items():
            ours, theirs = getattr(self, name), getattr(engine, name)
            m.d.comb += theirs.eq(ours) if member.flow == In else ours.eq(theirs)
        return m

    def _taken(self, outer: str, inner: Payload, payload: Payload) -> Value:
        """Return ``tdata``, with zeros where the engine does not look at ``tkeep`` and a byte is not kept."""
        tdata = self._port(outer, "tdata")
        if inner.keep or not payload.keep:
            return tdata
        return tdata & Cat(bit.replicate(8) for bit in self._port(outer, "tkeep"))

    def _port(self, outer: str, wire: str) -> Signal:
        return getattr(self, f"{outer}_{wire}")


def _ports(outer: str, payload: Payload, forward: Any, backward: Any) -> dict[str, Any]:
    ports = {
        f"{outer}_tdata": forward(payload.tdata_width),
        f"{outer}_tvalid": forward(1),
        f"{outer}_tready": backward(1),
    }
    if payload.keep:
        ports[f"{outer}_tkeep"] = forward(payload.tdata_width // 8)
    if payload.last:
        ports[f"{outer}_tlast"] = forward(1)
    return ports
