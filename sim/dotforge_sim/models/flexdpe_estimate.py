"""Cycles of a Flex-DPE for products of any size: small ones counted to the cycle, others from folds and a sample.

Folds are known for each window from how many of its stationary values have a partner: that number is counted in real
matrices, and drawn from a seed for densities. What a fold takes to load beyond its vectors is counted on a few windows
(:mod:`.flexdpe_cycles`), cut to so many rows that this takes a fraction of a second, and carried over to the others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from .cycles import Cycles
from .errors import ModelError
from .flexdpe_cycles import count_cycles
from .flexdpe_timing import Timing, Window, window_of

__all__ = ["SAMPLED", "Estimate", "Windows", "count", "random_windows", "sparse_windows"]

#: Stationary values up to which a product is counted, and of all that is counted of a larger one.
SAMPLED = 14_000

#: Elements up to which exactly as many nonzeros as the density says are dealt to the windows (NumPy's limit); beyond
#: each window draws its own, and the sum is off by a millionth.
_FEW = 10**9

#: Windows that are told apart.
_WINDOWS = 10_000_000

#: Full windows of a sample.
_SAMPLE = 3


@dataclass(frozen=True)
class Windows:
    """The windows of a product that have something to multiply.

    Attributes
    ----------
    values : stationary values of each, with a partner or without, [windows]
    useful : those with a partner, [windows]
    sizes : positions of each, [windows]
    rows : that a window has at most
    make : window number and most rows → what the controller sees
    """

    values: np.ndarray
    useful: np.ndarray
    sizes: np.ndarray
    rows: int
    make: Callable[[int, int], Window]


@dataclass(frozen=True)
class Estimate:
    """What a product takes.

    Attributes
    ----------
    cycles, folds : of the product
    useful : stationary values with a partner, over all windows
    counted : every cycle was counted, none was carried over
    """

    cycles: Cycles
    folds: int
    useful: int
    counted: bool


def count(timing: Timing, windows: Windows, vectors: int) -> Estimate:
    """Return what a product takes on the engine alone; inputs and output never wait on their neighbours.

    Parameters
    ----------
    timing : what the engine's parameters make of its timing
    windows : what is held, by window
    vectors : number of vectors
    """
    folds = int((-(-windows.useful // timing.lanes)).sum())
    useful = int(windows.useful.sum())
    if not folds:
        return Estimate(Cycles(), 0, 0, counted=True)
    number = len(windows.values)
    if windows.values.sum() <= SAMPLED or number * windows.rows <= _SAMPLE:
        made = [windows.make(each, windows.rows) for each in range(number)]
        cycles, found = count_cycles(timing, made, vectors)
        return Estimate(cycles, found, useful, counted=True)
    cycles = Cycles(streaming=folds * vectors)
    cycles.loading, cycles.add = _carried_over(timing, windows, vectors, folds)
    return Estimate(cycles, folds, useful, counted=False)


def _carried_over(timing: Timing, windows: Windows, vectors: int, folds: int) -> tuple[int, int]:
    """Return loading and add cycles: those of a sample, and as many for each other fold and window."""
    first = np.flatnonzero(windows.sizes == windows.sizes.max())
    rest = np.flatnonzero(windows.sizes < windows.sizes.max())  # at most the last window
    per_window = -(-windows.useful // timing.lanes)
    total = 0.0
    add = 0
    before: list[Window] = []
    for group in (first, rest):
        if not len(group):
            continue
        sample = _Sample(timing, windows, vectors, group, before)
        total += sample.start + sample.slope * (int(per_window[group].sum()) - sample.folds)
        total += sample.level * (len(group) - 1)
        add = add or sample.add
        before = sample.one
    return max(0, round(total)), add


class _Sample:
    """What some windows of one size take.

    Attributes
    ----------
    start, folds : loading cycles and folds of the first window, cut
    slope, level : loading cycles that another fold, and another window beside its folds, takes
    one : the first window
    add : cycles
    """

    def __init__(
        self, timing: Timing, windows: Windows, vectors: int, group: np.ndarray, before: list[Window]
    ) -> None:
        few = min(_SAMPLE, len(group))
        chosen = [int(group[index]) for index in np.linspace(0, len(group) - 1, few).astype(int)]
        dense = max(1.0, float(windows.values[chosen].mean()))
        # The sample is counted three times over; the last window gets a share.
        budget = SAMPLED / (12 if before else 3)
        rows = max(1, round(windows.rows * budget / (dense * few)))
        whole = 2 * rows >= windows.rows
        rows = windows.rows if whole else rows

        def counted(numbers: list[int], most: int) -> tuple[int, int, int]:
            made = before + [windows.make(each, most) for each in numbers]
            cycles, found = count_cycles(timing, made, vectors)
            return cycles.loading - ahead[0], found - ahead[1], cycles.add

        ahead = (0, 0)
        if before:
            cycles, found = count_cycles(timing, before, vectors)
            ahead = cycles.loading, found
        self.one = [windows.make(chosen[0], rows)]
        self.start, self.folds, self.add = counted(chosen[:1], rows)
        several, many, _ = counted(chosen, rows)
        self.slope = self.level = 0.0
        if not whole:
            longer, more, _ = counted(chosen, 2 * rows)
            self.slope = (longer - several) / (more - many) if more > many else 0.0
        if few > 1 and whole and many > self.folds:
            self.slope = (several - self.start) / (many - self.folds)
        elif few > 1:
            self.level = (several - self.start - self.slope * (many - self.folds)) / (few - 1)


def random_windows(
    timing: Timing, shape: tuple[int, int, int], densities: Sequence[float], *, seed: int, bitmaps: int
) -> Windows:
    """Return windows of matrices whose nonzeros are spread evenly.

    Parameters
    ----------
    timing : of the engine
    shape : stationary rows, K, vectors
    densities : of the rows and of the vectors, 0…1
    seed : of what is drawn
    bitmaps : beats that REGOR takes

    Raises
    ------
    ModelError
        K has too many windows.
    """
    rng = np.random.default_rng(seed)
    rows, k, vectors = shape
    if k > _WINDOWS * timing.window:
        raise ModelError(f"K {k}: allowed are {_WINDOWS} windows of {timing.window}")
    sizes = np.full(ceil(k / timing.window), timing.window, np.int64)
    sizes[-1] = k - timing.window * (len(sizes) - 1)
    if rows * k < _FEW:
        values = rng.multivariate_hypergeometric(
            rows * sizes, round(densities[0] * rows * k), method="marginals"
        )
    else:
        values = rng.binomial(rows * sizes, densities[0])
    # Positions that some vector has a value at.
    used = rng.binomial(sizes, 1 - (1 - densities[1]) ** vectors)
    useful = rng.binomial(values, used / sizes)
    kept = np.flatnonzero((values > 0) & (used > 0))
    values, used, useful, sizes = values[kept], used[kept], useful[kept], sizes[kept]

    def make(number: int, most: int) -> Window:
        """Draw a window of so many rows; its values are as dense as all of it."""
        size, own = int(sizes[number]), np.random.default_rng((seed, number))
        some = min(rows, most)
        elements = some * size
        wanted = int(values[number]) if some == rows else round(float(values[number]) / rows * some)
        bits = np.zeros(elements, bool)
        bits[own.permutation(elements)[:wanted]] = True
        mask = np.zeros(size, bool)
        mask[own.permutation(size)[: int(used[number])]] = True
        bits = bits.reshape(some, size)
        return window_of(bits[bits.any(axis=1)], mask, bitmaps)

    if values.sum() <= SAMPLED:
        # All of it is counted: then folds are those of what is drawn.
        drawn = [make(number, rows) for number in range(len(values))]
        useful = np.array([window.kept[-1] for window in drawn], np.int64)
    return Windows(values, useful, sizes, rows, make)


def sparse_windows(timing: Timing, rows: Any, vectors: Any, *, bitmaps: int) -> Windows:
    """Return windows of real matrices.

    Parameters
    ----------
    timing : of the engine
    rows, vectors : places of nonzeros, CSC with sorted indices, [rows, K] and [vectors, K]
    bitmaps : beats that REGOR takes
    """
    count_rows, k = rows.shape
    per_k = np.diff(rows.indptr)
    used = np.diff(vectors.indptr) > 0
    starts = np.arange(0, k, timing.window)
    values = np.add.reduceat(per_k, starts)
    useful = np.add.reduceat(per_k * used, starts)
    sizes = np.minimum(timing.window, k - starts)
    kept = np.flatnonzero((values > 0) & (np.add.reduceat(used.astype(np.int64), starts) > 0))

    def make(number: int, most: int) -> Window:
        first = int(starts[kept[number]])
        part = slice(first, first + int(sizes[kept[number]]))
        columns = np.repeat(np.arange(part.stop - first), per_k[part])
        found = rows.indices[rows.indptr[first] : rows.indptr[part.stop]]
        ids, places = np.unique(found, return_inverse=True)
        inside = places < most
        bits = np.zeros((min(most, len(ids)), part.stop - first), bool)
        bits[places[inside], columns[inside]] = True
        return window_of(bits, used[part], bitmaps)

    return Windows(values[kept], useful[kept], sizes[kept], count_rows, make)
