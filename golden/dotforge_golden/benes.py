"""The Benes network and the looping algorithm that sets it, for many permutations at once.

V. E. Benes, Bell System Technical Journal 43, 1964; D. C. Opferman and N. T. Tsao-Wu, BSTJ 50, 1971. Columns
go from neighbours (bit 0) to the widest distance and back; wires keep their numbers.
"""

import numpy as np

from .switch import column, log2, lower

__all__ = ["bits", "loop", "permute"]


def bits(lanes: int) -> list[int]:
    """Return the bit of each column: 0, 1, …, log2(lanes) − 1, …, 1, 0."""
    top = log2(lanes) - 1
    return [*range(top + 1), *reversed(range(top))]


def permute(values: np.ndarray, crossed: np.ndarray) -> np.ndarray:
    """Return what leaves the network.

    Parameters
    ----------
    values : [..., lanes]
    crossed : [..., columns, lanes/2] bool, as :func:`loop` returns
    """
    for number, bit in enumerate(bits(np.shape(values)[-1])):
        now = crossed[..., number, :]
        values = column(values, bit, now, ~now)
    return values


def loop(slot: np.ndarray) -> np.ndarray:
    """Find settings with the looping algorithm.

    Parameters
    ----------
    slot : [batch, lanes] int: a permutation; output lane j takes input ``slot[j]``

    Returns
    -------
    crossed[batch, 2·log2(lanes) − 1, lanes/2] bool

    One level splits the connections in two halves: those over even wires (colour 0) and those over odd ones
    (colour 1). The two that meet in a switch, at the inputs or at the outputs, get different colours: take a
    lane for colour 0, its slot's neighbour for colour 1, the neighbour of that one's lane for colour 0, until
    the loop closes. Every loop begins at the first output switch that has no setting, which so is straight.

    Raises
    ------
    ValueError
        A row of ``slot`` is no permutation, or ``lanes`` is no power of two from 2.
    """
    source = np.array(slot, dtype=np.int64)  # source[lane] = slot
    batch, lanes = source.shape
    levels, row = log2(lanes), np.arange(batch)
    crossed = np.zeros((batch, 2 * levels - 1, lanes // 2), dtype=bool)
    if not np.array_equal(np.sort(source, axis=1), np.broadcast_to(np.arange(lanes), source.shape)):
        raise ValueError("slot: a permutation of the lanes is wanted")
    for level in range(levels - 1):
        step = 1 << level
        low = lower(lanes, level)
        number = np.empty(lanes, dtype=np.int64)  # of the switch that a wire is in
        number[low] = number[low | step] = np.arange(lanes // 2)
        lane_of = np.argsort(source, axis=1)
        colour = np.zeros((batch, lanes), dtype=np.int64)  # of the connection of each lane
        undone = np.ones((batch, lanes // 2), dtype=bool)  # output switches
        begin = np.zeros(batch, dtype=np.int64)
        lane = begin
        for _ in range(lanes // 2):
            first = source[row, lane]
            other = lane_of[row, first ^ step]
            colour[row, other] = 1
            crossed[row, level, number[first]] = first & step != 0
            crossed[row, -1 - level, number[other]] = other & step == 0
            undone[row, number[other]] = False
            lane = other ^ step
            closed = lane == begin
            begin = np.where(closed, low[np.argmax(undone, axis=1)], begin)
            lane = np.where(closed, begin, lane)
        moved = np.empty_like(source)
        wire = np.arange(lanes)
        np.put_along_axis(moved, wire & ~step | colour << level, source & ~step | colour << level, axis=1)
        source = moved
    top = 1 << (levels - 1)
    crossed[:, levels - 1] = source[:, lower(lanes, levels - 1)] & top != 0
    return crossed
