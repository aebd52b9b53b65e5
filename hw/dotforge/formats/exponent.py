"""Exponential weight codes: a sign, an exponent, and zero."""

import re
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["DALLY3", "ExponentCode", "parse_code"]


@dataclass(frozen=True)
class ExponentCode:
    """Weights ±2^low … ±2^high and zero, as ``bits`` bits: the sign on top, below it the shift.

    Parameters
    ----------
    name : how the code is called on the command line
    low, high : least and greatest exponent
    zero_is_negative_low : the code of −2^low stands for zero, as in the paper's eight values; otherwise
        every shift field greater than ``high − low`` does, with either sign
    """

    name: str
    low: int
    high: int
    zero_is_negative_low: bool

    @property
    def max_shift(self) -> int:
        """Greatest shift of an activation, in bits."""
        return self.high - self.low

    @property
    def shift_bits(self) -> int:
        """Width of the shift field."""
        return (self.max_shift if self.zero_is_negative_low else self.max_shift + 1).bit_length()

    @property
    def bits(self) -> int:
        """Width of a weight."""
        return 1 + self.shift_bits

    @property
    def width(self) -> int:
        """Bits of a word: ``bits``, under the name that every format has."""
        return self.bits

    @property
    def encoding(self) -> str:
        """One line that says how a code is read."""
        field = f"bit {self.shift_bits} is the sign, the bits below are a shift s: ±2^(s {self.low:+d})"
        if self.zero_is_negative_low:
            return f"{field}; shift 0 with the sign set is 0"
        return f"{field}; 0 where s is over {self.max_shift}"

    def value(self, code: int) -> Fraction:
        """Weight that a code stands for; ``code`` is 0 … 2^bits − 1."""
        shift, negative = code & ((1 << self.shift_bits) - 1), code >> self.shift_bits
        if shift > self.max_shift or (self.zero_is_negative_low and negative and not shift):
            return Fraction(0)
        return (-1) ** negative * Fraction(2) ** (self.low + shift)


#: The paper's code for {−1, −1/2, −1/4, 0, 1/8, 1/4, 1/2, 1}.
DALLY3 = ExponentCode("dally3", low=-3, high=0, zero_is_negative_low=True)

_GENERAL = re.compile(r"exponent:(-?\d+):(-?\d+)")

#: Shifts over this many bits would make products wider than any sum of this project.
_LARGEST_SHIFT = 15


def parse_code(name: str) -> ExponentCode:
    """Return the code of a name.

    Parameters
    ----------
    name : ``dally3``, or ``exponent:LOW:HIGH`` for sign, exponents LOW … HIGH and zero

    Raises
    ------
    ValueError
        The name is neither, or the range is empty or spans more than 15 bits.
    """
    if name == DALLY3.name:
        return DALLY3
    found = _GENERAL.fullmatch(name)
    if not found:
        raise ValueError("allowed: dally3, or exponent:LOW:HIGH as in exponent:-6:0")
    low, high = int(found[1]), int(found[2])
    if not 0 <= high - low <= _LARGEST_SHIFT or not -64 <= low <= high <= 63:
        raise ValueError(f"LOW must not exceed HIGH, by at most {_LARGEST_SHIFT}, both within -64…63")
    return ExponentCode(name, low, high, zero_is_negative_low=False)
