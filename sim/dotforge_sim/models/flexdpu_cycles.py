"""Cycle model of the Flex-DPU: what its RTL needs for some jobs, to the cycle, from bitmaps alone.

The registers of every slot are followed cycle by cycle, without any data. Inputs and outputs never wait on their
neighbours.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .cycles import Cycles
from .flexdpu_job import JobShape, Setup
from .flexdpu_load import Loader, MemberRoutes

__all__ = ["Taken", "count_jobs"]


@dataclass
class Taken:
    """What a job took.

    Attributes
    ----------
    first, last : cycles of its first beat and of its last result, from the first cycle of all
    accepted : the last vector's
    streamed : vectors
    stalls : cycles in which the accumulator let sums wait
    """

    first: int
    last: int = 0
    accepted: int = 0
    streamed: int = 0
    stalls: int = 0

    @property
    def cycles(self) -> Cycles:
        """By bucket."""
        total = self.last - self.first + 1
        add = self.last - self.accepted
        return Cycles(total - self.streamed - add, self.streamed, add)


@dataclass
class _Vector:
    """A vector on its way: number of its fold, its own, and whether it is the first or last one."""

    fold: int
    number: int
    first: bool
    last: bool


@dataclass
class _Slot:
    """A running job: control, members' pipeline, accumulator, and results."""

    setup: Setup
    job: JobShape
    taken: Taken
    routes: list[MemberRoutes]
    load: Any = None
    streaming: bool = False
    index: int = 0
    fold: int = -1  # that is streamed
    pending: bool = False
    moving: bool = False
    in_use: bool = False
    fresh: bool = False
    inside: bool = False
    rounds: int = 0  # of the shown vector that are done
    network: list[_Vector | None] = field(default_factory=list)
    passing: list[bool] = field(default_factory=list)
    pipe: list[_Vector | None] = field(default_factory=list)
    adding: list[tuple[int, int] | None] = field(default_factory=list)
    shown_final: bool = False
    shown: int = -1  # fold whose rows are shown
    fold_block: int = 0
    fold_final: bool = False
    block: int = 0
    vector: int = 0
    present: bool = False
    seen: int = 0
    steady: int = 0
    finished: int = 0
    done: bool = False

    def __post_init__(self) -> None:
        setup = self.setup
        self.load = Loader(setup, self.job, self.routes)
        self.network = [None] * setup.timing.distribution
        self.passing = [False] * max(0, setup.timing.distribution - 1)
        self.pipe = [None] * setup.pipeline
        self.adding = [None] * (setup.accumulate + 1)
        self.blocks = -(-self.job.rows // setup.banks)
        self._signals()

    def _signals(self) -> None:
        """Work out what follows from the registers alone."""
        shown = self.pipe[-1]
        self.hazard = shown is not None and any(
            each is not None and each[1] == shown.number and (each[0] - shown.fold) % 2
            for each in self.adding[1:]
        )
        self.moves = shown is not None and not self.hazard
        self.more = shown is not None and self.rounds + 1 < self.job.folds[shown.fold].rounds
        self.advance = shown is None or (self.moves and not self.more)
        lanes_ready = self.in_use and self.advance
        self.ready = (self.network[-1] is None or lanes_ready) if self.network else lanes_ready

    @property
    def wants_vector(self) -> bool:
        return self.streaming and self.ready

    @property
    def elements(self) -> int:
        """Elements of the vector that is due."""
        return self.job.windows[self.job.folds[self.fold].window].elements[self.index]

    def cycle(self, now: int, loads: bool, streams: bool) -> None:
        """End a cycle, in which a stationary beat or a vector may come in."""
        job, load = self.job, self.load
        vectors = job.vectors
        accepted = self.streaming and self.ready and streams
        came = None
        if accepted:
            came = _Vector(self.fold, self.index, self.index == 0, self.index == vectors - 1)
        out = self.network[-1] if self.network else came
        moved = out is not None and self.in_use and self.advance
        moved_last = moved and out is not None and out.last
        take = self.pending and not self.moving and (not self.in_use or moved_last)
        before = self.pipe[-2]
        show = before is not None and before.first and self.advance
        ends = accepted and self.index == vectors - 1
        following = self.fold + 1
        prepared = False
        for route in self.routes:
            route.update()
        if following < len(job.folds):
            used = job.folds[following].slices
            prepared = all(route.prepared(len(route.swaps), now) for route in self.routes[:used])
        swap = (
            load.complete
            and prepared
            and not self.pending
            and not self.moving
            and (not self.streaming or ends)
        )
        adds = load.loaded and not load.runs.complete and not self.inside
        self._results(now, adds)
        load.cycle(now, take, show, loads)
        self._pass(now, swap, following)
        self._add(show, before)
        if self.advance:
            self.pipe = [out if moved else None, *self.pipe[:-1]]
        if self.network and self.ready:
            self.network = [came, *self.network[:-1]]
        self.in_use = take or (self.in_use and not moved_last)
        self.pending = (self.pending and not take) or swap
        self.moving = (self.moving or take) and not show
        self.streaming = swap or (self.streaming and not ends)
        if accepted:
            self.taken.accepted = now
            self.taken.streamed += 1
        self.index = 0 if ends else self.index + accepted
        if swap:
            self.fold = following
        self._signals()

    def _add(self, show: bool, before: _Vector | None) -> None:
        """Let the sums that are shown into the accumulator; ``show`` lets those of the next fold be shown."""
        job, setup = self.job, self.setup
        shown = self.pipe[-1]
        fold_ends = shown is not None and self.moves and not self.more and shown.last
        if shown is not None and self.rounds == 0:
            fold = job.folds[shown.fold]
            self.fold_block, self.fold_final = fold.row // setup.banks, self.shown_final
        if shown is not None and not self.advance:
            self.taken.stalls += 1
        entry = (shown.fold, shown.number) if shown is not None and self.moves else None
        self.adding = [entry, *self.adding[:-1]]
        if self.moves:
            self.rounds = self.rounds + 1 if self.more else 0
        if show and before is not None:
            self.shown_final = job.folds[before.fold].window == len(job.windows) - 1
        self.inside = (self.inside and not fold_ends) or show

    def _pass(self, now: int, swap: bool, fold: int) -> None:
        """Let a swap pass through the registers of the networks."""
        if self.passing:
            first = swap or (self.passing[0] and not self.ready)
            rest = [
                self.passing[index - 1] if self.ready else self.passing[index]
                for index in range(1, len(self.passing))
            ]
            self.passing = [first, *rest]
        if swap:
            for route in self.routes[: self.job.folds[fold].slices]:
                route.swaps.append(now)
        if not any(self.passing):
            for route in self.routes:
                if len(route.settled) < len(route.swaps):
                    route.settled.append(now + 1)

    def _results(self, now: int, adds: bool) -> None:
        """Do a cycle of the results."""
        vectors = self.job.vectors
        moves = self.present
        ends_block = self.vector == vectors - 1
        done = moves and ends_block and self.block == self.blocks - 1
        next_block = self.block + (moves and ends_block)
        present = not done and next_block < self.finished
        below = self.blocks if adds else (self.fold_block if self.fold_final else self.seen)
        cycles = self.setup.accumulate + 2
        if self.steady == cycles and below == self.seen:
            self.finished = self.seen
        self.steady = 0 if below != self.seen else min(cycles, self.steady + 1)
        self.seen = below
        if moves:
            self.vector = 0 if ends_block else self.vector + 1
        self.block = next_block
        self.present = present
        if done:
            self.done = True
            self.taken.last = now


def count_jobs(setup: Setup, jobs: Sequence[JobShape], phase: int = 0) -> list[Taken]:
    """Return what each job takes.

    Parameters
    ----------
    setup : of the engine
    jobs : each with a window; those of a slot run in order
    phase : cycles since the reset, in the first one (what limited bandwidth depends on)
    """
    queues: list[list[int]] = [[] for _ in range(setup.slots)]
    for number, job in enumerate(jobs):
        queues[job.slot].append(number)
    found = [Taken(0) for _ in jobs]
    running: list[_Slot | None] = [None] * setup.slots
    now = 0
    while any(queues) or any(running):
        owned = set()
        for slot in running:
            if slot is not None:
                owned |= set(range(slot.job.first, slot.job.first + slot.job.size))
        claims = _claim(queues, running, jobs, owned)
        grants = _grants(setup, running, (now + phase) % setup.slots)
        for number, slot in enumerate(running):
            if slot is not None:
                slot.cycle(now, *grants[number])
                if slot.done:
                    running[number] = None
        if claims is not None:
            number = queues[claims].pop(0)
            job = jobs[number]
            found[number].first = now
            running[claims] = _Slot(setup, job, found[number], [MemberRoutes(setup) for _ in range(job.size)])
        now += 1
    return found


def _claim(
    queues: list[list[int]], running: list[_Slot | None], jobs: Sequence[JobShape], owned: set[int]
) -> int | None:
    """Return the slot whose job gets its Flex-DPEs."""
    for number, queue in enumerate(queues):
        if queue and running[number] is None:
            job = jobs[queue[0]]
            if not owned & set(range(job.first, job.first + job.size)):
                return number
    return None


def _grants(setup: Setup, running: list[_Slot | None], turn: int) -> list[tuple[bool, bool]]:
    """Return whether each slot may take a stationary beat, and a vector."""
    if not setup.elements:
        return [(False, True)] * len(running)
    left = setup.elements
    loads, streams = [False] * len(running), [False] * len(running)
    order = [(turn + step) % len(running) for step in range(len(running))]
    for number in order:
        slot = running[number]
        if slot is not None and slot.load.open() and slot.load.wants() <= left:
            loads[number] = True
            left -= slot.load.wants()
    for number in order:
        slot = running[number]
        if slot is not None and slot.wants_vector and slot.elements <= left:
            streams[number] = True
            left -= slot.elements
    return list(zip(loads, streams, strict=True))
