"""Conversion between floating-point formats, bit for bit, in NumPy.

IEEE Std 754-2019, clause 5.4.2, round to nearest, ties to even; overflow of OCP formats as in OFP8 1.0,
section 5.2.
"""

import numpy as np

from .formats import FloatFormat, flushed, lookup

__all__ = ["convert"]


def convert(
    values: np.ndarray,
    source: FloatFormat | str,
    target: FloatFormat | str,
    *,
    overflow: str | None = None,
    flush_subnormals: bool = False,
) -> np.ndarray:
    """Return the encodings of ``values`` in another format.

    Parameters
    ----------
    values : encodings
    source, target : formats
    overflow : ``"saturate"`` (to the largest number, infinity too) or ``"special"`` (to infinity, or NaN
        where there is none, or the largest number where there is neither); by default special where there is
        infinity
    flush_subnormals : subnormal values count as zeros of their sign; a result whose exact magnitude is below
        the smallest normal number of the target becomes a zero of its sign

    Raises
    ------
    ValueError
        A format is unknown, or ``overflow`` is neither ``saturate`` nor ``special``.
    """
    source, target = (lookup(f) if isinstance(f, str) else f for f in (source, target))
    overflow = overflow or ("special" if target.specials == "ieee" else "saturate")
    if overflow not in ("saturate", "special"):
        raise ValueError(f"overflow is saturate or special, not {overflow}")
    numbers = source.decode(values)
    if flush_subnormals:
        numbers = flushed(flushed(numbers, source), target)
    return target.encode(numbers, saturate=overflow == "saturate")
