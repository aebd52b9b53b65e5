"""What a product takes on a Flex-DPE: to the cycle from bitmaps, or estimated from shape and densities."""

from typing import Any

import numpy as np

from dotforge_golden import flexdpe as golden

from .cycles import Cycles
from .flexdpe_cycles import count_cycles
from .flexdpe_plan import Plan, Side, pieces
from .flexdpe_timing import Timing, window_of

__all__ = ["estimate", "exact", "exact_plan"]

#: Stationary values of a window, and windows, that stand for all others in an estimate.
_SAMPLE = 3000
_WINDOWS = (1, 3)

#: Products with fewer stationary values than this are not estimated but made up and counted.
_SMALL = 12_000


def exact(
    parameters: dict[str, Any], rows: np.ndarray, vectors: np.ndarray, *, given_regor: bool = False
) -> tuple[Cycles, int]:
    """Return the cycles that a run on the RTL takes, and its folds.

    Parameters
    ----------
    parameters : of the engine
    rows, vectors : what is not zero, [rows, K] and [vectors, K]
    given_regor : REGOR comes as one word instead of all bitmaps
    """
    timing = Timing.of(parameters)
    first, second = (Side.of_bits(np.asarray(bits, bool), timing.window) for bits in (rows, vectors))
    return exact_plan(
        parameters,
        Plan(first, second, golden.Arithmetic(), timing.lanes, timing.window, timing.bandwidth),
        given_regor=given_regor,
    )


def exact_plan(parameters: dict[str, Any], plan: Plan, *, given_regor: bool = False) -> tuple[Cycles, int]:
    """Return what :func:`exact` does, for operands of which only nonzeros are kept.

    Parameters
    ----------
    parameters : of the engine
    plan : the operands
    given_regor : as there
    """
    timing = Timing.of(parameters)
    total, folds = Cycles(), 0
    bitmaps = 1 if given_regor else plan.vectors.count
    for windows in pieces(plan):
        parts = (plan.part(window) for window in windows)
        made = [window_of(part.row_bits, part.mask, bitmaps) for part in parts]
        cycles, count = count_cycles(timing, made, plan.vectors.count)
        total.loading += cycles.loading
        total.streaming += cycles.streaming
        total.add += cycles.add
        folds += count
    return total, folds


def estimate(
    parameters: dict[str, Any],
    shape: tuple[int, int, int],
    densities: tuple[float, float],
    *,
    seed: int = 1,
    given_regor: bool = False,
) -> tuple[Cycles, int]:
    """Return the cycles and folds that uniformly random matrices take, in a time that does not grow with them.

    Parameters
    ----------
    parameters : of the engine
    shape : rows, K, vectors
    densities : nonzeros over elements of the rows and of the vectors
    seed : of what is drawn: for a small product both bitmaps; for others the useful values of each window, which
        give its folds, and a sample, which gives the cycles of a fold
    """
    timing = Timing.of(parameters)
    rng = np.random.default_rng(seed)
    rows, k, vectors = shape
    if round(rows * k * densities[0]) <= _SMALL and max(rows, vectors) * k <= 1_000_000:
        matrices = (
            _random(rng, (count, k), density)
            for count, density in zip((rows, vectors), densities, strict=True)
        )
        return exact(parameters, *matrices, given_regor=given_regor)
    sizes = np.array([part.stop - part.start for part in golden.windows(k, timing.window)])
    elements = rows * sizes
    nonzeros = rng.multivariate_hypergeometric(
        elements, round(densities[0] * int(elements.sum())), method="marginals"
    )
    used = rng.binomial(sizes, 1 - (1 - densities[1]) ** vectors)
    folds = int(np.ceil(rng.binomial(nonzeros, used / sizes) / timing.lanes).sum())

    some = max(1, min(rows, round(_SAMPLE / (timing.window * max(densities[0], 1e-6)))))
    bitmaps = 1 if given_regor else vectors
    chance = 1 - (1 - densities[1]) ** vectors
    windows = [
        window_of(bits[bits.any(axis=1)], rng.random(timing.window) < chance, bitmaps)
        for bits in (rng.random((some, timing.window)) < densities[0] for _ in range(_WINDOWS[1]))
    ]
    (short, few), (long, more) = (count_cycles(timing, windows[:count], vectors) for count in _WINDOWS)
    total = Cycles(streaming=folds * vectors, add=long.add)
    if more > few:
        loading = (long.loading - short.loading) / (more - few)
        total.loading = max(0, round(short.loading + (folds - few) * loading))
    return total, folds


def _random(rng: np.random.Generator, shape: tuple[int, int], density: float) -> np.ndarray:
    """Return a bitmap with that density, exactly."""
    bits = np.zeros(shape, bool)
    bits.ravel()[rng.permutation(bits.size)[: round(density * bits.size)]] = True
    return bits
