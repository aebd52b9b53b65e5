"""Packs tiles into packets (:mod:`dotforge_golden.packet_format`) and unpacks them."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from .packet_format import (
    FLAG_LAST,
    FLAG_ROWS,
    FORMATS,
    HEADER,
    HEADER_BYTES,
    MAGIC,
    VERSION,
    Kind,
    Layout,
    PacketError,
    Tile,
    check_beat,
    check_shape,
    whole,
)

__all__ = ["compress", "pack", "unpack", "unpack_stream"]


def compress(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return bitmaps and packed values of a matrix: all codes that are not zero are kept.

    Parameters
    ----------
    codes : two-dimensional, unsigned
    """
    bitmaps = codes != 0
    return bitmaps, codes[bitmaps]


def pack(tile: Tile, beat_bytes: int) -> bytes:
    """Return the bytes of a packet, whole beats.

    Parameters
    ----------
    tile : what it holds
    beat_bytes : of ``tdata``

    Raises
    ------
    PacketError
        A field of the tile does not fit, or its parts do not belong together.
    """
    check_beat(beat_bytes)
    if tile.bitmaps is None and tile.kind is not Kind.RESULT:
        raise PacketError(f"a tile of kind {tile.kind.name} has bitmaps")
    if tile.bitmaps is not None and (tile.kind is Kind.RESULT or tile.bitmaps.shape != tile.shape):
        raise PacketError(
            f"bitmaps of shape {tile.bitmaps.shape} for a tile of kind {tile.kind.name}, {tile.shape}"
        )
    check_shape(tile.kind, tile.shape)
    if tile.format not in FORMATS and tile.kind is not Kind.REGOR:
        raise PacketError(f"format {tile.format}: allowed {', '.join(FORMATS)}")
    code, bits = (0, 8) if tile.kind is Kind.REGOR else FORMATS[tile.format]
    values = np.asarray(tile.values, np.uint64)
    if bits < 64 and np.any(values >> np.uint64(bits)):
        raise PacketError(f"a value has more than the {bits} bits of {tile.format}")
    for name, value, width in (
        ("tag", tile.tag, 16),
        ("row", tile.row, 32),
        ("column", tile.column, 32),
        ("rows", tile.shape[0], 32),
        ("columns", tile.shape[1], 32),
        ("sequence", tile.sequence, 16),
    ):
        if not 0 <= value < 1 << width:
            raise PacketError(f"{name} {value}: allowed 0…{(1 << width) - 1}")
    if tile.kind is Kind.RESULT:
        values = _lines(tile, values)
    header, flags = np.zeros((), HEADER), FLAG_LAST * tile.last | FLAG_ROWS * tile.by_rows
    header[()] = (
        MAGIC, VERSION, tile.kind, code, flags, tile.tag, tile.row, tile.column, *tile.shape, len(values),
        tile.sequence, beat_bytes.bit_length() - 1, 0,
    )  # fmt: skip
    head = np.zeros(whole(HEADER_BYTES, beat_bytes), np.uint8)
    head[:HEADER_BYTES] = np.frombuffer(header.tobytes(), np.uint8)
    layout = Layout(tile.shape, bits, beat_bytes, bitmaps=tile.bitmaps is not None)
    each = np.array([len(values)])
    rows = np.zeros((layout.blocks * layout.rows, tile.shape[1]), bool)
    if tile.bitmaps is not None:
        rows[: tile.shape[0]] = tile.bitmaps
        each = rows.reshape(layout.blocks, -1).sum(axis=1) * (tile.kind is not Kind.REGOR)
        if len(values) != each.sum():
            raise PacketError(f"{len(values)} values: {each.sum()} are due")
    beats = layout.beats(each)
    starts = np.cumsum(beats) - beats
    body = np.zeros(int(beats.sum()) * beat_bytes, np.uint8)
    if tile.bitmaps is not None:
        packed = np.packbits(rows.reshape(layout.blocks, -1), axis=1, bitorder="little")
        body[layout.bitmap_bytes(starts)[:, : packed.shape[1]]] = packed
    places = layout.value_places(starts, each)
    if bits == 4:
        np.bitwise_or.at(body, places // 2, (values << (places % 2 * 4).astype(np.uint64)).astype(np.uint8))
    else:
        body.view(f"<u{bits // 8}")[places] = values
    return head.tobytes() + body.tobytes()


def unpack(data: bytes, beat_bytes: int) -> Tile:
    """Return what a packet holds.

    Parameters
    ----------
    data : from the header to ``tlast``
    beat_bytes : of ``tdata``

    Raises
    ------
    PacketError
        It is no packet, is cut off or too long, or contradicts itself.
    """
    tile, length = _first(np.frombuffer(data, np.uint8), beat_bytes)
    if length != len(data):
        raise PacketError(f"too long: {len(data)} bytes, header and bitmaps say {length}")
    return tile


def unpack_stream(data: bytes, beat_bytes: int, *, tag: int | None = None) -> Iterator[Tile]:
    """Yield the tiles of packets that follow each other, as in a file or in a DMA buffer.

    Parameters
    ----------
    data : the packets
    beat_bytes : of ``tdata``
    tag : of the job, if all packets are one job's; their sequence numbers count from 0 on then

    Raises
    ------
    PacketError
        Naming the packet: it is none, or is not the one that is due.
    """
    rest, number = np.frombuffer(data, np.uint8), 0
    while len(rest):
        try:
            tile, length = _first(rest, beat_bytes)
            if tag is not None and tile.tag != tag:
                raise PacketError(f"wrong tag {tile.tag}: {tag} is due")
            if tag is not None and tile.sequence != number % (1 << 16):
                raise PacketError(f"out of order: sequence {tile.sequence}, {number % (1 << 16)} is due")
        except PacketError as error:
            raise PacketError(f"packet {number}: {error}") from None
        yield tile
        rest, number = rest[length:], number + 1


def _lines(tile: Tile, values: np.ndarray) -> np.ndarray:
    """Return results as they lie in a packet."""
    lines, used = tile.lines
    if len(values) != lines * used:
        raise PacketError(f"{len(values)} values: {lines * used} are due")
    if tile.stride and tile.stride < used:
        raise PacketError(f"stride {tile.stride}: lines have {used} values")
    matrix = values.reshape(tile.shape)
    padded = np.zeros((lines, tile.stride or used), np.uint64)
    padded[:, :used] = matrix if tile.by_rows else matrix.T
    return padded.ravel()


def _of_lines(tile: Tile) -> Tile:
    """Return a tile of results whose values were read in the order of a packet."""
    lines, used = tile.lines
    stride, surplus = divmod(len(tile.values), lines)
    if surplus or stride < used:
        raise PacketError(f"{len(tile.values)} values for {lines} lines of {used} results")
    matrix = tile.values.reshape(lines, stride)[:, :used]
    values = np.ascontiguousarray(matrix if tile.by_rows else matrix.T).ravel()
    return replace(tile, values=values, stride=0 if stride == used else stride)


def _check_header(header: np.void, beat_bytes: int) -> tuple[Kind, str]:
    """Return kind and format of a packet."""
    fields = {name: int(header[name]) for name in HEADER.names or ()}
    if fields["magic"] != MAGIC:
        raise PacketError(f"wrong magic 0x{fields['magic']:04x}: no packet begins here")
    if fields["version"] != VERSION:
        raise PacketError(f"version {fields['version']}: {VERSION} is known")
    if fields["kind"] not in list(Kind):
        raise PacketError(f"kind {fields['kind']}: allowed {', '.join(f'{kind}' for kind in Kind)}")
    kind = Kind(fields["kind"])
    names = {code: name for name, (code, _) in FORMATS.items()}
    if kind is Kind.REGOR:
        names = {0: ""}
    if fields["format"] not in names:
        raise PacketError(f"format {fields['format']}: allowed {', '.join(map(str, names))}")
    if fields["beat"] != beat_bytes.bit_length() - 1:
        raise PacketError(f"made for beats of 2^{fields['beat']} bytes, not of {beat_bytes}")
    check_shape(kind, (fields["rows"], fields["columns"]))
    return kind, names[fields["format"]]


def _first(data: np.ndarray, beat_bytes: int) -> tuple[Tile, int]:
    """Return the tile of the packet that begins there, and the packet's bytes."""
    check_beat(beat_bytes)
    start = whole(HEADER_BYTES, beat_bytes)
    if len(data) < HEADER_BYTES:
        raise PacketError(f"cut off: {len(data)} bytes, a header has {HEADER_BYTES}")
    header = data[:HEADER_BYTES].view(HEADER)[0]
    kind, name = _check_header(header, beat_bytes)
    bits = FORMATS[name][1] if name else 8
    shape, count = (int(header["rows"]), int(header["columns"])), int(header["values"])
    layout = Layout(shape, bits, beat_bytes, bitmaps=kind is not Kind.RESULT)
    body, bitmaps = data[start:], None
    starts, each = np.zeros(1, np.int64), np.array([count])
    if kind is not Kind.RESULT:
        bitmaps, starts, each = _walk(body, layout, shape, kind)
        if each.sum() != count:
            raise PacketError(f"{count} values, bitmaps have {each.sum()} set bits")
    end = int(layout.beats(each).sum()) * beat_bytes
    if end > len(body):
        raise PacketError(f"cut off: {len(data)} bytes, header and bitmaps say {start + end}")
    places = layout.value_places(starts, each)
    body = body[:end]
    if bits == 4:
        values = (body[places // 2] >> (places % 2 * 4).astype(np.uint8)) & 15
    else:
        values = np.ascontiguousarray(body).view(f"<u{bits // 8}")[places]
    tile = Tile(
        kind,
        shape,
        values.astype(np.uint64),
        bitmaps,
        name,
        int(header["tag"]),
        int(header["row"]),
        int(header["column"]),
        int(header["sequence"]),
        bool(header["flags"] & FLAG_LAST),
        bool(header["flags"] & FLAG_ROWS),
    )
    if kind is Kind.RESULT:
        tile = _of_lines(tile)
    return tile, start + end


def _walk(
    body: np.ndarray, layout: Layout, shape: tuple[int, int], kind: Kind
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the bitmaps of a body, and of each of its blocks the first beat and how many values it has."""
    found, starts, each, start = [], [], [], 0
    size = layout.bitmap_beats * layout.beat_bytes
    for block in range(layout.blocks):
        place = start * layout.beat_bytes
        if place + size > len(body):
            raise PacketError(f"cut off: bitmaps of rows from {block * layout.rows} on are missing")
        bits = np.unpackbits(body[place : place + size], bitorder="little")
        rows = min(layout.rows, shape[0] - block * layout.rows)
        found.append(bits[: rows * shape[1]])
        if bits[len(found[-1]) :].any():
            raise PacketError(f"bits are set in bitmaps of rows from {shape[0]} on, which are not there")
        values = 0 if kind is Kind.REGOR else int(np.count_nonzero(found[-1]))
        starts.append(start)
        each.append(values)
        start += int(layout.beats(np.array(values)))
    return np.concatenate(found).reshape(shape).astype(bool), np.array(starts), np.array(each)
