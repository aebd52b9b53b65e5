"""Jobs of the Flex-DPU: as beats of its streams, and what comes back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dotforge_golden import flexdpe as golden

from ..models.flexdpe_plan import Part, Plan
from ..simulator.streams import Beats, Outputs, Simulator

__all__ = ["Job", "Returned", "inputs", "result_beats", "returned", "with_rows"]

#: Vectors that are packed at a time.
_CHUNK = 1 << 16


@dataclass(frozen=True)
class Job:
    """A product that fits the accumulator, on some Flex-DPEs.

    Attributes
    ----------
    plan : operands; its lanes are those of the whole group
    slot : that runs it
    first, size : Flex-DPEs of the group
    tag : comes back with the results
    """

    plan: Plan
    slot: int
    first: int
    size: int
    tag: int

    @property
    def windows(self) -> list[int]:
        """Windows that are sent: those in which a row and a vector have anything."""
        return [int(number) for number in self.plan.windows]


@dataclass(frozen=True)
class Returned:
    """What the engine gave for a job.

    Attributes
    ----------
    sums : [rows, vectors], int64 or float32
    wrong : beats that are not what they should be: their row, vector, tag, valid bits or last
    first, last : cycles of the first beat that went in and of the last one that came out
    accepted : cycles in which vectors were taken
    """

    sums: np.ndarray
    wrong: int
    first: int
    last: int
    accepted: np.ndarray


def inputs(
    simulator: Simulator, parameters: dict[str, Any], jobs: Sequence[Job], *, given_regor: bool
) -> dict[str, Beats]:
    """Return the beats of all streams for some jobs; jobs of a slot run one after the other.

    Parameters
    ----------
    simulator : packs fields
    parameters : of the engine
    jobs : all of which have a window
    given_regor : give REGOR as one word instead of all bitmaps
    """
    found: dict[str, list[Beats]] = {}
    for job in jobs:
        plan, slot = job.plan, job.slot
        head = simulator.pack(
            f"jobs_{slot}",
            first=[job.first],
            size=[job.size],
            rows=[plan.rows.count],
            vectors=[plan.vectors.count],
            windows=[len(job.windows)],
            tag=[job.tag],
        )
        found.setdefault(f"jobs_{slot}", []).append(head)
        for window in job.windows:
            part = plan.part(window)
            one, streamed = _vector_beats(simulator, plan, window, slot)
            if given_regor:
                regor = part.mask[np.newaxis].astype(np.uint8)
                one = simulator.pack(f"bitmaps_{slot}", _last(1), bitmap=regor)
            for name, beats in (
                ("bitmaps", one),
                ("rows", _row_beats(simulator, part, slot)),
                ("stationary", _value_beats(simulator, part, slot, parameters["stationary_bandwidth"])),
            ):
                found.setdefault(f"{name}_{slot}", []).append(beats)
            found.setdefault(f"vectors_{slot}", []).extend([streamed] * len(part.folds))
    return {name: _joined(beats) for name, beats in found.items() if beats}


def with_rows(part: Part, fold: golden.Fold) -> golden.Fold:
    """Return a fold with numbers of rows in the job instead of those in the window.

    Parameters
    ----------
    part : the window
    fold : of it
    """
    rows = np.where(fold.occupied, part.rows[np.maximum(fold.rows, 0)], golden.EMPTY)
    return golden.Fold(rows, fold.positions, fold.partial)


def _last(count: int) -> np.ndarray:
    return np.arange(count) == count - 1


def _joined(beats: list[Beats]) -> Beats:
    lasts = [beat.last for beat in beats if beat.last is not None]
    return Beats(np.concatenate([beat.data for beat in beats]), np.concatenate(lasts) if lasts else None)


def _row_beats(simulator: Simulator, part: Part, slot: int) -> Beats:
    return simulator.pack(
        f"rows_{slot}", _last(len(part.rows)), row=part.rows, bitmap=part.row_bits.astype(np.uint8)
    )


def _value_beats(simulator: Simulator, part: Part, slot: int, bandwidth: int) -> Beats:
    values = part.row_values[part.row_bits]
    count = -(-len(values) // bandwidth)
    padded = np.zeros(count * bandwidth, values.dtype)
    padded[: len(values)] = values
    counts = np.full(count, bandwidth)
    counts[-1] = len(values) - (count - 1) * bandwidth
    return simulator.pack(
        f"stationary_{slot}", _last(count), values=padded.reshape(count, bandwidth), count=counts
    )


def _vector_beats(simulator: Simulator, plan: Plan, window: int, slot: int) -> tuple[Beats, Beats]:
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
                simulator.pack(f"bitmaps_{slot}", ends, bitmap=bitmap),
                simulator.pack(f"vectors_{slot}", ends, values=packed, bitmap=bitmap),
            )
        )
    return _joined([one for one, _ in made]), _joined([other for _, other in made])


def result_beats(jobs: Sequence[Job], banks: int) -> dict[str, int]:
    """Return how many beats of results each slot gives.

    Parameters
    ----------
    jobs : of all slots
    banks : of an accumulator
    """
    counts: dict[str, int] = {}
    for job in jobs:
        name = f"results_{job.slot}"
        blocks = -(-job.plan.rows.count // banks)
        counts[name] = counts.get(name, 0) + blocks * job.plan.vectors.count
    return counts


def returned(simulator: Simulator, outputs: Outputs, jobs: Sequence[Job]) -> list[Returned]:
    """Return what came for each job.

    Parameters
    ----------
    simulator : unpacks fields
    outputs : of the run of all jobs
    jobs : in the order in which they were given
    """
    taken: dict[str, int] = {}
    found = []
    for job in jobs:
        slot, plan = job.slot, job.plan
        received = outputs[f"results_{slot}"]
        fields = simulator.unpack(f"results_{slot}", received.data)
        rows, vectors = plan.rows.count, plan.vectors.count
        banks = fields["values"].shape[1]
        blocks = -(-rows // banks)
        own = _next(taken, f"results_{slot}", blocks * vectors)
        values = fields["values"][own].reshape(blocks, vectors, banks)
        sums = values.transpose(0, 2, 1).reshape(blocks * banks, vectors)[:rows]
        if plan.arithmetic.is_float:
            sums = sums.astype(np.uint32).view(np.float32)
        block, vector = np.divmod(np.arange(blocks * vectors), vectors)
        valid = block[:, None] * banks + np.arange(banks) < rows
        wrong = (
            (fields["block"][own] != block)
            | (fields["vector"][own] != vector)
            | (fields["tag"][own] != job.tag)
            | (fields["valid"][own] != valid).any(axis=1)
            | (received.last[own] != (np.arange(blocks * vectors) == blocks * vectors - 1))
        )
        streamed = plan.folds * vectors
        accepted = outputs.accepted.get(f"vectors_{slot}", np.zeros(0, np.int64))
        mine = accepted[_next(taken, f"vectors_{slot}", streamed)]
        head = outputs.accepted[f"jobs_{slot}"][_next(taken, f"jobs_{slot}", 1)]
        found.append(
            Returned(
                sums.astype(np.int64) if not plan.arithmetic.is_float else sums,
                int(wrong.sum()),
                int(head[0]),
                int(received.cycles[own][-1]),
                mine,
            )
        )
    return found


def _next(taken: dict[str, int], name: str, count: int) -> slice:
    first = taken.get(name, 0)
    taken[name] = first + count
    return slice(first, first + count)
