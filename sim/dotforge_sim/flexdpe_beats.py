"""What the Flex-DPE takes: the matrices of a product as beats of its streams."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from dotforge_golden import flexdpe as golden
from dotforge_golden import route

from .streams import Beats, Simulator

__all__ = ["Job", "inputs", "pieces", "windows"]

#: Beats of vectors in one run of the simulator; windows beyond that are run in pieces.
_PIECE = 1_000_000

#: Up to this many lanes ``distribution=auto`` is a crossbar.
_CROSSBAR_LANES = 4


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


def inputs(
    simulator: Simulator, parameters: dict[str, Any], job: Job, parts: list[slice], *, given_regor: bool
) -> dict[str, Beats]:
    """Return the beats of all inputs for some windows.

    Parameters
    ----------
    simulator : packs fields
    parameters : of the engine
    job : the matrices
    parts : windows, see :func:`windows`
    given_regor : give REGOR as one word instead of all bitmaps
    """
    folds = [job.folds(part) for part in parts]
    made = {
        "bitmaps": _bitmap_beats(simulator, job, parts, given_regor),
        "rows": _row_beats(simulator, job, parts),
        "stationary": _value_beats(simulator, job, parts),
        "vectors": _vector_beats(simulator, job, parts, [len(some) for some in folds]),
    }
    if parameters["host_routes"]:
        made["settings"] = _setting_beats(simulator, parameters, job, folds)
    return made


def _wide(bits: np.ndarray, window: int) -> np.ndarray:
    """Pad the last axis, a part of K, to a whole window."""
    missing = window - bits.shape[-1]
    return np.pad(bits, [(0, 0)] * (bits.ndim - 1) + [(0, missing)]) if missing else bits


def _last(count: int) -> np.ndarray:
    return np.arange(count) == count - 1


def _joined(beats: list[Beats]) -> Beats:
    lasts = [beat.last for beat in beats if beat.last is not None]
    return Beats(np.concatenate([beat.data for beat in beats]), np.concatenate(lasts))


def _bitmap_beats(simulator: Simulator, job: Job, parts: list[slice], given: bool) -> Beats:
    beats = []
    for part in parts:
        bits = _wide(job.vector_bits[:, part], job.window)
        bits = golden.regor(bits)[np.newaxis] if given else bits
        beats.append(simulator.pack("bitmaps", _last(len(bits)), bitmap=bits.astype(np.int64)))
    return _joined(beats)


def _row_beats(simulator: Simulator, job: Job, parts: list[slice]) -> Beats:
    """Return the rows of each window that are not empty in it."""
    beats = []
    for part in parts:
        bits = _wide(job.row_bits[:, part], job.window)
        rows = np.flatnonzero(bits.any(axis=1))
        beats.append(simulator.pack("rows", _last(len(rows)), row=rows, bitmap=bits[rows].astype(np.int64)))
    return _joined(beats)


def _value_beats(simulator: Simulator, job: Job, parts: list[slice]) -> Beats:
    beats = []
    for part in parts:
        values = job.rows[:, part][job.row_bits[:, part]].astype(np.int64)
        count = -(-len(values) // job.bandwidth)
        padded = np.zeros(count * job.bandwidth, np.int64)
        padded[: len(values)] = values
        counts = np.full(count, job.bandwidth)
        counts[-1] = len(values) - (count - 1) * job.bandwidth
        beats.append(
            simulator.pack(
                "stationary", _last(count), values=padded.reshape(count, job.bandwidth), count=counts
            )
        )
    return _joined(beats)


def _vector_beats(simulator: Simulator, job: Job, parts: list[slice], folds: list[int]) -> Beats:
    beats = []
    for part, number in zip(parts, folds, strict=True):
        bits = _wide(job.vector_bits[:, part], job.window)
        values = _wide(job.vectors[:, part], job.window).astype(np.int64)
        order = np.argsort(~bits, axis=1, kind="stable")
        packed = np.where(np.sort(~bits, axis=1), 0, np.take_along_axis(values, order, axis=1))
        one = simulator.pack("vectors", _last(len(bits)), values=packed, bitmap=bits.astype(np.int64))
        if number and one.last is not None:
            beats.append(Beats(np.tile(one.data, (number, 1)), np.tile(one.last, number)))
    return (
        _joined(beats)
        if beats
        else simulator.pack(
            "vectors",
            np.zeros(0, bool),
            values=np.zeros((0, job.window), np.int64),
            bitmap=np.zeros((0, job.window), np.int64),
        )
    )


def _setting_beats(
    simulator: Simulator, parameters: dict[str, Any], job: Job, folds: list[list[golden.Fold]]
) -> Beats:
    topology = parameters["distribution"]
    if topology == "auto":
        topology = "crossbar" if job.lanes <= _CROSSBAR_LANES else "multicast-benes"
    positions = np.array([fold.positions for some in folds for fold in some]).reshape(-1, job.lanes)
    rows = route.route(topology, positions, job.window).astype(np.int64)
    return simulator.pack(
        "settings", np.tile(_last(rows.shape[1]), len(rows)), data=rows.reshape(-1, job.lanes)
    )
