"""What the Flex-DPE takes: the matrices of a product as beats of its streams."""

from typing import Any

import numpy as np

from dotforge_golden import flexdpe as golden
from dotforge_golden import route

from ..models.flexdpe_plan import Job
from ..simulator.streams import Beats, Simulator

__all__ = ["inputs"]

#: Up to this many lanes ``distribution=auto`` is a crossbar.
_CROSSBAR_LANES = 4


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
