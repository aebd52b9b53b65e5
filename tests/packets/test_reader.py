"""Packets in hardware under random backpressure: rows, values and vectors are those of the tiles."""

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Module
from amaranth.lib.wiring import Component, connect
from amaranth.sim import Simulator

from dotforge.stream.packets.fields import FORMAT_CODES
from dotforge.stream.packets.reader import TileReader
from dotforge.stream.packets.rows import TileRows
from dotforge.stream.packets.vectors import TileVectors
from dotforge_sim.packets import FORMATS, Kind, Tile, pack

#: Cycles after which a bench is given up.
PATIENCE = 40_000
TAG = 0xBEE


class Stationary(Component):
    """Reader and rows, as a group has them."""

    def __init__(self, data_width: int, name: str, columns: int, share: int) -> None:
        bits = FORMATS[name][1]
        self.reader = TileReader(
            data_width=data_width, width=bits, format_code=FORMAT_CODES[name], columns=columns,
            kinds=(Kind.REGOR, Kind.STATIONARY), count_bits=17, row_bits=16, closes=True,
        )  # fmt: skip
        self.inner = TileRows(data_width, bits, columns, 16, share)
        super().__init__({})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.reader, m.submodules.inner = self.reader, self.inner
        connect(m, self.reader.blocks, self.inner.blocks)
        connect(m, self.reader.values, self.inner.values)
        m.d.comb += self.inner.stop.eq(self.reader.stop)
        return m


class Streaming(Component):
    """Reader and vectors, as a group has them."""

    def __init__(self, data_width: int, name: str, columns: int) -> None:
        bits = FORMATS[name][1]
        self.reader = TileReader(
            data_width=data_width, width=bits, format_code=FORMAT_CODES[name], columns=columns,
            kinds=(Kind.STREAMING,), count_bits=17, row_bits=0, closes=False,
        )  # fmt: skip
        self.inner = TileVectors(data_width, bits, columns)
        super().__init__({})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.reader, m.submodules.inner = self.reader, self.inner
        connect(m, self.reader.blocks, self.inner.blocks)
        connect(m, self.reader.values, self.inner.values)
        m.d.comb += self.inner.stop.eq(self.reader.stop)
        return m


def simulate(block: Any, *benches: Any, background: tuple[Any, ...] = ()) -> None:
    simulator = Simulator(block)
    simulator.add_clock(1e-6)
    for bench in benches:
        simulator.add_testbench(bench)
    for bench in background:
        simulator.add_testbench(bench, background=True)
    for _ in range(2 * PATIENCE):
        if not simulator.advance():
            return
    pytest.fail("not at its end: something hangs")


async def send(
    ctx: Any, port: Any, data: bytes, width: int, draw: random.Random, pause: float, **spoil: Any
) -> None:
    """Send a packet; ``keep`` and ``last`` take what is driven in its last beat."""
    size = width // 8
    beats = [int.from_bytes(data[at : at + size], "little") for at in range(0, len(data), size)]
    for number, beat in enumerate(beats):
        while draw.random() < pause:
            ctx.set(port.valid, 0)
            await ctx.tick()
        final = number == len(beats) - 1
        ctx.set(port.valid, 1)
        ctx.set(port.payload.data, beat)
        ctx.set(port.payload.last, spoil.get("last", 1) if final else 0)
        ctx.set(port.payload.keep, spoil.get("keep", (1 << size) - 1) if final else (1 << size) - 1)
        _, _, ready = await ctx.tick().sample(port.ready)
        while not ready:
            _, _, ready = await ctx.tick().sample(port.ready)
    ctx.set(port.valid, 0)


async def take(
    ctx: Any,
    port: Any,
    count: int,
    draw: random.Random,
    pause: float,
    meant: Any = lambda item: item.as_value(),
) -> list[Any]:
    """Take so many items; of one that is offered nothing ``meant`` must change, nor it vanish."""
    found, seen = [], None
    while len(found) < count:
        ready = draw.random() >= pause
        ctx.set(port.ready, ready)
        _, _, valid, payload = await ctx.tick().sample(port.valid, port.payload)
        text = repr(meant(payload)) if valid else ""
        assert seen is None or (valid and text == seen), "an item changed while it waited"
        seen = text if valid and not ready else None
        if valid and ready:
            found.append(payload)
    ctx.set(port.ready, 0)
    return found


