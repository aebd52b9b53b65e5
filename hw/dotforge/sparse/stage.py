"""Stages of the loading path: what moves on together, behind a register or without one."""

from dataclasses import dataclass

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from ..arithmetic.carry import name_value
from ..block import Block

__all__ = ["Held", "Skid", "Stage", "stage"]


class Stage(Block):
    """A register in a stream, and a place beside it: neither valid, payload nor ready goes through.

    Parameters
    ----------
    width : bits

    Interface attributes
    --------------------
    i, o : streams of ``width`` bits
    latency : 1; initiation interval 1
    """

    latency = 1

    i: stream.Interface
    o: stream.Interface

    def __init__(self, width: int) -> None:
        signature = stream.Signature(width)
        super().__init__({"i": In(signature), "o": Out(signature)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        held = Signal(len(self.i.payload), reset_less=True)
        beside = Signal(len(self.i.payload), reset_less=True)
        waits = Signal()  # something does, beside
        moves = Signal()
        m.d.comb += [
            moves.eq(~self.o.valid | self.o.ready),
            self.i.ready.eq(~waits),
            self.o.payload.eq(held),
        ]
        m.d.sync += [
            waits.eq(~moves & (waits | self.i.valid)),
            beside.eq(Mux(waits, beside, self.i.payload)),
            self.o.valid.eq(~moves | waits | self.i.valid),
            held.eq(Mux(moves, Mux(waits, beside, self.i.payload), held)),
        ]
        return m


class Skid(Block):
    """A place beside a stream for what comes when it is not taken, so that ready comes from a register.

    Parameters
    ----------
    width : bits

    Interface attributes
    --------------------
    i, o : streams of ``width`` bits
    latency : 0; initiation interval 1
    """

    i: stream.Interface
    o: stream.Interface

    def __init__(self, width: int) -> None:
        signature = stream.Signature(width)
        super().__init__({"i": In(signature), "o": Out(signature)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        waits = Signal()
        free = Signal(init=1)  # not ``waits``: that chooses the payload, this stalls what is before
        held = Signal(len(self.i.payload), reset_less=True)
        stays = Signal()
        m.d.comb += [
            self.i.ready.eq(free),
            self.o.valid.eq(waits | self.i.valid),
            self.o.payload.eq(Mux(waits, held, self.i.payload)),
            stays.eq(self.o.valid & ~self.o.ready),
        ]
        m.d.sync += [
            waits.eq(stays),
            free.eq(~stays),
            held.eq(Mux(waits, held, self.i.payload)),
        ]
        return m


@dataclass(frozen=True)
class Held:
    """What is in a stage.

    Attributes
    ----------
    accepts : the stage takes what it is offered, at the end of this cycle
    valid : there is something
    ready : to be driven: what is there leaves at the end of this cycle
    values : by name
    """

    accepts: Value
    valid: Value
    ready: Signal
    values: dict[str, Value]

    def __getitem__(self, name: str) -> Value:
        return self.values[name]


def stage(m: Module, name: str, registered: bool, valid: Value, **values: Value) -> Held:
    """Make a stage.

    Parameters
    ----------
    m, name : module that gets it, under that name
    registered : with a :class:`Stage`; otherwise wires
    valid, values : what the stage is offered
    """
    ready = Signal(name=f"{name}_leaves")
    if not registered:
        # Named, for an expression that is used in many places is written in each of them.
        return Held(
            ready, valid, ready, {key: name_value(m, f"{name}_{key}", v) for key, v in values.items()}
        )
    payload = Cat(*values.values())
    m.submodules[name] = block = Stage(len(payload))
    m.d.comb += [block.i.valid.eq(valid), block.i.payload.eq(payload), block.o.ready.eq(ready)]
    held: dict[str, Value] = {}
    offset = 0
    for key, value in values.items():
        held[key] = block.o.payload[offset : offset + len(value)]
        offset += len(value)
    return Held(block.i.ready, block.o.valid, ready, held)
