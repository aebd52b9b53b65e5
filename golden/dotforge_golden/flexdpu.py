"""Golden model of the Flex-DPU, from 004_cc286613ada5888f (SIGMA), sections IV-B to IV-E.

A group of Flex-DPEs works at one product. Its folds are cut over all lanes of the group, each Flex-DPE holds a slice
of a fold, and partial sums of a dot product are added where they are made:

* inside a Flex-DPE in the order of its reduction network;
* of a row that goes over from one Flex-DPE to the next inside a fold: the left part plus the right one;
* over folds and windows in (window, fold) order: what was added before plus what comes.
"""

from dataclasses import dataclass, replace

import numpy as np

from .flexdpe import EMPTY, Arithmetic, Fold, pack, regor, step, useful_stationary, windows

__all__ = ["Rounds", "Totals", "fold_sums", "product", "rounds", "slices"]


def slices(fold: Fold, lanes: int) -> list[Fold]:
    """Return what each Flex-DPE holds of a fold, from the left.

    Parameters
    ----------
    fold : of the group
    lanes : of a Flex-DPE
    """
    cut = []
    for first in range(0, len(fold.rows), lanes):
        own = slice(first, first + lanes)
        behind = fold.rows[first + lanes] if first + lanes < len(fold.rows) else EMPTY
        last = fold.rows[own][-1]
        goes_on = last != EMPTY and (behind == last if first + lanes < len(fold.rows) else fold.partial)
        cut.append(Fold(fold.rows[own], fold.positions[own], bool(goes_on)))
    return cut


def fold_sums(
    fold: Fold,
    stationary: np.ndarray,
    streaming: np.ndarray,
    bitmap: np.ndarray,
    lanes: int,
    arithmetic: Arithmetic,
) -> list[tuple[int, np.ndarray]]:
    """Return the rows that a fold has any element of, in order, and their sums with each vector.

    Parameters
    ----------
    fold : of the group
    stationary : the window's values, [rows, W]
    streaming, bitmap : [vectors, W]; values at clear bits do not matter
    lanes : of a Flex-DPE
    arithmetic : of the engine
    """
    found: list[tuple[int, np.ndarray]] = []
    joins = False  # the row before goes over from the Flex-DPE on the left
    for part in slices(fold, lanes):
        made = step(part, stationary, streaming, bitmap, arithmetic)
        for lane in np.flatnonzero(part.ends):
            row, sums = int(part.rows[lane]), made.sums[:, lane]
            if joins:
                left = found.pop()[1]
                sums = arithmetic.accumulate(left, sums)
                joins = False
            found.append((row, sums))
        joins = part.partial
    return found


@dataclass
class Totals:
    """Sums of rows with vectors as the accumulator holds them.

    Attributes
    ----------
    sums : [rows, vectors], int64 or float32
    begun : rows of which any sum came
    """

    sums: np.ndarray
    begun: np.ndarray

    @classmethod
    def empty(cls, rows: int, vectors: int, arithmetic: Arithmetic) -> "Totals":
        """Return none; a row that never has any is +0.

        Parameters
        ----------
        rows, vectors : how many there are
        arithmetic : how numbers add
        """
        kind = np.float32 if arithmetic.is_float else np.int64
        return cls(np.zeros((rows, vectors), kind), np.zeros(rows, bool))

    def add(self, row: int, sums: np.ndarray, arithmetic: Arithmetic) -> None:
        """Add the sums of a fold; the first ones are taken as they are.

        Parameters
        ----------
        row, sums : of which row; with each vector
        arithmetic : how numbers add
        """
        self.sums[row] = arithmetic.accumulate(self.sums[row], sums) if self.begun[row] else sums
        self.begun[row] = True


def product(
    stationary: np.ndarray,
    streaming: np.ndarray,
    *,
    lanes: int,
    window: int,
    engines: int,
    arithmetic: Arithmetic,
    accumulator_bits: int = 64,
) -> np.ndarray:
    """Return all dot products of rows and vectors, [rows, vectors], as int64 or float32.

    Parameters
    ----------
    stationary, streaming : [rows, K], [vectors, K]
    lanes : of a Flex-DPE
    window : positions that are worked at together
    engines : Flex-DPEs of the group
    arithmetic : how numbers multiply and add
    accumulator_bits : of an integer sum, which wraps
    """
    stationary, streaming = np.asarray(stationary), np.asarray(streaming)
    totals = Totals.empty(len(stationary), len(streaming), arithmetic)
    for part in windows(stationary.shape[1], window):
        rows, vectors = stationary[:, part], streaming[:, part]
        bitmap = arithmetic.nonzero(vectors)
        useful = useful_stationary(arithmetic.nonzero(rows), regor(bitmap))
        for fold in pack(useful, engines * lanes):
            for row, sums in fold_sums(fold, rows, vectors, bitmap, lanes, arithmetic):
                totals.add(row, sums, arithmetic)
    return replace(arithmetic, sum_bits=accumulator_bits).wrap(totals.sums)


@dataclass(frozen=True)
class Rounds:
    """In which of a vector's rounds each run of a fold goes to the accumulator.

    Attributes
    ----------
    rows : of each run, in order
    numbers : of its round, from 0
    """

    rows: np.ndarray
    numbers: np.ndarray

    @property
    def count(self) -> int:
        """Cycles that each vector takes there."""
        return int(self.numbers[-1]) + 1 if len(self.numbers) else 1


def rounds(fold: Fold, lanes: int, banks: int) -> Rounds:
    """Return the rounds of a fold.

    Row r has its words in bank r mod ``banks``. A round ends before a row that is ``banks`` or more behind its first
    one, and before a row that, inside a Flex-DPE, does not follow the row before it: wires stand for neighbouring rows.

    Parameters
    ----------
    fold : of the group
    lanes : of a Flex-DPE
    banks : of the accumulator
    """
    rows: list[int] = []
    numbers: list[int] = []
    first = 0
    joins = False
    for part in slices(fold, lanes):
        kept = False
        before = EMPTY
        for row in part.rows[part.ends].tolist():
            if joins:  # its sum is with the Flex-DPE on the left
                joins, before = False, row
                continue
            new = not rows or row - first >= banks or (kept and row != before + 1)
            if new:
                first = row
            numbers.append(numbers[-1] + new if numbers else 0)
            rows.append(row)
            kept, before = True, row
        joins = part.partial
    return Rounds(np.array(rows, int), np.array(numbers, int))
