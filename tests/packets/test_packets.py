"""Packets: what the C header and the Python module make of the same bytes, good and bad."""

import shutil
import struct
import subprocess
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from dotforge_golden.packet_format import HEADER_BYTES
from dotforge_sim.packets import (
    BEATS,
    FORMATS,
    Kind,
    PacketError,
    Tile,
    compress,
    pack,
    unpack,
    unpack_stream,
)

SEED = 20

#: Gives packets, each with the bytes of a beat, to the C program; returns error and bytes of each.
Exchange = Callable[[list[tuple[int, bytes]]], list[tuple[int, bytes]]]


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Exchange:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("skipped: needs cc")
    program = tmp_path_factory.mktemp("exchange") / "exchange"
    header = files("dotforge") / "engines" / "flexdpu"
    warnings = [
        "-std=c99",
        "-Wall",
        "-Wextra",
        "-Wconversion",
        "-Wno-sign-conversion",
        "-pedantic",
        "-Werror",
    ]
    source = Path(__file__).parent / "exchange.c"
    command = [compiler, *warnings, "-O1", "-fsanitize=undefined", "-fno-sanitize-recover", f"-I{header}"]
    subprocess.run([*command, str(source), "-o", str(program)], check=True)

    def run(packets: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
        given = b"".join(struct.pack("<II", beat, len(data)) + data for beat, data in packets)
        out = subprocess.run([program], input=given, capture_output=True, check=True).stdout
        found = []
        while out:
            error, size = struct.unpack("<II", out[:8])
            found.append((error, out[8 : 8 + size]))
            out = out[8 + size :]
        return found

    return run


def random_tile(rng: np.random.Generator, kind: Kind, name: str, beat: int) -> Tile:
    """A tile whose values at set bits are not zero, as compressing leaves them."""
    bits = FORMATS[name][1] if name else 8
    fields = {
        "tag": int(rng.integers(1 << 16)),
        "row": int(rng.integers(1 << 32)),
        "column": int(rng.integers(1 << 32)),
        "sequence": int(rng.integers(1 << 16)),
        "last": bool(rng.integers(2)),
    }
    rows = int(rng.integers(1, 40))
    if kind is Kind.RESULT:
        shape = (rows, int(rng.integers(1, 12)))
        values = rng.integers(0, 1 << 63, shape[0] * shape[1], dtype=np.uint64) >> np.uint64(
            63 - min(bits, 63)
        )
        by_rows = bool(rng.integers(2))
        stride = int(rng.integers(0, 2)) * (max(shape) + int(rng.integers(4)))
        used = shape[1] if by_rows else shape[0]
        stride = 0 if stride == used else stride
        return Tile(kind, shape, values, None, name, by_rows=by_rows, stride=stride, **fields)
    columns = 1 << int(rng.integers(0, 12 if beat < 32 else 9))
    bitmaps = rng.random((rows, columns)) < rng.choice([0, 0.1, 0.5, 0.9, 1])
    count = int(bitmaps.sum()) * (kind is not Kind.REGOR)
    return Tile(
        kind, (rows, columns), rng.integers(1, 1 << bits, count).astype(np.uint64), bitmaps, name, **fields
    )


def same(one: Tile, other: Tile) -> bool:
    plain = [replace(tile, values=np.zeros(0), bitmaps=None).__dict__ for tile in (one, other)]
    one_bits, other_bits = (np.zeros(0) if tile.bitmaps is None else tile.bitmaps for tile in (one, other))
    for each in plain:
        each.pop("values")
    return (
        plain[0] == plain[1]
        and np.array_equal(one.values, other.values)
        and np.array_equal(one_bits, other_bits)
    )


def cases(rng: np.random.Generator, rounds: int) -> list[tuple[int, Tile]]:
    """Tiles of each kind, format and beat."""
    found = []
    for _ in range(rounds):
        for beat in BEATS:
            found.append((beat, random_tile(rng, Kind.REGOR, "", beat)))
            for name, (code, _) in FORMATS.items():
                kinds = (Kind.RESULT,) if code >= 16 else (Kind.STATIONARY, Kind.STREAMING)
                found += [(beat, random_tile(rng, kind, name, beat)) for kind in kinds]
    return found


def test_python_and_c_agree(exchange: Exchange) -> None:
    """Python packs, C unpacks and packs, Python unpacks: the same bytes and the same tile."""
    tiles = cases(np.random.default_rng(SEED), 3)
    packets = [(beat, pack(tile, beat)) for beat, tile in tiles]
    found = exchange(packets)
    assert len(found) == len(tiles) == 3 * len(BEATS) * (1 + 2 * 7 + 3)
    for (beat, tile), (_, data), (error, again) in zip(tiles, packets, found, strict=True):
        assert len(data) % beat == 0
        assert error == 0
        assert again == data
        assert same(unpack(again, beat), tile)


def test_a_stream_of_packets() -> None:
    rng = np.random.default_rng(SEED)
    tiles = [
        replace(random_tile(rng, Kind.STREAMING, "int8", 16), tag=7, sequence=number) for number in range(5)
    ]
    data = b"".join(pack(tile, 16) for tile in tiles)
    found = list(unpack_stream(data, 16, tag=7))
    assert len(found) == 5
    assert all(same(one, other) for one, other in zip(found, tiles, strict=True))
    with pytest.raises(PacketError, match=r"^packet 0: wrong tag 7: 8 is due$"):
        list(unpack_stream(data, 16, tag=8))
    swapped = b"".join(pack(tiles[index], 16) for index in (0, 2, 1))
    with pytest.raises(PacketError, match=r"^packet 1: out of order: sequence 2, 1 is due$"):
        list(unpack_stream(swapped, 16, tag=7))


def test_the_bytes_of_an_example() -> None:
    """As the page shows them."""
    bitmaps, values = compress(np.array([[0, 5, 0, 0, 0, 0, 0, 0x80], [1, 0, 0, 0, 0, 0, 0, 0]]))
    tile = Tile(
        Kind.STATIONARY, (2, 8), values, bitmaps, "int8", tag=3, row=4, column=16, sequence=1, last=True
    )
    assert pack(tile, 8).hex(" ", 8) == (
        "4446010202010300 0400000010000000 0200000008000000 0300000001000300 8201000000000000 0580010000000000"
    )


#: What is done to a good packet, and what both say of it; None where C has no such word.
BAD = {
    "cut off in the header": (lambda data: data[:16], "cut off"),
    "cut off in the bitmaps": (lambda data: data[: HEADER_BYTES + 4], "cut off"),
    "cut off in the values": (lambda data: data[:-8], "cut off"),
    "too long": (lambda data: data + bytes(8), "too long"),
    "magic": (lambda data: b"FD" + data[2:], "wrong magic"),
    "version": (lambda data: data[:2] + b"\2" + data[3:], "version"),
    "kind": (lambda data: data[:3] + b"\5" + data[4:], "kind"),
    "format": (lambda data: data[:4] + b"\x63" + data[5:], "format"),
    "no format": (lambda data: data[:4] + b"\0" + data[5:], "format"),
    "beat": (lambda data: data[:30] + b"\4" + data[31:], "made for beats"),
    "no rows": (lambda data: data[:16] + bytes(4) + data[20:], "rows"),
    "columns": (lambda data: data[:20] + b"\6" + data[21:], "columns"),
    "more columns": (lambda data: data[:20] + bytes(3) + b"\x40" + data[24:], "cut off"),
    "more rows": (lambda data: data[:19] + b"\x7f" + data[20:], "cut off"),
    "count": (lambda data: data[:24] + b"\1" + data[25:], "values"),
    "bitmaps": (lambda data: data[: HEADER_BYTES + 7] + b"\x80" + data[HEADER_BYTES + 8 :], "bits are set"),
    "nothing": (lambda data: b"", "cut off"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_packets_are_refused_by_both(exchange: Exchange, name: str) -> None:
    change, word = BAD[name]
    bitmaps, values = compress(np.arange(1, 25).reshape(3, 8))
    good = pack(Tile(Kind.STREAMING, (3, 8), values, bitmaps, "int8"), 8)
    assert exchange([(8, good)]) == [(0, good)]
    data = change(good)
    with pytest.raises(PacketError, match=word) as raised:
        unpack(data, 8)
    assert "\n" not in str(raised.value)
    ((error, said),) = exchange([(8, data)])
    assert 0 < error < 90
    assert word in said.decode()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tag": 1 << 16}, "tag 65536: allowed 0…65535"),
        ({"format": "int5"}, "format int5: allowed int4"),
        ({"bitmaps": None}, "a tile of kind STREAMING has bitmaps"),
        ({"values": np.zeros(2)}, "2 values: 24 are due"),
        ({"values": np.full(24, 256)}, "more than the 8 bits of int8"),
        ({"shape": (4, 8)}, r"bitmaps of shape \(3, 8\)"),
        ({"kind": Kind.RESULT}, r"bitmaps of shape \(3, 8\) for a tile of kind RESULT"),
        ({"kind": Kind.RESULT, "bitmaps": None, "stride": 2}, "stride 2: lines have 3 values"),
    ],
)
def test_bad_tiles_are_refused(change: dict, message: str) -> None:
    bitmaps, values = compress(np.arange(1, 25).reshape(3, 8))
    tile = Tile(Kind.STREAMING, (3, 8), values, bitmaps, "int8")
    with pytest.raises(PacketError, match=message):
        pack(replace(tile, **change), 8)


def test_beats_are_checked() -> None:
    with pytest.raises(PacketError, match="beat of 12 bytes: allowed 8, 16, 32, 64, 128"):
        unpack(bytes(48), 12)
