"""Golden model of the log-weight MAC, from Dally, "Core operations".

"The 4-bit activation is shifted by 0-3 bits, selectively complemented or zeroed, and added to a 16-bit running
sum." A weight is a sign, a shift and zero; products are in units of the least weight, 2^low.
"""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["WeightCode", "dot", "folded_bias", "weight_code"]

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class WeightCode:
    """An exponential weight code as a table: ``values[code]`` in units of 2^``low``.

    Parameters
    ----------
    low : exponent of the unit
    bits : width of a code
    values : signed multiples of the unit, 2^bits of them, zero included
    """

    low: int
    bits: int
    values: tuple[int, ...]

    def decode(self, codes: ArrayLike) -> NDArray[np.float64]:
        """Weights that codes stand for."""
        return np.asarray(self.values, dtype=np.float64)[np.asarray(codes)] * 2.0**self.low

    def encode(self, weights: ArrayLike) -> tuple[Integers, NDArray[np.float64]]:
        """Codes of the nearest representable weights, and the error of each.

        A weight halfway between two takes the one of smaller magnitude. Zero is its lowest code.
        """
        wanted = np.asarray(weights, dtype=np.float64)
        values, codes = np.unique(np.asarray(self.values, dtype=np.float64), return_index=True)
        values = values * 2.0**self.low
        above = np.clip(np.searchsorted(values, wanted), 1, len(values) - 1)
        lower, upper = values[above - 1], values[above]
        nearer_upper = np.abs(upper - wanted) < np.abs(wanted - lower)
        halfway = np.abs(upper - wanted) == np.abs(wanted - lower)
        upper_taken = nearer_upper | (halfway & (np.abs(upper) < np.abs(lower)))
        index = np.where(upper_taken, above, above - 1)
        return codes[index].astype(np.int64), values[index] - wanted


def weight_code(name: str) -> WeightCode:
    """Return the code ``dally3`` (the paper's eight values) or ``exponent:LOW:HIGH``.

    The sign is the top bit of a code, the shift the bits below it. In ``dally3`` "minus the least weight" is
    zero; in the general code every shift beyond HIGH − LOW is.

    Raises
    ------
    ValueError
        The name is of neither form.
    """
    if name == "dally3":
        return WeightCode(low=-3, bits=3, values=(1, 2, 4, 8, 0, -2, -4, -8))
    found = re.fullmatch(r"exponent:(-?\d+):(-?\d+)", name)
    if not found:
        raise ValueError(f"weight code {name}: allowed are dally3 and exponent:LOW:HIGH")
    low, high = int(found[1]), int(found[2])
    shift_bits = (high - low + 1).bit_length()
    magnitudes = [2**shift if shift <= high - low else 0 for shift in range(2**shift_bits)]
    return WeightCode(low, shift_bits + 1, tuple(magnitudes + [-magnitude for magnitude in magnitudes]))


def _complement_ones(code: WeightCode) -> Integers:
    """What complementing leaves missing under each code: −(a·2^e) = ~(a)·2^e + 2^e."""
    values = np.asarray(code.values, dtype=np.int64)
    return np.where(values < 0, -values, 0)


def folded_bias(codes: ArrayLike, code: WeightCode) -> Integers:
    """Bias that the folded form starts its running sum with: Σ 2^shift over the negative weights.

    Parameters
    ----------
    codes : weights of the dot products, summed over the last axis
    code : of the weights
    """
    return _complement_ones(code)[np.asarray(codes)].sum(axis=-1)


def dot(
    activations: ArrayLike,
    codes: ArrayLike,
    *,
    code: WeightCode,
    lanes: int,
    sum_bits: int,
    overflow: str = "wrap",
    bias: ArrayLike | None = None,
) -> tuple[Integers, NDArray[np.bool_]]:
    """Dot products over the last axis, as the accumulator forms them.

    Each beat adds ``lanes`` products exactly, then the running sum is wrapped or saturated to ``sum_bits``
    bits, two's complement; the flag is set if that changed it in any beat.

    Parameters
    ----------
    activations : integers, shape (…, K)
    codes : weight codes, shape (…, K)
    bias : start of the running sum, given for the folded form: its products under a negative weight are
        complemented only, and the bias holds what they lack (:func:`folded_bias`)
    overflow : ``wrap`` or ``saturate``

    Returns
    -------
    Sums in units of 2^``code.low`` and overflow flags, shape (…).
    """
    values = np.asarray(code.values, dtype=np.int64)[np.asarray(codes)]
    products = np.asarray(activations, dtype=np.int64) * values
    if bias is not None:
        products = products - _complement_ones(code)[np.asarray(codes)]
    running = np.zeros(products.shape[:-1], dtype=np.int64)
    if bias is not None:
        running = running + _wrapped(np.asarray(bias, dtype=np.int64), sum_bits)
    flags = np.zeros(products.shape[:-1], dtype=bool)
    for beat in range(0, products.shape[-1], lanes):
        exact = running + products[..., beat : beat + lanes].sum(axis=-1)
        wrapped = _wrapped(exact, sum_bits)
        flags |= wrapped != exact
        limits = -(2 ** (sum_bits - 1)), 2 ** (sum_bits - 1) - 1
        running = wrapped if overflow == "wrap" else np.clip(exact, *limits)
    return running, flags


def _wrapped(values: Integers, bits: int) -> Integers:
    return ((values + (1 << (bits - 1))) & ((1 << bits) - 1)) - (1 << (bits - 1))
