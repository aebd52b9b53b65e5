"""Floating-point formats.

Sources: IEEE Std 754-2019 (binary16, binary32); OCP 8-bit Floating Point Specification (OFP8) 1.0 for E4M3
and E5M2; BF16 is the upper half of binary32.
"""

import math
from dataclasses import dataclass

__all__ = ["BF16", "FP8_E4M3", "FP8_E5M2", "FP16", "FP32", "FloatFormat"]


@dataclass(frozen=True)
class FloatFormat:
    """Binary floating point: sign, exponent, fraction, most significant bit first.

    Value of exponent field e and fraction f: (−1)^s · 2^(e − bias) · (1 + f / 2^mantissa_bits) for e > 0, and
    (−1)^s · 2^(1 − bias) · f / 2^mantissa_bits for e = 0 (zeros and subnormals).

    Parameters
    ----------
    name : how it is looked up and printed
    exponent_bits : 2…11
    mantissa_bits : fraction bits, the hidden one not counted, 1…52
    specials : what the largest exponent field means.
        ``"ieee"``: infinity when the fraction is zero, NaN otherwise;
        ``"nan"``: numbers, but NaN when all exponent and fraction bits are one (OCP E4M3);
        ``"none"``: numbers only (OCP FP6 and FP4)

    Raises
    ------
    ValueError
        A parameter is out of its range.
    """

    name: str
    exponent_bits: int
    mantissa_bits: int
    specials: str = "ieee"

    def __post_init__(self) -> None:
        if not 2 <= self.exponent_bits <= 11:
            raise ValueError(f"{self.name}: exponent_bits is 2…11, not {self.exponent_bits}")
        if not 1 <= self.mantissa_bits <= 52:
            raise ValueError(f"{self.name}: mantissa_bits is 1…52, not {self.mantissa_bits}")
        if self.specials not in ("ieee", "nan", "none"):
            raise ValueError(f"{self.name}: specials is ieee, nan or none, not {self.specials}")

    @property
    def width(self) -> int:
        """Bits of an encoding."""
        return 1 + self.exponent_bits + self.mantissa_bits

    @property
    def bias(self) -> int:
        """What is subtracted from the exponent field."""
        return (1 << (self.exponent_bits - 1)) - 1

    @property
    def exponent_mask(self) -> int:
        """Largest exponent field."""
        return (1 << self.exponent_bits) - 1

    @property
    def has_infinity(self) -> bool:
        """Whether the format has infinities."""
        return self.specials == "ieee"

    @property
    def has_nan(self) -> bool:
        """Whether the format has NaN."""
        return self.specials != "none"

    @property
    def encoding(self) -> str:
        """One line that says how a code is read."""
        most = (
            f"1 sign, {self.exponent_bits} exponent and {self.mantissa_bits} fraction bits, bias {self.bias}"
        )
        if self.specials == "ieee":
            return f"{most}; infinities and NaN as in IEEE 754"
        return f"{most}; " + ("all ones are NaN, no infinity" if self.has_nan else "no NaN, no infinity")

    def value(self, code: int) -> float:
        """Return the number of an encoding of up to 32 bits; infinities and NaN too."""
        magnitude, sign = code & (self.sign_bit - 1), -1.0 if code & self.sign_bit else 1.0
        if magnitude > self.largest:
            return sign * math.inf if self.has_infinity and magnitude == self.infinity else math.nan
        field, fraction = magnitude >> self.mantissa_bits, magnitude & ((1 << self.mantissa_bits) - 1)
        significand = fraction + (1 << self.mantissa_bits if field else 0)
        return sign * math.ldexp(significand, max(field, 1) - self.bias - self.mantissa_bits)

    @property
    def zero(self) -> int:
        """Encoding of +0."""
        return 0

    @property
    def sign_bit(self) -> int:
        """Mask of the sign."""
        return 1 << (self.width - 1)

    @property
    def infinity(self) -> int:
        """Encoding of +infinity.

        Raises
        ------
        ValueError
            The format has none.
        """
        if not self.has_infinity:
            raise ValueError(f"{self.name} has no infinity")
        return self.exponent_mask << self.mantissa_bits

    @property
    def nan(self) -> int:
        """Encoding of the canonical NaN: positive, quiet, no payload (FP32 0x7FC00000).

        Raises
        ------
        ValueError
            The format has none.
        """
        if not self.has_nan:
            raise ValueError(f"{self.name} has no NaN")
        if self.specials == "nan":
            return self.sign_bit - 1
        return self.infinity | 1 << (self.mantissa_bits - 1)

    @property
    def largest(self) -> int:
        """Encoding of the largest finite number."""
        if self.has_infinity:
            return self.infinity - 1
        return self.sign_bit - (2 if self.has_nan else 1)

    @property
    def smallest_exponent(self) -> int:
        """Power of two of the least significant bit of a subnormal: the smallest number above zero."""
        return 1 - self.bias - self.mantissa_bits

    @property
    def largest_exponent(self) -> int:
        """Power of two of the leading bit of the largest finite number."""
        return (self.largest >> self.mantissa_bits) - self.bias

    def contains(self, other: "FloatFormat") -> bool:
        """Tell whether every number of ``other`` is a number of this format."""
        return (
            self.mantissa_bits >= other.mantissa_bits
            and self.smallest_exponent <= other.smallest_exponent
            and self.largest_exponent >= other.largest_exponent
            and (self.largest_exponent > other.largest_exponent or self._top() >= other._top())
        )

    def _top(self) -> float:
        """Significand of the largest number, as a fraction of two."""
        fraction = self.largest & ((1 << self.mantissa_bits) - 1)
        return 1 + fraction / (1 << self.mantissa_bits)

    def product_format(self, other: "FloatFormat | None" = None) -> "FloatFormat":
        """Return the smallest IEEE-like format that holds every product with ``other`` exactly.

        Its significand has the bits of both, and its normal numbers reach from the product of the two
        smallest numbers to the product of the two largest, so that none is subnormal.
        """
        other = other or self
        mantissa_bits = self.mantissa_bits + other.mantissa_bits + 1
        lowest = self.smallest_exponent + other.smallest_exponent
        highest = self.largest_exponent + other.largest_exponent + 1
        exponent_bits = 2
        while 2 - (1 << (exponent_bits - 1)) > lowest or (1 << (exponent_bits - 1)) - 1 < highest:
            exponent_bits += 1
        return FloatFormat(f"E{exponent_bits}M{mantissa_bits}", exponent_bits, mantissa_bits)

    def sum_format(self, other: "FloatFormat | None" = None, *, terms: int = 1) -> "FloatFormat":
        """Return what products are summed in: FP32, however many ``terms`` there are.

        Parameters
        ----------
        other : format of the second operand; it makes no difference

        Raises
        ------
        ValueError
            ``terms`` is less than 1.
        """
        if terms < 1:
            raise ValueError(f"a sum has at least one term, not {terms}")
        return FP32


BF16 = FloatFormat("BF16", exponent_bits=8, mantissa_bits=7)
FP16 = FloatFormat("FP16", exponent_bits=5, mantissa_bits=10)
FP8_E4M3 = FloatFormat("FP8_E4M3", exponent_bits=4, mantissa_bits=3, specials="nan")
FP8_E5M2 = FloatFormat("FP8_E5M2", exponent_bits=5, mantissa_bits=2)
FP32 = FloatFormat("FP32", exponent_bits=8, mantissa_bits=23)
