"""A product on the Flex-DPU: cut into tiles that fit its accumulator, and put together again.

Row tiles are outermost, so that no partial sum leaves the chip. The streaming operand comes once for each row tile and
fold, the stationary one once for each vector tile.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dotforge_golden import flexdpe as flexdpe_golden
from dotforge_golden import flexdpu as golden

from ..models.flexdpe_plan import Plan, Side
from ..models.flexdpu_shape import Shape
from .flexdpu_jobs import Job, with_rows
from .sparse import Sparse

__all__ = ["Found", "Product", "Tile", "cut", "wanted"]


@dataclass(frozen=True)
class Tile:
    """A part of a product.

    Attributes
    ----------
    rows, vectors : of the product
    job : the same for the engine; None where no row has anything that a vector has
    """

    rows: slice
    vectors: slice
    job: Job | None


@dataclass(frozen=True)
class Product:
    """A product with one operand stationary.

    Attributes
    ----------
    stationary : ``a`` or ``b``
    kept : rows of the stationary operand that are not empty
    tiles : in order
    shape : rows that are not empty, and vectors
    """

    stationary: str
    kept: np.ndarray
    tiles: list[Tile]
    shape: tuple[int, int]

    @property
    def jobs(self) -> list[Job]:
        """Jobs of the tiles that have one."""
        return [tile.job for tile in self.tiles if tile.job is not None]

    @property
    def folds(self) -> int:
        """Folds of all tiles."""
        return sum(job.plan.folds for job in self.jobs)

    @property
    def beats(self) -> int:
        """Vectors that are streamed."""
        return sum(job.plan.folds * job.plan.vectors.count for job in self.jobs)

    @property
    def elements(self) -> tuple[int, int]:
        """Stationary and streaming elements that are sent."""
        loaded = streamed = 0
        for job in self.jobs:
            plan = job.plan
            for window, folds in zip(plan.windows.tolist(), plan.fold_counts.tolist(), strict=True):
                own = plan.rows.part(window)
                loaded += own.stop - own.start
                own = plan.vectors.part(window)
                streamed += folds * (own.stop - own.start)
        return loaded, streamed


def cut(
    rows: Sparse,
    vectors: Sparse,
    stationary: str,
    shape: Shape,
    arithmetic: flexdpe_golden.Arithmetic,
    place: tuple[int, int, int],
    tag: int,
) -> Product:
    """Return the tiles of a product.

    Parameters
    ----------
    rows, vectors : the stationary operand, rows × K, and the streaming one, vectors × K
    stationary : which of A and B the first one is
    shape : of the engine
    arithmetic : of the format
    place : slot, first Flex-DPE and number of them
    tag : of the first job; the others count on
    """
    kept, ids = np.unique(rows.rows, return_inverse=True)
    count = vectors.shape[0]
    if not len(kept):
        return Product(stationary, kept, [], (0, count))
    height, width = shape.tile(len(kept), count)
    slot, first, size = place
    tiles: list[Tile] = []
    for top in range(0, len(kept), height):
        below = min(top + height, len(kept))
        inside = (ids >= top) & (ids < below)
        side = Side.of(
            below - top, ids[inside] - top, rows.columns[inside], rows.values[inside], shape.window
        )
        for left in range(0, count, width):
            right = min(left + width, count)
            inside = (vectors.rows >= left) & (vectors.rows < right)
            other = Side.of(
                right - left,
                vectors.rows[inside] - left,
                vectors.columns[inside],
                vectors.values[inside],
                shape.window,
            )
            plan = Plan(side, other, arithmetic, shape.lanes * size, shape.window, shape.bandwidth)
            job = Job(plan, slot, first, size, (tag + len(tiles)) & 0xFFFF) if len(plan.windows) else None
            tiles.append(Tile(slice(top, below), slice(left, right), job))
    return Product(stationary, kept, tiles, (len(kept), count))


@dataclass
class Found:
    """What golden says of a product.

    Attributes
    ----------
    sums, exact : [rows that are not empty, vectors], as the accumulator holds them, and integers before they wrap
    elements : lanes that held a value, of each Flex-DPE of the group
    rounds : cycles that vectors took at the accumulator, and as many as vectors were streamed
    """

    sums: np.ndarray
    exact: np.ndarray
    elements: np.ndarray
    rounds: tuple[int, int]


def wanted(product: Product, shape: Shape, sum_bits: int) -> Found:
    """Return what golden gives.

    Parameters
    ----------
    product, shape : tiles, and the engine
    sum_bits : of the accumulator, integers
    """
    jobs = product.jobs
    arithmetic = jobs[0].plan.arithmetic if jobs else flexdpe_golden.Arithmetic()
    totals = golden.Totals.empty(product.shape[0], product.shape[1], arithmetic)
    elements = np.zeros(shape.engines, np.int64)
    taken = streamed = 0
    for tile in product.tiles:
        if tile.job is None:
            continue
        own = golden.Totals.empty(tile.job.plan.rows.count, tile.job.plan.vectors.count, arithmetic)
        for part, bits, values in _windows(tile.job.plan):
            for fold in part.folds:
                taken += golden.rounds(with_rows(part, fold), shape.lanes, shape.banks).count * len(bits)
                streamed += len(bits)
                held = fold.occupied.reshape(-1, shape.lanes).sum(axis=1)
                elements[tile.job.first : tile.job.first + tile.job.size] += held
                for row, sums in golden.fold_sums(
                    fold, part.row_values, values, bits, shape.lanes, arithmetic
                ):
                    own.add(int(part.rows[row]), sums, arithmetic)
        totals.sums[tile.rows, tile.vectors] = own.sums
    wrapped = replace(arithmetic, sum_bits=sum_bits).wrap(totals.sums)
    return Found(wrapped, totals.sums, elements, (taken, streamed))


def _windows(plan: Plan) -> Iterator[tuple[Any, np.ndarray, np.ndarray]]:
    for window in plan.windows.tolist():
        part = plan.part(window)
        if part.folds:
            yield part, *plan.vector_part(window, range(plan.vectors.count))
