"""ART, MAERI's augmented reduction tree (ASPLOS 2018), the baseline of 004_cc286613ada5888f (SIGMA), Fig. 6b.

A binary tree of nodes with three-input adders; node k of a level has children 2k and 2k+1, and nodes 2k+1
and 2k+2, which have different parents, are linked. A node sends one value up.
"""

from dataclasses import dataclass

import numpy as np

from .reduction import Addition, Sums, prepare

__all__ = ["reduce"]


@dataclass
class _Part:
    """Sum of some neighbouring lanes of a run (named by its last lane)."""

    run: int
    value: np.ndarray


def reduce(
    values: np.ndarray, vec_ids: np.ndarray, occupied: np.ndarray | None = None, *, addition: Addition
) -> Sums:
    """Sum every contiguous run of equal vecIDs, in the network's own order: (left + right) + neighbour.

    Parameters
    ----------
    values : [vectors, lanes] or [lanes], lanes a power of two
    vec_ids : of each lane; the same shape, or [lanes] for all vectors
    occupied : lanes that hold something (default: all); the others count as +0
    addition : :func:`dotforge_golden.reduction.integer` or :func:`~dotforge_golden.reduction.floating`

    Returns
    -------
    :class:`Sums`, always [vectors, lanes].

    Raises
    ------
    ValueError
        ``lanes`` is no power of two from 2, or the values have more than two axes.
    """
    held = np.asarray(vec_ids).ndim == 1
    values, ids, valid = prepare(values, vec_ids, occupied, addition)
    vectors, lanes = values.shape
    if lanes < 2 or lanes & (lanes - 1):
        raise ValueError(f"lanes is a power of two, at least 2, not {lanes}")
    sums = values.copy()
    levels = np.full(values.shape, -1)
    groups = [slice(0, vectors)] if held else [slice(row, row + 1) for row in range(vectors)]
    for group in groups:
        if group.start < vectors:
            _one_grouping(values[group], ids[group.start], addition, sums[group], levels[group])
    return Sums(sums, valid, levels)


def _one_grouping(
    values: np.ndarray, vec_ids: np.ndarray, addition: Addition, sums: np.ndarray, levels: np.ndarray
) -> None:
    lanes = len(vec_ids)
    last = lanes - 1
    parts: list[_Part | None] = [None] * lanes
    for lane in reversed(range(lanes)):
        if lane < lanes - 1 and vec_ids[lane] != vec_ids[lane + 1]:
            last = lane
        parts[lane] = _Part(last, values[:, lane])
    level = 0
    _retire(parts, sums, levels, level)
    while len(parts) > 1:
        parts = _level(parts, addition)
        _retire(parts, sums, levels, level)
        parts = parts[: len(parts) // 2]
        level += 1


def _level(parts: list[_Part | None], addition: Addition) -> list[_Part | None]:
    """Do one level's additions; return what the nodes send up, then what they complete beside that."""
    nodes = [(parts[k], parts[k + 1]) for k in range(0, len(parts), 2)]
    mixed = [a is not None and b is not None and a.run != b.run for a, b in nodes]
    extra: list[_Part | None] = [None] * len(nodes)  # third operands
    up: list[_Part | None] = [None] * len(nodes)
    beside: list[_Part | None] = [None] * len(nodes)
    for k, (a, b) in enumerate(nodes):
        if mixed[k] and k % 2:
            extra[k + 1] = b
        elif mixed[k] and not mixed[k - 1]:
            extra[k - 1] = a
    for k, (a, b) in enumerate(nodes):
        if not mixed[k]:
            up[k] = _add(_add(a, b, addition), extra[k], addition)
        elif k % 2:
            up[k] = a
        else:
            up[k] = b
            beside[k] = _add(a, extra[k], addition) if extra[k] else None
    return up + beside


def _add(a: _Part | None, b: _Part | None, addition: Addition) -> _Part | None:
    if a is None or b is None:
        return a or b
    if a.run != b.run:
        raise AssertionError(f"runs ending in lanes {a.run} and {b.run} met in one adder")
    return _Part(a.run, addition.add(a.value, b.value))


def _retire(parts: list[_Part | None], sums: np.ndarray, levels: np.ndarray, level: int) -> None:
    """Take out the parts that are all there is of their run."""
    runs = [part.run for part in parts if part is not None]
    for k, part in enumerate(parts):
        if part is not None and runs.count(part.run) == 1:
            sums[:, part.run] = part.value
            levels[:, part.run] = level
            parts[k] = None
