"""Integers of any width as NumPy arrays, and as the bytes that simulators exchange.

Up to 64 bits a value is one element of the smallest unsigned type that holds it; above, it is a row of
``ceil(width / 8)`` bytes, least significant first. What does not fit raises: nothing wraps silently.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["dtype_of", "from_integers", "signed", "stride", "to_integers", "to_words"]

_NATIVE = 64


def dtype_of(width: int) -> np.dtype:
    """Return the element type of values of ``width`` bits (bytes above 64 bits)."""
    for bits in (8, 16, 32, 64):
        if width <= bits:
            return np.dtype(f"<u{bits // 8}")
    return np.dtype(np.uint8)


def stride(width: int) -> int:
    """Return the bytes of one value in an array of :func:`to_words`."""
    return dtype_of(width).itemsize if width <= _NATIVE else (width + 7) // 8


def to_words(values: Any, width: int, name: str = "value") -> np.ndarray:
    """Return values as an array of words.

    Parameters
    ----------
    values : integers from −2^(width−1) to 2^width − 1, as a NumPy array of an integer or boolean type, a
        sequence of Python integers, or one Python integer; negative ones become two's complement. Above 64
        bits also uint8[n, ceil(width / 8)], least significant byte first
    width : bits of a value
    name : for messages

    Raises
    ------
    TypeError
        Values are not integers.
    ValueError
        A value does not fit in ``width`` bits, or the shape is wrong.
    """
    if isinstance(values, int | np.integer):
        values = [int(values)]
    if width > _NATIVE:
        return _to_bytes(values, width, name)
    array = np.asarray(values)
    # NumPy turns a list of integers below and above 2^63 into floats: such a list goes the slow way.
    if array.dtype == object or (array.dtype.kind == "f" and not isinstance(values, np.ndarray)):
        return from_integers(list(values), width, name)
    if array.dtype.kind not in "iub" and array.size:
        raise TypeError(f"{name}: integers are wanted, not {array.dtype}")
    if array.ndim != 1:
        raise ValueError(f"{name}: one dimension is wanted, not {array.ndim}")
    low, high = -(1 << (width - 1)), (1 << width) - 1
    if array.size and array.dtype.kind != "b":
        smallest, largest = int(array.min()), int(array.max())
        if smallest < low or largest > high:
            wrong = smallest if smallest < low else largest
            raise ValueError(f"{name}: {wrong} does not fit in {width} bits ({low} to {high})")
    # In two's complement the low bits of any wider type are right; only the bits above `width` must go.
    words = array.astype(np.uint64) if array.dtype.kind == "i" else array.astype(dtype_of(width))
    return (words & words.dtype.type(high)).astype(dtype_of(width))


def _to_bytes(values: Any, width: int, name: str) -> np.ndarray:
    size = (width + 7) // 8
    if isinstance(values, np.ndarray) and values.dtype != object and values.ndim == 2:
        if values.dtype != np.uint8 or values.shape[1] != size:
            raise ValueError(
                f"{name}: uint8[n, {size}] is wanted for {width} bits, not {values.dtype}{values.shape}"
            )
        if width % 8 and values.size and int(values[:, -1].max()) >> (width % 8):
            raise ValueError(f"{name}: bits above the {width} of a value are set")
        return np.ascontiguousarray(values)
    return from_integers(list(values), width, name)


def from_integers(values: Sequence[int], width: int, name: str = "value") -> np.ndarray:
    """Return Python integers as an array of words, as :func:`to_words` does; slower, for any width.

    Parameters
    ----------
    values : −2^(width − 1)…2^width − 1
    name : of what they are, for messages

    Raises
    ------
    TypeError
        A value is no integer.
    ValueError
        A value does not fit in ``width`` bits, neither signed nor unsigned.
    """
    low, high = -(1 << (width - 1)), (1 << width) - 1
    size = (width + 7) // 8
    for value in values:
        if not isinstance(value, int | np.integer):
            raise TypeError(f"{name}: integers are wanted, not {type(value).__name__}")
        if not low <= value <= high:
            raise ValueError(f"{name}: {value} does not fit in {width} bits ({low} to {high})")
    if width <= _NATIVE:
        return np.array([int(value) & high for value in values], dtype=dtype_of(width))
    data = b"".join((int(value) & high).to_bytes(size, "little") for value in values)
    return np.frombuffer(data, dtype=np.uint8).reshape(len(values), size)


def to_integers(words: np.ndarray, width: int, *, is_signed: bool = False) -> list[int]:
    """Return words as Python integers.

    Parameters
    ----------
    words : as :func:`to_words` gives them
    width : bits of a word
    is_signed : whether they are two's complement
    """
    if width <= _NATIVE:
        values = [int(word) for word in words]
    else:
        values = [int.from_bytes(row.tobytes(), "little") for row in words]
    return [value - (1 << width) if is_signed and value >> (width - 1) else value for value in values]


def signed(words: np.ndarray, width: int) -> np.ndarray:
    """Return words of up to 64 bits read as two's complement, as int64.

    Parameters
    ----------
    words : unsigned integers of ``width`` bits

    Raises
    ------
    ValueError
        ``width`` is more than 64.
    """
    if width > _NATIVE:
        raise ValueError(f"values of {width} bits do not fit in an array of integers; use to_integers")
    shift = np.uint64(_NATIVE - width)
    return (words.astype(np.uint64) << shift).view(np.int64) >> np.int64(_NATIVE - width)
