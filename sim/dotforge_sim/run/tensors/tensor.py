"""A tensor of a file before it is read: its shape and type, checked against the file, and its rows on demand."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from math import prod
from typing import BinaryIO

import ml_dtypes
import numpy as np

from ..errors import RunError
from ..exact import to_float64
from .place import Step, apply, check

__all__ = ["TYPES", "Tensor", "in_bytes", "in_memory", "unpack"]

#: Bytes read at a time.
_CHUNK = 1 << 18

#: name → type that NumPy itself does not have; in ``.npy`` files they have no name
TYPES = {
    name: np.dtype(getattr(ml_dtypes, name))
    for name in (
        "bfloat16", "float8_e4m3fn", "float8_e5m2", "float8_e4m3", "float8_e3m4", "float8_e4m3fnuz",
        "float8_e5m2fnuz", "float8_e4m3b11fnuz", "float8_e8m0fnu", "float6_e2m3fn", "float6_e3m2fn", "float4_e2m1fn",
        "int4", "uint4", "int2", "uint2",
    )
}  # fmt: skip


@dataclass(frozen=True)
class Tensor:
    """A tensor that is not read yet.

    Attributes
    ----------
    shape : elements a dimension
    dtype : of an element, unpacked
    rows : start, stop → these rows of the first dimension, (stop − start, …); of a scalar the one there is
    turned : the file has it transposed (Fortran's order): ``shape`` is as it lies in the file
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    rows: Callable[[int, int], np.ndarray]
    turned: bool = False

    def read(self, steps: Sequence[Step] = (), operand: str = "", text: str = "") -> np.ndarray:
        """Return what steps leave of it, in its own type.

        Parameters
        ----------
        steps : see :mod:`.place`
        operand, text : for messages
        """
        return self._filled(self.dtype, lambda part: part, steps, operand, text)

    def numbers(self, steps: Sequence[Step] = (), operand: str = "", text: str = "") -> np.ndarray:
        """Return the same as float64 (see :func:`~dotforge_sim.run.exact.to_float64`), never all of it in two types.

        Parameters
        ----------
        steps : see :mod:`.place`
        operand, text : for messages

        Raises
        ------
        RunError
            Its type is not one of real numbers.
        """
        if self.dtype.kind not in "biuf" and self.dtype not in TYPES.values():
            raise RunError(f"{operand} has dtype {self.dtype}, allowed are integers and real numbers")

        def convert(part: np.ndarray) -> np.ndarray:
            return part.astype(np.float64) if part.dtype in TYPES.values() else to_float64(part)

        return self._filled(np.dtype(np.float64), convert, steps, operand, text)

    def _filled(
        self,
        dtype: np.dtype,
        convert: Callable[[np.ndarray], np.ndarray],
        steps: Sequence[Step],
        operand: str,
        text: str,
    ) -> np.ndarray:
        whole = (slice(None),) * len(self.shape)
        given = self.shape[::-1] if self.turned else self.shape
        region, rest, turned = whole, list(steps), self.turned
        # The first part is cut before anything is read; what transposes before it turns its ranges.
        while rest and rest[0] is None:
            turned, given = not turned, given[::-1]
            rest.pop(0)
        part_of = rest[0] if rest else None
        if part_of is not None and not any(isinstance(part, int) for part in part_of):
            ranges = check(part_of, given, operand, text)
            rest.pop(0)
            region = ranges[::-1] if turned else ranges
        start, stop, _ = region[0].indices(self.shape[0]) if self.shape else (0, 1, 1)
        inner = region[1:]
        sizes = [len(range(*each.indices(size))) for each, size in zip(inner, self.shape[1:], strict=True)]
        found = np.empty((stop - start, *sizes) if self.shape else (), dtype)
        step = max(1, _CHUNK // max(1, prod(self.shape[1:]) * self.dtype.itemsize))
        for first in range(start, stop, step):
            last = min(stop, first + step)
            part = convert(self.rows(first, last)[(slice(None), *inner)] if self.shape else self.rows(0, 1))
            if self.shape:
                found[first - start : last - start] = part
            else:
                found[...] = part
        return apply(found.T if turned else found, rest, operand, text)


def in_bytes(
    opened: Callable[[], AbstractContextManager[BinaryIO]],
    offset: int,
    shape: tuple[int, ...],
    dtype: np.dtype,
    *,
    bits: int | None = None,
    turned: bool = False,
) -> Tensor:
    """Return a tensor whose elements lie one after another in a file.

    Parameters
    ----------
    opened : opens the file
    offset : of the first byte
    shape : whose bytes the file was found to hold
    dtype : of an element
    bits : 4 or 6: elements are packed, the first one in the lowest bits; a row is whole bytes
    turned : see :class:`Tensor`
    """
    width = prod(shape[1:])
    row = width * dtype.itemsize if bits is None else width * bits // 8

    def rows(start: int, stop: int) -> np.ndarray:
        with opened() as file:
            file.seek(offset + start * row)
            data = file.read((stop - start) * row)
        if len(data) != (stop - start) * row:
            raise RunError(f"a tensor ends after {len(data)} of {(stop - start) * row} bytes")
        codes = np.frombuffer(data, np.uint8)
        if bits is not None:
            return unpack(codes, bits)[: (stop - start) * width].view(dtype).reshape(stop - start, *shape[1:])
        found = codes.view(dtype)
        return found.reshape((stop - start, *shape[1:]) if shape else ())

    return Tensor(shape, dtype, rows, turned)


def in_memory(array: np.ndarray) -> Tensor:
    """Return a tensor that was read already."""
    return Tensor(array.shape, array.dtype, lambda start, stop: array[start:stop] if array.shape else array)


def unpack(data: np.ndarray, bits: int) -> np.ndarray:
    """Return codes that lie packed in bytes as a stream of bits, lowest first: of 4 bits the low nibble first.

    Parameters
    ----------
    data : uint8, (…, bytes); elements do not cross the last dimension
    bits : of an element, 1…8
    """
    stream = np.unpackbits(np.ascontiguousarray(data), axis=-1, bitorder="little")
    count = stream.shape[-1] // bits
    cut = stream[..., : count * bits].reshape(*data.shape[:-1], count, bits)
    return np.packbits(cut, axis=-1, bitorder="little")[..., 0]
