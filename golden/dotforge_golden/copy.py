"""The broadcast banyan copy network, switch by switch (T. T. Lee, IEEE JSAC 6(9), 1988)."""

import numpy as np

from .switch import column, log2, lower

__all__ = ["copy", "labels"]


def labels(ends: np.ndarray) -> np.ndarray:
    """Return the number of the input that each lane gets: the runs that end before it; [..., lanes]."""
    ends = np.asarray(ends, dtype=np.int64)
    return np.cumsum(ends, axis=-1) - ends


def copy(values: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return input 0 in the first run of lanes, input 1 in the second and so on.

    Parameters
    ----------
    values : [..., lanes]
    ends : [..., lanes] bool: the last lane of each run (that of the last lane does not matter)
    """
    lanes = np.shape(values)[-1]
    label = labels(ends)
    for bit in reversed(range(log2(lanes))):
        distance = 1 << bit
        low = lower(lanes, bit)
        takes_upper = []
        for half in (low, low | distance):
            first = label[..., half // distance * distance]  # of the half of the block
            wanted = first + (low - first) % distance  # the only label that this wire can be for
            takes_upper.append((wanted & distance) != 0)
        values = column(values, bit, *takes_upper)
    return values
