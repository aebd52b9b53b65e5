"""FAN, the Forwarding Adder Network, as 004_cc286613ada5888f (SIGMA) describes it in section IV-A2 and Fig.
6.

For ``lanes`` values there are ``lanes − 1`` adders; adder i stands between lanes i and i+1.
"""

import numpy as np

from .reduction import Addition, Sums, prepare, starts_of

__all__ = ["adder_level", "completion_level", "links", "reduce"]


def adder_level(adder: int) -> int:
    """Return ``adderLvl``: how often an adder's number can be halved, rounding down, while it is odd."""
    level = 0
    while adder % 2:
        adder //= 2
        level += 1
    return level


def links(adder: int) -> list[tuple[int, int]]:
    """Return the adders that adder is linked to, left and right, nearest first: the paper's pseudocode."""
    return [(adder - 2 ** (lvl - 1), adder + 2 ** (lvl - 1)) for lvl in range(1, adder_level(adder) + 1)]


def completion_level(first: int, last: int) -> int:
    """Return the level of the highest adder of a run from lane ``first`` to lane ``last``; 0 for one lane."""
    return max([0] + [adder_level(adder) for adder in range(first, last)])


def reduce(
    values: np.ndarray, vec_ids: np.ndarray, occupied: np.ndarray | None = None, *, addition: Addition
) -> Sums:
    """Sum every contiguous run of equal vecIDs, in the network's own order.

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
    values, vec_ids, valid = prepare(values, vec_ids, occupied, addition)
    lanes = values.shape[1]
    if lanes < 2 or lanes & (lanes - 1):
        raise ValueError(f"lanes is a power of two, at least 2, not {lanes}")
    starts = starts_of(vec_ids)
    together = vec_ids[:, :-1] == vec_ids[:, 1:]  # the adder adds
    # What an adder offers to adders on its right and on its left. Only level-0 adders that do not add offer
    # two different values, their own lanes; what another idle adder offers is never taken.
    rightwards = values[:, :-1].copy()
    leftwards = rightwards.copy()
    for level in range(adder_level(lanes - 1)):
        for adder in range(2**level - 1, lanes - 1, 2 ** (level + 1)):
            if level == 0:
                left, right = values[:, adder], values[:, adder + 1]
                idle_right, idle_left = right, left
            else:
                left, right = _operands(rightwards, leftwards, starts, adder)
                idle_right, idle_left = left, right
            total = addition.add(left, right)
            rightwards[:, adder] = np.where(together[:, adder], total, idle_right)
            leftwards[:, adder] = np.where(together[:, adder], total, idle_left)
    return _collect(values, rightwards, starts, vec_ids, valid)


def _operands(
    rightwards: np.ndarray, leftwards: np.ndarray, starts: np.ndarray, adder: int
) -> tuple[np.ndarray, np.ndarray]:
    """Pick among an adder's links: the farthest one with nothing but adding adders on the way."""
    (near_left, near_right), *farther = links(adder)
    left, right = rightwards[:, near_left], leftwards[:, near_right]
    for far_left, far_right in farther:
        left = np.where(starts[:, adder] <= far_left, rightwards[:, far_left], left)
        right = np.where(starts[:, far_right + 1] <= adder + 1, leftwards[:, far_right], right)
    return left, right


def _collect(
    values: np.ndarray, totals: np.ndarray, starts: np.ndarray, vec_ids: np.ndarray, valid: np.ndarray
) -> Sums:
    """Fetch the sum of each run from its highest adder."""
    lanes = values.shape[1]
    sums = values.copy()
    levels = np.zeros(values.shape, np.int64)
    for last in range(lanes):
        for level in range(adder_level(lanes - 1)):
            # The only adder of this level that could complete a run ending here.
            adder = last // 2**level * 2**level - 1
            if adder < 0 or adder_level(adder) != level:
                continue
            inside = starts[:, last] <= adder
            sums[:, last] = np.where(inside, totals[:, adder], sums[:, last])
            levels[:, last] = np.where(inside, level, levels[:, last])
    ends = np.ones(values.shape, bool)
    ends[:, :-1] = vec_ids[:, 1:] != vec_ids[:, :-1]
    return Sums(sums, valid, np.where(ends, levels, -1))
