"""Golden model of log numbers, from Dally, "Hardware for Deep Learning", "Log Representation".

"v = −1^s 2^{ei.ef}", with x bits of ei and y of ef: Lx.y. "Multiplies are cheap – just an add. Adds are hard –
convert to integer, add, convert back. Fractional part of log is a lookup, integer part of log is a shift. Can factor
the lookup outside the summation."

The slide's format has no zero; here it is the exponent 0 with either sign, or by choice a flag on top of the word.
"""

import math
import re
from dataclasses import dataclass
from math import isqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["LogNumber", "encode_sums", "log_number", "lookup", "lookup_error", "worst_error"]

Integers = NDArray[np.int64]

#: Bits behind the point of irrational constants.
_POINT = 200


def _exp2(exponents: ArrayLike) -> NDArray[np.float64]:
    """Return powers of two one by one: NumPy's own differ in the last bit between processors."""
    values, places = np.unique(np.asarray(exponents, dtype=np.float64), return_inverse=True)
    return np.array([math.pow(2.0, value) for value in values])[places].reshape(np.shape(exponents))


@dataclass(frozen=True)
class LogNumber:
    """A format: x and y, and whether zero has a bit of its own."""

    integer_bits: int
    fraction_bits: int
    zero_flag: bool = False

    @property
    def field_bits(self) -> int:
        """Width of the logarithm."""
        return self.integer_bits + self.fraction_bits

    @property
    def bits(self) -> int:
        """Width of a word."""
        return 1 + self.field_bits + self.zero_flag

    @property
    def exponents(self) -> Integers:
        """Logarithms of all magnitudes but zero, ascending, in units of 2^−y."""
        return np.arange(0 if self.zero_flag else 1, 2**self.field_bits)

    @property
    def zero(self) -> int:
        """The word that zero is encoded as."""
        return 1 << (self.bits - 1) if self.zero_flag else 0

    def split(self, codes: ArrayLike) -> tuple[Integers, Integers]:
        """Return logarithms in units of 2^−y, and signs: −1, +1, or 0 for zero.

        Raises
        ------
        ValueError
            A code is negative or has more bits than the format.
        """
        words = np.asarray(codes, dtype=np.int64)
        if np.any((words < 0) | (words >> self.bits != 0)):
            raise ValueError(f"words of {self.bits} bits are wanted")
        exponent = words & (2**self.field_bits - 1)
        zero = words >> (self.field_bits + 1) != 0 if self.zero_flag else exponent == 0
        sign = 1 - 2 * (words >> self.field_bits & 1)
        return exponent, np.where(zero, 0, sign)

    def decode(self, codes: ArrayLike) -> NDArray[np.float64]:
        """Numbers that words stand for."""
        exponent, sign = self.split(codes)
        return sign * _exp2(exponent / 2**self.fraction_bits)

    def encode(self, values: ArrayLike) -> Integers:
        """Words of the nearest numbers; halfway between two the one of smaller magnitude, beyond all the largest."""
        wanted = np.asarray(values, dtype=np.float64)
        magnitudes = np.concatenate([[0.0], _exp2(self.exponents / 2**self.fraction_bits)])
        middles = (magnitudes[:-1] + magnitudes[1:]) / 2
        return self.word(np.searchsorted(middles, np.abs(wanted), side="left"), wanted < 0)

    def word(self, index: Integers, negative: NDArray[np.bool_]) -> Integers:
        """Word of a magnitude by rank, 0 for zero.

        Parameters
        ----------
        index : rank of the magnitude, 0…number of magnitudes
        negative : bool, of the same shape
        """
        exponent = index - 1 + self.exponents[0]
        return np.where(index == 0, self.zero, exponent + (negative.astype(np.int64) << self.field_bits))


def log_number(name: str) -> LogNumber:
    """Return the format ``log:X:Y`` (zero is the exponent 0) or ``log:X:Y:flag`` (zero is the top bit).

    Raises
    ------
    ValueError
        The name is of neither form.
    """
    found = re.fullmatch(r"log:(\d+):(\d+)(:flag)?", name)
    if not found:
        raise ValueError(f"log number {name}: allowed are log:X:Y and log:X:Y:flag")
    return LogNumber(int(found[1]), int(found[2]), bool(found[3]))


def worst_error(fraction_bits: int) -> float:
    """Largest relative error of rounding to the nearest log number within the range, as a share of the number.

    Neighbours are r = 2^(2^−y) apart. The middle of 1 and r, (1 + r)/2, is (r − 1)/2 from either, and their
    quotient is (r − 1)/(r + 1): 8.64 % for y = 2, 4.33 % for y = 3 (the slide says 4 %).
    """
    ratio = 2.0 ** (2.0**-fraction_bits)
    return (ratio - 1) / (ratio + 1)


def lookup(fraction_bits: int, lookup_bits: int) -> Integers:
    """Return 2^(f/2^y) for all f, rounded to ``lookup_bits`` bits with one of them before the point.

    Parameters
    ----------
    fraction_bits : y of Lx.y
    """
    exact = _exp2(np.arange(2**fraction_bits) / 2**fraction_bits)
    rounded = np.floor(exact * 2 ** (lookup_bits - 1) + 0.5).astype(np.int64)
    return np.minimum(rounded, 2**lookup_bits - 1)


def lookup_error(fraction_bits: int, lookup_bits: int) -> float:
    """Largest relative error of a product that the lookup's rounding makes.

    Parameters
    ----------
    fraction_bits : y of Lx.y
    lookup_bits : bits of an entry, one of them before the point
    """
    exact = _exp2(np.arange(2**fraction_bits) / 2**fraction_bits)
    return float(np.abs(lookup(fraction_bits, lookup_bits) / 2.0 ** (lookup_bits - 1) / exact - 1).max())


def encode_sums(sums: ArrayLike, number: LogNumber, *, lookup_bits: int, shift: int) -> Integers:
    """Convert linear sums back: the log numbers nearest to sums · 2^(1 − lookup_bits − shift).

    Parameters
    ----------
    sums : integers in units of 2^(1 − lookup_bits)
    number : format of the result; halfway between two the one of smaller magnitude is taken
    shift : octaves that the result is scaled down by
    lookup_bits : bits of an entry, one of them before the point
    """
    found = np.asarray(sums, dtype=np.int64)
    exponents = number.exponents
    place = lookup_bits - 1 + shift
    lower = [0, *(_power(int(each), number.fraction_bits) for each in exponents[:-1])]
    upper = [_power(int(each), number.fraction_bits) for each in exponents]
    # A sum is above the middle exactly if it is above its floor; sums have less than 62 bits.
    middles = [
        min((low + high) << place >> (_POINT + 1), 2**62) for low, high in zip(lower, upper, strict=True)
    ]
    index = np.searchsorted(np.array(middles, dtype=np.int64), np.abs(found), side="left")
    return number.word(index, found < 0)


def _power(exponent: int, fraction_bits: int) -> int:
    """2^(exponent / 2^y), times 2^200, rounded down: y square roots."""
    octaves, part = divmod(exponent, 2**fraction_bits)
    value = 2**part << (_POINT << fraction_bits)
    for _ in range(fraction_bits):
        value = isqrt(value)
    return value << octaves
