"""Golden model of the Flex-DPE, from 004_cc286613ada5888f (SIGMA), sections IV-A, IV-C and IV-E.

Matrices hold integers, or encodings of a floating-point format. The stationary matrix is rows × K, the
streaming one is vectors × K: row r of the one times vector v of the other is one dot product.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from . import art, fan, float_adder, float_multiplier, linear
from .formats import lookup
from .reduction import Addition, floating, integer

__all__ = [
    "EMPTY",
    "Arithmetic",
    "Fold",
    "Step",
    "counters",
    "pack",
    "product",
    "regor",
    "source_destination",
    "step",
    "useful_stationary",
    "windows",
]

#: Row and position of a lane that holds nothing.
EMPTY = -1

_NETWORKS = {"fan": fan.reduce, "art": art.reduce, "linear": linear.reduce}


@dataclass(frozen=True)
class Arithmetic:
    """What operands are and how they are multiplied and added.

    Parameters
    ----------
    format : ``int8``, ``bf16`` and so on
    flush_subnormals : floating point only
    reduction : ``fan``, ``art`` or ``linear``: the order of additions
    sum_bits : width of a fold's integer sums, which wrap
    """

    format: str = "int8"
    flush_subnormals: bool = False
    reduction: str = "fan"
    sum_bits: int = 64

    @property
    def is_float(self) -> bool:
        """Whether matrices hold encodings."""
        return not self.format.startswith("int")

    def nonzero(self, values: np.ndarray) -> np.ndarray:
        """Tell which values are not zero; a negative zero is."""
        if not self.is_float:
            return np.not_equal(np.asarray(values), 0)
        return lookup(self.format.upper()).decode(values) != 0

    def multiply(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return exact products, int64, or FP32 products, float32.

        Parameters
        ----------
        a : values of the format; floating-point ones as encodings
        b : as ``a``, of a shape that goes with it
        """
        if not self.is_float:
            return np.asarray(a, np.int64) * np.asarray(b, np.int64)
        codes = float_multiplier.multiply(a, b, self.format.upper(), flush_subnormals=self.flush_subnormals)
        return codes.astype(np.uint32).view(np.float32)

    @property
    def addition(self) -> Addition:
        """How a network adds."""
        return floating(flush_subnormals=self.flush_subnormals) if self.is_float else integer(64)

    def wrap(self, sums: np.ndarray) -> np.ndarray:
        """Return sums as they leave."""
        if self.is_float:
            return sums
        spare = np.int64(64 - self.sum_bits)
        return (sums << spare) >> spare

    def accumulate(self, total: np.ndarray, partial: np.ndarray) -> np.ndarray:
        """Add the partial sums of another fold.

        Parameters
        ----------
        total : sums so far, int64 or float32
        partial : of the fold, the same type
        """
        if not self.is_float:
            return total + partial
        codes = float_adder.add(
            total.view(np.uint32),
            partial.view(np.uint32),
            "FP32",
            flush_subnormals=self.flush_subnormals,
        )
        return codes.astype(np.uint32).view(np.float32)


def regor(bitmaps: np.ndarray) -> np.ndarray:
    """Return the OR over streaming vectors: [..., vectors, K] bool → [..., K] (step ii)."""
    return np.logical_or.reduce(np.asarray(bitmaps, bool), axis=-2)


def useful_stationary(bitmap: np.ndarray, regor: np.ndarray) -> np.ndarray:
    """Return stationary': the stationary bitmap AND REGOR (step ii).

    Parameters
    ----------
    bitmap : [rows, W] bool
    regor : [W] bool
    """
    return np.asarray(bitmap, bool) & np.asarray(regor, bool)


def counters(bitmap: np.ndarray, lanes: int) -> np.ndarray:
    """Return the counter value of each set bit of stationary', left to right and top to bottom, EMPTY at others.

    "The counter starts at 0 … resets when it reaches N_mult − 1" (step v): the lane of each element.

    Parameters
    ----------
    bitmap : [rows, W] bool
    lanes : N_mult
    """
    flat = np.asarray(bitmap, bool).ravel()
    return np.where(flat, (np.cumsum(flat) - 1) % lanes, EMPTY).reshape(np.shape(bitmap))


@dataclass(frozen=True)
class Fold:
    """What the lanes hold while one part of the stationary matrix stays.

    Attributes
    ----------
    rows, positions : row and position in the window of each lane's element, :data:`EMPTY` without one
    partial : the last run goes on in the next fold
    """

    rows: np.ndarray
    positions: np.ndarray
    partial: bool

    @property
    def occupied(self) -> np.ndarray:
        """Lanes that hold an element."""
        return self.rows != EMPTY

    @property
    def vec_ids(self) -> np.ndarray:
        """Number of each lane's run, from 0; lanes without an element are a run of their own (step vii)."""
        return np.cumsum(np.diff(self.rows, prepend=self.rows[:1]) != 0)

    @property
    def ends(self) -> np.ndarray:
        """Lanes in which a run ends."""
        return self.occupied & np.append(self.rows[1:] != self.rows[:-1], True)


