"""What the models of the reduction networks share: additions, runs, results."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = ["Addition", "Sums", "ends_of", "floating", "integer", "prepare", "starts_of"]


@dataclass(frozen=True)
class Addition:
    """How a network adds: ``add`` takes two arrays of ``dtype``, elementwise."""

    dtype: np.dtype
    add: Callable[[np.ndarray, np.ndarray], np.ndarray]


def integer(width: int) -> Addition:
    """Two's complement addition modulo 2^width, 1…64 bits, in int64."""
    if not 1 <= width <= 64:
        raise ValueError(f"width is 1…64 bits, not {width}")
    spare = np.int64(64 - width)

    def add(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        total = (a.astype(np.uint64) + b.astype(np.uint64)).astype(np.int64)
        return (total << spare) >> spare

    return Addition(np.dtype(np.int64), add)


def floating(dtype: np.dtype | type = np.float32, *, flush_subnormals: bool = False) -> Addition:
    """IEEE-754 addition, round to nearest even, NaN results canonical (quiet, positive, payload zero).

    Parameters
    ----------
    dtype : any of NumPy or ml_dtypes of at most 32 bits. Narrow types are added in float32 and rounded once
        more, which is innocuous: 24 bits are at least twice their significand plus two
    flush_subnormals : subnormal operands and results count as zeros of their sign
    """
    dtype = np.dtype(dtype)
    tiny = np.float32(np.finfo(np.float32).tiny) if dtype == np.float32 else None
    if flush_subnormals and tiny is None:
        raise ValueError("flush_subnormals is modelled for float32")

    def flush(a: np.ndarray) -> np.ndarray:
        if not flush_subnormals:
            return a
        return np.where(np.abs(a) < tiny, np.copysign(np.float32(0), a), a).astype(dtype)

    def add(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            total = (flush(a).astype(np.float32) + flush(b).astype(np.float32)).astype(dtype)
            return flush(np.where(np.isnan(total), np.array(np.nan, dtype), total).astype(dtype))

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
    """Check a network's inputs; return values (empty lanes +0), vecIDs and valid, all vectors × lanes."""
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
