"""Operands of a product: matrices from files and arrays, checked, as float64 or as nonzeros.

A format of files is one entry of :data:`LOADERS`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from . import sparse
from .errors import RunError
from .exact import to_float64
from .sparse import Sparse

__all__ = ["LOADERS", "Matrix", "checked_operands", "dense", "load_matrix", "nonzeros", "shapes"]

#: A matrix in memory: with its zeros, or without.
Matrix = np.ndarray | Sparse

#: A sparse matrix of more elements than this is not given its zeros.
_MOST_ELEMENTS = 1 << 28


def _load_npy(path: Path, name: str) -> np.ndarray:
    try:
        matrix = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise RunError(f"{name}: {path} does not exist") from None
    except (OSError, ValueError, EOFError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        if "Object arrays" in said:
            raise RunError(
                f"{name}: {path} holds Python objects, allowed are integers and real numbers"
            ) from None
        if "pickle" in said:
            said = "it does not begin as one"
        raise RunError(f"{name}: {path} is not an .npy file ({said})") from None
    if not isinstance(matrix, np.ndarray):
        matrix.close()
        raise RunError(f"{name}: {path} holds several arrays, allowed is one matrix in an .npy file")
    return matrix


#: Suffix of a file → reads it, given the path and the operand's name for messages.
LOADERS: dict[str, Callable[[Path, str], Matrix]] = {".npy": _load_npy, ".npz": sparse.load}


def load_matrix(path: Path, name: str) -> Matrix:
    """Read a matrix of real numbers, ``.npy``, or a sparse one of SciPy's ``save_npz``, ``.npz``.

    Parameters
    ----------
    path : a file; of a suffix without a loader it is read as ``.npy``
    name : of the operand, for messages

    Raises
    ------
    RunError
        The file is missing or does not hold a matrix of finite numbers.
    """
    matrix = LOADERS.get(path.suffix, _load_npy)(path, name)
    return matrix if isinstance(matrix, Sparse) else check_matrix(matrix, name)


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


def checked_operands(a: Any, b: Any) -> tuple[Matrix, Matrix]:
    """Return A and B, float64, that can be multiplied.

    Parameters
    ----------
    a, b : arrays of any real type, matrices of SciPy, or :class:`~dotforge_sim.run.sparse.Sparse`

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


def _checked(matrix: Any, name: str) -> Matrix:
    if isinstance(matrix, Sparse):
        return matrix
    if hasattr(matrix, "tocoo"):
        return sparse.from_scipy(matrix, name)
    return to_float64(check_matrix(np.asarray(matrix), name))


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