def packets(
    rng: np.random.Generator, kind: Kind, name: str, columns: int, groups: int
) -> Iterator[list[Tile]]:
    """Yield windows, or folds: tiles of which the last one is marked."""
    sequence = 0
    for _ in range(groups):
        tiles, row = [], 0
        for number in range(count := int(rng.integers(1, 4))):
            rows = int(rng.integers(1, 14))
            bitmaps = rng.random((rows, columns)) < rng.choice([0, 0.1, 0.6, 1])
            values = rng.integers(0, 1 << FORMATS[name][1], bitmaps.sum()).astype(np.uint64)
            tiles.append(
                Tile(kind, (rows, columns), values, bitmaps, name, TAG, row, 3, sequence, number == count - 1)
            )
            sequence, row = sequence + 1, row + rows
        yield tiles


def regor(rng: np.random.Generator, columns: int, sequence: int) -> Tile:
    bitmaps = rng.random((int(rng.integers(1, 20)), columns)) < 0.5
    return Tile(Kind.REGOR, bitmaps.shape, bitmaps=bitmaps, tag=TAG, sequence=sequence, last=True)


def rows_of(tile: Tile) -> np.ndarray:
    """Return the bitmaps of a tile that has some."""
    assert tile.bitmaps is not None
    return tile.bitmaps


def words(value: int, width: int, count: int) -> list[int]:
    return [value >> width * index & (1 << width) - 1 for index in range(count)]


#: Bits of a beat, format, columns, stationary values at a time: bitmaps of less, of exactly, and of more than a beat.
SHAPES = [(64, "int8", 32, 4), (128, "int8", 16, 4)]
MORE = [
    (64, "int4", 4, 16),
    (64, "int16", 128, 4),
    (128, "bf16", 128, 8),
    (256, "int8", 32, 32),
    (1024, "int4", 16, 8),
    (1024, "int8", 64, 128),
    (1024, "int8", 256, 64),
]
CASES = [
    *(pytest.param(*shape, 0.5) for shape in SHAPES),
    *(pytest.param(*shape, 0.0, marks=pytest.mark.slow) for shape in SHAPES),
    *(pytest.param(*shape, pause, marks=pytest.mark.slow) for shape in MORE for pause in (0.0, 0.5)),
]


