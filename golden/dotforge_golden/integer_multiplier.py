"""Multiplication of two's complement integers, in NumPy."""

import numpy as np

from .integer_converter import check, convert

__all__ = ["multiply"]


def multiply(
    a: np.ndarray,
    b: np.ndarray,
    a_width: int,
    b_width: int | None = None,
    *,
    product_width: int | None = None,
) -> np.ndarray:
    """Return a · b.

    Parameters
    ----------
    a, b : signed integers
    a_width, b_width : their widths, together at most 64 bits; ``b_width`` defaults to ``a_width``
    product_width : bits of the result, which is taken modulo 2^product_width (default: all it needs)

    Raises
    ------
    ValueError
        Both widths make more than 64 bits, or an operand does not fit its own.
    """
    b_width = b_width or a_width
    exact = a_width + b_width
    if exact > 64:
        raise ValueError(f"products of {a_width} and {b_width} bits do not fit in 64")
    return convert(check(a, a_width) * check(b, b_width), exact, product_width or exact, overflow="wrap")
