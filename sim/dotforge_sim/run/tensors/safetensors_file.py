"""``.safetensors``: headers are checked by the library, and only the bytes of a tensor that is asked for are read.

The library's NumPy side does not read all types that it writes, and maps whole files; so it checks the file, and the
places of bytes, which it does not tell, are taken from the header that it found sound.
"""

import json
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import RunError
from .tensor import TYPES, Tensor, in_bytes

__all__ = ["SafeFile", "to_bytes"]

#: What the header calls a type → type, and bits where elements are packed.
_TYPES: dict[str, tuple[np.dtype, int | None]] = {
    "BOOL": (np.dtype(bool), None),
    **{f"{sign}{bits}": (np.dtype(f"{kind}{bits // 8}"), None)
       for bits in (8, 16, 32, 64) for sign, kind in (("I", "<i"), ("U", "<u"))},
    **{f"F{bits}": (np.dtype(f"<f{bits // 8}"), None) for bits in (16, 32, 64)},
    "BF16": (TYPES["bfloat16"], None),
    "F8_E4M3": (TYPES["float8_e4m3fn"], None),
    "F8_E5M2": (TYPES["float8_e5m2"], None),
    "F8_E8M0": (TYPES["float8_e8m0fnu"], None),
    "F6_E2M3": (TYPES["float6_e2m3fn"], 6),
    "F6_E3M2": (TYPES["float6_e3m2fn"], 6),
    "F4": (TYPES["float4_e2m1fn"], 4),
}  # fmt: skip


class SafeFile:
    """The tensors of a file.

    Parameters
    ----------
    path : of the file
    operand : for messages

    Attributes
    ----------
    names : of the tensors, in order
    metadata : strings that the file has beside them

    Raises
    ------
    RunError
        It is missing, truncated, claims more than it holds, or the library is not installed.
    """

    def __init__(self, path: Path, operand: str) -> None:
        self.path, self._operand = path, operand
        try:
            from safetensors import SafetensorError, safe_open  # noqa: PLC0415
        except ImportError:
            raise RunError(
                f"{operand}: {path} needs the package safetensors: pip install 'dotforge[models]'"
            ) from None
        if not path.is_file():
            raise RunError(f"{operand}: {path} does not exist")
        try:
            with safe_open(path, "numpy") as file:
                self.names = sorted(file.keys())
                self.metadata: dict[str, str] = file.metadata() or {}
        except (SafetensorError, OSError, ValueError) as error:
            said = " ".join(str(error).split())
            raise RunError(f"{operand}: {path} is not a whole .safetensors file ({said})") from None
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            self._header: dict[str, Any] = json.loads(file.read(length))
        self._start, self._size = 8 + length, path.stat().st_size

    def tensor(self, name: str) -> Tensor:
        """Return a tensor.

        Parameters
        ----------
        name : one of ``names``

        Raises
        ------
        RunError
            Its type is not one of real numbers, or rows are not whole bytes.
        """
        entry = self._header[name]
        if entry["dtype"] not in _TYPES:
            raise RunError(
                f"{self._operand}: {self.path}:{name} has dtype {entry['dtype']}, allowed are {', '.join(_TYPES)}"
            )
        (dtype, bits), shape = _TYPES[entry["dtype"]], tuple(entry["shape"])
        first, last = entry["data_offsets"]
        claimed = prod(shape) * (8 * dtype.itemsize if bits is None else bits)
        if bits is not None and (not shape or prod(shape[1:]) * bits % 8):
            raise RunError(f"{self._operand}: {self.path}:{name} packs rows of {shape} into parts of bytes")
        if claimed != 8 * (last - first) or not 0 <= first <= last <= self._size - self._start:
            raise RunError(
                f"{self._operand}: {self.path}:{name} claims {claimed // 8} bytes and has {last - first}"
            )
        return in_bytes(lambda: self.path.open("rb"), self._start + first, shape, dtype, bits=bits)


def to_bytes(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str], operand: str) -> bytes:
    """Return a file of these tensors; the library's NumPy side does not write all types.

    Parameters
    ----------
    tensors : name → array, one element a word
    metadata : strings beside them
    operand : for messages

    Raises
    ------
    RunError
        A type that such files do not have.
    """
    kinds = {dtype: name for name, (dtype, bits) in _TYPES.items() if bits is None}
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    data = []
    offset = 0
    # Wide types first, so that every tensor is aligned.
    for name, array in sorted(tensors.items(), key=lambda item: (-item[1].dtype.itemsize, item[0])):
        if array.dtype not in kinds:
            raise RunError(
                f"{operand}: {name} has dtype {array.dtype}, allowed are {', '.join(kinds.values())}"
            )
        content = np.ascontiguousarray(array).tobytes()
        header[name] = {
            "dtype": kinds[array.dtype], "shape": list(array.shape), "data_offsets": [offset, offset + len(content)],
        }  # fmt: skip
        offset += len(content)
        data.append(content)
    text = json.dumps(header, ensure_ascii=False, allow_nan=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + b"".join(data)
