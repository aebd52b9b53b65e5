"""Cycles of products of any size on a Flex-DPU, all of its Flex-DPEs a group: from folds, and what each of them takes.

Folds are known for each window from how many of its stationary values have a partner: counted in real matrices, drawn
from a seed for densities. A fold takes what is longest of its vectors, its rounds at the accumulator, its elements at
the bandwidth that there is, and loading and routing the next one. Rounds are counted on a sample of windows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .cycles import Cycles
from .flexdpe_estimate import Windows, random_windows, sparse_windows
from .flexdpu_job import Cutter, Setup
from .flexdpu_shape import Shape

__all__ = ["Estimate", "of_densities", "of_matrices"]

#: Windows of a sample, and rows of each.
_SAMPLE, _ROWS = 3, 4096


@dataclass(frozen=True)
class Estimate:
    """What a product takes.

    Attributes
    ----------
    cycles, folds : of the product
    useful : stationary values with a partner, over all windows and tiles
    jobs : tiles
    """

    cycles: Cycles
    folds: int
    useful: int
    jobs: int


def of_densities(
    parameters: dict[str, Any],
    shape: tuple[int, int, int],
    densities: Sequence[float],
    *,
    seed: int,
    given_regor: bool = False,
) -> Estimate:
    """Return what uniformly random matrices take.

    Parameters
    ----------
    parameters : of the engine
    shape : rows, K, vectors
    densities : nonzeros over elements of the rows and of the vectors, 0…1
    seed : of what is drawn
    given_regor : REGOR comes as one word instead of all bitmaps
    """
    setup, rows, k, vectors = Setup.of(parameters), *shape
    found = []
    for height, width, times in _tiles(Shape.of(parameters), rows, vectors):
        bitmaps = 1 if given_regor else width
        windows = random_windows(setup.timing, (height, k, width), densities, seed=seed, bitmaps=bitmaps)
        filled = densities[1] * np.minimum(windows.sizes, setup.timing.window)
        found.append((_job(setup, windows, height, width, filled, bitmaps), times))
    return _summed(found)


def of_matrices(
    parameters: dict[str, Any], rows: Any, vectors: Any, *, given_regor: bool = False
) -> Estimate:
    """Return what real matrices take.

    Parameters
    ----------
    parameters : of the engine
    rows, vectors : places of nonzeros, CSC with sorted indices, [rows, K] and [vectors, K]
    given_regor : REGOR comes as one word instead of all bitmaps
    """
    setup = Setup.of(parameters)
    found = []
    height, width = Shape.of(parameters).tile(rows.shape[0], vectors.shape[0])
    for top in range(0, rows.shape[0], height):
        for left in range(0, vectors.shape[0], width):
            own, other = _part(rows, top, height), _part(vectors, left, width)
            bitmaps = 1 if given_regor else other.shape[0]
            windows = sparse_windows(setup.timing, own, other, bitmaps=bitmaps)
            filled = np.full(len(windows.values), len(other.indices) / max(1, other.shape[0] * own.shape[1]))
            filled *= setup.timing.window
            found.append((_job(setup, windows, own.shape[0], other.shape[0], filled, bitmaps), 1))
    return _summed(found)


@dataclass(frozen=True)
class _Part:
    """Some rows of a matrix, CSC."""

    shape: tuple[int, int]
    indptr: np.ndarray
    indices: np.ndarray


def _part(matrix: Any, first: int, count: int) -> _Part:
    inside = (matrix.indices >= first) & (matrix.indices < first + count)
    before = np.concatenate([[0], np.cumsum(inside)])
    height = min(count, matrix.shape[0] - first)
    return _Part((height, matrix.shape[1]), before[matrix.indptr], matrix.indices[inside] - first)


def _tiles(shape: Shape, rows: int, vectors: int) -> list[tuple[int, int, int]]:
    """Return rows and vectors of the tiles that differ, and how many there are of each."""
    height, width = shape.tile(rows, vectors)
    sides = []
    for whole, size in ((rows, height), (vectors, width)):
        times, rest = divmod(whole, size)
        sides.append([(size, times)] + ([(rest, 1)] if rest else []))
    return [(one, other, times * more) for one, times in sides[0] for other, more in sides[1]]


def _job(
    setup: Setup, windows: Windows, rows: int, vectors: int, filled: np.ndarray, bitmaps: int
) -> Estimate:
    """Return what a tile takes."""
    timing, members = setup.timing, setup.members
    lanes, group = timing.lanes, timing.lanes * members
    useful = windows.useful
    if not useful.sum():
        return Estimate(Cycles(), 0, 0, 0)
    whole, rest = np.divmod(useful, group)
    folds = int(whole.sum() + np.count_nonzero(rest))
    route = _route(setup)
    rounds = _rounds(setup, windows)
    total = 0.0
    # Full folds, and the last one of each window.
    for values, times in ((np.full(len(useful), group), whole), (rest, rest > 0)):
        slices = np.minimum(members, -(-values // lanes))
        beats = values * windows.values / np.maximum(1, useful)
        share = values / group
        period = np.maximum.reduce(
            [
                vectors * np.maximum(1, rounds * share),
                slices * lanes + (0 if timing.row_buffer else _latency(setup) - 2),
                np.full(len(useful), route),
                beats / timing.bandwidth,
                (beats + vectors * filled) / setup.elements if setup.elements else np.zeros(len(useful)),
            ]
        )
        total += float((period * times).sum())
    first = min(group, int(useful[0]))
    start = bitmaps + -(-first // lanes) * lanes + _latency(setup) + 6
    tail = setup.pipeline + timing.distribution + setup.accumulate + 8 + vectors
    streaming = folds * vectors
    loading = max(0, round(start + total - streaming))
    return Estimate(Cycles(loading, streaming, tail), folds, int(useful.sum()), 1)


def _latency(setup: Setup) -> int:
    """Return the cycles from the last position to settings that are complete."""
    if setup.timing.topology == "crossbar":
        return 1
    lanes, walkers = setup.timing.lanes, setup.timing.walkers
    return lanes + sum(lanes // 2 // min(1 << level, walkers) for level in range(lanes.bit_length() - 1))


def _route(setup: Setup) -> int:
    """Return the cycles that routing takes from fold to fold."""
    timing = setup.timing
    return timing.lanes + 1 if timing.topology == "crossbar" else -(-_latency(setup) // timing.engines)


def _rounds(setup: Setup, windows: Windows) -> np.ndarray:
    """Return the rounds of a full fold of each window, counted on some windows of each size."""
    found = np.ones(len(windows.values))
    for size in np.unique(windows.sizes):
        own = np.flatnonzero(windows.sizes == size)
        chosen = own[np.linspace(0, len(own) - 1, min(_SAMPLE, len(own))).astype(int)]
        found[own] = np.mean([_mean_rounds(setup, windows, int(number)) for number in chosen])
    return found


def _mean_rounds(setup: Setup, windows: Windows, number: int) -> float:
    """Return the rounds of a window's folds, of rows with as many elements as it has, drawn."""
    size = int(windows.sizes[number])
    density = min(1.0, float(windows.useful[number]) / (windows.rows * size))
    counts = np.random.default_rng(number).binomial(size, density, min(windows.rows, _ROWS))
    cutter = Cutter(setup.timing.lanes, setup.members, setup.banks, 0)
    for row, count in enumerate(counts.tolist()):
        if count:
            cutter.take(row, count)
    folds = cutter.end()
    return float(np.mean([fold.rounds for fold in folds[:-1] or folds])) if folds else 1.0


def _summed(found: Sequence[tuple[Estimate, int]]) -> Estimate:
    total, folds, useful, jobs = Cycles(), 0, 0, 0
    for each, times in found:
        total.loading += each.cycles.loading * times
        total.streaming += each.cycles.streaming * times
        total.add += each.cycles.add * times
        folds += each.folds * times
        useful += each.useful * times
        jobs += each.jobs * times
    return Estimate(total, folds, useful, jobs)
