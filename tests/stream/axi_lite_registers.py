"""A slave with three registers: one of 32 bits, one of 12, one that refuses to be written; and a master."""

import random
from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib.wiring import Out

from dotforge.block import Block
from dotforge.stream.axi_lite import PORTS, AxiLite, Response, ports, strobed

#: Bits of a byte address, and what the registers are; the third reads this.
ADDRESS_WIDTH = 5
WIDTHS = (32, 12)
CONSTANT = 0xD07F0123


class Registers(Block):
    """Words 0 and 1 hold what is written, 2 is constant, others are not there."""

    writes: Signal
    reads: Signal

    def __init__(self) -> None:
        super().__init__({**ports("s_axi", ADDRESS_WIDTH), "writes": Out(8), "reads": Out(8)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.bus = bus = AxiLite(address_width=ADDRESS_WIDTH)
        for name, (driven, _) in PORTS.items():
            ours, theirs = getattr(self, f"s_axi_{name}"), getattr(bus, f"s_axi_{name}")
            m.d.comb += theirs.eq(ours) if driven else ours.eq(theirs)
        m.d.sync += [self.writes.eq(self.writes + bus.write), self.reads.eq(self.reads + bus.read)]
        m.d.comb += [
            bus.write_response.eq(Response.DECERR),
            bus.read_response.eq(Response.DECERR),
        ]
        for word, width in enumerate(WIDTHS):
            register = Signal(width, name=f"register_{word}")
            with m.If(bus.write_address == word):
                m.d.comb += bus.write_response.eq(Response.OKAY)
                with m.If(bus.write):
                    m.d.sync += register.eq(strobed(register, bus.write_data, bus.write_strobes))
            with m.If(bus.read_address == word):
                m.d.comb += [bus.read_response.eq(Response.OKAY), bus.read_data.eq(register)]
        with m.If(bus.write_address == len(WIDTHS)):
            m.d.comb += bus.write_response.eq(Response.SLVERR)
        with m.If(bus.read_address == len(WIDTHS)):
            m.d.comb += [bus.read_response.eq(Response.OKAY), bus.read_data.eq(CONSTANT)]
        return m


class Master:
    """Drives a slave in Amaranth's simulator, each channel with pauses of its own.

    Parameters
    ----------
    slave : has the ports ``s_axi_…``
    seed : of the pauses
    pause : probability that a channel pauses in a cycle
    """

    def __init__(self, slave: Any, seed: int, pause: float) -> None:
        self.slave, self.random, self.pause = slave, random.Random(seed), pause

    def port(self, name: str) -> Signal:
        return getattr(self.slave, f"s_axi_{name}")

    async def give(self, ctx: Any, channel: str, **wires: int) -> None:
        """Offer an item until it is taken."""
        while self.random.random() < self.pause:
            await ctx.tick()
        for name, value in wires.items():
            ctx.set(self.port(name), value)
        ctx.set(self.port(f"{channel}valid"), 1)
        *_, ready = await ctx.tick().sample(self.port(f"{channel}ready"))
        while not ready:
            *_, ready = await ctx.tick().sample(self.port(f"{channel}ready"))
        ctx.set(self.port(f"{channel}valid"), 0)

    async def take(self, ctx: Any, channel: str, *wires: str) -> tuple[int, ...]:
        """Take a response; it must not change, nor fall, while it waits."""
        seen: tuple[int, ...] | None = None
        names = [self.port(name) for name in (f"{channel}valid", *wires)]
        while True:
            ready = self.random.random() >= self.pause
            ctx.set(self.port(f"{channel}ready"), ready)
            _, _, valid, *values = await ctx.tick().sample(*names)
            assert seen is None or (valid and tuple(values) == seen), "a response changed while it waited"
            if valid and ready:
                ctx.set(self.port(f"{channel}ready"), 0)
                return tuple(values)
            seen = tuple(values) if valid else None
