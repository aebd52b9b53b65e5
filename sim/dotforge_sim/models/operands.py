"""The operands of a model: shapes and densities, or real matrices, of which only the nonzeros are kept."""

import zipfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse

from .errors import ModelError
from .workloads import Gemm

__all__ = ["Product", "of_gemm", "of_matrices", "read_matrix"]


@dataclass(frozen=True)
class Product:
    """What models know of a product.

    Attributes
    ----------
    name : of the layer
    m, n, k : sides
    nonzeros_a, nonzeros_b : expected from densities, counted in matrices
    useful_macs : expected from densities, counted in matrices
    densities : of A and B, where the product was given by them
    a, b : places of the nonzeros, CSC M×K and CSC N×K (B transposed), where matrices were given
    """

    name: str | None
    m: int
    n: int
    k: int
    nonzeros_a: Fraction
    nonzeros_b: Fraction
    useful_macs: Fraction
    densities: tuple[Fraction, Fraction] | None = None
    a: Any = None
    b: Any = None

    def side(self, stationary: str) -> tuple[int, Fraction, int, Fraction]:
        """Return what stays and what streams: rows and nonzeros of the one, vectors and nonzeros of the other."""
        if stationary == "a":
            return self.m, self.nonzeros_a, self.n, self.nonzeros_b
        return self.n, self.nonzeros_b, self.m, self.nonzeros_a


def of_gemm(gemm: Gemm) -> Product:
    """Return what is expected of matrices with these densities."""
    return Product(
        name=gemm.name,
        m=gemm.m,
        n=gemm.n,
        k=gemm.k,
        nonzeros_a=gemm.m * gemm.k * gemm.density_a,
        nonzeros_b=gemm.k * gemm.n * gemm.density_b,
        useful_macs=gemm.useful_macs,
        densities=(gemm.density_a, gemm.density_b),
    )


def of_matrices(a: Any, b: Any, name: str | None = None) -> Product:
    """Return what is counted in two matrices.

    Raises
    ------
    ModelError
        A's columns are not B's rows.
    """
    if a.shape[1] != b.shape[0]:
        raise ModelError(
            f"A is {a.shape[0]}×{a.shape[1]} and B is {b.shape[0]}×{b.shape[1]}: A's columns must be B's rows"
        )
    places_a, places_b = _places(a), _places(b.T)
    per_k = [np.diff(places.indptr).astype(object) for places in (places_a, places_b)]
    return Product(
        name=name,
        m=a.shape[0],
        n=b.shape[1],
        k=a.shape[1],
        nonzeros_a=Fraction(places_a.nnz),
        nonzeros_b=Fraction(places_b.nnz),
        useful_macs=Fraction(int(per_k[0] @ per_k[1])),
        a=places_a,
        b=places_b,
    )


def _places(matrix: Any) -> Any:
    """Return where a matrix is not zero, as CSC of booleans with sorted indices."""
    found = scipy.sparse.coo_array(matrix)
    keep = found.data != 0
    rows, columns = found.coords
    ones = np.ones(int(keep.sum()), bool)
    made = scipy.sparse.csc_array((ones, (rows[keep], columns[keep])), shape=found.shape)
    made.sort_indices()
    return made


def read_matrix(path: Path, name: str) -> Any:
    """Read ``.npy``, or what ``scipy.sparse.save_npz`` wrote, which stays sparse.

    Raises
    ------
    ModelError
        The file is missing or is not a non-empty matrix of finite numbers.
    """
    sparse = path.suffix == ".npz"
    kind = "a sparse matrix of scipy.sparse.save_npz" if sparse else "an .npy file"
    try:
        matrix: Any = scipy.sparse.load_npz(path) if sparse else np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise ModelError(f"{name}: {path} does not exist") from None
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise ModelError(f"{name}: {path} is not {kind} ({str(error).splitlines()[0]})") from None
    if sparse:
        matrix = scipy.sparse.coo_array(matrix)
        matrix.sum_duplicates()
        values = matrix.data
    elif isinstance(matrix, np.ndarray):
        values = matrix
    else:
        raise ModelError(f"{name}: {path} holds several arrays, allowed is one matrix in an .npy file")
    if len(matrix.shape) != 2 or 0 in matrix.shape:
        raise ModelError(f"{name} has shape {matrix.shape}, allowed is a matrix of at least 1×1")
    if values.dtype.kind not in "biuf":
        raise ModelError(f"{name} has dtype {values.dtype}, allowed are integers and real numbers")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise ModelError(f"{name} holds {np.count_nonzero(~np.isfinite(values))} values that are NaN or infinite")
    return matrix
