"""Scales of blocks by search: of those that there are near the usual one, the one of least squared error.

``four_over_six`` is the search of two that "Four Over Six" describes for NVFP4 (arXiv 2512.02010): a block's largest
magnitude becomes 6 or 4, since E2M1 has nothing between; the tensor's scale then leaves room for scales that are half
again as large, with 256 in the place of 448.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .mx import ELEMENTS, Blocks, Codes, decode, decode_scales, encode_elements, quantise, tensor_units

__all__ = ["SEARCHES", "search"]

#: Ways to search.
SEARCHES = ("least_error", "four_over_six")

#: Steps of codes around the usual one that are tried: powers of two, and E4M3 (8 are a factor of two).
_AROUND = {"e8m0": (0, -1, 1), "e4m3": (0, *range(-8, 0), 1, 2, 3, 4)}

_FOUR_OVER_SIX = 256


def search(
    values: ArrayLike,
    *,
    format: str,
    way: str = "least_error",
    per_row: bool = False,
    unit: float | None = None,
) -> Blocks:
    """Quantise a matrix with searched scales.

    Parameters
    ----------
    values : (rows, K), finite
    format : key of :data:`dotforge_golden.mx.ELEMENTS`
    way : one of :data:`SEARCHES`; ``four_over_six`` is for NVFP4. ``least_error`` tries scales from half to twice the
        usual one; of equal errors the usual one, then the smaller
    per_row, unit : see :func:`dotforge_golden.mx.quantise`

    Raises
    ------
    ValueError
        ``way`` is another, or not for this format.
    """
    element = ELEMENTS[format]
    if way not in SEARCHES or (way == "four_over_six" and element.scale != "e4m3"):
        allowed = SEARCHES if element.scale == "e4m3" else SEARCHES[:1]
        raise ValueError(f"a search for {format} is one of {', '.join(allowed)}, not {way}")
    first = quantise(values, format=format, per_row=per_row, unit=unit)
    matrix = np.asarray(values, np.float64)
    rows, width = matrix.shape
    count = first.scales.shape[1]
    cut = np.pad(matrix, ((0, 0), (0, count * element.block - width))).reshape(rows, count, -1)
    largest = np.abs(cut).max(axis=-1)
    units = first.units.astype(np.float32)
    if way == "four_over_six":
        units = tensor_units(largest, element.largest * _FOUR_OVER_SIX, per_row=per_row, unit=unit)
        wanted = largest / units[:, None].astype(np.float64)
        tried = [_e4m3(wanted / top) for top in (6, 4)]
    else:
        top = 254 if element.scale == "e8m0" else 126
        usual = first.scales.astype(np.int64)
        tried = [np.clip(usual + step, 0, top) for step in _AROUND[element.scale]]
    best: Codes = tried[0].astype(np.uint8)
    least, elements = np.full(best.shape, np.inf), np.zeros(cut.shape, np.uint8)
    power = np.frexp(np.where(largest > 0, largest, 1))[1]  # so that no square leaves the range
    for each in tried:
        codes = each.astype(np.uint8)
        steps = decode_scales(codes, format) * units[:, None].astype(np.float64)
        found = encode_elements(cut, steps, element)
        missed = np.ldexp(decode(found, format) * steps[..., None] - cut, -power[..., None])
        noise = (missed**2).sum(axis=-1)
        better = noise < least
        best, least = np.where(better, codes, best), np.where(better, noise, least)
        elements = np.where(better[..., None], found, elements)
    return Blocks(elements.reshape(rows, -1)[:, :width], best, units, format)


def _e4m3(wanted: NDArray[np.float64]) -> NDArray[np.int64]:
    """Nearest E4M3 codes without a sign; what is too large saturates."""
    scale = ELEMENTS["mxfp8_e4m3"].float
    assert scale is not None
    return scale.encode(wanted, saturate=True).astype(np.int64)
