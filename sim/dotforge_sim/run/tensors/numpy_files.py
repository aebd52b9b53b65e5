"""``.npy`` and ``.npz``: headers are read here, so that nothing is allocated, and nothing unpickled, for a claim.

NumPy writes no names for types of ml_dtypes: a bfloat16 array says ``V2``, and one of float8_e5m2 says ``f1``, which
``numpy.load`` itself refuses. So the type of such an array is what the user names.
"""

import ast
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..errors import RunError
from .tensor import TYPES, Tensor, in_bytes

__all__ = ["Archive", "npy", "unsafe"]

_MAGIC = b"\x93NUMPY"

#: The longest header that is read: as :func:`numpy.load` does it.
_HEADER = 10_000

#: No deflated file grows by more.
_LARGEST_RATIO = 1032


def unsafe(operand: str, path: object) -> RunError:
    """Return what is said of a file that only unpickling reads.

    Parameters
    ----------
    operand : name of the operand
    path : of the file
    """
    return RunError(
        f"{operand}: {path} needs unpickling, which can run code of the file: save it as .safetensors instead"
    )


def npy(path: Path, operand: str, type_name: str | None) -> Tensor:
    """Return the array of an ``.npy`` file.

    Parameters
    ----------
    path : of the file
    operand : for messages
    type_name : of a type of ml_dtypes, where the file has such

    Raises
    ------
    RunError
        It is missing, is none, holds Python objects, or less than it claims.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            return _tensor(file, size, lambda: path.open("rb"), str(path), operand, type_name)
    except FileNotFoundError:
        raise RunError(f"{operand}: {path} does not exist") from None
    except OSError as error:
        raise RunError(f"{operand}: {path} is not an .npy file ({error.strerror})") from None


class Archive:
    """The arrays of an ``.npz`` file.

    Parameters
    ----------
    path : of the file
    operand : for messages

    Attributes
    ----------
    names : of the arrays

    Raises
    ------
    RunError
        It is missing or no such file.
    """

    def __init__(self, path: Path, operand: str) -> None:
        self.path, self._operand = path, operand
        try:
            with zipfile.ZipFile(path) as file:
                self._entries = {info.filename.removesuffix(".npy"): info for info in file.infolist()}
        except FileNotFoundError:
            raise RunError(f"{operand}: {path} does not exist") from None
        except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            said = str(error) or type(error).__name__
            said = "it does not begin as one" if "not a zip" in said else said
            raise RunError(f"{operand}: {path} is not an .npz file ({said})") from None
        if any(info.filename.endswith((".pkl", ".pickle")) for info in self._entries.values()):
            raise unsafe(operand, path)
        self.names = [name for name, info in self._entries.items() if info.filename.endswith(".npy")]

    def tensor(self, name: str, type_name: str | None = None) -> Tensor:
        """Return an array.

        Parameters
        ----------
        name : one of ``names``
        type_name : see :func:`npy`

        Raises
        ------
        RunError
            It is damaged, holds Python objects, or less than it claims.
        """
        info, said = self._entries[name], f"{self.path}:{name}"
        if info.file_size > _LARGEST_RATIO * info.compress_size + 1024:
            raise RunError(f"{self._operand}: {said} claims {info.file_size} bytes of {info.compress_size}")
        try:
            with self._open(info)() as file:
                return _tensor(file, info.file_size, self._open(info), said, self._operand, type_name)
        except (OSError, zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError) as error:
            raise RunError(f"{self._operand}: {said} is damaged ({error})") from None

    def array(self, name: str) -> np.ndarray:
        """Return all of an array, in its own type.

        Parameters
        ----------
        name : one of ``names``

        Raises
        ------
        RunError
            See :meth:`tensor`.
        """
        tensor = self.tensor(name)
        try:
            return tensor.read((), self._operand, f"{self.path}:{name}")
        except (OSError, zipfile.BadZipFile, EOFError) as error:
            raise RunError(f"{self._operand}: {self.path}:{name} is damaged ({error})") from None

    def _open(self, info: zipfile.ZipInfo) -> Callable[[], AbstractContextManager[BinaryIO]]:
        path = self.path

        class Opened:
            def __enter__(self) -> Any:
                self._zip = zipfile.ZipFile(path)
                self._file = self._zip.open(info)
                return self._file

            def __exit__(self, *_: object) -> None:
                self._file.close()
                self._zip.close()

        return Opened


def _tensor(
    file: BinaryIO,
    size: int,
    opened: Callable[[], AbstractContextManager[BinaryIO]],
    said: str,
    operand: str,
    type_name: str | None,
) -> Tensor:
    def refuse(why: str) -> RunError:
        return RunError(f"{operand}: {said} is not an .npy file ({why})")

    start = file.read(8)
    if start[:6] != _MAGIC:
        if start[:2] == b"PK":
            raise RunError(f"{operand}: {said} holds several arrays, allowed is one matrix in an .npy file")
        raise refuse("it does not begin as one")
    length_bytes = 2 if start[6] == 1 else 4
    length = int.from_bytes(file.read(length_bytes), "little")
    if start[6] not in (1, 2, 3) or length > min(_HEADER, size):
        raise refuse(f"a header of {length} bytes")
    try:
        header: Any = ast.literal_eval(file.read(length).decode("latin1" if start[6] < 3 else "utf8"))
        shape, descr, turned = header["shape"], header["descr"], header["fortran_order"]
        good = isinstance(shape, tuple) and all(type(each) is int and each >= 0 for each in shape)
    except (ValueError, SyntaxError, KeyError, TypeError, MemoryError, RecursionError):
        raise refuse("its header is damaged") from None
    if not good or not isinstance(turned, bool):
        raise refuse("its header is damaged")
    dtype = _dtype(descr, said, operand, type_name)
    offset = 8 + length_bytes + length
    if prod(shape) * dtype.itemsize > size - offset:
        raise refuse(
            f"its header claims {prod(shape) * dtype.itemsize} bytes of data, the file holds {max(0, size - offset)}"
        )
    return in_bytes(opened, offset, shape[::-1] if turned else shape, dtype, turned=turned)


def _dtype(descr: Any, said: str, operand: str, type_name: str | None) -> np.dtype:
    try:
        dtype = np.dtype(np.float16 if descr == "<f1" else descr)
    except (TypeError, ValueError):
        raise RunError(f"{operand}: {said} has a type that NumPy does not know, {str(descr)[:40]}") from None
    if dtype.hasobject:
        raise RunError(f"{operand}: {said} holds Python objects, allowed are integers and real numbers")
    size = 1 if descr == "<f1" else dtype.itemsize
    nameless = descr == "<f1" or (dtype.kind == "V" and dtype.names is None and dtype.subdtype is None)
    fitting = [name for name, each in TYPES.items() if each.itemsize == size] if nameless else []
    if type_name is None:
        if descr == "<f1":  # only float8_e5m2 says so
            return TYPES["float8_e5m2"]
        if fitting:
            raise RunError(
                f"{operand}: {said} has items of {size} bytes and no name of their type: give it, as in "
                f"{said}:{fitting[0]}; allowed are {', '.join(fitting)}"
            )
        return dtype
    if type_name not in fitting:
        allowed = ", ".join(fitting) or f"none, the file says {dtype}"
        raise RunError(f"{operand}: {said} is not of type {type_name}; allowed are {allowed}")
    return TYPES[type_name]
