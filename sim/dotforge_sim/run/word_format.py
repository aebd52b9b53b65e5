"""Formats of single words, without shared scales: how they encode, and how far their sums go."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from dotforge_golden.formats import lookup

from .quality import distance_in_bits, finite, integer_margin

__all__ = ["Format", "half_step", "in_units", "sums_margin"]


@dataclass(frozen=True)
class Format:
    """An operand format.

    Parameters
    ----------
    name : ``int8``, ``bf16`` and so on
    """

    name: str

    @property
    def is_float(self) -> bool:
        """Whether matrices hold encodings."""
        return not self.name.startswith("int")

    @property
    def bits(self) -> int:
        """Width of an element."""
        return lookup(self.name.upper()).width if self.is_float else int(self.name[3:])

    @property
    def largest(self) -> float:
        """Largest magnitude, of both signs."""
        if self.is_float:
            found = lookup(self.name.upper())
            return float(found.decode(np.array(found.largest)))
        return 2.0 ** (self.bits - 1) - 1

    def encode(self, values: np.ndarray) -> np.ndarray:
        """Round to nearest, ties to even; what is too large saturates."""
        if self.is_float:
            return lookup(self.name.upper()).encode(values, saturate=True)
        low, high = -(2 ** (self.bits - 1)), 2 ** (self.bits - 1) - 1
        return np.clip(np.rint(values), low, high).astype(np.int16)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Return values, float64."""
        return lookup(self.name.upper()).decode(codes) if self.is_float else codes.astype(np.float64)


def sums_margin(format: Format, bits: int, terms: int, ends: tuple[float, float]) -> dict[str, Any]:
    """How far sums stay within their format: integers of a width, or FP32.

    Parameters
    ----------
    format : of the operands
    bits : of integer sums
    terms : most products in a sum
    ends : smallest and largest sum of this product, 0 included
    """
    if format.is_float:
        limit, peak = float(np.finfo(np.float32).max), max(-float(ends[0]), float(ends[1]))
        return {"limit": limit, "largest_sum": finite(peak), "bits": distance_in_bits(limit, peak)}
    most = 1 << 2 * (format.bits - 1)
    least = -(1 << format.bits - 1) * ((1 << format.bits - 1) - 1)
    return integer_margin(bits, (int(ends[0]), int(ends[1])), (terms * least, terms * most))


def in_units(sums: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return sums times two units; what only passes float64's range on the way is not lost.

    Parameters
    ----------
    sums : any shape, float64
    first, second : units of the two operands, of a shape that goes with that of ``sums``
    """
    found = sums * first * second
    return np.where(np.isfinite(found), found, sums * (first * second))


def half_step(format: Format) -> float:
    """Return half of the distance between the two largest magnitudes of a format."""
    if not format.is_float:
        return 0.5
    found = lookup(format.name.upper())
    return float(found.decode(np.array(found.largest)) - found.decode(np.array(found.largest - 1))) / 2
