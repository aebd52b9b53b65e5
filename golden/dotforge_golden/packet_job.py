"""The packets of a whole product, and the product of packets of results.

What a host sends to a slot of the Flex-DPU: K is cut into windows. Of each, the stationary stream gets the bitmaps of
all streaming vectors (for REGOR) and then the stationary rows; the streaming stream gets all vectors once for each
fold. Folds are as many as it takes to give a lane to each stationary value whose position is set in REGOR (SIGMA,
section IV-E).
"""

from collections.abc import Iterable

import numpy as np

from .packet_format import FORMATS, Kind, PacketError, Tile
from .packets import compress, pack, unpack

__all__ = ["job_packets", "result_matrix"]


def job_packets(
    stationary: np.ndarray,
    streaming: np.ndarray,
    *,
    window: int,
    lanes: int,
    format: str,
    tag: int,
    beat_bytes: int,
    rows: int = 0,
) -> tuple[list[bytes], list[bytes]]:
    """Return the packets of a job: those of the stationary and those of the streaming stream, in order.

    Parameters
    ----------
    stationary, streaming : unsigned codes, rows and vectors of length K each
    window : positions of a bitmap
    lanes : multipliers of the group
    format : of the codes, one of :data:`dotforge_golden.packet_format.FORMATS`
    tag : of the job
    beat_bytes : of ``tdata``
    rows : of a packet at most; 0 for all

    Raises
    ------
    PacketError
        The two have not the same K.
    """
    if stationary.shape[1] != streaming.shape[1]:
        raise PacketError(
            f"K of the stationary operand is {stationary.shape[1]}, of the other {streaming.shape[1]}"
        )
    fixed: list[Tile] = []
    moving: list[Tile] = []
    for start in range(0, stationary.shape[1], window):
        own, other = (_cut(matrix, start, window) for matrix in (stationary, streaming))
        fixed += _tiles(Kind.REGOR, other, "", start, rows)
        fixed += _tiles(Kind.STATIONARY, own, format, start, rows)
        kept = int(np.count_nonzero(own[:, np.any(other != 0, axis=0)]))
        for _ in range(-(-kept // lanes)):
            moving += _tiles(Kind.STREAMING, other, format, start, rows)
    numbered = []
    for tiles in (fixed, moving):
        numbered.append(
            [
                pack(Tile(**{**tile.__dict__, "tag": tag, "sequence": number % (1 << 16)}), beat_bytes)
                for number, tile in enumerate(tiles)
            ]
        )
    return numbered[0], numbered[1]


def _cut(matrix: np.ndarray, start: int, window: int) -> np.ndarray:
    """Return the columns of a window, zeros behind the last one of the matrix."""
    found = np.zeros((len(matrix), window), np.uint64)
    part = matrix[:, start : start + window]
    found[:, : part.shape[1]] = part
    return found


def _tiles(kind: Kind, codes: np.ndarray, format: str, start: int, rows: int) -> list[Tile]:
    """Return the tiles of a window, the last one marked."""
    found, step = [], rows or len(codes)
    for first in range(0, len(codes), step):
        part = codes[first : first + step]
        bitmaps, values = compress(part)
        if kind is Kind.REGOR:
            values = values[:0]
        last = first + step >= len(codes)
        found.append(Tile(kind, part.shape, values, bitmaps, format, row=first, column=start, last=last))
    return found


def result_matrix(
    packets: Iterable[bytes],
    shape: tuple[int, int],
    beat_bytes: int,
    *,
    tag: int,
    origin: tuple[int, int] = (0, 0),
) -> np.ndarray:
    """Return C of a job.

    Parameters
    ----------
    packets : of results
    shape : of C
    beat_bytes : of ``tdata``
    tag : of the job
    origin : row and column of the headers that C begins with

    Returns
    -------
    Signed integers; of floating point, codes.

    Raises
    ------
    PacketError
        A packet is not the one that is due, or results are missing.
    """
    found, there, last = np.zeros(shape, np.int64), np.zeros(shape, bool), False
    for number, data in enumerate(packets):
        tile = unpack(data, beat_bytes)
        if (tile.kind, tile.tag, tile.sequence) != (Kind.RESULT, tag, number % (1 << 16)) or last:
            raise PacketError(f"packet {number}: kind {tile.kind}, tag {tile.tag}, sequence {tile.sequence}")
        bits = FORMATS[tile.format][1]
        values = tile.values.astype(np.int64)
        if tile.format.startswith("int") and bits < 64:
            values = np.where(values >> bits - 1, values - (1 << bits), values)
        row, column = tile.row - origin[0], tile.column - origin[1]
        place = (slice(row, row + tile.shape[0]), slice(column, column + tile.shape[1]))
        found[place], there[place], last = values.reshape(tile.shape), True, tile.last
    if not there.all() or not last:
        raise PacketError(f"{int((~there).sum())} results are missing")
    return found
