"""Golden model of a weight-stationary systolic array, from 004_cc286613ada5888f (SIGMA), sections III-C and IV-A2.

"Partial sums are generated at each cross-point and accumulated over the columns." Row r of the array holds weights of
one k, column c those of one output; sums go down, so a column adds from row 0 on, one product a row.

Matrices hold integers, or encodings of a floating-point format. C = A · B with A activations (M × K), which stream,
and B weights (K × N), which stay: a fold is the part of B that the array holds at a time.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from . import float_adder, float_multiplier
from .formats import lookup

__all__ = ["Arithmetic", "Fold", "Product", "fold_sums", "folds", "product"]


class Fold(NamedTuple):
    """Part of B that stays: its rows and its columns."""

    k: slice
    n: slice


class Product(NamedTuple):
    """What comes out.

    Attributes
    ----------
    sums : int64 or FP32 encodings
    overflows : which of them did not fit somewhere on their way down
    lowest, highest : of all sums on the way, before they wrap; 0 included, NaN left out
    """

    sums: np.ndarray
    overflows: np.ndarray
    lowest: float
    highest: float


@dataclass(frozen=True)
class Arithmetic:
    """What operands are and how they are multiplied and added.

    Parameters
    ----------
    format : ``int8``, ``bf16`` and so on
    sum_bits : of integer sums, which wrap at every addition; floating point sums are FP32, rounded at every addition
    flush_subnormals : floating point only: subnormal operands, products and sums are zeros of their sign
    """

    format: str = "int8"
    sum_bits: int = 32
    flush_subnormals: bool = False

    @property
    def is_float(self) -> bool:
        """Whether matrices hold encodings."""
        return not self.format.startswith("int")

    def multiply(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return exact products of integers, or FP32 encodings.

        Parameters
        ----------
        a : values of the format; floating-point ones as encodings
        b : as ``a``, of a shape that goes with it
        """
        if not self.is_float:
            return np.asarray(a, np.int64) * np.asarray(b, np.int64)
        return float_multiplier.multiply(
            a, b, lookup(self.format.upper()), flush_subnormals=self.flush_subnormals
        )

    def add(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return exact sums of integers, or rounded ones, as FP32 encodings.

        Parameters
        ----------
        a : exact integers, or FP32 encodings
        b : as ``a``, of a shape that goes with it
        """
        if not self.is_float:
            return a + b
        return float_adder.add(a, b, "FP32", flush_subnormals=self.flush_subnormals)

    def extremes(self, sums: np.ndarray) -> tuple[float, float]:
        """Return the smallest and the largest of sums and 0, as numbers; NaN left out."""
        values = sums.astype(np.uint32).view(np.float32) if self.is_float else sums
        values = values[~np.isnan(values)]
        return values.min(initial=0), values.max(initial=0)

    def wrap(self, sums: np.ndarray) -> np.ndarray:
        """Return integers modulo 2^``sum_bits``; floating point as it is."""
        if self.is_float:
            return sums
        spare = np.int64(64 - self.sum_bits)
        return (sums << spare) >> spare


def folds(k: int, n: int, rows: int, columns: int) -> list[Fold]:
    """Cut K × N weights into what an array holds at a time.

    All folds of the same outputs come one after the other, with rising k: partial sums add in that order. At the far
    edges a fold is smaller than the array.

    Parameters
    ----------
    k : rows of the weights
    n : columns of the weights
    rows, columns : of the array
    """
    return [
        Fold(slice(top, min(top + rows, k)), slice(left, min(left + columns, n)))
        for left in range(0, n, columns)
        for top in range(0, k, rows)
    ]


def fold_sums(activations: np.ndarray, weights: np.ndarray, arithmetic: Arithmetic) -> Product:
    """Stream activations past weights.

    Parameters
    ----------
    activations : [vectors, rows]
    weights : [rows, columns]
    arithmetic : of the array

    Returns
    -------
    [vectors, columns]: ((a0·w0 + a1·w1) + a2·w2) + …
    """
    activations, weights = np.asarray(activations), np.asarray(weights)
    shape = len(activations), weights.shape[1]
    overflows = np.zeros(shape, bool)
    sums = np.zeros(shape, np.int64)
    ends: list[float] = [0, 0]
    for row in range(len(weights)):
        products = arithmetic.multiply(activations[:, row, None], weights[None, row])
        exact = arithmetic.add(sums, products) if row else products
        sums = arithmetic.wrap(exact)
        overflows |= sums != exact
        ends += arithmetic.extremes(exact)
    return Product(sums, overflows, min(ends), max(ends))


def product(a: np.ndarray, b: np.ndarray, *, rows: int, columns: int, arithmetic: Arithmetic) -> Product:
    """Return A · B as an array of ``rows`` × ``columns`` gives it, fold by fold.

    What a fold does not fill is zero, so a column of a fold that is too short adds +0 · +0 = +0 for each missing
    row; that shows in the sign of a floating-point zero. The partial sums of an output are added in the order of
    :func:`folds`: integers exactly, as int64, floating point in FP32, rounded at every addition.

    Parameters
    ----------
    a, b : [M, K], [K, N]
    rows, columns : of the array
    arithmetic : of the array

    Returns
    -------
    [M, N]; an output has overflowed where a partial sum has.
    """
    a, b = np.asarray(a), np.asarray(b)
    (k, n), m = b.shape, len(a)
    a = np.pad(a, ((0, 0), (0, -k % rows)))
    b = np.pad(b, ((0, -k % rows), (0, 0)))
    total = np.zeros((m, n), np.uint32 if arithmetic.is_float else np.int64)
    overflows = np.zeros((m, n), bool)
    ends: list[float] = [0, 0]
    for fold in folds(k, n, rows, columns):
        whole = slice(fold.k.start, fold.k.start + rows)
        sums, flags, *found = fold_sums(a[:, whole], b[whole, fold.n], arithmetic)
        total[:, fold.n] = arithmetic.add(total[:, fold.n], sums) if fold.k.start else sums
        overflows[:, fold.n] |= flags
        ends += found
    return Product(total, overflows, min(ends), max(ends))
