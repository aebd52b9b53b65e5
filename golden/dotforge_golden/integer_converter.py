"""Conversion between two's complement integers of 1…64 bits, in NumPy."""

import numpy as np

__all__ = ["check", "convert"]


def check(values: np.ndarray, width: int) -> np.ndarray:
    """Return the values as int64.

    Parameters
    ----------
    values : integers
    width : bits, two's complement

    Raises
    ------
    ValueError
        The width is not 1…64, or a value does not fit in it.
    """
    if not 1 <= width <= 64:
        raise ValueError(f"width is 1…64 bits, not {width}")
    values = np.asarray(values)
    if not np.issubdtype(values.dtype, np.integer):
        raise ValueError(f"values are integers, not {values.dtype}")
    bound = 1 << (width - 1)
    if values.size and not (-bound <= int(values.min()) and int(values.max()) < bound):
        raise ValueError(f"values do not fit in {width} bits")
    return values.astype(np.int64)


def convert(values: np.ndarray, source: int, target: int, *, overflow: str = "saturate") -> np.ndarray:
    """Return signed integers of ``source`` bits as signed integers of ``target`` bits.

    Parameters
    ----------
    values : signed integers
    source, target : widths
    overflow : what does not fit is clipped by ``"saturate"``, and taken modulo 2^target by ``"wrap"``

    Raises
    ------
    ValueError
        ``overflow`` is another word, or a value does not fit ``source`` bits.
    """
    if overflow not in ("saturate", "wrap"):
        raise ValueError(f"overflow is saturate or wrap, not {overflow}")
    values = check(values, source)
    check(np.zeros(0, np.int64), target)
    if overflow == "saturate":
        return np.clip(values, -(2 ** (target - 1)), 2 ** (target - 1) - 1)
    spare = np.int64(64 - target)
    return values << spare >> spare
