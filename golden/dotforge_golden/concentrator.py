"""The concentrator, switch by switch: an inverse butterfly that keeps the order."""

import numpy as np

from .expand import ranks
from .switch import column, log2, lower

__all__ = ["concentrate", "straight"]


def straight(mask: np.ndarray, bit: int) -> np.ndarray:
    """Return which switches of a column are straight, [..., lanes/2].

    In a block of 2h wires the used value of rank r leaves on wire r mod 2h of the block. Switch i holds wire
    i of both halves; the upper half's first rank is that of the block's middle.

    Parameters
    ----------
    mask : [..., lanes] bool: used values
    bit : of the column
    """
    lanes, distance = np.shape(mask)[-1], 1 << bit
    low = lower(lanes, bit)
    middle = ranks(mask)[..., (low | distance) // distance * distance]
    first = middle + (low - middle) % distance  # the first rank ≥ middle that belongs to this switch
    return (first & distance) != 0


def concentrate(values: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Return the used values packed from lane 0, whatever is behind them; arrays [..., lanes].

    Parameters
    ----------
    values : any numbers
    used : bool
    """
    for bit in range(log2(np.shape(values)[-1])):
        keep = straight(used, bit)
        values = column(values, bit, ~keep, keep)
    return values
