"""Quantisers of the vector MAC, from Dally, "Hardware for Deep Learning", "VSQ Scale Factors", and the VS-Quant
paper (arXiv 2102.04503).

"Two scale factors: one per vector, one per matrix": x ≈ element · scale · unit, with a symmetric integer element,
an unsigned integer scale for every vector of V elements, and a floating-point unit for a row or the matrix.
With V = K and a 1-bit scale it is the traditional quantisation with one scale factor.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .clipping import clip_and_round, least_error_threshold, sample_threshold

__all__ = [
    "CLIPPINGS",
    "LEVELS",
    "Quantised",
    "bits_an_element",
    "clipping_report",
    "quantise",
    "sqnr",
    "thresholds",
]

#: Ways to choose the largest magnitude that a vector keeps.
CLIPPINGS = ("max", "percentile", "optimum")

#: Levels that ``optimum`` reckons with: the 2^bits − 1 codes that there are, or 2^bits, as the paper does.
LEVELS = ("codes", "paper")


#: Shares of the largest scale that ``least_error`` tries.
_SHARES = np.linspace(1, 1 / 3, 21)

#: Smallest number above zero: a unit is never zero.
_SMALLEST = 5e-324


@dataclass(frozen=True)
class Quantised:
    """A matrix as elements, scales and units.

    Attributes
    ----------
    elements : int64 (rows, K), −(2^(bits−1) − 1) … 2^(bits−1) − 1
    scales : int64 (rows, ceil(K / vector)), unsigned
    units : float64 (rows,), the second-level scale, all alike where it is one of the matrix
    vector : elements that share a scale
    """

    elements: NDArray[np.int64]
    scales: NDArray[np.int64]
    units: NDArray[np.float64]
    vector: int

    def values(self) -> NDArray[np.float64]:
        """Return the matrix that this stands for."""
        scales = np.repeat(self.scales, self.vector, axis=1)[:, : self.elements.shape[1]]
        return self.elements * scales * self.units[:, None]


def thresholds(
    values: ArrayLike, *, clipping: str, bits: int, percentile: float = 99.9, levels: str = "codes"
) -> NDArray[np.float64]:
    """Largest magnitude to keep in each row of the last axis.

    Parameters
    ----------
    clipping : ``max``, the largest there is; ``percentile``, that of the magnitudes that are not zero;
        ``optimum``, by the recursion of :mod:`dotforge_golden.clipping`
    bits : of an element
    percentile : 0…100
    levels : of ``optimum``, one of :data:`LEVELS`
    values : shape (…, K)

    Raises
    ------
    ValueError
        ``clipping`` is another word.
    """
    magnitude = np.abs(np.asarray(values, np.float64))
    if clipping == "max":
        return magnitude.max(axis=-1)
    if clipping == "optimum":
        return sample_threshold(magnitude, bits, codes=levels == "codes")
    if clipping == "percentile":
        shown = np.where(magnitude > 0, magnitude, np.nan)
        shown[..., 0] = np.where(np.isnan(shown).all(axis=-1), 0, shown[..., 0])
        return np.nanpercentile(shown, percentile, axis=-1)
    raise ValueError(f"clipping is one of {', '.join(CLIPPINGS)}, not {clipping}")


def quantise(
    values: ArrayLike,
    *,
    bits: int,
    scale_bits: int,
    vector: int,
    per_row: bool = False,
    clipping: str = "max",
    percentile: float = 99.9,
    levels: str = "codes",
    scale_rounding: str = "nearest",
    unit: str = "max",
) -> Quantised:
    """Quantise a matrix in two levels.

    The threshold of a vector over the largest element is its wanted scale; the largest wanted scale of a row or
    of the matrix over the largest integer scale is the unit; wanted scales round to integers, and elements are
    rounded (half to even) with the rounded scale and clipped.

    Parameters
    ----------
    values : (rows, K); vectors lie along K, the last one may be short
    bits, scale_bits : width of elements (with sign) and scales (without)
    vector : elements that share a scale
    per_row : a unit for every row, not one for the matrix
    clipping, percentile, levels : see :func:`thresholds`; ``least_error`` is a search: of the integer scales from that
        of ``max`` down to a third of it, each vector takes the one of least squared error
    scale_rounding : of wanted scales: ``nearest``, which has the smaller error, or ``ceil``, so that nothing
        within the threshold is clipped
    unit : ``max``, as above, or ``least_error``: the best of that and of 39 smaller ones, 2^(1/6) apart. A
        smaller unit clips the vectors of the largest scales and serves all others better: with heavy tails and
        few scale bits most vectors have a scale of zero otherwise
    """
    matrix = np.asarray(values, np.float64)
    rows, width = matrix.shape
    count = -(-width // vector)
    cut = np.pad(matrix, ((0, 0), (0, count * vector - width))).reshape(rows, count, vector)
    largest, largest_scale = 2 ** (bits - 1) - 1, 2**scale_bits - 1
    searched = clipping == "least_error"
    way = "max" if searched else clipping
    wanted = thresholds(cut, clipping=way, bits=bits, percentile=percentile, levels=levels) / largest
    units = wanted.max(axis=1) if per_row else np.full(rows, wanted.max())
    units = np.where(units > 0, np.maximum(units / largest_scale, _SMALLEST), 1.0)
    power = int(np.frexp(np.abs(matrix).max(initial=0.0))[1])

    def encoded(scales: NDArray[np.int64], units: NDArray[np.float64]) -> NDArray[np.int64]:
        steps = (scales * units[:, None])[..., None]
        codes = np.divide(cut, steps, out=np.zeros_like(cut), where=steps > 0)
        return np.clip(np.rint(codes), -largest, largest).astype(np.int64)

    def rounded(units: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        exact = wanted / units[:, None]
        # A wanted scale that is an integer but for the rounding of a division stays it.
        whole = np.ceil(exact - 1e-9) if scale_rounding == "ceil" else np.rint(exact)
        scales = np.clip(whole, 0, largest_scale).astype(np.int64)
        if not searched:
            return encoded(scales, units), scales
        best, least = scales, np.full(scales.shape, np.inf)
        for share in _SHARES:
            tried = np.minimum(scales, np.rint(exact * share).astype(np.int64))
            missed = np.ldexp(encoded(tried, units) * (tried * units[:, None])[..., None] - cut, -power)
            lost = (missed**2).sum(axis=-1)
            best, least = np.where(lost < least, tried, best), np.minimum(lost, least)
        return encoded(best, units), best

    def noise(units: NDArray[np.float64]) -> NDArray[np.float64]:
        elements, scales = rounded(units)
        # Divided by a power of two near the largest value, so that no square leaves the range.
        missed = np.ldexp(elements * (scales * units[:, None])[..., None] - cut, -power)
        each = (missed**2).sum(axis=(1, 2))
        return each if per_row else np.full(rows, each.sum())

    if unit == "least_error":
        tried = np.maximum(units * 2.0 ** (-np.arange(40) / 6)[:, None], _SMALLEST)
        best = np.argmin([noise(each) for each in tried], axis=0)
        units = tried[best, np.arange(rows)]
    elements, scales = rounded(units)
    return Quantised(elements.reshape(rows, -1)[:, :width], scales, units, vector)


def sqnr(wanted: ArrayLike, found: ArrayLike) -> float:
    """Signal to quantisation noise in decibels: Σ wanted² over Σ (found − wanted)²; infinite without noise.

    Parameters
    ----------
    wanted : numbers before
    found : numbers after, of the same shape
    """
    signal, result = np.asarray(wanted, np.float64), np.asarray(found, np.float64)
    largest = float(np.abs(signal).max()) or 1.0  # so that no square leaves the range
    signal, result = signal / largest, result / largest
    noise = float(((result - signal) ** 2).sum())
    power = float((signal**2).sum())
    if not noise:
        return math.inf
    return 10 * math.log10(power / noise) if power else -math.inf


def bits_an_element(bits: int, scale_bits: int, vector: int) -> float:
    """Return stored bits an element, the vector's scale shared out.

    Parameters
    ----------
    bits : of an element
    scale_bits : of a scale
    vector : elements that share a scale
    """
    return bits + scale_bits / vector


def clipping_report(values: ArrayLike, bits: int, *, percentile: float = 99.9) -> dict[str, dict[str, float]]:
    """Compare ways to clip a matrix that has one scale.

    Parameters
    ----------
    values : the matrix, finite
    bits : of an element

    Returns
    -------
    ``max``, ``percentile``, ``optimum`` and ``optimum_paper`` (the recursion, for the codes and as the paper has it)
    and ``least_error`` (the best threshold by trial) →
    ``threshold`` and ``sqnr_db``.
    """
    flat = np.asarray(values, np.float64).ravel()
    found = {
        way: float(thresholds(flat, clipping=way, bits=bits, percentile=percentile)) for way in CLIPPINGS
    }
    found["optimum_paper"] = float(thresholds(flat, clipping="optimum", bits=bits, levels="paper"))
    found["least_error"] = least_error_threshold(flat, bits)
    return {
        way: {"threshold": threshold, "sqnr_db": sqnr(flat, clip_and_round(flat, threshold, bits))}
        for way, threshold in found.items()
    }
