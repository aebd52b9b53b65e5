"""Quantisers with one unit a row or a matrix, for any finite set of numbers: x ≈ unit · level.

"Whatever number representation you use, pick the range optimally" (Dally, "Hardware for Deep Learning", "Optimum
Clipping"): the unit places the levels. Integers, exponential weight codes and log numbers are such sets.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .log_number import LogNumber
from .logmac import WeightCode

__all__ = ["UNITS", "Levels", "Scaled", "exponents", "integers", "logarithms", "scale"]

#: Ways to choose a unit.
UNITS = ("max", "least_error")

#: Units that ``least_error`` tries, this share of an octave apart.
_TRIALS, _STEP = 61, 1 / 12

#: Smallest number above zero: a unit is never zero.
_SMALLEST = 5e-324

Words = NDArray[np.int64]


@dataclass(frozen=True)
class Levels:
    """A set of numbers and their words.

    Attributes
    ----------
    name : as in a manifest
    bits : of a word
    largest : largest magnitude, of both signs
    zero : the word of 0
    words : all words
    encode : words of the nearest levels; beyond the ends those of the ends
    decode : levels of words
    """

    name: str
    bits: int
    largest: float
    zero: int
    words: Words
    encode: Callable[[ArrayLike], Words]
    decode: Callable[[ArrayLike], NDArray[np.float64]]


def integers(bits: int) -> Levels:
    """Two's complement integers; a unit is chosen for ±(2^(bits−1) − 1), halves round to even."""
    high = 2 ** (bits - 1) - 1

    def encode(values: ArrayLike) -> Words:
        return np.clip(np.rint(np.asarray(values, np.float64)), -high - 1, high).astype(np.int64)

    def decode(words: ArrayLike) -> NDArray[np.float64]:
        return np.asarray(words, np.float64)

    return Levels(f"int{bits}", bits, high, 0, np.arange(-high - 1, high + 1), encode, decode)


def exponents(code: WeightCode, name: str) -> Levels:
    """Levels of an exponential weight code.

    Parameters
    ----------
    code : of the weights
    name : that reports show
    """
    words = np.arange(2**code.bits)
    largest = float(np.abs(code.decode(words)).max())
    zero = code.values.index(0)
    return Levels(name, code.bits, largest, zero, words, lambda values: code.encode(values)[0], code.decode)


def logarithms(number: LogNumber, name: str) -> Levels:
    """Log numbers.

    Parameters
    ----------
    number : the format
    name : that reports show
    """
    words = np.arange(2**number.bits)
    largest = float(np.abs(number.decode(words)).max())
    return Levels(name, number.bits, largest, number.zero, words, number.encode, number.decode)


@dataclass(frozen=True)
class Scaled:
    """A matrix as words and units.

    Attributes
    ----------
    words : int64 (rows, K)
    units : float64 (rows,), all alike where there is one for the matrix
    levels : what words stand for
    """

    words: Words
    units: NDArray[np.float64]
    levels: Levels

    def values(self) -> NDArray[np.float64]:
        """Return the matrix that this stands for."""
        return self.levels.decode(self.words) * self.units[:, None]


def scale(values: ArrayLike, levels: Levels, *, per_row: bool = False, unit: str = "max") -> Scaled:
    """Quantise a matrix.

    Parameters
    ----------
    values : (rows, K), finite
    levels : of the result
    per_row : a unit for every row, not one for the matrix
    unit : ``max``, so that the largest magnitude is the largest level, or ``least_error``: of that and of 60
        smaller ones, 2^(1/12) apart, the one of least squared error; the larger magnitudes are clipped then

    Raises
    ------
    ValueError
        ``unit`` is another word.
    """
    if unit not in UNITS:
        raise ValueError(f"unit is one of {', '.join(UNITS)}, not {unit}")
    matrix = np.asarray(values, np.float64)
    rows = len(matrix)
    largest = np.abs(matrix).max(axis=1) if per_row else np.full(rows, np.abs(matrix).max())
    units: NDArray[np.float64] = np.where(
        largest > 0, np.maximum(largest / levels.largest, _SMALLEST), 1.0
    ).astype(np.float64)
    if unit == "least_error":
        tried = np.maximum(units * 2.0 ** (-_STEP * np.arange(_TRIALS))[:, None], _SMALLEST)
        noise = np.array([_noise(matrix, levels, each, per_row=per_row) for each in tried])
        units = tried[np.argmin(noise, axis=0), np.arange(rows)]
    return Scaled(levels.encode(matrix / units[:, None]), units, levels)


def _noise(
    matrix: NDArray[np.float64], levels: Levels, units: NDArray[np.float64], *, per_row: bool
) -> NDArray[np.float64]:
    """Squared error of each row, of its largest magnitude, or of the whole matrix in each."""
    found = levels.decode(levels.encode(matrix / units[:, None])) * units[:, None]
    missed = (found - matrix) / (np.abs(matrix).max() or 1.0)  # so that no square leaves the range
    each = (missed**2).sum(axis=1)
    return each if per_row else np.full(len(each), each.sum())
