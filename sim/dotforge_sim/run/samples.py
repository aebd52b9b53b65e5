"""Sample operands of an engine: what a new user can run at once, and what shows its format at work.

A runner may have a function ``sample(parameters, random)`` with the same meaning as :func:`sample`'s ``draw``, and
a ``SPARSITY``, that of its weights by default.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from dotforge_golden.formats import lookup

__all__ = ["Draw", "normal", "of_format", "sample"]

#: Draws a matrix of so many rows and columns.
Draw = Callable[[int, int], np.ndarray]

#: Held by every format of this project.
_LOW, _HIGH = -4, 3


def normal(random: np.random.Generator) -> Draw:
    """Return what draws float32 from a standard normal distribution."""
    return lambda rows, columns: random.standard_normal((rows, columns)).astype(np.float32)


def of_format(name: str, random: np.random.Generator) -> Draw:
    """Return what draws values of a format: any integer of ``int8`` …, normal ones rounded to ``bf16`` …

    Parameters
    ----------
    name : of the format, as manifests have it
    random : generator of random numbers
    """
    if name.startswith("int"):
        bits = min(int(name[3:]), 63)
        low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
        kind = np.min_scalar_type(low)
        return lambda rows, columns: random.integers(low, high, (rows, columns), endpoint=True).astype(kind)
    format, draw = lookup(name.upper()), normal(random)
    return lambda rows, columns: format.decode(format.encode(draw(rows, columns).astype(np.float64))).astype(
        np.float32
    )


def sample(
    runner: Any, parameters: Mapping[str, Any], shape: tuple[int, int, int], sparsity: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draw operands that the engine takes as they are.

    Parameters
    ----------
    runner : the module of the engine in :mod:`dotforge_sim.run`
    parameters : of the engine, all of them
    shape : M, K, N
    sparsity : share of the weights, B, that is zero, 0…1
    seed : of all random numbers

    Returns
    -------
    A, M×K, and B, K×N.
    """
    random = np.random.default_rng(seed)
    m, k, n = shape
    if hasattr(runner, "sample"):
        first, second = runner.sample(parameters, random)
    elif "format" in parameters:
        first = second = of_format(parameters["format"], random)
    else:
        first = second = lambda rows, columns: random.integers(
            _LOW, _HIGH, (rows, columns), endpoint=True
        ).astype(np.int8)
    a, b = first(m, k), second(k, n)
    zeros = random.permutation(b.size) < round(sparsity * b.size)
    b[zeros.reshape(b.shape)] = 0
    return a, b
