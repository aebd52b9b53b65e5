"""Elements of block formats: their fields, their range in fixed point, and the blocks they come in."""

import math
from dataclasses import dataclass

from .floating import FP8_E4M3, FP8_E5M2, FloatFormat

__all__ = ["ELEMENTS", "FP4_E2M1", "FP6_E2M3", "FP6_E3M2", "SCALES", "Element", "ScaleFormat"]

FP6_E3M2 = FloatFormat("FP6_E3M2", exponent_bits=3, mantissa_bits=2, specials="none")
FP6_E2M3 = FloatFormat("FP6_E2M3", exponent_bits=2, mantissa_bits=3, specials="none")
FP4_E2M1 = FloatFormat("FP4_E2M1", exponent_bits=2, mantissa_bits=1, specials="none")


@dataclass(frozen=True)
class ScaleFormat:
    """Format of the scale that a block shares.

    Parameters
    ----------
    name : as manifests call it
    width : bits
    meaning : what a code stands for, one line
    """

    name: str
    width: int
    meaning: str

    def value(self, code: int) -> float:
        """Return the number of a code; NaN too."""
        if self.name != "e8m0":
            return FP8_E4M3.value(code)
        return math.nan if code == 255 else math.ldexp(1, code - 127)


#: name → format of a shared scale
SCALES = {
    entry.name: entry
    for entry in (
        ScaleFormat("e8m0", 8, "2^(code − 127); 255 is NaN"),
        ScaleFormat("ue4m3", 7, "E4M3 without its sign: 127 is NaN"),
    )
}


@dataclass(frozen=True)
class Element:
    """An element format: every finite number is an integer in units of 2^``unit``.

    Parameters
    ----------
    name : of the block format, as a parameter
    float : format of an element; ``None`` for two's complement INT8 in units of 2^−6 (OCP MX, section 5.3.4)
    block : elements that share a scale
    scale : format of the scale: ``e8m0`` (a power of two) or ``ue4m3`` (E4M3 without its sign)
    """

    name: str
    float: FloatFormat | None
    block: int = 32
    scale: str = "e8m0"

    @property
    def code(self) -> str:
        """Name of an element's format."""
        return self.float.name.lower() if self.float else "int8"

    @property
    def width(self) -> int:
        """Bits of an element."""
        return self.float.width if self.float else 8

    @property
    def unit(self) -> int:
        """Power of two of the smallest number above zero."""
        return self.float.smallest_exponent if self.float else -6

    @property
    def significand_bits(self) -> int:
        """Bits of a magnitude before it is shifted by its exponent."""
        return self.float.mantissa_bits + 1 if self.float else 8

    @property
    def largest_shift(self) -> int:
        """Largest distance by which an exponent shifts a finite number."""
        return (self.float.largest >> self.float.mantissa_bits) - 1 if self.float else 0

    @property
    def largest(self) -> int:
        """Largest magnitude of a finite number in units of 2^``unit``."""
        if self.float is None:
            return 128
        fraction = self.float.largest & ((1 << self.float.mantissa_bits) - 1)
        return ((1 << self.float.mantissa_bits) + fraction) << self.largest_shift

    @property
    def has_nan(self) -> bool:
        """Whether some codes are NaN."""
        return self.float is not None and self.float.has_nan

    @property
    def has_infinity(self) -> bool:
        """Whether some codes are infinities."""
        return self.float is not None and self.float.has_infinity


#: name → element
ELEMENTS = {
    entry.name: entry
    for entry in (
        Element("mxint8", None),
        Element("mxfp8_e4m3", FP8_E4M3),
        Element("mxfp8_e5m2", FP8_E5M2),
        Element("mxfp6_e3m2", FP6_E3M2),
        Element("mxfp6_e2m3", FP6_E2M3),
        Element("mxfp4", FP4_E2M1),
        Element("nvfp4", FP4_E2M1, block=16, scale="ue4m3"),
    )
}
