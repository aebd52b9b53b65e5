"""The hardware: an adder around a register."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import stream

from dotforge.stream.axi import StreamBlock
from dotforge.stream.payload import Lanes, Payload

from .config import TallyConfig

__all__ = ["Tally"]


class Tally(StreamBlock):
    """Adds up ``values`` to one of ``sums`` at ``last``."""

    values: stream.Interface
    sums: stream.Interface
    latency = 1
    module_name = "engine"

    def __init__(self, config: TallyConfig) -> None:
        value = Lanes("value", config.bits, True, f"int{config.bits}", meaning="to be added", role="element")
        total = Lanes("sum", 16, True, "int16", meaning="of all values", role="sum")
        super().__init__(
            {"values": Payload((value,), last=True, meaning="a value")},
            {"sums": Payload((total,), meaning="one beat for each tlast")},
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        running, first, moves = Signal(16), Signal(init=1), Signal()
        m.d.comb += [
            self.values.ready.eq(~self.sums.valid | self.sums.ready),
            moves.eq(self.values.valid & self.values.ready),
            self.sums.payload.sum.eq(running),
        ]
        with m.If(self.values.ready):
            m.d.sync += self.sums.valid.eq(moves & self.values.payload.last)
        with m.If(moves):
            value = self.values.payload.value.as_signed()
            m.d.sync += [running.eq(Mux(first, 0, running) + value), first.eq(self.values.payload.last)]
        return m
