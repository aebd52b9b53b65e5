"""Sparse operands by place: what of them a window holds, as bitmaps and packed values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .common import Pair, field_of, packed

__all__ = ["Places", "Window", "joined", "places_of", "window_beats", "windows_of"]


@dataclass(frozen=True)
class Places:
    """Nonzeros of a matrix: a row, a k and a word of each."""

    count: int  # rows of the matrix
    rows: np.ndarray
    inner: np.ndarray
    words: np.ndarray

    def some(self, chosen: np.ndarray, rows: np.ndarray, count: int) -> "Places":
        """Return those that are chosen, with other numbers of rows.

        Parameters
        ----------
        chosen : of each nonzero, whether it is kept
        rows : of each nonzero, its new row
        count : of rows
        """
        return Places(count, rows[chosen], self.inner[chosen], self.words[chosen])


@dataclass(frozen=True)
class Window:
    """What both operands hold in a window, one row a bitmap: stationary rows that are not empty, and all vectors."""

    rows: np.ndarray
    row_bits: np.ndarray
    row_words: np.ndarray
    vector_bits: np.ndarray
    vector_words: np.ndarray

    @property
    def elements(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows and positions of what lanes hold, in order: stationary elements that some vector meets."""
        rows, positions = np.nonzero(self.row_bits & self.vector_bits.any(axis=0))
        return rows, positions


def places_of(operands: Mapping[str, np.ndarray], name: str, field: Mapping[str, Any]) -> Places:
    """Return the nonzeros of an operand: A's rows, or B's columns.

    Parameters
    ----------
    operands : dense words, or words with ``a_rows``, ``a_columns`` and ``a_shape``
    name : ``a`` or ``b``
    field : that takes the words; of floating point, −0 is a zero
    """
    words = operands[f"{name}_elements"]
    if f"{name}_rows" in operands:
        rows, columns, shape = (operands[f"{name}_{each}"] for each in ("rows", "columns", "shape"))
    else:
        rows, columns = np.indices(words.shape).reshape(2, -1)
        shape, words = words.shape, words.ravel()
    mask = (1 << field["width"] - 1) - 1 if not field["signed"] else -1
    kept = (words.astype(np.int64) & mask) != 0
    rows, columns, words = rows[kept], columns[kept], words[kept]
    if name == "b":
        rows, columns, shape = columns, rows, (shape[1], shape[0])
    order = np.lexsort((columns, rows))
    return Places(int(shape[0]), rows[order], columns[order], words[order])


def windows_of(rows: Places, vectors: Places, window: int) -> Iterator[Window]:
    """Give the windows in which both have something, in order.

    Parameters
    ----------
    rows : of the stationary operand, numbered without the empty ones
    vectors : of the streaming operand
    window : positions
    """
    for number in np.intersect1d(rows.inner // window, vectors.inner // window):
        found = []
        for side in (rows, vectors):
            own = side.inner // window == number
            ids = np.unique(side.rows[own]) if side is rows else np.arange(side.count)
            words = np.zeros((len(ids), window), side.words.dtype)
            bits = np.zeros(words.shape, bool)
            at = np.searchsorted(ids, side.rows[own]), side.inner[own] % window
            words[at], bits[at] = side.words[own], True
            found += [ids, bits, words]
        yield Window(found[0], found[1], found[2], found[4], found[5])


def window_beats(
    manifest: Mapping[str, Any], own: Window, suffix: str, folds: int, *, given_regor: bool
) -> dict[str, Pair]:
    """Return the beats of a window.

    Parameters
    ----------
    manifest : of the engine
    own : the window
    suffix : of the names of its streams
    folds : how often the vectors are streamed
    given_regor : give REGOR as one word instead of all bitmaps
    """
    order = np.argsort(~own.vector_bits, axis=1, kind="stable")
    vector = np.take_along_axis(own.vector_words, order, axis=1)
    bitmap = np.any(own.vector_bits, axis=0, keepdims=True) if given_regor else own.vector_bits
    words = own.row_words[own.row_bits]
    lanes = field_of(manifest, f"stationary{suffix}", "values")["lanes"]
    count = -(-len(words) // lanes)
    values = np.pad(words, (0, count * lanes - len(words))).reshape(count, lanes)
    held = np.minimum(len(words) - lanes * np.arange(count), lanes)

    def last(beats: int) -> np.ndarray:
        return np.arange(beats) == beats - 1

    made = {
        f"bitmaps{suffix}": packed(manifest, f"bitmaps{suffix}", last(len(bitmap)), bitmap=bitmap),
        f"rows{suffix}": packed(
            manifest, f"rows{suffix}", last(len(own.rows)), row=own.rows, bitmap=own.row_bits
        ),
        f"stationary{suffix}": packed(
            manifest, f"stationary{suffix}", last(count), values=values, count=held
        ),
    }
    if folds:
        data, ends = packed(
            manifest, f"vectors{suffix}", last(len(vector)), values=vector, bitmap=own.vector_bits
        )
        made[f"vectors{suffix}"] = np.tile(data, (folds, 1)), np.tile(ends, folds)
    return made


def joined(parts: list[dict[str, Pair]]) -> dict[str, Pair]:
    """Return the beats of parts after one another."""
    found: dict[str, list[Pair]] = {}
    for part in parts:
        for name, pair in part.items():
            found.setdefault(name, []).append(pair)
    return {
        name: (np.concatenate([data for data, _ in pairs]), np.concatenate([last for _, last in pairs]))
        for name, pairs in found.items()
    }
