"""How the Flex-DPE works at a product: which windows, which folds, and what is run at a time.

Operands are nonzeros by place, so memory grows with those and not with the matrices.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dotforge_golden import flexdpe as golden

__all__ = ["Part", "Plan", "Side", "pieces"]

#: Beats of vectors in one run of the simulator; windows beyond that are run in pieces.
_PIECE = 1_000_000


@dataclass(frozen=True)
class Side:
    """Nonzeros of an operand, window by window, within a window row by row.

    Attributes
    ----------
    count : rows, or vectors
    rows : of each nonzero, its row or vector
    positions : its place in the window
    values : what it is, an integer or an encoding
    windows, starts : windows that hold any, ascending, and where the nonzeros of each begin; one entry more
    """

    count: int
    rows: NDArray[np.int64]
    positions: NDArray[np.int64]
    values: np.ndarray
    windows: NDArray[np.int64]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, count: int, rows: np.ndarray, inner: np.ndarray, values: np.ndarray, window: int) -> "Side":
        """Sort nonzeros.

        Parameters
        ----------
        count : rows, or vectors
        rows, inner, values : of each nonzero: its row or vector, its k, and what it is
        window : W
        """
        order = np.lexsort((inner, rows, inner // window))
        inner = inner[order]
        numbers, starts = np.unique(inner // window, return_index=True)
        return cls(count, rows[order], inner % window, values[order], numbers, np.append(starts, len(inner)))

    @classmethod
    def of_bits(cls, bits: np.ndarray, window: int) -> "Side":
        """Return the nonzeros of a bitmap, [rows, K].

        Parameters
        ----------
        bits : bool
        window : positions of a window
        """
        rows, inner = np.nonzero(bits)
        return cls.of(len(bits), rows, inner, np.ones(len(rows), np.int8), window)

    def part(self, window: int) -> slice:
        """Return where the nonzeros of a window lie."""
        index = int(np.searchsorted(self.windows, window))
        return slice(int(self.starts[index]), int(self.starts[index + 1]))


@dataclass(frozen=True)
class Part:
    """A window of a product.

    Attributes
    ----------
    rows : rows that are not empty in it
    row_bits, row_values : of these, [rows, W]
    mask : REGOR
    folds : what the lanes hold, one after the other; their rows count within :attr:`rows`
    """

    rows: NDArray[np.int64]
    row_bits: NDArray[np.bool_]
    row_values: np.ndarray
    mask: NDArray[np.bool_]
    folds: list[golden.Fold]


@dataclass(frozen=True)
class Plan:
    """A product as the engine takes it.

    Attributes
    ----------
    rows, vectors : the stationary operand and the streaming one
    arithmetic, lanes, window, bandwidth : of the engine
    """

    rows: Side
    vectors: Side
    arithmetic: golden.Arithmetic
    lanes: int
    window: int
    bandwidth: int

    @cached_property
    def windows(self) -> NDArray[np.int64]:
        """Windows that have both rows and vectors."""
        return np.intersect1d(self.rows.windows, self.vectors.windows)

    @cached_property
    def fold_counts(self) -> NDArray[np.int64]:
        """Folds of each of :attr:`windows`; none where no nonzero of a row meets one of a vector."""
        counts = []
        for window in self.windows:
            mask = self.mask(int(window))
            useful = np.count_nonzero(mask[self.rows.positions[self.rows.part(int(window))]])
            counts.append(-(-int(useful) // self.lanes))
        return np.array(counts, np.int64)

    @property
    def folds(self) -> int:
        """Folds of all windows."""
        return int(self.fold_counts.sum())

    def mask(self, window: int) -> NDArray[np.bool_]:
        """Return REGOR of a window."""
        found = np.zeros(self.window, bool)
        found[self.vectors.positions[self.vectors.part(window)]] = True
        return found

    def part(self, window: int) -> Part:
        """Return a window's rows and folds."""
        own = self.rows.part(window)
        rows, places = np.unique(self.rows.rows[own], return_inverse=True)
        values = np.zeros((len(rows), self.window), self.rows.values.dtype)
        bits = np.zeros(values.shape, bool)
        values[places, self.rows.positions[own]] = self.rows.values[own]
        bits[places, self.rows.positions[own]] = True
        mask = self.mask(window)
        return Part(rows, bits, values, mask, golden.pack(golden.useful_stationary(bits, mask), self.lanes))

    def vector_part(self, window: int, chosen: range) -> tuple[NDArray[np.bool_], np.ndarray]:
        """Return bitmaps and values of some vectors in a window, [vectors, W].

        Parameters
        ----------
        window : number of the window, from 0
        chosen : numbers of the vectors
        """
        own = self.vectors.part(window)
        vectors = self.vectors.rows[own]
        first, last = np.searchsorted(vectors, [chosen.start, chosen.stop])
        some = slice(own.start + int(first), own.start + int(last))
        values = np.zeros((len(chosen), self.window), self.vectors.values.dtype)
        bits = np.zeros(values.shape, bool)
        places = self.vectors.rows[some] - chosen.start, self.vectors.positions[some]
        values[places], bits[places] = self.vectors.values[some], True
        return bits, values


def pieces(plan: Plan) -> Iterator[list[int]]:
    """Group windows into runs of the engine; each begins with a reset."""
    parts: list[int] = []
    beats = 0
    for window, folds in zip(plan.windows.tolist(), plan.fold_counts.tolist(), strict=True):
        own = folds * plan.vectors.count
        if parts and beats + own > _PIECE:
            yield parts
            parts, beats = [], 0
        parts.append(window)
        beats += own
    if parts:
        yield parts
