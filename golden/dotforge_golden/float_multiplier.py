"""Floating-point multiplication, bit for bit, in NumPy.

IEEE Std 754-2019, clauses 4.3.1 (round to nearest, ties to even), 5.4.1 (multiplication), 6.1 to 6.3
(infinity, NaN, signs). A product of two numbers of up to 26 bits is exact in float64, so it is rounded once,
to its format.
"""

import numpy as np

from .formats import FloatFormat, flushed, lookup

__all__ = ["multiply"]


def multiply(
    a: np.ndarray,
    b: np.ndarray,
    a_format: FloatFormat | str,
    b_format: FloatFormat | str | None = None,
    *,
    product: FloatFormat | str = "FP32",
    flush_subnormals: bool = False,
) -> np.ndarray:
    """Return the encodings of a · b.

    Parameters
    ----------
    a, b : encodings
    a_format, b_format : their formats; ``b_format`` defaults to ``a_format``
    product : format of the result
    flush_subnormals : subnormal operands count as zeros of their sign; a product whose exact magnitude is
        below the smallest normal number of its format becomes a zero of its sign

    Raises
    ------
    ValueError
        A format is unknown, or the exact products are too wide for float64.
    """
    formats = [a_format, b_format or a_format, product]
    first, second, target = (lookup(f) if isinstance(f, str) else f for f in formats)
    if first.mantissa_bits + second.mantissa_bits + 2 > 53:
        raise ValueError(f"products of {first.name} and {second.name} are too wide for float64")
    x, y = first.decode(a), second.decode(b)
    if flush_subnormals:
        x, y = flushed(x, first), flushed(y, second)
    with np.errstate(all="ignore"):
        exact = x * y
    return target.encode(flushed(exact, target) if flush_subnormals else exact)
