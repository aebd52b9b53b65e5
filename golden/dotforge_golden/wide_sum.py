"""Running sums of blocks in fixed point, rounded to FP32 once: what ``accumulation=wide`` of ``mxdot`` means.

NVFP4: scales span 29 binades, so the sum of all blocks is exact.

MX: a scale is any of 509 powers of two, so the sum is kept in a window, as accumulators with a large radix do (Vangal
et al., "A 6.2-GFlops Floating-Point Multiply-Accumulator With Conditional Normalization", JSSC 2006, radix 2^32). The
window moves in steps of P places and never down, and begins 32 places below the step of the largest block so far:

- a block, T · 2^q with an integer T that is not zero, is of step s = floor((q + 117) / P); a block of zero has none;
- S is the largest step of the blocks so far, and the window's last place is 2^(P · S − 117 − 32);
- when S grows by 1 the sum is divided by 2^P, rounded down; when it grows by more the sum is dropped;
- a block of step S is added as it is, one of step S − 1 rounded down to the window's last place; others are dropped.

What is dropped or cut off is less than 2^−24 of the unit of the largest block for each block that is added.
"""

from collections.abc import Iterable

import numpy as np

__all__ = ["BELOW", "LONGEST", "ORIGIN", "Running", "exact", "round_fp32", "step_places", "windowed"]

#: Places of the window below the unit of a block of its step, at the least.
BELOW = 32

#: 2^−ORIGIN is the lowest place of step 0.
ORIGIN = 117

#: Blocks of a dot product that the sum is sure to hold.
LONGEST = 1 << 23

Running = Iterable[tuple[int, int]]


def step_places(block_bits: int) -> int:
    """Places of a step: a multiple of 24, and 24 or more above a block's bits.

    Parameters
    ----------
    block_bits : width of a block's sum of products, two's complement
    """
    return 24 * -(-(block_bits + 24) // 24)


def exact(blocks: Running, lowest: int) -> tuple[int, int]:
    """Sum of T · 2^q over all blocks, in units of 2^``lowest``; returns it and the largest magnitude on the way.

    Parameters
    ----------
    blocks : T, q of each, none of q below ``lowest``
    lowest : power of two
    """
    total = peak = 0
    for value, power in blocks:
        total += value << (power - lowest)
        peak = max(peak, abs(total))
    return total, peak


def windowed(blocks: Running, places: int) -> tuple[int, int, float]:
    """Sum in a window; returns it, its unit as a power of two, and the largest magnitude on the way.

    Parameters
    ----------
    blocks : T, q of each
    places : P, of a step
    """
    total, top, unit, peak = 0, None, 0, 0.0
    for value, power in blocks:
        if value:
            step, above = divmod(power + ORIGIN, places)
            top = step if top is None else top
            if step > top:
                total = total >> places if step == top + 1 else 0
                top = step
            if step >= top - 1:
                total += value << (above + BELOW) >> (places * (top - step))
            unit = places * top - ORIGIN - BELOW
        peak = max(peak, float(np.ldexp(float(abs(total)), unit)))
    return total, unit, peak


def round_fp32(value: int, unit: int) -> np.float32:
    """Round value · 2^unit to FP32: to nearest, ties to even, with subnormals and infinities; keeps the sign.

    Parameters
    ----------
    value : of any size
    unit : power of two
    """
    magnitude = abs(value)
    places = max(0, magnitude.bit_length() - 53)
    kept = magnitude >> places
    kept |= kept << places != magnitude  # to odd: no second rounding
    with np.errstate(all="ignore"):
        rounded = np.float32(np.ldexp(float(kept), places + unit))
    return -rounded if value < 0 else rounded
