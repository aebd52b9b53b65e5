"""Linear reduction: a chain of adders.

Source: the baseline of 004_cc286613ada5888f (SIGMA), section IV-A2 and Fig. 6b.
"""

import numpy as np

from .reduction import Addition, Sums, ends_of, prepare

__all__ = ["reduce"]


def reduce(
    values: np.ndarray, vec_ids: np.ndarray, occupied: np.ndarray | None = None, *, addition: Addition
) -> Sums:
    """Sum every contiguous run of equal vecIDs from its first lane to its last.

    Parameters
    ----------
    values : [vectors, lanes] or [lanes]
    vec_ids : of each lane; the same shape, or [lanes] for all vectors
    occupied : lanes that hold something (default: all); the others count as +0
    addition : :func:`dotforge_golden.reduction.integer` or :func:`~dotforge_golden.reduction.floating`

    Returns
    -------
    :class:`Sums`, always [vectors, lanes]; ``levels`` is the lane itself: how many adders stand before it.
    """
    values, vec_ids, valid = prepare(values, vec_ids, occupied, addition)
    lanes = values.shape[1]
    sums = values.copy()
    for lane in range(1, lanes):
        goes_on = vec_ids[:, lane] == vec_ids[:, lane - 1]
        sums[:, lane] = np.where(goes_on, addition.add(values[:, lane], sums[:, lane - 1]), values[:, lane])
    return Sums(sums, valid, np.where(ends_of(vec_ids), np.arange(lanes), -1))
