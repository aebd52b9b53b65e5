"""Floating-point addition, bit for bit, in NumPy.

IEEE Std 754-2019, clauses 4.3.1 (round to nearest, ties to even), 5.4.1 (addition), 6.1 (infinity), 6.2 (NaN;
canonical here) and 6.3 (the sign of a zero sum).
"""

import numpy as np

from .formats import FloatFormat, flushed, lookup

__all__ = ["add"]


def add(
    a: np.ndarray,
    b: np.ndarray,
    format: FloatFormat | str = "FP32",
    *,
    overflow: str | None = None,
    flush_subnormals: bool = False,
) -> np.ndarray:
    """Return the encodings of a + b.

    Parameters
    ----------
    a, b : encodings
    format : of operands and sum
    overflow : ``"saturate"`` (a sum that is too large becomes the largest number of its sign) or
        ``"special"`` (infinity, or NaN where there is none); always special where there is infinity, and
        saturate by default elsewhere
    flush_subnormals : subnormal operands count as zeros of their sign, and a subnormal sum becomes one

    Raises
    ------
    ValueError
        The format is unknown or too wide for a sum in float64, or has no such ``overflow``.

    Notes
    -----
    The sum is formed in float64 and rounded once more. With 53 bits, at least twice a significand plus two,
    that never differs from rounding once; FP32 is added by NumPy's own float32.
    """
    format = lookup(format) if isinstance(format, str) else format
    if 2 * (format.mantissa_bits + 1) + 2 > 53:
        raise ValueError(f"{format.name} is too wide for a sum in float64")
    allowed = ("special",) if format.specials == "ieee" else ("saturate", "special")
    if overflow not in (None, *allowed):
        raise ValueError(f"overflow of {format.name} is {' or '.join(allowed)}, not {overflow}")
    x, y = format.decode(a), format.decode(b)
    if flush_subnormals:
        x, y = flushed(x, format), flushed(y, format)
    with np.errstate(all="ignore"):
        total = np.add(x, y)
        if format.name == "FP32":
            total = np.add(x.astype(np.float32), y.astype(np.float32)).astype(np.float64)
    if flush_subnormals:
        total = flushed(total, format)
    return format.encode(total, saturate=(overflow or allowed[0]) == "saturate")
