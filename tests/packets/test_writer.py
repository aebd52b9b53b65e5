"""Packets of results in hardware, unpacked in Python: all of C, whatever stalls, and a clean end where one stops."""

import random
from typing import Any

import numpy as np
import pytest

from dotforge.stream.packets.writer import ResultWriter
from dotforge_sim.packets import Kind, PacketError, unpack

from .test_reader import simulate

INDEX_BITS, ROW_BITS, TAG = 6, 6, 0x51C


def packed(values: np.ndarray, width: int) -> int:
    return sum((int(value) & (1 << width) - 1) << width * index for index, value in enumerate(values))


async def give(ctx: Any, writer: ResultWriter, sums: np.ndarray, draw: random.Random, pause: float) -> None:
    """Offer the results of a job as the engine does: strip after strip, in each column after column."""
    rows, vectors = sums.shape
    ctx.set(writer.rows, rows)
    ctx.set(writer.vectors, vectors)
    port, blocks = writer.i, -(-rows // writer.banks)
    for block in range(blocks):
        strip = sums[block * writer.banks : (block + 1) * writer.banks]
        for vector in range(vectors):
            while draw.random() < pause:
                ctx.set(port.valid, 0)
                await ctx.tick()
            junk = np.full(writer.banks, -1)
            junk[: len(strip)] = strip[:, vector]
            ctx.set(
                port.payload,
                {
                    "values": packed(junk, writer.width),
                    "valid": (1 << len(strip)) - 1,
                    "vector": vector,
                    "block": block,
                    "tag": TAG,
                    "last": block == blocks - 1 and vector == vectors - 1,
                },
            )
            ctx.set(port.valid, 1)
            _, _, ready = await ctx.tick().sample(port.ready)
            while not ready:
                _, _, ready = await ctx.tick().sample(port.ready)
    ctx.set(port.valid, 0)


async def take(ctx: Any, writer: ResultWriter, draw: random.Random, pause: float) -> bytes:
    """Take a packet; a beat that waits must not change."""
    port, found, seen, last = writer.o, b"", None, False
    while not last:
        ready = draw.random() >= pause
        ctx.set(port.ready, ready)
        _, _, valid, beat = await ctx.tick().sample(port.valid, port.payload)
        assert seen is None or (valid and (beat.data, beat.last) == seen), "a beat changed while it waited"
        seen = (beat.data, beat.last) if valid and not ready else None
        if valid and ready:
            assert beat.keep in (0, (1 << writer.data_width // 8) - 1)
            assert beat.keep or beat.last
            found += int(beat.data).to_bytes(writer.data_width // 8, "little") if beat.keep else b""
            last = beat.last
    ctx.set(port.ready, 0)
    return found


def made(width: int, banks: int, bits: int, signed: bool) -> ResultWriter:
    return ResultWriter(
        data_width=width, banks=banks, width=bits, signed=signed, index_bits=INDEX_BITS, row_bits=ROW_BITS, tag_bits=16
    )  # fmt: skip


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("width", "banks", "bits", "signed"),
    [(64, 4, 20, True), (64, 1, 32, False), (128, 4, 32, False), (256, 4, 37, True), (1024, 2, 8, True)],
)
def test_results_come_out(width: int, banks: int, bits: int, signed: bool, turned: bool) -> None:
    """Lines of less, of exactly, and of more than a beat; negative sums; strips that are not full."""
    rng, writer = np.random.default_rng(3), made(width, banks, bits, signed)
    shapes = [(1, 1), (banks, 3), (2 * banks + 1, 7), (9, 5)]
    low, high = (-(1 << bits - 1), 1 << bits - 1) if signed else (0, 1 << bits)
    jobs = [rng.integers(low, high, shape) for shape in shapes]
    gone = []

    async def source(ctx: Any) -> None:
        ctx.set(writer.row, 100)
        ctx.set(writer.column, 1000)
        ctx.set(writer.turned, turned)
        for number, sums in enumerate(jobs):
            await give(ctx, writer, sums, random.Random(number), 0.3)
            while len(gone) <= number:
                await ctx.tick()

    async def sink(ctx: Any) -> None:
        draw = random.Random(5)
        for sums in jobs:
            found = np.zeros_like(sums)
            for block in range(blocks := -(-len(sums) // banks)):
                tile = unpack(await take(ctx, writer, draw, 0.4), width // 8)
                assert tile.kind is Kind.RESULT
                assert tile.format == ("fp32" if not signed else "int32" if bits <= 32 else "int64")
                assert (tile.tag, tile.sequence, tile.last) == (TAG, block, block == blocks - 1)
                first = (tile.column - 1000) if turned else (tile.row - 100)
                assert first == block * banks
                assert (tile.row, tile.column)[not turned] == (100, 1000)[not turned]
                values = (
                    tile.values.astype("<i8")
                    if tile.format == "int64"
                    else tile.values.astype("<u4").view("<i4")
                )
                matrix = values.reshape(tile.shape)
                strip = matrix.T if turned else matrix
                found[first : first + len(strip)] = strip if signed else strip.astype("<i8") & 0xFFFFFFFF
            assert np.array_equal(found, sums)
            gone.append(True)

    simulate(writer, source, sink)
    assert len(gone) == len(jobs)


@pytest.mark.parametrize("after", [1, 2, 3, 5, 9])
def test_what_stops_is_cut_off(after: int) -> None:
    """After so many cycles the job is thrown away: a packet that was begun ends, and the next job's are whole."""
    writer = made(64, 4, 20, True)
    sums = np.arange(24).reshape(8, 3)
    found: list[bytes] = []

    async def source(ctx: Any) -> None:
        ctx.set(writer.rows, 8)
        ctx.set(writer.vectors, 3)
        port = writer.i
        ctx.set(port.payload, {"values": 5, "valid": 15, "vector": 0, "block": 0, "tag": TAG, "last": 0})
        ctx.set(port.valid, 1)
        await ctx.tick().repeat(after)
        ctx.set(writer.stop, 1)
        ctx.set(port.valid, 0)
        await ctx.tick().repeat(12)
        assert not ctx.get(writer.o.valid)
        ctx.set(writer.stop, 0)
        await give(ctx, writer, sums, random.Random(1), 0)

    async def sink(ctx: Any) -> None:
        draw = random.Random(2)
        for _ in range(3):
            found.append(await take(ctx, writer, draw, 0.2))

    simulate(writer, source, sink)
    with pytest.raises(PacketError, match="cut off"):
        unpack(found[0], 8)
    whole = [unpack(data, 8) for data in found[1:]]
    assert [tile.sequence for tile in whole] == [0, 1]
    assert np.array_equal(np.concatenate([tile.values.reshape(tile.shape) for tile in whole]), sums)
