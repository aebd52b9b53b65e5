"""Golden model of the vector MAC, from Dally, "Hardware for Deep Learning", section "Vector Scaling".

"Modified vector MAC unit for VS-Quant": y(j) = (Σ w_q a_q) · s_w(j) · s_a(j) over the vectors j of a dot
product. Elements are two's complement integers, scales unsigned ones; the product of two scales may be rounded
to fewer bits, and the y(j) add up in a running sum of limited width.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Dots", "compress", "dot", "expand", "prune", "scale_position", "scale_product"]

Integers = NDArray[np.int64]


class Dots(NamedTuple):
    """Results of dot products.

    Attributes
    ----------
    sums : in units of 2^``dropped``
    overflows : whether the running sum did not fit after any update
    extremes : smallest and largest that the running sum was after any update, 0 included, before it is wrapped or
        saturated; shape (…, 2)
    """

    sums: Integers
    overflows: NDArray[np.bool_]
    extremes: Integers


def scale_position(weight_scale_bits: int, activation_scale_bits: int, scale_product_bits: int) -> int:
    """Power of two of a sum's unit: the bits that rounding a scale product drops (``scale_product_bits`` 0: none).

    Parameters
    ----------
    weight_scale_bits : of a weight vector's scale
    activation_scale_bits : of an activation vector's scale
    """
    return weight_scale_bits + activation_scale_bits - scale_product_bits if scale_product_bits else 0


def scale_product(weight: ArrayLike, activation: ArrayLike, *, dropped: int, rounding: str) -> Integers:
    """Products of scales in units of 2^``dropped``.

    Parameters
    ----------
    weight, activation : unsigned scales
    dropped : low bits of the product that are left out
    rounding : ``half_up``, (p + 2^(dropped − 1)) >> dropped, or ``half_even``, to nearest with ties to even
    """
    product = np.asarray(weight, np.int64) * np.asarray(activation, np.int64)
    if not dropped:
        return product
    if rounding == "half_up":
        return (product + (1 << (dropped - 1))) >> dropped
    return np.rint(np.ldexp(product.astype(np.float64), -dropped)).astype(np.int64)


def dot(
    activations: ArrayLike,
    weights: ArrayLike,
    activation_scales: ArrayLike,
    weight_scales: ArrayLike,
    *,
    vector: int,
    dropped: int,
    rounding: str,
    sum_bits: int,
    overflow: str = "wrap",
    vectors_per_update: int = 1,
) -> Dots:
    """Dot products over the last axis, as the accumulator forms them.

    The vectors of an update are scaled and added exactly, then the running sum is wrapped or saturated to
    ``sum_bits`` bits, two's complement; the flag is set if that changed it in any update.

    Parameters
    ----------
    activations, weights : integers, shape (…, K); the last vector may be shorter
    activation_scales, weight_scales : unsigned integers, shape (…, ceil(K / vector))
    vector : elements that share a scale
    dropped, rounding : of the scale products, see :func:`scale_product`
    vectors_per_update : how many vectors the running sum takes at a time
    overflow : ``wrap`` or ``saturate``
    """
    products = np.asarray(activations, np.int64) * np.asarray(weights, np.int64)
    scales = scale_product(weight_scales, activation_scales, dropped=dropped, rounding=rounding)
    count = scales.shape[-1]
    shape = np.broadcast_shapes(products.shape[:-1], scales.shape[:-1])
    running, flags = np.zeros(shape, np.int64), np.zeros(shape, bool)
    least, most = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    low, high = -(1 << (sum_bits - 1)), (1 << (sum_bits - 1)) - 1
    for first in range(0, count, vectors_per_update):
        exact = running
        for index in range(first, min(first + vectors_per_update, count)):
            block = products[..., index * vector : (index + 1) * vector].sum(axis=-1)
            exact = exact + block * scales[..., index]
        least, most = np.minimum(least, exact), np.maximum(most, exact)
        outside = (exact < low) | (exact > high)
        flags |= outside
        wrapped = ((exact - low) & ((1 << sum_bits) - 1)) + low
        running = wrapped if overflow == "wrap" else np.clip(exact, low, high)
    return Dots(running, flags, np.stack([least, most], axis=-1))


def prune(weights: ArrayLike) -> np.ndarray:
    """Make 2:4 sparse: of every four weights of the last axis the two smallest become zero.

    Mishra et al., arXiv 2104.08378, magnitude pruning; of equal magnitudes the first ones stay. A last group
    of fewer than four is treated as if zeros followed.
    """
    weights = np.asarray(weights)
    fill = -weights.shape[-1] % 4
    padded = np.pad(weights, [(0, 0)] * (weights.ndim - 1) + [(0, fill)])
    fours = padded.reshape(*padded.shape[:-1], -1, 4)
    order = np.argsort(-np.abs(fours), axis=-1, kind="stable")
    kept = np.zeros(fours.shape, bool)
    np.put_along_axis(kept, order[..., :2], True, axis=-1)
    return np.where(kept, fours, 0).reshape(padded.shape)[..., : weights.shape[-1]]


def compress(weights: ArrayLike) -> tuple[Integers, Integers]:
    """Values and places of 2:4 sparse weights.

    Parameters
    ----------
    weights : integers, shape (…, K), K a multiple of 4, at most two of every four not zero

    Returns
    -------
    Values and 2-bit indices, shape (…, K / 2): of every four weights the two that are stored, in order of
    place; a group with fewer stores zeros at the lowest places that are free.

    Raises
    ------
    ValueError
        A group of four has more than two weights that are not zero.
    """
    fours = np.asarray(weights, np.int64)
    fours = fours.reshape(*fours.shape[:-1], -1, 4)
    full = np.count_nonzero(fours, axis=-1) > 2
    if full.any():
        raise ValueError(f"{np.count_nonzero(full)} groups of four hold more than two weights")
    places = np.argsort(fours == 0, axis=-1, kind="stable")[..., :2]
    places = np.sort(places, axis=-1)
    values = np.take_along_axis(fours, places, axis=-1)
    flat = (*fours.shape[:-2], -1)
    return values.reshape(flat), places.reshape(flat).astype(np.int64)


def expand(values: ArrayLike, indices: ArrayLike) -> Integers:
    """Return the weights that compressed ones stand for; inverse of :func:`compress`.

    Parameters
    ----------
    values, indices : shape (…, L), L even. Two values at one place add up, as they do in hardware
    """
    pairs = np.asarray(values, np.int64)
    pairs = pairs.reshape(*pairs.shape[:-1], -1, 2)
    places = np.asarray(indices, np.int64).reshape(pairs.shape)
    fours = (pairs[..., None] * (places[..., None] == np.arange(4))).sum(axis=-2)
    return fours.reshape(*fours.shape[:-2], -1)
