"""What the Flex-DPE takes: the matrices of a product as beats of its streams."""

from typing import Any

import numpy as np

from dotforge_golden import flexdpe as golden
from dotforge_golden import route

from ..models.flexdpe_plan import Part, Plan
from ..simulator.streams import Beats, Simulator

__all__ = ["inputs"]

#: Vectors that are packed at a time.
_CHUNK = 1 << 16

#: Up to this many lanes ``distribution=auto`` is a crossbar.
_CROSSBAR_LANES = 4


def inputs(
    simulator: Simulator, parameters: dict[str, Any], plan: Plan, windows: list[int], *, given_regor: bool
) -> dict[str, Beats]:
    """Return the beats of all inputs for some windows.

    Parameters
    ----------
    simulator : packs fields
    parameters : of the engine
    plan : the operands
    windows : of those that the plan has
    given_regor : give REGOR as one word instead of all bitmaps
    """
    rows, stationary, bitmaps, vectors, folds = [], [], [], [], []
    for window in windows:
        part = plan.part(window)
        rows.append(_row_beats(simulator, part))
        stationary.append(_value_beats(simulator, part, plan.bandwidth))
        one, streamed = _vector_beats(simulator, plan, window)
        if given_regor:
            regor = part.mask[np.newaxis].astype(np.uint8)
            one = simulator.pack("bitmaps", _last(1), bitmap=regor)
        bitmaps.append(one)
        vectors += [streamed] * len(part.folds)
        folds += part.folds
    made = {
        "bitmaps": _joined(bitmaps),
        "rows": _joined(rows),
        "stationary": _joined(stationary),
    }
    if vectors:  # else nothing is left to multiply: no fold, no vector
        made["vectors"] = _joined(vectors)
    if parameters["host_routes"]:
        made["settings"] = _setting_beats(simulator, parameters, plan, folds)
    return made


def _last(count: int) -> np.ndarray:
    return np.arange(count) == count - 1


def _joined(beats: list[Beats]) -> Beats:
    lasts = [beat.last for beat in beats if beat.last is not None]
    return Beats(np.concatenate([beat.data for beat in beats]), np.concatenate(lasts))


def _row_beats(simulator: Simulator, part: Part) -> Beats:
    """Return the rows of a window that are not empty in it."""
    return simulator.pack("rows", _last(len(part.rows)), row=part.rows, bitmap=part.row_bits.astype(np.uint8))


def _value_beats(simulator: Simulator, part: Part, bandwidth: int) -> Beats:
    values = part.row_values[part.row_bits]
    count = -(-len(values) // bandwidth)
    padded = np.zeros(count * bandwidth, values.dtype)
    padded[: len(values)] = values
    counts = np.full(count, bandwidth)
    counts[-1] = len(values) - (count - 1) * bandwidth
    return simulator.pack("stationary", _last(count), values=padded.reshape(count, bandwidth), count=counts)


def _vector_beats(simulator: Simulator, plan: Plan, window: int) -> tuple[Beats, Beats]:
    """Return a window's bitmaps and its compressed vectors."""
    count = plan.vectors.count
    made: list[tuple[Beats, Beats]] = []
    for first in range(0, count, _CHUNK):
        bits, values = plan.vector_part(window, range(first, min(first + _CHUNK, count)))
        ends = np.arange(first, first + len(bits)) == count - 1
        bitmap = bits.astype(np.uint8)
        order = np.argsort(~bits, axis=1, kind="stable")
        packed = np.take_along_axis(values, order, axis=1)  # zeros, which all others are, behind
        made.append(
            (
                simulator.pack("bitmaps", ends, bitmap=bitmap),
                simulator.pack("vectors", ends, values=packed, bitmap=bitmap),
            )
        )
    return _joined([one for one, _ in made]), _joined([other for _, other in made])


def _setting_beats(
    simulator: Simulator, parameters: dict[str, Any], plan: Plan, folds: list[golden.Fold]
) -> Beats:
    topology = parameters["distribution"]
    if topology == "auto":
        topology = "crossbar" if plan.lanes <= _CROSSBAR_LANES else "multicast-benes"
    positions = np.array([fold.positions for fold in folds]).reshape(-1, plan.lanes)
    rows = route.route(topology, positions, plan.window).astype(np.int64)
    return simulator.pack(
        "settings", np.tile(_last(rows.shape[1]), len(rows)), data=rows.reshape(-1, plan.lanes)
    )
