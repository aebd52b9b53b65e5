"""Packets: a tile of a compressed matrix, or of results, as the beats of a byte-aligned AXI-Stream.

A packet is a header of 32 bytes, then a body. All numbers are little-endian; bit i of a byte string is bit i % 8 of
byte i / 8. A beat has 8…128 bytes, a power of two; header and each part of the body begin with a beat and are filled up
with zeros to its end.

======  ====  ==========  ==========================================================================
offset  bits  field       meaning
======  ====  ==========  ==========================================================================
0       16    magic       0x4644, the bytes ``DF``
2       8     version     1
3       8     kind        :class:`Kind`
4       8     format      of the values, :data:`FORMATS`; 0 with REGOR
5       8     flags       bit 0: last packet of the window (of the fold with STREAMING, of the job with results);
                          bit 1: results by rows
6       16    tag         of the job
8       32    row         number of the tile's first row
12      32    column      number of its first column
16      32    rows        rows of the tile, 1 or more
20      32    columns     columns of the tile, 1 or more; a power of two where there are bitmaps
24      32    values      how many follow
28      16    sequence    number of the packet in its job on its stream, from 0 on, modulo 2^16
30      8     beat        log2 of the bytes of a beat, 3…7
31      8     —           0
======  ====  ==========  ==========================================================================

The body of a compressed tile is blocks of as many rows as have their bitmaps in one beat, or of one row whose bitmap
takes several. A block is the bitmaps of its rows, bit c of a row's being column c, then the values at the set bits, row
after row, in the order of the columns. Bits of rows that are not there are zero. A tile for REGOR has no values.

The body of a tile of results is its columns one after the other, or its rows where flag 1 says so: each takes as many
values as ``values`` divided by their number says, zeros following those that the tile has.
"""

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

__all__ = [
    "BEATS",
    "FLAG_LAST",
    "FLAG_ROWS",
    "FORMATS",
    "HEADER",
    "HEADER_BYTES",
    "MAGIC",
    "VERSION",
    "Kind",
    "Layout",
    "PacketError",
    "Tile",
    "check_beat",
    "check_shape",
    "whole",
]

MAGIC, VERSION, HEADER_BYTES = 0x4644, 1, 32

#: Bits of the flags.
FLAG_LAST, FLAG_ROWS = 1, 2

#: Bytes of a beat.
BEATS = (8, 16, 32, 64, 128)

#: Number format → (its code, bits of a value). Integers are in two's complement.
FORMATS = {
    "int4": (1, 4),
    "int8": (2, 8),
    "int16": (3, 16),
    "bf16": (4, 16),
    "fp16": (5, 16),
    "fp8_e4m3": (6, 8),
    "fp8_e5m2": (7, 8),
    "fp32": (16, 32),
    "int32": (17, 32),
    "int64": (18, 64),
}

HEADER = np.dtype(
    [
        ("magic", "<u2"),
        ("version", "u1"),
        ("kind", "u1"),
        ("format", "u1"),
        ("flags", "u1"),
        ("tag", "<u2"),
        ("row", "<u4"),
        ("column", "<u4"),
        ("rows", "<u4"),
        ("columns", "<u4"),
        ("values", "<u4"),
        ("sequence", "<u2"),
        ("beat", "u1"),
        ("reserved", "u1"),
    ]
)


class Kind(IntEnum):
    """What a tile is for."""

    #: Bitmaps of streaming vectors, or their OR in one row, ahead of the window's stationary rows.
    REGOR = 1
    #: Rows of the stationary matrix in a window of K.
    STATIONARY = 2
    #: Streaming vectors in a window of K.
    STREAMING = 3
    #: Sums; what comes out.
    RESULT = 4


class PacketError(ValueError):
    """Bytes that are no packet, or not the one that is due; the message is one line."""


@dataclass(frozen=True, eq=False)
class Tile:
    """What a packet holds.

    Parameters
    ----------
    kind : what it is for
    shape : rows and columns
    values : at the set bits; with results all of them, row after row; unsigned codes
    bitmaps : boolean, of ``shape``; ``None`` with results
    format : of the values, one of :data:`FORMATS`; empty with REGOR
    tag : of the job, 16 bits
    row, column : number of the first of each, 32 bits
    sequence : number of the packet in its job on its stream, modulo 2^16
    last : last packet of the window, or of the job with results
    by_rows : results lie row after row in the packet
    stride : values that each of those lines takes in the packet; 0 for as many as it has
    """

    kind: Kind
    shape: tuple[int, int]
    values: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint64))
    bitmaps: np.ndarray | None = None
    format: str = ""
    tag: int = 0
    row: int = 0
    column: int = 0
    sequence: int = 0
    last: bool = False
    by_rows: bool = False
    stride: int = 0

    @property
    def lines(self) -> tuple[int, int]:
        """Lines of results in a packet, and the values of each that mean something."""
        return self.shape if self.by_rows else (self.shape[1], self.shape[0])


class Layout:
    """Where the parts of a body are, all in vectors of NumPy.

    Parameters
    ----------
    shape : of the tile
    bits : of a value
    beat_bytes : of a beat
    bitmaps : whether there are any; without, all rows are one block
    """

    def __init__(self, shape: tuple[int, int], bits: int, beat_bytes: int, *, bitmaps: bool) -> None:
        self.beat_bytes, beat_bits = beat_bytes, beat_bytes * 8
        self.per_beat = beat_bits // bits
        self.rows = max(1, beat_bits // shape[1]) if bitmaps else shape[0]
        self.bitmap_beats = max(1, shape[1] // beat_bits) if bitmaps else 0
        self.blocks = -(-shape[0] // self.rows)

    def beats(self, values: np.ndarray) -> np.ndarray:
        """Return the beats of blocks of so many values."""
        return self.bitmap_beats + -(-values // self.per_beat)

    def bitmap_bytes(self, starts: np.ndarray) -> np.ndarray:
        """Return the place of each byte of bitmaps, a row a block; blocks begin with the beats ``starts``."""
        return (starts * self.beat_bytes)[:, None] + np.arange(self.bitmap_beats * self.beat_bytes)

    def value_places(self, starts: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Return the place of each value, in values from the begin of the body.

        Parameters
        ----------
        starts, values : first beat, and number of values, of each block
        """
        shift = (starts + self.bitmap_beats) * self.per_beat - (np.cumsum(values) - values)
        return np.arange(values.sum()) + np.repeat(shift, values)


def whole(count: int, beat_bytes: int) -> int:
    """Return ``count`` bytes filled up to a whole number of beats of ``beat_bytes``."""
    return -(-count // beat_bytes) * beat_bytes


def check_beat(beat_bytes: int) -> None:
    """Refuse a width of ``tdata`` that is not allowed.

    Raises
    ------
    PacketError
        Beats have no such number of bytes.
    """
    if beat_bytes not in BEATS:
        raise PacketError(f"beat of {beat_bytes} bytes: allowed {', '.join(map(str, BEATS))}")


def check_shape(kind: Kind, shape: tuple[int, int]) -> None:
    """Refuse a tile that no packet can hold.

    Parameters
    ----------
    kind, shape : of the tile

    Raises
    ------
    PacketError
        It has no rows or no columns, or bitmaps whose length is not a power of two.
    """
    rows, columns = shape
    if not rows or not columns:
        raise PacketError(f"a tile of {rows} rows and {columns} columns")
    if kind is not Kind.RESULT and columns & (columns - 1):
        raise PacketError(f"{columns} columns: allowed powers of two where there are bitmaps")
