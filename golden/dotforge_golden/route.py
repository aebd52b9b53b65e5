"""From the window position of every lane to the settings of a distribution network.

First the intervals: lanes that want the same position get a run of slots, in the order of the positions;
lanes without a position come last. Then the looping algorithm sends each slot to its lane.
"""

import numpy as np

from .benes import loop
from .switch import log2, lower

__all__ = ["EMPTY", "assign", "crossbar_rows", "multicast_rows", "route", "setting_rows"]

#: Position of a lane that gets nothing.
EMPTY = -1


def assign(positions: np.ndarray, window: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Assign intervals.

    Parameters
    ----------
    positions : [batch, lanes] int: window position of each lane, :data:`EMPTY` for none
    window : number of positions

    Returns
    -------
    used[batch, window] bool, ends[batch, lanes] bool (slots where a run ends), slot[batch, lanes] int

    Raises
    ------
    ValueError
        A position is outside of −1…``window`` − 1.
    """
    positions = np.asarray(positions, dtype=np.int64)
    if positions.size and not (positions.min() >= EMPTY and positions.max() < window):
        raise ValueError(f"positions: {EMPTY} or 0…{window - 1} are wanted")
    key = np.where(positions == EMPTY, window, positions)
    lane_of = np.argsort(key, axis=1, kind="stable")
    slot = np.argsort(lane_of, axis=1)
    in_order = np.take_along_axis(key, lane_of, axis=1)
    ends = np.ones(key.shape, dtype=bool)
    ends[:, :-1] = in_order[:, :-1] != in_order[:, 1:]
    used = np.zeros((len(key), window + 1), dtype=bool)
    np.put_along_axis(used, key, True, axis=1)
    return used[:, :window], ends, slot


def setting_rows(topology: str, lanes: int, window: int) -> int:
    """Return the number of rows of ``lanes`` bits in a settings word.

    Parameters
    ----------
    topology : ``multicast-benes`` or ``crossbar``
    window : number of positions, a power of two
    """
    return {"multicast-benes": log2(lanes) + 2, "crossbar": lanes}[topology]


def multicast_rows(positions: np.ndarray, window: int) -> np.ndarray:
    """Return settings of ``multicast-benes``, [batch, rows, lanes] bool.

    Row 0: used positions. Row 1: ends of runs. Row 2 + l: of each pair of wires q and q + 2**l, at q whether
    they cross in column l of the Benes network, at q + 2**l whether they cross in its mirror image.

    Parameters
    ----------
    positions : [batch, lanes] int: window position of each lane, −1 for none
    window : number of positions, a power of two
    """
    used, ends, slot = assign(positions, window)
    batch, lanes = slot.shape
    levels = log2(lanes)
    rows = np.zeros((batch, levels + 2, lanes), dtype=bool)
    rows[:, 0, :window] = used
    rows[:, 1] = ends
    rows[:, 1, -1] = False
    crossed = loop(slot)
    for level in range(levels):
        low = lower(lanes, level)
        rows[:, 2 + level, low] = crossed[:, level]
        if level < levels - 1:
            rows[:, 2 + level, low | 1 << level] = crossed[:, -1 - level]
    return rows


def crossbar_rows(positions: np.ndarray, window: int) -> np.ndarray:
    """Return settings of ``crossbar``, [batch, rows, lanes] bool.

    Row j: bits of the position of lane j, then whether it has one.

    Parameters
    ----------
    positions : [batch, lanes] int: window position of each lane, −1 for none
    window : number of positions, a power of two
    """
    positions = np.asarray(positions, dtype=np.int64)
    batch, lanes = positions.shape
    bits = log2(window)
    rows = np.zeros((batch, lanes, lanes), dtype=bool)
    rows[:, :, :bits] = np.maximum(positions, 0)[..., None] >> np.arange(bits) & 1
    rows[:, :, bits] = positions != EMPTY
    return rows


def route(topology: str, positions: np.ndarray, window: int) -> np.ndarray:
    """Return the settings of a topology for [batch, lanes] positions: [batch, rows, lanes] bool.

    Parameters
    ----------
    topology : ``multicast-benes`` or ``crossbar``
    positions : [batch, lanes] int: window position of each lane, −1 for none
    window : number of positions, a power of two
    """
    return {"multicast-benes": multicast_rows, "crossbar": crossbar_rows}[topology](positions, window)
