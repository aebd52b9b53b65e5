"""Sparse matrices: the guard before anything is made of a file's arrays, and nonzeros by place.

SciPy does not check on reading that indices lie within a matrix, and adds what lies at one place in the type of the
file. So the arrays are read here: structure and range are checked on them as they are, and values are added
in a type that holds their sum.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import RunError
from .exact import to_float64
from .tensors.numpy_files import Archive

__all__ = ["Sparse", "from_arrays", "from_dense", "from_scipy", "load"]

#: What :func:`scipy.sparse.save_npz` writes of each format.
_ARRAYS = {
    "csr": ("data", "indices", "indptr"),
    "csc": ("data", "indices", "indptr"),
    "bsr": ("data", "indices", "indptr"),
    "coo": ("data", "row", "col"),
    "dia": ("data", "offsets"),
}

#: Rows and columns at most: places of nonzeros are counted in int64.
_LARGEST = 1 << 31


@dataclass(frozen=True)
class Sparse:
    """Nonzeros of a matrix, row by row, each place once.

    Attributes
    ----------
    shape : rows and columns
    rows, columns : int64, place of each nonzero; in the order of rows, then of columns
    values : float64, see :func:`dotforge_sim.run.exact.to_float64`
    """

    shape: tuple[int, int]
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    values: np.ndarray

    @property
    def T(self) -> "Sparse":
        """The transposed matrix."""
        order = np.lexsort((self.rows, self.columns))
        return Sparse(
            (self.shape[1], self.shape[0]), self.columns[order], self.rows[order], self.values[order]
        )

    def dense(self) -> np.ndarray:
        """Return the matrix with its zeros."""
        found = np.zeros(self.shape, self.values.dtype)
        found[self.rows, self.columns] = self.values
        return found

    def with_values(self, values: np.ndarray, kept: np.ndarray | None = None) -> "Sparse":
        """Return a matrix of other values at the same places, or at those that are ``kept``.

        Parameters
        ----------
        values : one for each place of this matrix
        """
        if kept is None or kept.all():
            return Sparse(self.shape, self.rows, self.columns, values)
        return Sparse(self.shape, self.rows[kept], self.columns[kept], values[kept])


def from_dense(matrix: np.ndarray) -> Sparse:
    """Return the nonzeros of a matrix; a negative zero is none."""
    rows, columns = np.nonzero(matrix)
    return Sparse((matrix.shape[0], matrix.shape[1]), rows, columns, matrix[rows, columns])


def from_scipy(matrix: Any, name: str) -> Sparse:
    """Return the nonzeros of a matrix of SciPy; its arrays are checked like those of a file.

    Parameters
    ----------
    matrix : of any sparse format
    name : ``A`` or ``B``, for messages
    """
    if matrix.format not in _ARRAYS:
        matrix = matrix.tocoo()
    arrays = {each: np.asarray(getattr(matrix, each)) for each in _ARRAYS[matrix.format]}
    return from_arrays(matrix.format, matrix.shape, arrays, name)


def load(archive: Archive, name: str) -> Sparse:
    """Read what :func:`scipy.sparse.save_npz` wrote.

    Parameters
    ----------
    archive : the .npz file
    name : ``A`` or ``B``, for messages

    Raises
    ------
    RunError
        It is none of these, or its arrays are not those of a matrix.
    """
    path, names = archive.path, archive.names
    if "format" not in names or "shape" not in names:
        raise RunError(
            f"{name}: {path} is not a sparse matrix of scipy.sparse.save_npz (it holds "
            f"{', '.join(names[:5]) or 'nothing'})"
        )
    found = next(iter(archive.array("format").ravel().tolist()), "")
    format = found.decode("ascii", "replace") if isinstance(found, bytes) else str(found)
    if format not in _ARRAYS:
        raise RunError(f"{name}: {path} has the sparse format {format!r}, allowed are {', '.join(_ARRAYS)}")
    lacking = [each for each in _ARRAYS[format] if each not in names]
    if lacking:
        raise RunError(f"{name}: {path} lacks {', '.join(lacking)} of the sparse format {format}")
    arrays = {each: archive.array(each) for each in _ARRAYS[format]}
    return from_arrays(format, archive.array("shape"), arrays, name)


def from_arrays(format: str, shape: Any, arrays: Mapping[str, np.ndarray], name: str) -> Sparse:
    """Check the arrays of a sparse matrix and return its nonzeros; what lies at one place is added.

    Parameters
    ----------
    format : ``csr``, ``csc``, ``bsr``, ``coo`` or ``dia``
    shape : two numbers
    arrays : as SciPy names them
    name : for messages

    Raises
    ------
    RunError
        An array has another shape or type than the format says, or an index lies outside of the matrix.
    """
    size = _shape(shape, name)
    data = arrays["data"]
    if data.dtype.kind not in "biuf":
        raise RunError(f"{name} has dtype {data.dtype}, allowed are integers and real numbers")
    depth = {"bsr": 3, "dia": 2}.get(format, 1)
    if data.ndim != depth:
        raise RunError(f"{name}: data of a {format} matrix has {depth} dimensions, given {data.ndim}")
    if format == "coo":
        rows, columns = (_indices(arrays[each], each, data, name) for each in ("row", "col"))
        return _summed(size, rows, columns, data, name)
    if format == "dia":
        return _summed(size, *_diagonals(size, arrays["offsets"], data, name), name)
    if format == "bsr":
        return _summed(size, *_blocks(size, arrays, name), name)
    count, others = size if format == "csr" else size[::-1]
    major, minor, data = _compressed(arrays, count, others, name)
    rows, columns = (major, minor) if format == "csr" else (minor, major)
    return _summed(size, rows, columns, data, name)


def _shape(shape: Any, name: str) -> tuple[int, int]:
    sizes = np.asarray(shape)
    if sizes.shape != (2,) or sizes.dtype.kind not in "iu":
        raise RunError(f"{name} has shape {sizes.tolist()}, allowed is a matrix (two dimensions)")
    rows, columns = (int(size) for size in sizes)
    if not (1 <= rows <= _LARGEST and 1 <= columns <= _LARGEST):
        raise RunError(f"{name} is {rows}×{columns}, allowed is 1×1 to 2^31×2^31")
    return rows, columns


def _indices(found: np.ndarray, what: str, data: np.ndarray, name: str) -> NDArray[np.int64]:
    if found.ndim != 1 or found.dtype.kind not in "iu":
        raise RunError(
            f"{name}: {what} is {found.ndim}-dimensional {found.dtype}, allowed is a list of integers"
        )
    if len(found) != len(data):
        raise RunError(f"{name}: {len(found)} entries of {what} for {len(data)} values")
    if len(found) and int(found.max()) > np.iinfo(np.int64).max:
        raise RunError(f"{name}: {what} holds {found.max()}")
    return found.astype(np.int64)


def _compressed(
    arrays: Mapping[str, np.ndarray], count: int, others: int, name: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return places and data of a compressed format: ``count`` rows with indices below ``others``."""
    data, pointers = arrays["data"], arrays["indptr"]
    indices = _indices(arrays["indices"], "indices", data, name)
    if pointers.ndim != 1 or pointers.dtype.kind not in "iu" or len(pointers) != count + 1:
        raise RunError(
            f"{name}: indptr is {pointers.dtype}{list(pointers.shape)}, allowed are {count + 1} integers"
        )
    if int(pointers[0]) != 0 or int(pointers[-1]) > len(data):
        raise RunError(
            f"{name}: indptr goes from {pointers[0]} to {pointers[-1]}, allowed is from 0 to at most {len(data)}"
        )
    counts = np.diff(pointers.astype(np.int64))
    if (counts < 0).any():
        raise RunError(f"{name}: indptr falls at entry {int(np.flatnonzero(counts < 0)[0]) + 1}")
    used = int(pointers[-1])
    indices = indices[:used]
    _within(indices, others, "indices", name)
    return np.repeat(np.arange(count), counts), indices, data[:used]