@pytest.mark.parametrize(("width", "name", "columns", "share", "pause"), CASES)
def test_stationary_side(width: int, name: str, columns: int, share: int, pause: float) -> None:
    rng = np.random.default_rng(7)
    design, bits = Stationary(width, name, columns, share), FORMATS[name][1]
    sent, windows, bitmaps = [], [], []
    for tiles in packets(rng, Kind.STATIONARY, name, columns, 2):
        ahead = regor(rng, columns, 0)
        sent += [ahead, *tiles]
        bitmaps.append(ahead)
        windows.append(tiles)
    numbered = [
        pack(Tile(**{**tile.__dict__, "sequence": number}), width // 8) for number, tile in enumerate(sent)
    ]
    reader, inner = design.reader, design.inner

    async def source(ctx: Any) -> None:
        ctx.set(reader.active, 1)
        ctx.set(reader.tag, TAG)
        for tile, data in zip(sent, numbered, strict=True):
            ctx.set(reader.due, 1 << tile.kind)
            await send(ctx, reader.i, data, width, random.Random(1), pause)
            assert not ctx.get(reader.failed)

    async def regors(ctx: Any) -> None:
        found = await take(
            ctx, inner.bitmaps, sum(tile.shape[0] for tile in bitmaps), random.Random(2), pause
        )
        due = [
            (row, number == tile.shape[0] - 1) for tile in bitmaps for number, row in enumerate(rows_of(tile))
        ]
        assert [(words(item.bitmap, 1, columns), item.last) for item in found] == [
            (row.astype(int).tolist(), last) for row, last in due
        ]

    async def rows(ctx: Any) -> None:
        due = [
            (tile.row + number, row.astype(int).tolist(), tile.last and number == tile.shape[0] - 1)
            for tiles in windows
            for tile in tiles
            for number, row in enumerate(rows_of(tile))
        ]
        found = await take(ctx, inner.rows, len(due), random.Random(3), pause)
        assert [(item.row, words(item.bitmap, 1, columns), item.last) for item in found] == due

    async def values(ctx: Any) -> None:
        draw = random.Random(4)
        for tiles in windows:
            due, found, last = np.concatenate([tile.values for tile in tiles]).tolist(), [], False
            while not last:
                (item,) = await take(
                    ctx,
                    inner.stationary,
                    1,
                    draw,
                    pause,
                    lambda item: (words(item["values"], bits, item["count"]), item["count"], item["last"]),
                )
                found += words(item["values"], bits, item["count"])
                last = item["last"]
            assert found == due

    simulate(design, source, regors, rows, values)


@pytest.mark.parametrize(("width", "name", "columns", "share", "pause"), CASES)
def test_streaming_side(width: int, name: str, columns: int, share: int, pause: float) -> None:
    rng = np.random.default_rng(8)
    design, bits = Streaming(width, name, columns), FORMATS[name][1]
    tiles = [tile for fold in packets(rng, Kind.STREAMING, name, columns, 2) for tile in fold]
    reader = design.reader

    async def source(ctx: Any) -> None:
        ctx.set(reader.active, 1)
        ctx.set(reader.tag, TAG)
        ctx.set(reader.due, 1 << Kind.STREAMING)
        for tile in tiles:
            await send(ctx, reader.i, pack(tile, width // 8), width, random.Random(1), pause)

    async def vectors(ctx: Any) -> None:
        draw = random.Random(2)
        for tile in tiles:
            place = 0
            for number, row in enumerate(rows_of(tile)):
                (item,) = await take(
                    ctx,
                    design.inner.vectors,
                    1,
                    draw,
                    pause,
                    lambda item: (
                        words(item["values"], bits, item.bitmap.bit_count()),
                        item.bitmap,
                        item.last,
                    ),
                )
                count = int(row.sum())
                assert words(item.bitmap, 1, columns) == row.astype(int).tolist()
                assert words(item["values"], bits, count) == tile.values[place : place + count].tolist()
                assert item.last == (tile.last and number == tile.shape[0] - 1)
                place += count

    simulate(design, source, vectors)


def test_a_vector_a_cycle() -> None:
    """Where a block's beats are no more than its vectors, nothing pauses: 256 bits, 60 % of 32 values of 8 bits."""
    rng = np.random.default_rng(9)
    design = Streaming(256, "int8", 32)
    bitmaps = np.array([rng.permutation(np.arange(32) < 19) for _ in range(80)])
    values = rng.integers(1, 256, bitmaps.sum()).astype(np.uint64)
    data = pack(Tile(Kind.STREAMING, bitmaps.shape, values, bitmaps, "int8", TAG, last=True), 32)
    cycles: list[int] = []

    async def source(ctx: Any) -> None:
        ctx.set(design.reader.active, 1)
        ctx.set(design.reader.tag, TAG)
        ctx.set(design.reader.due, 1 << Kind.STREAMING)
        await send(ctx, design.reader.i, data, 256, random.Random(1), 0)

    async def vectors(ctx: Any) -> None:
        port = design.inner.vectors
        ctx.set(port.ready, 1)
        cycle = 0
        while len(cycles) < 80:
            _, _, valid = await ctx.tick().sample(port.valid)
            if valid:
                cycles.append(cycle)
            cycle += 1

    simulate(design, source, vectors)
    assert cycles == list(range(cycles[0], cycles[0] + 80))
    assert cycles[0] == 1 + TileVectors.latency - 1, "header, bitmaps, first vector"
