"""The registers of flexdpu: the hardware's table is that of the map, and each kind of field does what it should."""

import random
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from dotforge.delivery import registers as delivery
from dotforge.stream.axi_lite import Response
from dotforge.stream.register_file import ACCESS, TABLE, RegisterFile, read_table, registers

from ..stream.axi_lite_registers import Master
from .test_reader import simulate

HERE = Path(str(files("dotforge") / "engines" / "flexdpu"))
SOURCE = HERE / "flexdpu.rdl"


@pytest.fixture
def peakrdl() -> None:
    """Skip where PeakRDL is not installed."""
    if not delivery.is_installed():
        pytest.skip("skipped: needs peakrdl")


@pytest.mark.usefixtures("peakrdl")
def test_the_table_is_that_of_the_map() -> None:
    """If not: python -m dotforge.delivery.registers."""
    assert read_table(HERE / TABLE) == delivery.table(delivery.compiled(SOURCE, {"GROUPS": 1}))


@pytest.mark.usefixtures("peakrdl")
def test_addresses_of_slots_are_those_of_the_map() -> None:
    """Of every register, as the compiled map has it."""
    from systemrdl.node import RegNode  # pyright: ignore[reportMissingImports] # noqa: PLC0415 - an extra

    root = delivery.compiled(SOURCE, {"GROUPS": 5})
    found = {
        node.get_path().split(".", 1)[1].replace("[", "_").replace("].", "_"): node.absolute_address
        for node in root.descendants(unroll=True)
        if isinstance(node, RegNode)
    }
    assert {stem: address for stem, address, _ in registers(read_table(HERE / TABLE), 5)} == found
    assert len(found) == len(set(found.values())) == 21 + 5 * 10


@pytest.mark.usefixtures("peakrdl")
def test_what_software_reads_is_written(tmp_path: Path) -> None:
    written = delivery.write(SOURCE, {"GROUPS": 2, "LANES": 32}, "mine", tmp_path)
    assert [path.name for path in written] == ["mine_registers.h", "mine_registers.md", "mine_registers.xml"]
    header, page, xml = (path.read_text(encoding="utf-8") for path in written)
    assert "#define MINE__GEOMETRY__LANES_reset 0x20" in header
    assert "slot[2];" in header
    assert "slot[1]" in page
    assert "<ipxact:name>mine</ipxact:name>" in xml


def made() -> RegisterFile:
    return RegisterFile(HERE / TABLE, 2, (("geometry_lanes", 32), ("geometry_groups", 2)))


class Bus:
    """Accesses to registers, and what the fields of one are due to do."""

    def __init__(
        self, ctx: Any, block: Any, master: Master, draw: random.Random, pulses: dict[str, int]
    ) -> None:
        self.ctx, self.block, self.master, self.draw, self.pulses = ctx, block, master, draw, pulses

    async def write(self, address: int, data: int, strobes: int = 15) -> int:
        await self.master.give(self.ctx, "aw", awaddr=address)
        await self.master.give(self.ctx, "w", wdata=data, wstrb=strobes)
        return (await self.master.take(self.ctx, "b", "bresp"))[0]

    async def read(self, address: int) -> tuple[int, ...]:
        await self.master.give(self.ctx, "ar", araddr=address)
        return await self.master.take(self.ctx, "r", "rdata", "rresp")

    async def field(self, address: int, field: dict[str, Any]) -> int:
        value, response = await self.read(address)
        assert response == Response.OKAY
        return value >> field["low"] & (1 << field["width"]) - 1

    async def constant(self, name: str, address: int, field: dict[str, Any], value: int) -> None:
        due = {"geometry_lanes": 32, "geometry_groups": 2}.get(name, field["reset"])
        assert await self.field(address, field) == due
        assert await self.write(address, value << field["low"]) == Response.SLVERR
        assert await self.field(address, field) == due

    async def hardware(self, name: str, address: int, field: dict[str, Any], value: int) -> None:
        self.ctx.set(getattr(self.block, name), value)
        assert await self.field(address, field) == value
        assert await self.write(address, value << field["low"]) == Response.SLVERR

    async def kept(self, name: str, address: int, field: dict[str, Any], value: int) -> None:
        assert await self.write(address, value << field["low"]) == Response.OKAY
        assert await self.field(address, field) == value
        strobes = self.draw.randrange(16)
        mask = sum(0xFF << 8 * byte for byte in range(4) if strobes >> byte & 1) >> field["low"]
        assert await self.write(address, 0, strobes) == Response.OKAY
        left = value & ~mask & (1 << field["width"]) - 1
        assert await self.field(address, field) == left
        if field["access"] == "write":
            assert self.ctx.get(getattr(self.block, name)) == left

    async def clear(self, name: str, address: int, field: dict[str, Any], _: int) -> None:
        port = getattr(self.block, name)
        self.ctx.set(port, 1)
        await self.ctx.tick()
        self.ctx.set(port, 0)
        for data, due in ((None, 1), (0, 1), (1, 0)):
            if data is not None:
                assert await self.write(address, data << field["low"]) == Response.OKAY
            assert await self.field(address, field) == due

    async def pulse(self, name: str, address: int, field: dict[str, Any], _: int) -> None:
        self.pulses[name] = 0
        one = 1 << field["low"]
        for data, strobes in ((one, 15), (0, 15), (one, 15 & ~(1 << field["low"] // 8))):
            assert await self.write(address, data, strobes) == Response.OKAY
        assert self.pulses[name] == 1
        assert await self.field(address, field) == 0


def test_registers_do_what_they_say() -> None:
    """All of them against what the table says, with strobes, and with pauses of the bus."""
    block, draw, pulses = made(), random.Random(4), {}
    found = [
        (f"{stem}_{field['name']}", address, field)
        for stem, address, register in registers(read_table(HERE / TABLE), 2)
        for field in register["fields"]
    ]
    done = dict.fromkeys(ACCESS, 0)

    async def bench(ctx: Any) -> None:
        bus = Bus(ctx, block, Master(block, 1, 0.3), draw, pulses)
        act = {"constant": bus.constant, "read": bus.hardware, "write": bus.kept, "kept": bus.kept,
               "clear": bus.clear, "pulse": bus.pulse}  # fmt: skip
        for name, address, field in found:
            await act[field["access"]](name, address, field, draw.randrange(1 << field["width"]))
            done[field["access"]] += 1
        for address in (0x34, 0x60, 0x17C):
            assert await bus.read(address) == (0, Response.DECERR)
            assert await bus.write(address, 1) == Response.DECERR
        # What the hardware refuses changes nothing.
        ctx.set(block.refuse, 1)
        before = await bus.read(0x40)
        assert await bus.write(0x40, ~before[0] & 0xFFFFFFFF) == Response.SLVERR
        assert await bus.read(0x40) == before

    async def watch(ctx: Any) -> None:
        names = [name for name, _, field in found if field["access"] == "pulse"]
        while True:
            _, _, *values = await ctx.tick().sample(*(getattr(block, name) for name in names))
            for name, value in zip(names, values, strict=True):
                pulses[name] = pulses.get(name, 0) + value

    simulate(block, bench, background=(watch,))
    assert min(done.values()) > 0
    assert sum(done.values()) == len(found) > 60
