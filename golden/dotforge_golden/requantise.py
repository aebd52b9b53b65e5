"""Golden model of the post-processing unit, from Dally, "Hardware for Deep Learning", section "Vector Scaling".

"Fine-grained scale factors per vector" of activations have to be computed where the activations are: from a
vector of accumulated sums come its integer scale and its elements.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .mx import decode, decode_scales

__all__ = ["requantise", "requantise_nvfp4"]

Integers = NDArray[np.int64]


def requantise(
    sums: ArrayLike, units: ArrayLike, *, vector: int, element_bits: int, scale_bits: int, scale_rounding: str
) -> tuple[Integers, Integers]:
    """Quantise sums in integers: sum ≈ element · scale · unit.

    Parameters
    ----------
    sums : integers below 2^60 in magnitude, shape (…, K); vectors lie along K, the last one may be short
    units : integers from 1 below 2^40, one for each vector: shape (…, ceil(K / vector)) or one that broadcasts
    vector : elements that share a scale
    element_bits : width of an element with its sign; the largest is L = 2^(element_bits − 1) − 1
    scale_bits : width of a scale
    scale_rounding : of max |sum| / (L · unit): ``nearest``, half up, or ``ceil``

    Returns
    -------
    Elements, shape (…, K), |sum| / (scale · unit) rounded half up, at most L, with the sum's sign, and 0 where
    the scale is; scales, shape (…, ceil(K / vector)), at most 2^scale_bits − 1.

    Raises
    ------
    ValueError
        A unit is below 1.
    """
    given, unit = np.asarray(sums, np.int64), np.asarray(units, np.int64)
    if (unit < 1).any():
        raise ValueError(f"units are 1 or more, not {unit.min()}")
    width = given.shape[-1]
    fill = -width % vector
    cut = np.pad(given, [(0, 0)] * (given.ndim - 1) + [(0, fill)])
    magnitude = np.abs(cut.reshape(*cut.shape[:-1], -1, vector))
    largest, largest_scale = 2 ** (element_bits - 1) - 1, 2**scale_bits - 1
    maximum, top = magnitude.max(axis=-1), largest * unit
    scales = (2 * maximum + top) // (2 * top) if scale_rounding == "nearest" else -(-maximum // top)
    scales = np.minimum(scales, largest_scale)
    step = np.maximum(scales * unit, 1)[..., None]
    elements = np.minimum((2 * magnitude + step) // (2 * step), largest)
    elements = np.where(scales[..., None] == 0, 0, elements).reshape(cut.shape)[..., :width]
    return np.where(given < 0, -elements, elements), scales


def requantise_nvfp4(
    sums: ArrayLike, units: ArrayLike, *, scale_search: str = "none"
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Quantise sums to NVFP4 in integers: sum ≈ element · scale · unit, with a tensor scale that is known ahead.

    Parameters
    ----------
    sums : integers below 2^47 in magnitude, shape (…, K); blocks of 16 lie along K, the last one may be short
    units : integers from 1 below 2^32, one for each block, or what broadcasts
    scale_search : ``none``, the scale m / (6 · unit) with m the block's largest magnitude; or ``four_over_six``
        (arXiv 2512.02010): m / (4 · unit) where the first one is 0 or Σ d² · scale² is less with it, with
        d = |⌊16 · |sum| / (scale · unit)⌋ − 16 · |element||, the quotient at most 127

    Returns
    -------
    Codes of the elements, shape (…, K), and of the scales, shape (…, ceil(K / 16)): both to nearest, ties to even,
    saturating.

    Raises
    ------
    ValueError
        A unit is below 1, or there is no such search.
    """
    tops = {"none": (6,), "four_over_six": (6, 4)}.get(scale_search)
    if tops is None:
        raise ValueError(f"scale_search is none or four_over_six, not {scale_search}")
    given, unit = np.asarray(sums, np.int64), np.asarray(units, np.int64)
    if (unit < 1).any():
        raise ValueError(f"units are 1 or more, not {unit.min()}")
    width = given.shape[-1]
    cut = np.pad(given, [(0, 0)] * (given.ndim - 1) + [(0, -width % 16)])
    blocks = cut.reshape(*cut.shape[:-1], -1, 16)
    magnitude = np.abs(blocks)
    unit = np.broadcast_to(unit, magnitude.shape[:-1])
    found = [_nvfp4_block(magnitude, unit, top) for top in tops]
    codes, scales, _ = found[0]
    if len(found) == 2:
        better = (found[1][2] < found[0][2]) | (scales == 0)
        codes = np.where(better[..., None], found[1][0], codes)
        scales = np.where(better, found[1][1], scales)
    signs = np.where((blocks < 0) & (scales[..., None] > 0), 8, 0)
    return (codes | signs).reshape(cut.shape)[..., :width].astype(np.uint8), scales.astype(np.uint8)


def _nvfp4_block(magnitude: Integers, unit: Integers, top: int) -> tuple[Integers, Integers, Integers]:
    """Codes of magnitudes and scales where a block's largest magnitude becomes ``top``, and squared errors."""
    # Scales in units of 2^-9, the smallest one; magnitudes of elements in units of 1/16.
    known = np.ldexp(decode_scales(np.arange(127), "nvfp4"), 9).astype(np.int64)
    scales = _nearest(magnitude.max(axis=-1) << 9, top * unit, known)
    step = known[scales] * unit
    values = (decode(np.arange(8), "nvfp4") * 16).astype(np.int64)
    codes = _nearest(magnitude << 13, np.maximum(step, 1)[..., None], values)
    codes = np.where(scales[..., None] == 0, 0, codes)
    quotient = np.minimum((magnitude << 13) // np.maximum(step, 1)[..., None], 127)
    missed = np.abs(quotient - values[codes])
    return codes, scales, (missed**2).sum(axis=-1) * known[scales] ** 2


def _nearest(dividend: Integers, divisor: Integers, known: Integers) -> Integers:
    """Index of the known number that is nearest to a quotient, of two the even index; at most the last one."""
    index = np.zeros(np.broadcast_shapes(dividend.shape, divisor.shape), np.int64)
    for place, (low, high) in enumerate(zip(known[:-1].tolist(), known[1:].tolist(), strict=True)):
        twice, half = 2 * dividend, (low + high) * divisor
        index += (twice > half) | ((twice == half) & (place % 2 == 1))
    return index
