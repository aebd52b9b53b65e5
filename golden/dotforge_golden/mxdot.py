"""Golden model of dot products of block formats.

OCP Microscaling Formats (MX) Specification 1.0, section 6.1 (dot product of two blocks: the scales' product times
the sum of products of elements) and 6.2 (a general dot product sums those). What the specification leaves to the
implementation is fixed here: the sum of a block is exact, it is scaled and rounded to FP32 once, and blocks add up
in FP32, in order, from +0, everything to nearest with ties to even. With ``accumulation="wide"`` they add up in fixed
point instead, and the dot product is rounded once: see :mod:`dotforge_golden.wide_sum`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .mx import ELEMENTS, decode, decode_scales
from .wide_sum import LONGEST, exact, round_fp32, step_places, windowed

__all__ = ["NAN", "Dots", "block_sums", "dot"]

#: The canonical NaN of FP32.
NAN = 0x7FC00000

Floats = NDArray[np.float64]


class Dots(NamedTuple):
    """Results of dot products.

    Attributes
    ----------
    sums : FP32 encodings, uint32; NaN is canonical
    peaks : largest magnitude of the running sum after any block, float64
    """

    sums: NDArray[np.uint32]
    peaks: Floats


def block_sums(
    weights: ArrayLike, activations: ArrayLike, weight_format: str, activation_format: str
) -> Floats:
    """Exact sums of products over the last axis, rounded to odd where float64 does not hold them.

    NaN times anything, infinity times zero and infinities of both signs are NaN; other infinities are infinite.
    A number rounded to odd rounds to FP32 as the exact one does: it has 29 bits more.

    Parameters
    ----------
    weights : codes, shape (…, block)
    activations : codes of the same shape
    weight_format : key of :data:`dotforge_golden.mx.ELEMENTS`
    activation_format : as ``weight_format``
    """
    first, second = decode(weights, weight_format), decode(activations, activation_format)
    with np.errstate(invalid="ignore"):
        products = first * second  # exact: 12 bits or fewer
        special = products.sum(axis=-1)
    unit = ELEMENTS[weight_format].unit + ELEMENTS[activation_format].unit
    finite = np.where(np.isfinite(products), products, 0)
    if ELEMENTS[weight_format].largest * ELEMENTS[activation_format].largest * 2.0**-unit < 2**40:
        totals = np.ldexp(finite, -unit).astype(np.int64).sum(axis=-1).astype(np.float64)
    else:
        whole = np.ldexp(finite, -unit)
        exact = np.asarray(np.frompyfunc(int, 1, 1)(whole), object).sum(axis=-1)
        totals = np.asarray(np.frompyfunc(_to_odd, 1, 1)(exact), np.float64)
    return np.where(np.isfinite(special), np.ldexp(totals, unit), special)


def _to_odd(value: int) -> float:
    """Round to 53 bits: towards zero, with the last bit set where anything was lost."""
    places = max(0, abs(value).bit_length() - 53)
    kept = abs(value) >> places
    kept |= kept << places != abs(value)
    return float(kept << places) * (-1 if value < 0 else 1)


def dot(
    weights: ArrayLike,
    activations: ArrayLike,
    weight_scales: ArrayLike,
    activation_scales: ArrayLike,
    *,
    weight_format: str,
    activation_format: str,
    accumulation: str = "fp32",
) -> Dots:
    """Dot products over the last axis.

    Parameters
    ----------
    weights, activations : element codes, shape (…, K); the last block may be short
    weight_scales, activation_scales : scale codes, shape (…, ceil(K / block))
    weight_format, activation_format : keys of :data:`dotforge_golden.mx.ELEMENTS`, with blocks of one length
    accumulation : ``fp32``, or ``wide``: see :mod:`dotforge_golden.wide_sum`

    Raises
    ------
    ValueError
        A dot product has more blocks than a wide sum is sure to hold.
    """
    size = ELEMENTS[weight_format].block
    first, second = np.broadcast_arrays(np.asarray(weights, np.uint8), np.asarray(activations, np.uint8))
    scales = decode_scales(weight_scales, weight_format) * decode_scales(activation_scales, activation_format)
    fill = -first.shape[-1] % size
    cut = [
        np.pad(each, [(0, 0)] * (each.ndim - 1) + [(0, fill)]).reshape(*each.shape[:-1], -1, size)
        for each in (first, second)
    ]
    if accumulation == "wide":
        return _wide(cut[0], cut[1], scales, weight_format, activation_format)
    blocks = block_sums(cut[0], cut[1], weight_format, activation_format)
    with np.errstate(all="ignore"):
        # Products of 21 bits and a power of two, or of 53 bits and a power of two: float64 is exact.
        scaled = (blocks * scales).astype(np.float32)
        running = np.zeros(scaled.shape[:-1], np.float32)
        peaks = np.zeros(scaled.shape[:-1])
        for index in range(scaled.shape[-1]):
            running = running + scaled[..., index]
            peaks = np.fmax(peaks, np.abs(running.astype(np.float64)))
    sums = np.ascontiguousarray(running).view(np.uint32).reshape(running.shape)
    return Dots(np.where(np.isnan(running), np.uint32(NAN), sums), peaks)


def _wide(
    weights: NDArray[np.uint8],
    activations: NDArray[np.uint8],
    scales: Floats,
    weight_format: str,
    activation_format: str,
) -> Dots:
    """Dot products of whole blocks, shape (…, blocks, block), with products of scales, shape (…, blocks)."""
    if weights.shape[-2] > LONGEST:
        raise ValueError(f"a wide sum holds {LONGEST} blocks, not {weights.shape[-2]}")
    unit = ELEMENTS[weight_format].unit + ELEMENTS[activation_format].unit
    tops = [np.nanmax(np.abs(_finite(decode(np.arange(2 ** ELEMENTS[name].bits), name)))) for name in
            (weight_format, activation_format)]  # fmt: skip
    largest = int(weights.shape[-1] * np.ldexp(tops[0] * tops[1], -unit))
    places = step_places(largest.bit_length() + 1)
    first, second = decode(weights, weight_format), decode(activations, activation_format)
    with np.errstate(invalid="ignore"):
        products = first * second
        special = products.sum(axis=-1) + (scales - scales)  # NaN where a scale is
    whole = np.ldexp(np.where(np.isfinite(products), products, 0), -unit)
    totals = np.asarray(np.frompyfunc(int, 1, 1)(whole), object).sum(axis=-1)
    shape = scales.shape[:-1]
    sums, peaks = np.zeros(shape, np.float32), np.zeros(shape)
    for place in np.ndindex(shape):
        ends = special[place]
        if not np.isfinite(ends).all():
            with np.errstate(invalid="ignore"):
                sums[place] = ends[~np.isfinite(ends)].sum()
            peaks[place] = np.inf
            continue
        fractions, powers = np.frexp(scales[place])
        # A scale is up to 8 bits times a power of two.
        blocks = [
            (int(total) * int(fraction * 256), int(power) - 8 + unit)
            for total, fraction, power in zip(totals[place], fractions, powers, strict=True)
        ]
        if ELEMENTS[weight_format].scale == "e8m0":
            blocks = [(value // 128, power + 7) for value, power in blocks]  # of powers of two: 128
            total, last, peaks[place] = windowed(blocks, places)
        else:
            last = min((power for value, power in blocks if value), default=0)
            total, peak = exact([each for each in blocks if each[0]], last)
            peaks[place] = np.ldexp(float(peak), last)
        sums[place] = round_fp32(total, last)
    found = np.ascontiguousarray(sums).view(np.uint32).reshape(shape)
    return Dots(np.where(np.isnan(sums), np.uint32(NAN), found), peaks)


def _finite(values: Floats) -> Floats:
    return np.where(np.isfinite(values), values, 0)
