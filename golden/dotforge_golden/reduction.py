"""What the models of the reduction networks share: additions, runs, results."""

from collections.abc import Callable
from dataclasses import dataclass

import ml_dtypes
import numpy as np

from . import float_adder, integer_adder

__all__ = ["Addition", "Sums", "ends_of", "floating", "integer", "prepare", "starts_of"]


_NAMES = {
    np.dtype(dtype): name
    for dtype, name in (
        (np.float32, "FP32"),
        (np.float16, "FP16"),
        (ml_dtypes.bfloat16, "BF16"),
        (ml_dtypes.float8_e5m2, "FP8_E5M2"),
        (ml_dtypes.float8_e4m3fn, "FP8_E4M3"),
    )
}


@dataclass(frozen=True)
class Addition:
    """How a network adds: ``add`` takes two arrays of ``dtype``, elementwise."""

    dtype: np.dtype
    add: Callable[[np.ndarray, np.ndarray], np.ndarray]


def integer(width: int) -> Addition:
    """Two's complement addition modulo 2^width, 1…64 bits, in int64.

    Raises
    ------
    ValueError
        ``width`` is not in 1…64.
    """
    if not 1 <= width <= 64:
        raise ValueError(f"width is 1…64 bits, not {width}")

    def add(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return integer_adder.add(a, b, width)

    return Addition(np.dtype(np.int64), add)


def floating(dtype: np.dtype | type = np.float32, *, flush_subnormals: bool = False) -> Addition:
    """IEEE-754 addition, round to nearest even, NaN results canonical (quiet, positive, payload zero).

    Parameters
    ----------
    dtype : float32, float16, or a type of ml_dtypes that is in the table of formats
    flush_subnormals : subnormal operands and results count as zeros of their sign

    Raises
    ------
    ValueError
        ``dtype`` is no type of the table of formats.
    """
    dtype = np.dtype(dtype)
    if dtype not in _NAMES:
        raise ValueError(f"dtype is one of {', '.join(map(str, _NAMES))}, not {dtype}")
    format, code = _NAMES[dtype], np.dtype(f"u{dtype.itemsize}")

    def add(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        total = float_adder.add(a.view(code), b.view(code), format, flush_subnormals=flush_subnormals)
        return total.astype(code).view(dtype)

    return Addition(dtype, add)


@dataclass(frozen=True)
class Sums:
    """Results of vectors, one slot a lane.

    Attributes
    ----------
    values : sum of the run that ends at the slot's lane; undefined elsewhere
    valid : whether a run ends here that has an occupied lane
    levels : tree level at which it is complete (for the linear network: its lane); −1 where no run ends
    """

    values: np.ndarray
    valid: np.ndarray
    levels: np.ndarray


def starts_of(vec_ids: np.ndarray) -> np.ndarray:
    """Return for each lane (last axis) the first lane of its run."""
    lanes = np.arange(vec_ids.shape[-1])
    begins = np.ones(vec_ids.shape, bool)
    begins[..., 1:] = vec_ids[..., 1:] != vec_ids[..., :-1]
    return np.maximum.accumulate(np.where(begins, lanes, 0), axis=-1)


def ends_of(vec_ids: np.ndarray) -> np.ndarray:
    """Return for each lane (last axis) whether a run ends there."""
    ends = np.ones(vec_ids.shape, bool)
    ends[..., :-1] = vec_ids[..., 1:] != vec_ids[..., :-1]
    return ends


def prepare(
    values: np.ndarray, vec_ids: np.ndarray, occupied: np.ndarray | None, addition: Addition
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Check a network's inputs; return values (empty lanes +0), vecIDs and valid, all vectors × lanes.

    Parameters
    ----------
    values : [vectors, lanes] or [lanes]
    vec_ids : of each lane; the same shape, or [lanes] for all vectors
    occupied : bool: lanes that hold something, ``None`` for all
    addition : how values are added, which says their type

    Raises
    ------
    ValueError
        The inputs have no common shape, or other than one or two axes.
    """
    values = np.asarray(values, addition.dtype)
    vec_ids = np.asarray(vec_ids)
    full = np.ones(vec_ids.shape, bool) if occupied is None else np.asarray(occupied, bool)
    shape = np.broadcast_shapes(values.shape, vec_ids.shape, full.shape)
    if len(shape) not in (1, 2):
        raise ValueError(f"values have one axis (lanes) or two (vectors, lanes), not {len(shape)}")
    shape = shape if len(shape) == 2 else (1, *shape)
    values = np.where(np.broadcast_to(full, shape), np.broadcast_to(values, shape), addition.dtype.type(0))
    vec_ids = np.broadcast_to(vec_ids, shape)
    full = np.broadcast_to(full, shape)
    counts = np.concatenate([np.zeros((shape[0], 1), np.int64), np.cumsum(full, axis=-1)], axis=-1)
    inside = counts[:, 1:] - np.take_along_axis(counts, starts_of(vec_ids), axis=-1)
    return values.astype(addition.dtype), vec_ids, ends_of(vec_ids) & (inside > 0)
