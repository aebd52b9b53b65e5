"""Golden model of dot products of log numbers with log numbers or integers, in both accumulators.

Each product is ± 2^(i + f/2^y), with an integer activation ±a · 2^(i + f/2^y). ``convert`` adds
lookup[f] · 2^i; ``binned`` adds 2^i to the bin of f, and multiplies the bins with the lookup at the end.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .log_number import LogNumber, lookup

__all__ = ["LogDots", "dot", "products"]

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class LogDots:
    """Dot products.

    Attributes
    ----------
    sums : in units of 2^(1 − lookup_bits)
    overflows : some running sum, or the sum of all bins, did not fit
    extremes : smallest and largest that a sum was (0 included), before it was judged; shape (…, 2)
    bin_extremes : the same of any bin; 0 without bins
    """

    sums: Integers
    overflows: NDArray[np.bool_]
    extremes: Integers
    bin_extremes: Integers


def products(
    activations: ArrayLike, weights: ArrayLike, *, weight: LogNumber, activation: LogNumber | None
) -> tuple[Integers, Integers, int]:
    """Return f and ± 2^i (or ±a · 2^i) of each product, and y.

    Parameters
    ----------
    activations : words of format ``activation``, or integers where that is ``None``
    weights : words of format ``weight``
    """
    exponent, sign = weight.split(weights)
    fraction_bits = weight.fraction_bits
    if activation is None:
        factor = np.asarray(activations, dtype=np.int64) * sign
    else:
        fraction_bits = max(weight.fraction_bits, activation.fraction_bits)
        other, other_sign = activation.split(activations)
        exponent = (exponent << (fraction_bits - weight.fraction_bits)) + (
            other << (fraction_bits - activation.fraction_bits)
        )
        factor = sign * other_sign
    return exponent & (2**fraction_bits - 1), factor << (exponent >> fraction_bits), fraction_bits


def dot(
    activations: ArrayLike,
    weights: ArrayLike,
    *,
    weight: LogNumber,
    activation: LogNumber | None,
    lanes: int,
    lookup_bits: int,
    sum_bits: int,
    bin_bits: int | None = None,
    overflow: str = "wrap",
) -> LogDots:
    """Dot products over the last axis, as the accumulators form them.

    Each beat adds ``lanes`` products exactly; then the running sum, or each bin, is wrapped or saturated.

    Parameters
    ----------
    activations, weights : shape (…, K), see :func:`products`
    weight, activation : formats; ``None`` for integer activations
    bin_bits : width of a bin; ``None`` converts each product
    overflow : ``wrap`` or ``saturate``
    lookup_bits : of an entry of the lookup
    sum_bits : width of the sum, two's complement
    """
    fraction, scaled, fraction_bits = products(activations, weights, weight=weight, activation=activation)
    table = lookup(fraction_bits, lookup_bits)
    if bin_bits is None:
        sums, flags, extremes = _accumulated(table[fraction] * scaled, lanes, sum_bits, overflow)
        return LogDots(sums, flags, extremes, np.zeros_like(extremes))
    total = np.zeros(scaled.shape[:-1], dtype=np.int64)
    any_flag = np.zeros(scaled.shape[:-1], dtype=bool)
    bin_extremes = np.zeros((*total.shape, 2), dtype=np.int64)
    for number, value in enumerate(table):
        found, flags, extremes = _accumulated(
            np.where(fraction == number, scaled, 0), lanes, bin_bits, overflow
        )
        total = total + value * found
        any_flag |= flags
        bin_extremes[..., 0] = np.minimum(bin_extremes[..., 0], extremes[..., 0])
        bin_extremes[..., 1] = np.maximum(bin_extremes[..., 1], extremes[..., 1])
    sums, flags = _judged(total, sum_bits, overflow)
    extremes = np.stack([np.minimum(total, 0), np.maximum(total, 0)], axis=-1)
    return LogDots(sums, any_flag | flags, extremes, bin_extremes)


def _accumulated(
    terms: Integers, lanes: int, bits: int, overflow: str
) -> tuple[Integers, NDArray[np.bool_], Integers]:
    running = np.zeros(terms.shape[:-1], dtype=np.int64)
    flags = np.zeros(terms.shape[:-1], dtype=bool)
    low, high = np.zeros_like(running), np.zeros_like(running)
    for beat in range(0, terms.shape[-1], lanes):
        exact = running + terms[..., beat : beat + lanes].sum(axis=-1)
        low, high = np.minimum(low, exact), np.maximum(high, exact)
        running, flag = _judged(exact, bits, overflow)
        flags |= flag
    return running, flags, np.stack([low, high], axis=-1)


def _judged(exact: Integers, bits: int, overflow: str) -> tuple[Integers, NDArray[np.bool_]]:
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    flags = (exact < low) | (exact > high)
    if overflow == "saturate":
        return np.clip(exact, low, high), flags
    return ((exact - low) & (2**bits - 1)) + low, flags
