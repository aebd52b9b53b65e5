"""Number formats in NumPy: what an encoding is worth, and which encoding a number rounds to.

Written from IEEE Std 754-2019 (clause 3 formats, clause 4.3.1 rounding) and the OCP 8-bit Floating Point
Specification (OFP8) 1.0 (table 1 formats, section 5.2 conversion). Encodings are unsigned arrays; values are
float64, which holds every number of every format here exactly.
"""

from dataclasses import dataclass

import numpy as np

__all__ = ["FORMATS", "FloatFormat", "flushed", "lookup"]


@dataclass(frozen=True)
class FloatFormat:
    """A binary interchange format: sign, exponent, fraction.

    Parameters
    ----------
    name : how it is looked up
    exponent_bits, mantissa_bits : widths of the fields; the hidden bit is not counted
    specials : ``"ieee"`` (infinity and NaN in the largest exponent), ``"nan"`` (NaN is all ones, OCP E4M3) or
        ``"none"``
    """

    name: str
    exponent_bits: int
    mantissa_bits: int
    specials: str = "ieee"

    @property
    def width(self) -> int:
        """Bits of an encoding."""
        return 1 + self.exponent_bits + self.mantissa_bits

    @property
    def dtype(self) -> np.dtype:
        """Smallest unsigned type that holds an encoding."""
        return np.dtype(np.uint8 if self.width <= 8 else np.uint16 if self.width <= 16 else np.uint32)

    @property
    def bias(self) -> int:
        """Exponent field of 1.0."""
        return 2 ** (self.exponent_bits - 1) - 1

    @property
    def nan(self) -> int:
        """Canonical NaN: positive, quiet, without payload; all ones where there is no other.

        Raises
        ------
        ValueError
            The format has no NaN.
        """
        if self.specials == "none":
            raise ValueError(f"{self.name} has no NaN")
        if self.specials == "nan":
            return 2 ** (self.width - 1) - 1
        return self.infinity + 2 ** (self.mantissa_bits - 1)

    @property
    def infinity(self) -> int:
        """Positive infinity.

        Raises
        ------
        ValueError
            The format has no infinity.
        """
        if self.specials != "ieee":
            raise ValueError(f"{self.name} has no infinity")
        return (2**self.exponent_bits - 1) * 2**self.mantissa_bits

    @property
    def largest(self) -> int:
        """Largest finite number."""
        below = {"ieee": 2**self.mantissa_bits + 1, "nan": 2, "none": 1}[self.specials]
        return 2 ** (self.width - 1) - below

    @property
    def smallest_normal(self) -> float:
        """Smallest number with a hidden one."""
        return 2.0 ** (1 - self.bias)

    def decode(self, bits: np.ndarray) -> np.ndarray:
        """Return the values of encodings, as float64."""
        bits = np.asarray(bits).astype(np.int64)
        fraction = bits & (2**self.mantissa_bits - 1)
        exponent = bits >> self.mantissa_bits & (2**self.exponent_bits - 1)
        normal = exponent > 0
        magnitude = np.ldexp(
            (fraction + np.where(normal, 2**self.mantissa_bits, 0)).astype(np.float64),
            np.maximum(exponent, 1) - self.bias - self.mantissa_bits,
        )
        code = bits & (2 ** (self.width - 1) - 1)
        if self.specials == "ieee":
            magnitude = np.where(code == self.infinity, np.inf, magnitude)
            magnitude = np.where(code > self.infinity, np.nan, magnitude)
        elif self.specials == "nan":
            magnitude = np.where(code == self.nan, np.nan, magnitude)
        return np.where(bits >> (self.width - 1) & 1, -magnitude, magnitude)

    def encode(self, values: np.ndarray, *, saturate: bool = False) -> np.ndarray:
        """Round float64 to nearest, ties to even.

        Parameters
        ----------
        values : numbers
        saturate : what is too large becomes the largest number, and infinity too. Otherwise it becomes
            infinity, or NaN in a format without; a format with neither always saturates

        Returns
        -------
        Encodings; NaN is canonical, and zero with the sign of a NaN in a format that has none.
        """
        values = np.asarray(values, np.float64)
        magnitude = np.abs(np.where(np.isfinite(values), values, 0))
        _, exponent = np.frexp(magnitude)  # magnitude = f · 2^exponent, f in [0.5, 1)
        least = 1 - self.bias
        exponent = np.where(magnitude > 0, np.maximum(exponent.astype(np.int64) - 1, least), least)
        quantum = exponent - self.mantissa_bits
        # Scaling by a power of two is exact, and rint rounds half to even.
        count = np.rint(np.ldexp(magnitude, -quantum)).astype(np.int64)
        # The fraction's carry is the next exponent; a normal number counts its hidden bit as one exponent.
        field = quantum + self.mantissa_bits + self.bias - 1
        codes = field * 2**self.mantissa_bits + count
        over = (codes > self.largest) | np.isinf(values)
        if saturate or self.specials == "none":
            codes = np.where(over, self.largest, codes)
        else:
            codes = np.where(over, self.infinity if self.specials == "ieee" else self.nan, codes)
        signs = np.signbit(values).astype(np.int64) << (self.width - 1)
        if self.specials == "none":
            return (np.where(np.isnan(values), 0, codes) | signs).astype(self.dtype)
        if self.specials == "nan" and not saturate:
            signs = np.where(over, 0, signs)  # NaN is canonical
        return np.where(np.isnan(values), self.nan, codes | signs).astype(self.dtype)


def flushed(values: np.ndarray, format: FloatFormat) -> np.ndarray:
    """Return float64 with what is below the format's smallest normal number replaced by zeros of its sign.

    Parameters
    ----------
    values : numbers, not encodings
    format : that is meant
    """
    values = np.asarray(values, np.float64)
    return np.where(np.abs(values) < format.smallest_normal, np.copysign(0.0, values), values)


#: name → format
FORMATS: dict[str, FloatFormat] = {
    entry.name: entry
    for entry in (
        FloatFormat("BF16", 8, 7),
        FloatFormat("FP16", 5, 10),
        FloatFormat("FP8_E4M3", 4, 3, "nan"),
        FloatFormat("FP8_E5M2", 5, 2),
        FloatFormat("FP32", 8, 23),
    )
}


def lookup(name: str) -> FloatFormat:
    """Return the format of that name.

    Raises
    ------
    ValueError
        There is none; the message lists those there are.
    """
    if name not in FORMATS:
        raise ValueError(f"format is one of {', '.join(FORMATS)}, not {name}")
    return FORMATS[name]
