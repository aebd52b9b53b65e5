"""Addition of two's complement integers of 1…64 bits, in NumPy."""

import numpy as np

from .integer_converter import check, convert

__all__ = ["add", "overflows"]


def add(a: np.ndarray, b: np.ndarray, width: int, *, overflow: str = "wrap") -> np.ndarray:
    """Return a + b.

    Parameters
    ----------
    a, b : signed integers
    width : bits of operands and sum
    overflow : a sum that does not fit is taken modulo 2^width by ``"wrap"``, and clipped by ``"saturate"``

    Raises
    ------
    ValueError
        ``overflow`` is another word, or an operand does not fit ``width`` bits.
    """
    if overflow not in ("wrap", "saturate"):
        raise ValueError(f"overflow is wrap or saturate, not {overflow}")
    a, b = check(a, width), check(b, width)
    wrapped = convert((a.astype(np.uint64) + b.astype(np.uint64)).view(np.int64), 64, width, overflow="wrap")
    if overflow == "wrap":
        return wrapped
    # Only operands of one sign leave the range, on their own side of it.
    extreme = np.where(a < 0, np.int64(-(2 ** (width - 1))), np.int64(2 ** (width - 1) - 1))
    return np.where(overflows(a, b, width), extreme, wrapped)


def overflows(a: np.ndarray, b: np.ndarray, width: int) -> np.ndarray:
    """Return where a + b does not fit in ``width`` bits.

    Parameters
    ----------
    a : integers of ``width`` bits, two's complement
    b : as ``a``
    """
    a, b = check(a, width), check(b, width)
    most, least = np.int64(2 ** (width - 1) - 1), np.int64(-(2 ** (width - 1)))
    return np.where(b >= 0, a > most - np.maximum(b, 0), a < least - np.minimum(b, 0))
