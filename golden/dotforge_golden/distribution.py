"""The distribution network: what it has to deliver, and what given settings deliver."""

import numpy as np

from .benes import permute
from .concentrator import concentrate
from .copy import copy
from .crossbar import crossbar
from .expand import expand
from .route import EMPTY
from .switch import log2, lower

__all__ = ["deliver", "wanted"]


def wanted(positions: np.ndarray, values: np.ndarray, bitmap: np.ndarray) -> np.ndarray:
    """Return what every lane is to get: its position's value, zero if the bit is clear or the lane is empty.

    Parameters
    ----------
    positions : [..., lanes] int, :data:`EMPTY` for none
    values : [..., window] compressed
    bitmap : [..., window] bool
    """
    positions = np.asarray(positions)
    window = crossbar(expand(values, bitmap), np.maximum(positions, 0))
    return np.where(positions == EMPTY, 0, window)


def deliver(topology: str, rows: np.ndarray, values: np.ndarray, bitmap: np.ndarray) -> np.ndarray:
    """Follow values through the switches of a network.

    Parameters
    ----------
    topology : ``multicast-benes`` or ``crossbar``
    rows : settings [..., rows, lanes] bool, see :mod:`dotforge_golden.route`
    values, bitmap : [..., window]

    Returns
    -------
    [..., lanes]
    """
    lanes, size = rows.shape[-1], np.shape(bitmap)[-1]
    if topology == "crossbar":
        bits = log2(size)
        numbers = np.sum(rows[..., :bits] << np.arange(bits), axis=-1)
        return np.where(rows[..., bits], crossbar(expand(values, bitmap), numbers), 0)
    levels, used = log2(lanes), rows[..., 0, :size]
    # An unused position gives zero: what is behind the concentrated values then serves the empty lanes.
    window = np.where(used, expand(values, bitmap), 0)
    packed = concentrate(window, np.broadcast_to(used, window.shape))
    if size < lanes:
        packed = np.concatenate([packed, np.zeros((*packed.shape[:-1], lanes - size), packed.dtype)], axis=-1)
    slots = copy(packed, rows[..., 1, :])
    there = [rows[..., 2 + level, lower(lanes, level)] for level in range(levels)]
    back = [rows[..., 2 + level, lower(lanes, level) | 1 << level] for level in range(levels - 1)]
    crossed = np.stack([*there, *reversed(back)], axis=-2)
    return permute(slots, crossed)
