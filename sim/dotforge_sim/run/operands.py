"""Operands of a product: matrices from files and arrays, checked, as float64, as nonzeros, or quantised already.

A format of files is one entry of :data:`LOADERS`.
"""

import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from . import sparse
from .errors import RunError
from .exact import to_float64
from .sparse import Sparse
from .tensors import csv_file, layout_onnx, layouts
from .tensors.numpy_files import Archive, npy, unsafe
from .tensors.onnx_file import OnnxFile
from .tensors.place import Place, Step, check, missing, parse
from .tensors.safetensors_file import SafeFile
from .tensors.stored import ABOUT, Stored, restore
from .tensors.tensor import Tensor, in_memory

__all__ = [
    "LOADERS",
    "Matrix",
    "Stored",
    "checked_operands",
    "dense",
    "load_matrix",
    "load_operand",
    "load_tensor",
    "nonzeros",
    "shapes",
    "values",
]

#: A matrix in memory: with its zeros, or without.
Matrix = np.ndarray | Sparse

#: A sparse matrix of more elements than this is not given its zeros.
_MOST_ELEMENTS = 1 << 28


def _load_npy(place: Place, name: str) -> Matrix:
    if place.file.suffix.lower() in _UNSAFE:
        raise unsafe(name, place.file)
    tensor = npy(place.file, name, place.name)
    return _read(tensor, place.steps, name, place)


def _load_npz(place: Place, name: str) -> "Matrix | Stored":
    archive = Archive(place.file, name)
    sides = [side for side in "ab" if ABOUT in archive.names and f"{side}_elements" in archive.names]
    wanted = place.name or (name.lower() if name.lower() in sides else None)
    if wanted in sides:
        return restore(archive, wanted, name).part(place.steps, name, place.text)
    if place.name is None and ("format" in archive.names or len(archive.names) != 1):
        if "format" not in archive.names and archive.names:
            raise missing(name, place, archive.names)
        return _cut(sparse.load(archive, name), place.steps, name, place.text)
    found = place.choose(archive.names)
    type_name = None
    if found is None and place.name is not None and ":" in place.name:  # NAME:TYPE
        inner, _, type_name = place.name.rpartition(":")
        found = (inner, place.steps) if inner in archive.names else None
    if found is None:
        raise missing(name, place, archive.names)
    return _read(archive.tensor(found[0], type_name), found[1], name, place)


def _load_safetensors(place: Place, name: str) -> "Matrix | Stored":
    file = SafeFile(place.file, name)
    return _quantised(place, name, lambda weight: layouts.stored_in(file, weight, name)) or _named(
        file, place, name
    )


def _load_onnx(place: Place, name: str) -> "Matrix | Stored":
    file = OnnxFile(place.file, name)
    found = _quantised(place, name, lambda weight: layout_onnx.stored_in(file, weight, name))
    return found or _named(file, place, name)


def _quantised(place: Place, name: str, find: Callable[[str], Stored | None]) -> Stored | None:
    """Return a weight that is quantised already, ``None`` where none of that name is."""
    for weight, steps in place.candidates:
        found = find(weight) if weight is not None else None
        if found is not None:
            return found.part(steps, name, place.text)
    return None


def _load_csv(place: Place, name: str) -> Matrix:
    if place.name is not None:
        raise RunError(f"{name}: {place.file} is one table, without names such as {place.name}")
    return _read(in_memory(csv_file.load(place.file, name)), place.steps, name, place)


def _named(file: SafeFile | OnnxFile, place: Place, name: str) -> Matrix:
    found = place.choose(file.names)
    if found is None:
        raise missing(name, place, file.names)
    return _read(file.tensor(found[0]), found[1], name, place)


def _read(tensor: Tensor, steps: tuple[Step, ...], name: str, place: Place) -> np.ndarray:
    """Read numbers as float64, piece by piece."""
    try:
        return tensor.numbers(steps, name, place.text)
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise RunError(f"{name}: {place.text} is damaged ({error})") from None
    except MemoryError:
        size = "×".join(map(str, tensor.shape))
        raise RunError(f"{name}: {place.text} is {size}, which does not fit the memory") from None


def _cut(matrix: Sparse, steps: tuple[Step, ...], name: str, text: str) -> Sparse:
    for step in steps:
        if step is None:
            matrix = matrix.T
            continue
        rows, columns = check(step, matrix.shape, name, text)
        kept = (matrix.rows >= rows.start) & (matrix.rows < rows.stop)
        kept &= (matrix.columns >= columns.start) & (matrix.columns < columns.stop)
        size = (rows.stop - rows.start, columns.stop - columns.start)
        matrix = Sparse(
            size, matrix.rows[kept] - rows.start, matrix.columns[kept] - columns.start, matrix.values[kept]
        )
    return matrix


#: Suffix of a file → reads it, given the place and the operand's name for messages.
LOADERS: dict[str, Callable[[Place, str], "Matrix | Stored"]] = {
    ".npy": _load_npy,
    ".npz": _load_npz,
    ".safetensors": _load_safetensors,
    ".onnx": _load_onnx,
    ".csv": _load_csv,
}

#: Suffixes of files that only unpickling reads.
_UNSAFE = frozenset(".pt .pth .bin .pkl .pickle .ckpt .joblib .mar .dill".split())


