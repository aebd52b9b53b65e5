"""How the Flex-DPE works at a product: which windows, which folds, and what is run at a time."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dotforge_golden import flexdpe as golden

__all__ = ["Job", "pieces", "windows"]

#: Beats of vectors in one run of the simulator; windows beyond that are run in pieces.
_PIECE = 1_000_000


@dataclass(frozen=True)
class Job:
    """Matrices as the engine takes them.

    Attributes
    ----------
    rows, vectors : [rows, K], [vectors, K]: integers or encodings
    row_bits, vector_bits : what is not zero
    arithmetic, lanes, window, bandwidth : of the engine
    """

    rows: np.ndarray
    vectors: np.ndarray
    row_bits: np.ndarray
    vector_bits: np.ndarray
    arithmetic: golden.Arithmetic
    lanes: int
    window: int
    bandwidth: int

    def folds(self, part: slice) -> list[golden.Fold]:
        """Return the folds of a window."""
        mask = golden.regor(self.vector_bits[:, part])
        return golden.pack(golden.useful_stationary(self.row_bits[:, part], mask), self.lanes)


def windows(job: Job) -> list[slice]:
    """Return the windows that have anything to multiply."""
    parts = golden.windows(job.rows.shape[1], job.window)
    return [part for part in parts if job.row_bits[:, part].any() and job.vector_bits[:, part].any()]


def pieces(job: Job) -> Iterator[list[slice]]:
    """Group windows into runs of the engine; each begins with a reset."""
    parts: list[slice] = []
    beats = 0
    for part in windows(job):
        own = len(job.folds(part)) * len(job.vectors)
        if parts and beats + own > _PIECE:
            yield parts
            parts, beats = [], 0
        parts.append(part)
        beats += own
    if parts:
        yield parts