def pack(useful: np.ndarray, lanes: int) -> list[Fold]:
    """Fill lanes with the elements of stationary', without gaps, fold by fold (steps iii to v).

    Parameters
    ----------
    useful : stationary' of one window, [rows, W] bool
    lanes : N_mult
    """
    rows, positions = np.nonzero(useful)
    folds = []
    for first in range(0, len(rows), lanes):
        own = slice(first, first + lanes)
        fill = (0, lanes - len(rows[own]))
        going_on = first + lanes < len(rows) and rows[first + lanes] == rows[first + lanes - 1]
        folds.append(
            Fold(
                np.pad(rows[own], fill, constant_values=EMPTY),
                np.pad(positions[own], fill, constant_values=EMPTY),
                bool(going_on),
            )
        )
    return folds


def windows(k: int, window: int) -> list[slice]:
    """Return the parts of K that are worked at one after the other.

    Parameters
    ----------
    k : length of K
    window : length of a part; the last one may be shorter
    """
    return [slice(first, min(first + window, k)) for first in range(0, k, window)]


def source_destination(fold: Fold, bitmap: np.ndarray) -> np.ndarray:
    """Return for each lane (destination) which packed streaming value it gets (source), EMPTY for none (step v).

    Parameters
    ----------
    fold : what the lanes hold
    bitmap : of a streaming vector, [W] bool
    """
    bitmap = np.asarray(bitmap, bool)
    source = np.where(bitmap, np.cumsum(bitmap) - 1, EMPTY)
    return np.where(fold.occupied, source[fold.positions], EMPTY)


@dataclass(frozen=True)
class Step:
    """What comes of some vectors and a fold.

    Attributes
    ----------
    useful : lanes with a product, [vectors, lanes]
    products : of each lane, zero where there is none
    sums : of the run that ends in each lane; ``valid`` tells where one does
    overflow : sums that do not fit
    exact : sums before they were wrapped, where integers
    bitmap : runs with any product, at the lane where they end: the output bitmap of step v
    """

    useful: np.ndarray
    products: np.ndarray
    sums: np.ndarray
    valid: np.ndarray
    overflow: np.ndarray
    exact: np.ndarray
    bitmap: np.ndarray


def step(
    fold: Fold, stationary: np.ndarray, streaming: np.ndarray, bitmap: np.ndarray, arithmetic: Arithmetic
) -> Step:
    """Stream vectors past a fold (step vii).

    Parameters
    ----------
    fold : what the lanes hold
    stationary : the window's values, [rows, W]
    streaming, bitmap : [vectors, W]; values at clear bits do not matter
    arithmetic : of the engine
    """
    lane = np.maximum(fold.positions, 0)
    held = np.where(fold.occupied, np.asarray(stationary)[np.maximum(fold.rows, 0), lane], 0)
    useful = fold.occupied & np.asarray(bitmap, bool)[:, lane]
    values = np.where(useful, np.asarray(streaming)[:, lane], 0)
    products = arithmetic.multiply(np.where(useful, held, 0), values)
    products = np.where(useful, products, np.zeros((), products.dtype))
    reduce = _NETWORKS[arithmetic.reduction]
    sums = reduce(products, fold.vec_ids, fold.occupied, addition=arithmetic.addition)
    run = np.maximum.accumulate(np.where(np.append(True, fold.ends[:-1]), np.arange(len(lane)), 0))
    counts = np.concatenate([np.zeros((len(useful), 1), int), np.cumsum(useful, axis=1)], axis=1)
    any_useful = counts[:, 1:] > counts[:, run]
    valid, wrapped = sums.valid & fold.ends, arithmetic.wrap(sums.values)
    overflow = valid & (wrapped != sums.values) if not arithmetic.is_float else np.zeros_like(valid)
    return Step(useful, products, wrapped, valid, overflow, sums.values, any_useful & fold.ends)


def product(
    stationary: np.ndarray,
    streaming: np.ndarray,
    *,
    lanes: int,
    window: int,
    arithmetic: Arithmetic,
    regors: Sequence[np.ndarray] | None = None,
) -> np.ndarray:
    """Return all dot products of rows and vectors, [rows, vectors], as int64 or float32.

    K is cut into windows, each window's rows are packed into folds, and partial sums of a dot product are
    added in (window, fold) order. A dot product without any element is +0.

    Parameters
    ----------
    stationary, streaming : [rows, K], [vectors, K]
    lanes, window : of the engine
    regors : REGOR of each window, where the host gives another than that of the streaming matrix
    arithmetic : how numbers multiply and add
    """
    stationary, streaming = np.asarray(stationary), np.asarray(streaming)
    shape = len(stationary), len(streaming)
    total = np.zeros(shape, np.float32 if arithmetic.is_float else np.int64)
    begun = np.zeros(len(stationary), bool)
    for number, part in enumerate(windows(stationary.shape[1], window)):
        rows, vectors = stationary[:, part], streaming[:, part]
        bitmap = arithmetic.nonzero(vectors)
        mask = regor(bitmap) if regors is None else np.asarray(regors[number], bool)[: rows.shape[1]]
        for fold in pack(useful_stationary(arithmetic.nonzero(rows), mask), lanes):
            found = step(fold, rows, vectors, bitmap, arithmetic)
            for lane in np.flatnonzero(fold.ends):
                row = fold.rows[lane]
                partial = found.sums[:, lane]
                total[row] = arithmetic.accumulate(total[row], partial) if begun[row] else partial
                begun[row] = True
    return total