def load_operand(text: str | Path, name: str) -> "Matrix | Stored":
    """Read a matrix: of real numbers, sparse, or quantised already.

    Parameters
    ----------
    text : a file, with a name and steps where it holds several or a part is meant (see :mod:`.tensors.place`):
        ``.npy``, ``.npz`` (of arrays, of SciPy's ``save_npz``, or of ``--save-quantized``), ``.safetensors``,
        ``.onnx`` and ``.csv``; of another suffix it is read as ``.npy``
    name : of the operand, for messages

    Raises
    ------
    RunError
        The file is missing or does not hold a matrix of finite numbers.
    """
    place = parse(str(text))
    matrix = LOADERS.get(place.file.suffix.lower(), _load_npy)(place, name)
    return check_matrix(matrix, name) if isinstance(matrix, np.ndarray) else matrix


def load_tensor(text: str | Path, name: str) -> np.ndarray:
    """Read a tensor of any number of dimensions, such as images or filters, as float64.

    Parameters
    ----------
    text, name : see :func:`load_operand`

    Raises
    ------
    RunError
        The file is missing, or holds something else than finite numbers.
    """
    place = parse(str(text))
    found = LOADERS.get(place.file.suffix.lower(), _load_npy)(place, name)
    if not isinstance(found, np.ndarray):
        raise RunError(f"{name}: {text} is sparse or quantised, allowed are numbers")
    if not np.isfinite(found).all():
        raise RunError(f"{name} holds values that are NaN or infinite")
    return found


def load_matrix(text: str | Path, name: str) -> Matrix:
    """Read a matrix; one that is quantised already as the numbers that it stands for.

    Parameters
    ----------
    text, name : see :func:`load_operand`

    Raises
    ------
    RunError
        The file is missing or does not hold a matrix of finite numbers.
    """
    found = load_operand(text, name)
    return check_matrix(found.values(), name) if isinstance(found, Stored) else found


def check_matrix(matrix: np.ndarray, name: str) -> np.ndarray:
    """Return the matrix.

    Raises
    ------
    RunError
        It is not a non-empty matrix of finite numbers.
    """
    if matrix.ndim != 2:
        raise RunError(f"{name} has shape {matrix.shape}, allowed is a matrix (two dimensions)")
    if 0 in matrix.shape:
        raise RunError(f"{name} has shape {matrix.shape}, allowed is at least 1×1")
    if matrix.dtype.kind not in "biuf":
        raise RunError(f"{name} has dtype {matrix.dtype}, allowed are integers and real numbers")
    if matrix.dtype.kind == "f" and not np.isfinite(matrix).all():
        raise RunError(
            f"{name} holds {np.count_nonzero(~np.isfinite(matrix))} values that are NaN or infinite"
        )
    return matrix


def checked_operands(a: Any, b: Any) -> tuple[Any, Any]:
    """Return A and B that can be multiplied: float64, sparse, or quantised already.

    Parameters
    ----------
    a, b : arrays of any real type, matrices of SciPy, :class:`~dotforge_sim.run.sparse.Sparse`, or
        :class:`~dotforge_sim.run.tensors.stored.Stored`

    Raises
    ------
    RunError
        One of them is not a matrix of finite numbers, or A's columns are not B's rows.
    """
    first, second = _checked(a, "A"), _checked(b, "B")
    (m, k), (rows, n) = first.shape, second.shape
    if k != rows:
        raise RunError(f"A is {m}×{k} and B is {rows}×{n}: A's columns must be B's rows")
    return first, second


def _checked(matrix: Any, name: str) -> Any:
    if isinstance(matrix, Sparse | Stored):
        return matrix
    if hasattr(matrix, "tocoo"):
        return sparse.from_scipy(matrix, name)
    return to_float64(check_matrix(np.asarray(matrix), name))


def values(matrix: Any) -> Any:
    """Return an operand's numbers: of one that is quantised already what it stands for."""
    return matrix.values() if isinstance(matrix, Stored) else matrix


def dense(matrix: Matrix, name: str, engine: str) -> np.ndarray:
    """Return a matrix with its zeros, for an engine that streams them.

    Parameters
    ----------
    matrix : with or without its zeros
    name : ``A`` or ``B``, for messages
    engine : name of the engine, for messages

    Raises
    ------
    RunError
        It is so sparse a matrix that they do not fit.
    """
    if not isinstance(matrix, Sparse):
        return matrix
    rows, columns = matrix.shape
    if rows * columns > _MOST_ELEMENTS:
        raise RunError(
            f"{name} is {rows}×{columns}, and {engine} streams its zeros: allowed are {_MOST_ELEMENTS} elements; "
            "flexdpe takes sparse operands"
        )
    return matrix.dense()


def nonzeros(matrix: Matrix) -> Sparse:
    """Return a matrix without its zeros."""
    return matrix if isinstance(matrix, Sparse) else sparse.from_dense(matrix)


def shapes(a: Matrix, b: Matrix) -> tuple[int, int, int]:
    """Return M, K and N of two operands.

    Parameters
    ----------
    a : A, (M, K)
    b : B, (K, N)
    """
    return a.shape[0], a.shape[1], b.shape[1]
