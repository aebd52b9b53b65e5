"""Golden model of the post-processing unit, from Dally, "Hardware for Deep Learning", section "Vector Scaling".

"Fine-grained scale factors per vector" of activations have to be computed where the activations are: from a
vector of accumulated sums come its integer scale and its elements.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["requantise"]

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