def _blocks(
    size: tuple[int, int], arrays: Mapping[str, np.ndarray], name: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    height, width = arrays["data"].shape[1:]
    if not height or not width or size[0] % height or size[1] % width:
        raise RunError(f"{name}: blocks of {height}×{width} do not tile {size[0]}×{size[1]}")
    rows, columns, data = _compressed(arrays, size[0] // height, size[1] // width, name)
    places = np.broadcast_arrays(
        rows[:, None, None] * height + np.arange(height)[:, None],
        columns[:, None, None] * width + np.arange(width),
    )
    return places[0].ravel(), places[1].ravel(), data.ravel()


def _diagonals(
    size: tuple[int, int], offsets: np.ndarray, data: np.ndarray, name: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row i of ``data`` is the diagonal of offset i; its entry j lies in column j."""
    offsets = _indices(offsets, "offsets", data, name)
    if len(np.unique(offsets)) != len(offsets):
        raise RunError(f"{name}: offsets name a diagonal twice")
    far = (offsets < -_LARGEST) | (offsets > _LARGEST)  # not by magnitude: -2^63 has none in int64
    if far.any():
        raise RunError(f"{name}: offsets hold {int(offsets[far][0])}")
    number, columns = np.nonzero(data)
    rows = columns - offsets[number]
    # What a diagonal holds beyond the ends of the matrix is padding.
    inside = (columns < size[1]) & (rows >= 0) & (rows < size[0])
    return rows[inside], columns[inside], data[number, columns][inside]


def _within(places: np.ndarray, count: int, what: str, name: str) -> None:
    outside = (places < 0) | (places >= count)
    if outside.any():
        raise RunError(
            f"{name}: {np.count_nonzero(outside)} of {what} lie outside 0…{count - 1}, such as {places[outside][0]}"
        )


def _summed(
    size: tuple[int, int], rows: np.ndarray, columns: np.ndarray, data: np.ndarray, name: str
) -> Sparse:
    _within(rows, size[0], "row indices", name)
    _within(columns, size[1], "column indices", name)
    if data.dtype.kind == "f" and not np.isfinite(data).all():
        raise RunError(f"{name} holds {np.count_nonzero(~np.isfinite(data))} values that are NaN or infinite")
    order = np.lexsort((columns, rows))
    rows, columns, data = rows[order], columns[order], data[order]
    first = np.ones(len(data), bool)
    first[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
    if not first.all():
        data = _added(data, np.flatnonzero(first))
        rows, columns = rows[first], columns[first]
    values = to_float64(data)
    if not np.isfinite(values).all():
        raise RunError(f"{name}: values at one place add up to more than float64 holds")
    kept = values != 0
    return Sparse(size, rows[kept], columns[kept], values[kept])


def _added(data: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Add runs of values: Booleans stay such, integers add exactly, floating point in float64 or wider."""
    if data.dtype.kind == "b":
        return np.logical_or.reduceat(data, starts)
    if data.dtype.kind == "f":
        with np.errstate(over="ignore"):
            return np.add.reduceat(data.astype(np.promote_types(data.dtype, np.float64)), starts)
    most = int(np.diff(np.append(starts, len(data))).max())
    largest = max(abs(int(data.max())), abs(int(data.min())))
    if most * largest < 1 << 63:
        return np.add.reduceat(data.astype(np.int64), starts)
    sums = np.add.reduceat(data.astype(object), starts)
    return np.array([_odd(value) for value in sums])


def _odd(value: int) -> float:
    """Round an integer of any size to odd."""
    places = max(0, abs(value).bit_length() - 53)
    kept = abs(value) >> places
    kept |= (kept << places) != abs(value)
    return float(kept << places) * (-1 if value < 0 else 1)
