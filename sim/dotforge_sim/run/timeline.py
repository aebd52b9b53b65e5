"""What an engine did in every cycle of a run: which folds streamed, how many lanes worked, what the others waited for.

All of it is counted from the beats of the run itself and the cycles in which they moved (:mod:`..simulator.recorder`).
A run that takes the simulator several times is one line of cycles, the runs after one another.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..simulator.recorder import Recorded
from .timeline_lanes import Pass, passes

__all__ = ["CAUSES", "Timeline", "Track", "timeline"]

#: Bins of the cycles at most.
_BINS = 2000

#: Passes of a track that are told one by one; of more, neighbours are told as one.
_PASSES = 4000

#: What a cycle was spent on → what that means. The first one that holds counts.
CAUSES = {
    "streaming": "a streaming beat was taken",
    "sums outstanding": "all is streamed, and only sums are to come",
    "accumulator": "within a fold no vector was taken: the accumulator, or who takes the sums, was not ready",
    "stationary": "stationary values were taken",
    "weights": "weights were taken",
    "rows": "rows of the next window were taken",
    "bitmaps": "bitmaps of the next window were taken, for REGOR",
    "settings": "settings of the distribution network were taken",
    "other streams": "beats of other inputs were taken",
    "routing and control": "no input moved: the engine packs, routes, or fills its pipeline",
}
_NUMBERS = {name: number for number, name in enumerate(CAUSES)}
_LOADED = ("stationary", "weights", "rows", "bitmaps", "settings")


@dataclass(frozen=True)
class Track:
    """What one slot of an engine streamed.

    Attributes
    ----------
    name : of the stream
    passes : first and last cycle, vectors, lanes that held a value, a row each; neighbours merged where there are many
    merged : passes a row
    """

    name: str
    passes: np.ndarray
    merged: int


@dataclass
class Timeline:
    """A run.

    Attributes
    ----------
    cycles : in all
    step : cycles of a bin
    causes : cause → cycles in each bin
    lanes : of each Flex-DPE, or of the engine
    useful : of each of these, multiplications of two nonzeros in each bin
    tracks : of each slot, what was streamed
    """

    cycles: int
    step: int
    causes: dict[str, np.ndarray]
    lanes: int
    useful: np.ndarray
    tracks: list[Track] = field(default_factory=list)


def timeline(runs: Sequence[Recorded], rows: int) -> Timeline:
    """Return what happened.

    Parameters
    ----------
    runs : of the simulator, of one product
    rows : of A

    Raises
    ------
    ValueError
        Nothing moved in any of them.
    """
    spans = [_span(run) for run in runs]
    total = sum(last - first + 1 for first, last in spans)
    if not total:
        raise ValueError("nothing was streamed: there is no cycle to show")
    step = max(1, -(-total // _BINS))
    bins = -(-total // step)
    counts = np.zeros((len(CAUSES), bins), np.int64)
    useful: np.ndarray | None = None
    tracks: dict[str, list[Pass]] = {}
    lanes, before = 1, 0
    for run, (first, last) in zip(runs, spans, strict=True):
        found, lanes, engines = passes(run, rows)
        cause = _causes(run, first, last, found)
        at = (np.arange(len(cause)) + before) // step
        np.add.at(counts, (cause, at), 1)
        if useful is None:
            useful = np.zeros((engines, bins))
        for one in found:
            where = (one.stamps - first + before) // step
            for engine in range(engines):
                if one.useful[:, engine].any():
                    useful[engine] += np.bincount(where, one.useful[:, engine], bins)
            tracks.setdefault(one.stream, []).append(one.shifted(before - first))
        before += last - first + 1
    assert useful is not None
    return Timeline(
        total,
        step,
        {name: counts[number] for name, number in _NUMBERS.items() if counts[number].any()},
        lanes,
        useful,
        [_track(name, found) for name, found in sorted(tracks.items())],
    )


def _span(run: Recorded) -> tuple[int, int]:
    """Return the cycle of the first beat that went in, and of the last one that came out."""
    taken = [int(stamps[0]) for stamps in run.outputs.accepted.values() if len(stamps)]
    gave = [int(each.cycles[-1]) for each in run.outputs.streams.values() if len(each.cycles)]
    return (min(taken), max(gave)) if taken and gave else (0, -1)


def _causes(run: Recorded, first: int, last: int, found: Sequence[Pass]) -> np.ndarray:
    """Return the number of the cause of every cycle; what is written later goes before."""
    cause = np.full(last - first + 1, _NUMBERS["routing and control"], np.uint8)
    streamed = {one.stream for one in found}
    for name, stamps in run.outputs.accepted.items():
        if name not in streamed:
            inside = stamps[stamps <= last] - first
            cause[inside] = np.minimum(cause[inside], _NUMBERS[_stem(name)])
    for one in found:
        own = cause[one.stamps[0] - first : one.stamps[-1] - first + 1]
        own[:] = _NUMBERS["accumulator"]
    if found:
        cause[max(int(one.stamps[-1]) for one in found) - first + 1 :] = _NUMBERS["sums outstanding"]
        for one in found:
            cause[one.stamps - first] = _NUMBERS["streaming"]
    return cause


def _stem(name: str) -> str:
    stem = name.rstrip("0123456789").rstrip("_")
    return stem if stem in _LOADED else "other streams"


def _track(name: str, found: Sequence[Pass]) -> Track:
    rows = np.array([(one.stamps[0], one.stamps[-1], len(one.stamps), one.held) for one in found], np.int64)
    merged = -(-len(rows) // _PASSES)
    starts = np.arange(0, len(rows), merged)
    ends = np.minimum(starts + merged, len(rows)) - 1
    return Track(
        name,
        np.stack(
            [
                rows[starts, 0],
                rows[ends, 1],
                np.add.reduceat(rows[:, 2], starts),
                np.add.reduceat(rows[:, 3], starts) // np.diff(starts, append=len(rows)),
            ],
            axis=1,
        ),
        merged,
    )
