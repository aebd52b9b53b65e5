"""Packets that are wrong: each has its cause, nothing hangs, and afterwards the next one is read."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dotforge.stream.packets.fields import Cause
from dotforge.stream.packets.reader import TileReader
from dotforge_sim.packets import Kind, Tile, compress, pack

from .test_reader import TAG, Streaming, send, simulate, take, words

WIDTH, COLUMNS = 64, 16


def good() -> Tile:
    """Ten rows, three blocks: of four rows, and of two; the second without a value."""
    matrix = np.arange(1, 161).reshape(10, 16)
    matrix[4:8] = 0
    bitmaps, values = compress(matrix)
    return Tile(Kind.STREAMING, matrix.shape, values, bitmaps, "int8", TAG, last=True)


Change = Callable[[bytes], bytes]


def put(offset: int, *values: int) -> Change:
    return lambda data: data[:offset] + bytes(values) + data[offset + len(values) :]


#: What is done to the good packet, and to its last beat; and what must be said of it.
BAD: dict[str, tuple[Change, dict[str, int], Cause]] = {
    "magic": (put(0, 0), {}, Cause.MAGIC),
    "version": (put(2, 2), {}, Cause.MAGIC),
    "kind": (put(3, Kind.STATIONARY), {}, Cause.FORMAT),
    "format": (put(4, 3), {}, Cause.FORMAT),
    "columns": (put(20, 32), {}, Cause.FORMAT),
    "beat": (put(30, 4), {}, Cause.FORMAT),
    "no rows": (put(16, 0), {}, Cause.SHAPE),
    "too many rows": (put(19, 1), {}, Cause.SHAPE),
    "tag": (put(6, 0), {}, Cause.TAG),
    "sequence": (put(28, 1), {}, Cause.ORDER),
    "count": (put(24, 97), {}, Cause.COUNT),
    "count too low": (put(24, 3), {}, Cause.COUNT),
    "rows that are not there": (put(32 + 8 + 64 + 8 + 4, 1), {}, Cause.COUNT),
    "header only": (lambda data: data[:32], {}, Cause.CUT_OFF),
    "half a header": (lambda data: data[:16], {}, Cause.CUT_OFF),
    "bitmaps only": (lambda data: data[:40], {}, Cause.CUT_OFF),
    "values missing": (lambda data: data[:-8], {}, Cause.CUT_OFF),
    "no last": (lambda data: data, {"last": 0}, Cause.TOO_LONG),
    "too long": (lambda data: data + bytes(8), {}, Cause.TOO_LONG),
    "a byte left out": (lambda data: data, {"keep": 0x7F}, Cause.KEEP),
    "a byte left out in a header": (lambda data: data[:24], {"keep": 0x7F, "last": 0}, Cause.KEEP),
}


def run(names: list[str]) -> dict[str, list[Cause]]:
    """Send bad packets one after the other, each followed by good ones; returns what was said of each.

    The group stops when a packet is wrong, and what follows is thrown away; it goes on in the middle of a packet, of
    which the rest is thrown away too, and the one after that comes through whole.
    """
    design = Streaming(WIDTH, "int8", COLUMNS)
    reader, tile = design.reader, good()
    said: dict[str, list[Cause]] = {name: [] for name in names}
    found: list[Any] = []
    now = ""

    async def source(ctx: Any) -> None:
        nonlocal now
        draw = random.Random(1)
        beats = pack(tile, WIDTH // 8)
        for port, value in ((reader.active, 1), (reader.wanted, 1), (reader.tag, TAG)):
            ctx.set(port, value)
        ctx.set(reader.due, 1 << Kind.STREAMING)
        for now in names:
            change, spoilt, _ = BAD[now]
            await send(ctx, reader.i, change(beats), WIDTH, draw, 0.2, **spoilt)
            if not spoilt.get("last", 1):
                await send(ctx, reader.i, bytes(16), WIDTH, draw, 0.2)
            await send(ctx, reader.i, beats, WIDTH, draw, 0.2)
            await send(ctx, reader.i, beats[:48], WIDTH, draw, 0, last=0)
            found.clear()
            ctx.set(reader.stop, 0)
            ctx.set(reader.opens, 1)
            await ctx.tick()
            ctx.set(reader.opens, 0)
            await send(ctx, reader.i, beats[48:], WIDTH, draw, 0.2)
            await send(ctx, reader.i, beats, WIDTH, draw, 0.2)
            while len(found) < 10:
                await ctx.tick()
            assert [words(item.bitmap, 1, COLUMNS) for item in found] == np.asarray(
                tile.bitmaps, int
            ).tolist()
            assert [words(item["values"], 8, 16) for item in found[8:]] == tile.values[-32:].reshape(
                2, 16
            ).tolist()
            assert found[-1].last
            ctx.set(reader.opens, 1)
            await ctx.tick()
            ctx.set(reader.opens, 0)

    async def watch(ctx: Any) -> None:
        while True:
            _, _, failed, cause = await ctx.tick().sample(reader.failed, reader.cause)
            if failed:
                said[now].append(Cause(cause))
                ctx.set(reader.stop, 1)

    async def vectors(ctx: Any) -> None:
        port = design.inner.vectors
        ctx.set(port.ready, 1)
        while True:
            _, _, valid, item = await ctx.tick().sample(port.valid, port.payload)
            if valid:
                found.append(item)

    simulate(design, source, background=(watch, vectors))
    return said


@pytest.mark.parametrize(
    "names", [list(BAD)[::5], pytest.param(list(BAD), marks=pytest.mark.slow)], ids=["some", "all"]
)
def test_bad_packets_have_a_cause(names: list[str]) -> None:
    assert run(names) == {name: [BAD[name][2]] for name in names}


def test_a_reader_that_does_not_look_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its check of ``tlast``, a packet that is cut off is not one."""
    monkeypatch.setattr(TileReader, "_check_end", lambda *_: None)
    assert run(["values missing"]) != {"values missing": [Cause.CUT_OFF]}


@pytest.mark.parametrize("field", ["tag", "sequence"])
def test_what_is_early_waits(field: str) -> None:
    """A packet that is not due waits while none is wanted; when its job begins, it is read."""
    design = Streaming(WIDTH, "int8", COLUMNS)
    reader, done = design.reader, []
    early = replace(good(), tag=TAG + 1) if field == "tag" else good()

    async def source(ctx: Any) -> None:
        ctx.set(reader.active, 1)
        ctx.set(reader.tag, TAG)
        ctx.set(reader.due, 1 << Kind.STREAMING)
        await send(ctx, reader.i, pack(good(), WIDTH // 8), WIDTH, random.Random(1), 0)
        await send(ctx, reader.i, pack(early, WIDTH // 8), WIDTH, random.Random(1), 0)
        done.append(True)

    async def next_job(ctx: Any) -> None:
        for _ in range(100):
            _, _, failed = await ctx.tick().sample(reader.failed)
            assert not failed
        assert not done
        ctx.set(reader.opens, 1)
        ctx.set(reader.tag, early.tag)
        await ctx.tick()
        ctx.set(reader.opens, 0)

    async def vectors(ctx: Any) -> None:
        await take(ctx, design.inner.vectors, 20, random.Random(2), 0, lambda item: item.bitmap)

    simulate(design, source, next_job, vectors)
    assert done
