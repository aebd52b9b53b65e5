"""The operands of a model: shapes and densities, or real matrices, of which only the nonzeros are kept."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
import scipy.sparse

from .errors import ModelError
from .workloads import Gemm

__all__ = ["Nonzeros", "Product", "of_gemm", "of_matrices"]


class Nonzeros(Protocol):
    """A matrix by its nonzeros, such as :class:`dotforge_sim.run.sparse.Sparse`.

    Attributes
    ----------
    shape : rows and columns
    rows, columns : place of each nonzero, each place once
    """

    @property
    def shape(self) -> tuple[int, int]: ...
    @property
    def rows(self) -> Any: ...
    @property
    def columns(self) -> Any: ...


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


@dataclass(frozen=True)
class _Turned:
    """The places of a transposed matrix."""

    shape: tuple[int, int]
    rows: Any
    columns: Any


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


def of_matrices(a: Nonzeros, b: Nonzeros, name: str | None = None) -> Product:
    """Return what is counted in two matrices.

    Parameters
    ----------
    a : A, (M, K)
    b : B, (K, N)
    name : that reports show

    Raises
    ------
    ModelError
        A's columns are not B's rows.
    """
    if a.shape[1] != b.shape[0]:
        raise ModelError(
            f"A is {a.shape[0]}×{a.shape[1]} and B is {b.shape[0]}×{b.shape[1]}: A's columns must be B's rows"
        )
    places_a, places_b = _places(a), _places(_Turned((b.shape[1], b.shape[0]), b.columns, b.rows))
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


def _places(matrix: Nonzeros) -> Any:
    """Return where a matrix is not zero, as CSC of booleans with sorted indices."""
    ones = np.ones(len(matrix.rows), bool)
    made = scipy.sparse.csc_array((ones, (matrix.rows, matrix.columns)), shape=matrix.shape)
    made.sort_indices()
    return made
