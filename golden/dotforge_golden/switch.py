"""The 2×2 switch, column by column: wires ``q`` and ``q ^ 2**bit`` meet in a switch of one column."""

import numpy as np

__all__ = ["column", "log2", "lower"]


def log2(lanes: int) -> int:
    """Return the logarithm of a power of two.

    Raises
    ------
    ValueError
        ``lanes`` is no power of two from 2.
    """
    if lanes < 2 or lanes & (lanes - 1):
        raise ValueError(f"lanes={lanes}: a power of two from 2 is wanted")
    return lanes.bit_length() - 1


def lower(lanes: int, bit: int) -> np.ndarray:
    """Return the lower wire of each switch of a column, in the order of the switches.

    Parameters
    ----------
    lanes : power of two
    bit : of the column: wires q and q ^ 2**bit meet
    """
    wires = np.arange(lanes)
    return wires[wires >> bit & 1 == 0]


def column(values: np.ndarray, bit: int, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return what leaves a column.

    Parameters
    ----------
    values : [..., lanes]
    bit : distance of the two wires of a switch, as a power of two
    first, second : [..., lanes/2] bool: the lower (upper) output takes the upper input
    """
    low = lower(values.shape[-1], bit)
    high = low | 1 << bit
    result = np.empty(np.broadcast_shapes(values.shape, (*first.shape[:-1], values.shape[-1])), values.dtype)
    result[..., low] = np.where(first, values[..., high], values[..., low])
    result[..., high] = np.where(second, values[..., high], values[..., low])
    return result
