"""Log numbers Lx.y: a sign, and the logarithm of the magnitude with x integer and y fraction bits.

Source: Dally, "Hardware for Deep Learning", "Log Representation": v = (−1)^s · 2^(ei.ef), word ``s ei ef``.
The slide has no zero. Here it is either the exponent field 0, with any sign (``log:X:Y``; the least magnitude
then is 2^(2^−y)), or a bit of its own on top of the word (``log:X:Y:flag``)::

    log:2:2        s i i f f        ±2^0.25 … ±2^3.75; 0 is x0000
    log:2:2:flag   z s i i f f      ±2^0 … ±2^3.75; 0 is 1xxxxx
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

__all__ = ["LogCode", "is_log_code", "midpoint", "parse_log_code", "power"]

#: Bits behind the point of the powers that tables and thresholds are made from.
_PRECISION = 256


@dataclass(frozen=True)
class LogCode:
    """A log number format.

    Parameters
    ----------
    integer_bits, fraction_bits : x and y
    zero_flag : zero is a bit of its own, not a reserved exponent
    """

    integer_bits: int
    fraction_bits: int
    zero_flag: bool = False

    @property
    def name(self) -> str:
        """How the code is called on the command line."""
        return f"log:{self.integer_bits}:{self.fraction_bits}{':flag' * self.zero_flag}"

    @property
    def field_bits(self) -> int:
        """Width of the exponent."""
        return self.integer_bits + self.fraction_bits

    @property
    def bits(self) -> int:
        """Width of a word."""
        return 1 + self.field_bits + self.zero_flag

    @property
    def width(self) -> int:
        """Bits of a word: ``bits``, under the name that every format has."""
        return self.bits

    @property
    def least_exponent(self) -> int:
        """Exponent field of the least magnitude."""
        return 0 if self.zero_flag else 1

    @property
    def largest_exponent(self) -> int:
        """Exponent field of the largest magnitude, in units of 2^−y."""
        return (1 << self.field_bits) - 1

    @property
    def encoding(self) -> str:
        """One line that says how a word is read."""
        field = (
            f"bit {self.field_bits} is the sign, the bits below are e in units of 2^-{self.fraction_bits}: "
            f"±2^(e / {2**self.fraction_bits})"
        )
        return f"{field}; " + ("0 where the top bit is set" if self.zero_flag else "0 where e is 0")

    def value(self, word: int) -> float:
        """Number that a word stands for; ``word`` is 0 … 2^bits − 1."""
        exponent, sign = word & self.largest_exponent, word >> self.field_bits & 1
        if word >> self.field_bits + 1 or (not self.zero_flag and not exponent):
            return 0.0
        return (-1) ** sign * 2.0 ** (exponent / 2**self.fraction_bits)


_NAME = re.compile(r"log:(\d):(\d)(:flag)?")


def is_log_code(name: str) -> bool:
    """Say whether the name is meant for a log number."""
    return name.startswith("log:")


def parse_log_code(name: str) -> LogCode:
    """Return the code of a name.

    Parameters
    ----------
    name : ``log:X:Y`` or ``log:X:Y:flag``, X 1…4 and Y 0…5

    Raises
    ------
    ValueError
        The name is not of that form.
    """
    found = _NAME.fullmatch(name)
    if not found or not 1 <= int(found[1]) <= 4 or not 0 <= int(found[2]) <= 5:
        raise ValueError("allowed: log:X:Y or log:X:Y:flag with X 1…4 and Y 0…5, as in log:2:2")
    return LogCode(int(found[1]), int(found[2]), bool(found[3]))


def power(exponent: int, fraction_bits: int) -> Fraction:
    """Return 2^(exponent / 2^fraction_bits), exactly where it is rational and else to 2^−200 from below.

    Parameters
    ----------
    exponent : any integer
    fraction_bits : y, 0 or more
    """
    octaves, part = divmod(exponent, 1 << fraction_bits)
    # Square roots of 2^part · 2^(2·precision), one a fraction bit.
    root = 1 << part + (_PRECISION << fraction_bits)
    for _ in range(fraction_bits):
        root = isqrt(root)
    return Fraction(root, 1 << _PRECISION) * Fraction(2) ** octaves


def midpoint(exponent: int, fraction_bits: int) -> Fraction:
    """Return the middle, on the linear scale, between the power of ``exponent`` and the next one.

    Parameters
    ----------
    fraction_bits : y, 0 or more
    """
    return (power(exponent, fraction_bits) + power(exponent + 1, fraction_bits)) / 2
