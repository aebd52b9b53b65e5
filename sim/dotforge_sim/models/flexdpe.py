"""What a product takes on a Flex-DPE: to the cycle from bitmaps, or estimated from shape and densities."""

from collections import Counter
from typing import Any

import numpy as np

from dotforge_golden import flexdpe as golden

from .cycles import Cycles
from .flexdpe_cycles import count_cycles, count_waits
from .flexdpe_estimate import count, random_windows
from .flexdpe_plan import Plan, Side, pieces
from .flexdpe_timing import Timing, window_of

__all__ = ["estimate", "exact", "exact_plan", "spent"]


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
        cycles, found = count_cycles(timing, made, plan.vectors.count)
        total.loading += cycles.loading
        total.streaming += cycles.streaming
        total.add += cycles.add
        folds += found
    return total, folds


def spent(parameters: dict[str, Any], plan: Plan, *, given_regor: bool = False) -> dict[str, int]:
    """Return what the cycles of :func:`exact_plan` are spent on; see :func:`.flexdpe_cycles.count_waits`.

    Parameters
    ----------
    parameters : of the engine
    plan : the operands
    given_regor : as there
    """
    timing = Timing.of(parameters)
    found: Counter[str] = Counter()
    bitmaps = 1 if given_regor else plan.vectors.count
    for windows in pieces(plan):
        parts = (plan.part(window) for window in windows)
        made = [window_of(part.row_bits, part.mask, bitmaps) for part in parts]
        found.update(count_waits(timing, made, plan.vectors.count))
    return dict(found)


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
    densities : nonzeros over elements of the rows and of the vectors, 0…1
    seed : of what is drawn
    given_regor : REGOR comes as one word instead of all bitmaps
    """
    timing = Timing.of(parameters)
    bitmaps = 1 if given_regor else shape[2]
    windows = random_windows(timing, shape, densities, seed=seed, bitmaps=bitmaps)
    found = count(timing, windows, shape[2])
    return found.cycles, found.folds
