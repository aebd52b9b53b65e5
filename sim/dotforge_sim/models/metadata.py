"""How large a sparse matrix is in each format: values that are stored, and bits that say where they belong.

SIGMA's Fig. 7 compares None, CSR, CSC, COO, RLC-4, RLC-2 and a bitmap; blocked ELL, 2:4 and a bitmap by blocks are
what
users meet today. Sizes from a density are expectations for nonzeros that are spread evenly; from a matrix they are
counted.

Rules, for R×C elements of which nnz are not zero (log2 rounds up, to 1 at least):

- CSR: a column of log2 C bits a value, R + 1 pointers of log2(nnz + 1) bits; CSC with rows and columns exchanged.
- COO: log2 R + log2 C bits a value.
- RLC-b: a run of zeros of b bits before each value, row after row; where more than 2^b − 1 zeros follow each other
  a zero is
  stored as a value with a run of its own (EIE, Eyeriss).
- bitmap: a bit an element.
- bitmap by blocks: a bit for each block of 1×64 that has a value, and a bitmap of each of those.
- blocked ELL: square blocks, each row of blocks as many as the fullest one has, with a column number each; zeros
  in stored
  blocks and padding are stored values (cuSPARSE).
- 2:4: two of each four neighbours in a row, with two bits each; a matrix that has more in a group does not fit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import binom

from .errors import ModelError

__all__ = ["FIG7", "FORMATS", "Size", "Sparsity", "crossover", "of_density", "of_matrix", "sizes"]

#: Positions of a block of the bitmap by blocks, and rows and columns of one of blocked ELL.
BITMAP_BLOCK = 64
ELL_BLOCK = 16

#: Formats of SIGMA's Fig. 7, in its order.
FIG7 = ("none", "csr", "csc", "coo", "rlc-4", "rlc-2", "bitmap")


@dataclass(frozen=True)
class Sparsity:
    """What sizes depend on; counts may be expected values.

    Attributes
    ----------
    rows, columns : of the matrix
    nonzeros : values
    fillers : bits of a run → zeros that are stored because a run is longer
    bitmap_blocks : blocks of 1×64 with a value
    ell_blocks : blocks of 16×16 in the fullest row of blocks
    crowded : groups of four with more than two values
    """

    rows: int
    columns: int
    nonzeros: float
    fillers: dict[int, float]
    bitmap_blocks: float
    ell_blocks: float
    crowded: float


@dataclass(frozen=True)
class Size:
    """A matrix in a format.

    Attributes
    ----------
    format : name
    values : stored, zeros among them too
    metadata_bits : beside the stored values: indices, pointers, runs, bitmaps
    total_bits : of both
    lost : share of groups that a format of fixed structure cannot hold
    """

    format: str
    values: float
    metadata_bits: float
    total_bits: float
    lost: float = 0.0


def _log(count: float) -> int:
    """Bits of a number below ``count``."""
    return max(1, int(np.ceil(np.log2(max(2.0, count)))))


def of_density(rows: int, columns: int, density: float) -> Sparsity:
    """Return what is expected of a matrix whose nonzeros are spread evenly.

    Parameters
    ----------
    rows, columns : 1 or more
    density : share of nonzeros, 0…1

    Raises
    ------
    ModelError
        The density is not in 0…1, or a side is less than 1.
    """
    if not 0 <= density <= 1:
        raise ModelError(f"density {density}: allowed 0…1")
    if rows < 1 or columns < 1:
        raise ModelError(f"shape {rows},{columns}: allowed is 1 or more")
    nonzeros = rows * columns * density
    empty = 1 - density
    # A stored zero ends each full run of 2^b: as often as a value is, times the chance of so many zeros, ...
    fillers = {}
    for bits in (2, 4):
        chance = empty ** (1 << bits)
        fillers[bits] = nonzeros * chance / (1 - chance) if chance < 1 else 0.0
    blocks = rows * -(-columns // BITMAP_BLOCK)
    filled = 1 - empty**ELL_BLOCK**2
    per_row, block_rows = -(-columns // ELL_BLOCK), -(-rows // ELL_BLOCK)
    fullest = float(binom.ppf(0.5 ** (1 / block_rows), per_row, filled))
    two_or_less = empty**4 + 4 * density * empty**3 + 6 * density**2 * empty**2
    return Sparsity(
        rows,
        columns,
        nonzeros,
        fillers,
        blocks * (1 - empty**BITMAP_BLOCK),
        fullest,
        rows * -(-columns // 4) * (1 - two_or_less),
    )


def of_matrix(matrix: Any) -> Sparsity:
    """Count what sizes depend on.

    Parameters
    ----------
    matrix : nonzeros as ``shape``, ``rows`` and ``columns``, see :class:`.operands.Nonzeros`
    """
    (rows, columns), row, column = matrix.shape, matrix.rows, matrix.columns
    places = np.sort(row.astype(np.int64) * columns + column)
    gaps = np.diff(places, prepend=-1) - 1
    fillers = {bits: float((gaps >> bits).sum()) for bits in (2, 4)}
    ell = np.unique(row // ELL_BLOCK * -(-columns // ELL_BLOCK) + column // ELL_BLOCK)
    per_row = np.bincount(ell // -(-columns // ELL_BLOCK)) if len(ell) else np.zeros(1, int)
    _, groups = np.unique(row * -(-columns // 4) + column // 4, return_counts=True)
    return Sparsity(
        rows,
        columns,
        float(len(row)),
        fillers,
        float(len(np.unique(row * -(-columns // BITMAP_BLOCK) + column // BITMAP_BLOCK))),
        float(per_row.max()),
        float((groups > 2).sum()),
    )


def _none(found: Sparsity) -> tuple[float, float]:
    return found.rows * found.columns, 0.0


def _csr(found: Sparsity) -> tuple[float, float]:
    pointers = (found.rows + 1) * _log(found.nonzeros + 1)
    return found.nonzeros, found.nonzeros * _log(found.columns) + pointers


def _csc(found: Sparsity) -> tuple[float, float]:
    pointers = (found.columns + 1) * _log(found.nonzeros + 1)
    return found.nonzeros, found.nonzeros * _log(found.rows) + pointers


def _coo(found: Sparsity) -> tuple[float, float]:
    return found.nonzeros, found.nonzeros * (_log(found.rows) + _log(found.columns))


def _runs(run: int) -> Callable[[Sparsity], tuple[float, float]]:
    def size(found: Sparsity) -> tuple[float, float]:
        values = found.nonzeros + found.fillers[run]
        return values, values * run

    return size


def _bitmap(found: Sparsity) -> tuple[float, float]:
    return found.nonzeros, found.rows * found.columns


def _bitmap_blocks(found: Sparsity) -> tuple[float, float]:
    blocks = found.rows * -(-found.columns // BITMAP_BLOCK)
    return found.nonzeros, blocks + found.bitmap_blocks * BITMAP_BLOCK


def _ell(found: Sparsity) -> tuple[float, float]:
    slots = -(-found.rows // ELL_BLOCK) * found.ell_blocks
    values = slots * ELL_BLOCK**2
    return values, slots * _log(-(-found.columns // ELL_BLOCK))


def _two_of_four(found: Sparsity) -> tuple[float, float]:
    values = found.rows * -(-found.columns // 4) * 2
    return values, values * 2


#: Format → values that are stored, and bits of metadata.
FORMATS: dict[str, Callable[[Sparsity], tuple[float, float]]] = {
    "none": _none,
    "csr": _csr,
    "csc": _csc,
    "coo": _coo,
    "rlc-4": _runs(4),
    "rlc-2": _runs(2),
    "bitmap": _bitmap,
    "bitmap-blocks": _bitmap_blocks,
    "blocked-ell": _ell,
    "2:4": _two_of_four,
}


def sizes(found: Sparsity, value_bits: int = 16) -> list[Size]:
    """Return the sizes in all formats.

    Parameters
    ----------
    found : the matrix
    value_bits : of an element, 1…64

    Raises
    ------
    ModelError
        The element has no such width.
    """
    if not 1 <= value_bits <= 64:
        raise ModelError(f"value bits {value_bits}: allowed 1…64")
    made = []
    groups = found.rows * -(-found.columns // 4)
    for name, size in FORMATS.items():
        values, metadata = size(found)
        lost = found.crowded / groups if name == "2:4" else 0.0
        made.append(Size(name, values, metadata, values * value_bits + metadata, lost))
    return made


def crossover(
    format: str, rows: int, columns: int, value_bits: int | None = None
) -> tuple[float, float] | None:
    """Return the least and the greatest sparsity, in steps of 0.001, at which a format is smaller than a bitmap.

    Parameters
    ----------
    format : see :data:`FORMATS`
    rows, columns : of the matrix; nonzeros are spread evenly
    value_bits : of an element; without it metadata is compared alone, else with the values

    Returns
    -------
    ``None`` where it is nowhere smaller.
    """
    steps = []
    for step in range(1000):
        found = of_density(rows, columns, 1 - step / 1000)
        mine, bitmaps = (FORMATS[name](found) for name in (format, "bitmap"))
        less = mine[1] < bitmaps[1]
        if value_bits is not None:
            less = mine[0] * value_bits + mine[1] < bitmaps[0] * value_bits + bitmaps[1]
        if less:
            steps.append(step / 1000)
    return (steps[0], steps[-1]) if steps else None
