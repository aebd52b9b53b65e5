"""Expand and compress by a bitmap: what they do, said in one line each."""

import numpy as np

__all__ = ["compress", "expand", "ranks"]


def ranks(mask: np.ndarray) -> np.ndarray:
    """Return the number of set bits before each position."""
    mask = np.asarray(mask, dtype=np.int64)
    return np.cumsum(mask, axis=-1) - mask


def expand(values: np.ndarray, bitmap: np.ndarray) -> np.ndarray:
    """Return value number r at the r-th set bit and zero elsewhere; all arrays [..., W].

    Parameters
    ----------
    values : packed from position 0
    bitmap : bool
    """
    bitmap = np.asarray(bitmap, dtype=bool)
    values = np.broadcast_to(values, bitmap.shape)
    return np.where(bitmap, np.take_along_axis(values, ranks(bitmap), axis=-1), 0)


def compress(values: np.ndarray, bitmap: np.ndarray) -> np.ndarray:
    """Return the values at set bits, packed from position 0, and zero behind them; all arrays [..., W].

    Parameters
    ----------
    values : one a position
    bitmap : bool
    """
    bitmap = np.asarray(bitmap, dtype=bool)
    order = np.argsort(~bitmap, axis=-1, kind="stable")
    packed = np.take_along_axis(np.where(bitmap, values, 0), order, axis=-1)
    return packed
