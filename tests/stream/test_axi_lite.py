"""The AXI4-Lite slave under random pauses of every channel, against a memory in Python."""

import random
from typing import Any

import pytest
from amaranth.hdl import Const
from amaranth.sim import Simulator

from dotforge.stream.axi_lite import AxiLite, Response, strobed

from .axi_lite_registers import ADDRESS_WIDTH, CONSTANT, WIDTHS, Master, Registers

ACCESSES = 300


def simulate(block: Any, *benches: Any) -> None:
    simulator = Simulator(block)
    simulator.add_clock(1e-6)
    for bench in benches:
        simulator.add_testbench(bench)
    for _ in range(100_000):
        if not simulator.advance():
            return
    pytest.fail("the slave hangs")


class Memory:
    """What the registers hold."""

    def __init__(self) -> None:
        self.words = [0] * len(WIDTHS)

    def write(self, address: int, data: int, strobes: int) -> Response:
        word = address >> 2
        if word > len(WIDTHS):
            return Response.DECERR
        if word == len(WIDTHS):
            return Response.SLVERR
        mask = sum(0xFF << 8 * byte for byte in range(4) if strobes >> byte & 1)
        self.words[word] = (self.words[word] & ~mask | data & mask) & (1 << WIDTHS[word]) - 1
        return Response.OKAY

    def read(self, address: int) -> tuple[int, Response]:
        word = address >> 2
        if word > len(WIDTHS):
            return 0, Response.DECERR
        return [*self.words, CONSTANT][word], Response.OKAY


@pytest.mark.parametrize("pause", [0.0, 0.3, 0.8])
@pytest.mark.parametrize("seed", [1, 2])
def test_every_access_is_answered_once(pause: float, seed: int) -> None:
    """One after the other; address and data of a write come in either order."""
    slave, memory = Registers(), Memory()
    draw = random.Random(seed)
    done = {"write": 0, "read": 0}

    async def bench(ctx: Any) -> None:
        master = Master(slave, seed, pause)
        arrived: list[str] = []
        for _ in range(ACCESSES):
            address = draw.randrange(1 << ADDRESS_WIDTH)
            if draw.random() < 0.5:
                await master.give(ctx, "ar", araddr=address)
                assert await master.take(ctx, "r", "rdata", "rresp") == memory.read(address)
                done["read"] += 1
                continue
            data, strobes = draw.getrandbits(32), draw.randrange(16)
            parts = [("aw", {"awaddr": address}), ("w", {"wdata": data, "wstrb": strobes})]
            draw.shuffle(parts)
            for channel, wires in parts:
                await master.give(ctx, channel, **wires)
                arrived.append(channel)
            (response,) = await master.take(ctx, "b", "bresp")
            assert response == memory.write(address, data, strobes)
            done["write"] += 1
        assert {"aw", "w"} == set(arrived)
        assert ctx.get(slave.writes) == done["write"] % 256
        assert ctx.get(slave.reads) == done["read"] % 256

    simulate(slave, bench)
    assert min(done.values()) > ACCESSES / 4


@pytest.mark.parametrize("pause", [0.0, 0.5])
def test_both_directions_at_once(pause: float) -> None:
    """A master that reads the constant and one that writes and never waits for what it reads."""
    slave = Registers()
    counts = {"reads": 0, "addresses": 0, "data": 0, "responses": 0}
    number = 100

    async def reads(ctx: Any) -> None:
        master = Master(slave, 1, pause)
        for _ in range(number):
            await master.give(ctx, "ar", araddr=4 * len(WIDTHS))
            assert await master.take(ctx, "r", "rdata", "rresp") == (CONSTANT, Response.OKAY)
            counts["reads"] += 1

    async def addresses(ctx: Any) -> None:
        master = Master(slave, 2, pause)
        for _ in range(number):
            await master.give(ctx, "aw", awaddr=0)
            counts["addresses"] += 1

    async def data(ctx: Any) -> None:
        master = Master(slave, 3, pause)
        for value in range(number):
            await master.give(ctx, "w", wdata=value, wstrb=15)
            counts["data"] += 1

    async def responses(ctx: Any) -> None:
        master = Master(slave, 4, pause)
        for _ in range(number):
            assert await master.take(ctx, "b", "bresp") == (Response.OKAY,)
            counts["responses"] += 1
            assert counts["responses"] <= min(counts["addresses"], counts["data"]), "nobody asked"

    simulate(slave, reads, addresses, data, responses)
    assert set(counts.values()) == {number}


def test_latency() -> None:
    slave = Registers()
    master = Master(slave, 0, 0)

    async def bench(ctx: Any) -> None:
        for name in ("awvalid", "wvalid", "arvalid", "bready", "rready"):
            ctx.set(master.port(name), 1)
        await ctx.tick().repeat(2)  # ready from the second cycle on
        ctx.set(master.port("awvalid"), 0)
        await ctx.tick().repeat(AxiLite.latency - 1)
        assert ctx.get(master.port("bvalid"))
        assert ctx.get(master.port("rvalid"))

    simulate(slave, bench)


def test_strobes_pick_bytes() -> None:
    for strobes, expected in ((0, 0x11223344), (5, 0x11BB33DD), (15, 0xAABBCCDD)):
        value = strobed(Const(0x11223344, 32), Const(0xAABBCCDD, 32), Const(strobes, 4))
        found = []

        async def bench(ctx: Any, value: Any = value, found: list[int] = found) -> None:
            found.append(ctx.get(value))

        simulate(Registers(), bench)
        assert found == [expected]


@pytest.mark.parametrize("width", [2, 65])
def test_address_width_is_checked(width: int) -> None:
    with pytest.raises(ValueError, match=f"address_width={width}: allowed 3…64"):
        AxiLite(address_width=width)
