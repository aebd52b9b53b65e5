"""Registers of the Flex-DPE's controller as the cycle model sees them: who holds what, and when it moves on."""

from collections.abc import Callable
from typing import Any

from .flexdpe_timing import Timing

__all__ = ["NEVER", "Fill", "Folds", "Line", "Routes", "Share"]

#: Later than everything.
NEVER = 1 << 62


class Fill:
    """Two steps of :class:`dotforge.sparse.folding`: where items begin, and when they may go in."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.start = 0
        self.half = self.complete = False

    def place(self, count: int, last: bool) -> tuple[bool, bool, bool]:
        """Return whether an item spans two folds, fills its fold, and ends one with its window.

        Parameters
        ----------
        count : values of the item
        last : whether it is the last of its window
        """
        total = self.start + count
        return total > self.lanes, total == self.lanes, last and total > 0

    def move(self, count: int, last: bool) -> None:
        """Take an item of ``count`` values, the ``last`` of its window or not."""
        self.start = 0 if last else (self.start + count) % self.lanes

    def step(self, flags: tuple[bool, bool, bool] | None, take: bool) -> tuple[bool, bool]:
        """Do a cycle; return whether the item is done, and whether anything changed.

        Parameters
        ----------
        flags : what :meth:`place` says of the item, ``None`` without one
        take : whether the fold that is complete is taken
        """
        complete, half = self.complete, self.half
        over, fills, ends = flags or (False, False, False)
        step = flags is not None and not complete
        done = step and (half or not over)
        self.complete = (
            (complete and not take)
            or (step and not half and (over or fills or ends))
            or (step and half and ends)
        )
        if step:
            self.half = over and not half
        return done, step or complete != self.complete


class Folds:
    """When folds are swapped, taken and shown, and when their vectors move.

    Parameters
    ----------
    timing : what the engine's parameters make of its timing
    vectors : number of vectors that each fold takes
    """

    def __init__(self, timing: Timing, vectors: int) -> None:
        self.timing, self.vectors = timing, vectors
        self.swaps: list[int] = []
        self.take = self.show = self.accepted = self.last_sum = -1
        self.moved = -NEVER  # the last vector of the fold before, into the lanes

    def may_swap(self, now: int) -> bool:
        return now > self.take and now > self.show and now >= self.accepted

    def swap(self, now: int) -> None:
        timing = self.timing
        after = timing.multiplier + timing.reduction
        self.swaps.append(now)
        self.take = max(now + 1, self.moved + (0 if timing.overlaps else after + 1))
        first = now + 1
        moved = max(first + timing.distribution, self.take + 1)
        self.show = moved + after - 1 if timing.overlaps else self.take
        self.moved = moved + self.vectors - 1
        # Vectors that the distribution network has room for are accepted before the first one moves on.
        room = timing.distribution + (timing.registered and timing.distribution > 0)
        self.accepted = first + self.vectors - 1
        if self.vectors > room:
            self.accepted = max(self.accepted, self.moved - timing.distribution)
        self.last_sum = self.moved + after


class Routes:
    """When positions are taken and settings prepared, fold by fold.

    Parameters
    ----------
    timing : what the engine's parameters make of its timing
    folds : that are routed
    """

    def __init__(self, timing: Timing, folds: Folds) -> None:
        self.timing, self.folds = timing, folds
        self.filled: list[int] = []  # cycle of each fold's last position
        self.begun: list[int] = []  # cycle in which its first slot is assigned
        self.written: list[int] = []  # cycle of its last row
        lanes = timing.lanes
        self.steps = [
            lanes // 2 // min(1 << level, timing.walkers) for level in range(lanes.bit_length() - 1)
        ]

    def _free(self, fold: int) -> int:
        """Return the first cycle in which the network takes rows of a fold."""
        if fold == 0:
            return 0
        if fold > len(self.folds.swaps):
            return NEVER
        settled = max(0, self.timing.distribution - 1) + self.timing.registered
        return self.folds.swaps[fold - 1] + 1 + settled

    def ready(self, fold: int, now: int) -> bool:
        """Return whether a position of a fold is taken.

        Parameters
        ----------
        fold : number of the fold, from 0
        now : cycle
        """
        if self.timing.topology == "crossbar":
            return now >= self._free(fold)
        before = fold - self.timing.engines
        return before < 0 or (before < len(self.begun) and now >= self.begun[before] + self.timing.lanes)

    def prepared(self, fold: int, now: int) -> bool:
        """Return whether in cycle ``now`` all settings of a ``fold`` are written."""
        return fold < len(self.written) and now > self.written[fold]

    def update(self) -> None:
        """Work out what follows from what is known by now."""
        engines = self.timing.engines
        while True:
            fold = len(self.written)
            free = self._free(fold)
            if self.timing.topology == "host":
                if free == NEVER or fold > len(self.folds.swaps):
                    return
                self.written.append(free + self.timing.rows_of_settings - 1)
                continue
            if self.timing.topology == "crossbar":
                if fold == len(self.filled):
                    return
                self.written.append(self.filled[fold])
                continue
            number = len(self.begun)
            if number < len(self.filled) and (number < engines or number - engines < fold):
                before = self.written[number - engines] if number >= engines else -1
                self.begun.append(max(self.filled[number], before) + 1)
                continue
            if fold == number or free == NEVER:
                return
            self.written.append(self._rows(self.begun[fold] + self.timing.lanes, free))

    def _rows(self, begin: int, free: int) -> int:
        """Return the cycle of a fold's last row; the first step of its first level may be in cycle ``begin``."""
        first = max(begin, free)
        if self.ahead:
            second = max(first + 1, begin + 1)
            row = max(begin + self.steps[0], second + 1)
        else:
            # The first row is written before the loop's first step.
            row = max(begin, free + 1) + self.steps[0]
        for steps in self.steps[1:]:
            row += steps
        return row

    @property
    def ahead(self) -> bool:
        return self.timing.engines > 1

    def events(self) -> list[int]:
        timing = self.timing
        times = [self.written[-1] + 1] if self.written else []
        times += [begun + timing.lanes for begun in self.begun[-timing.engines :]]
        if self.folds.swaps:
            times.append(self._free(len(self.folds.swaps)))
        return times


class Line:
    """Stages that items pass one after the other, of two places each; an item moves on if the next stage has a
    place free already.

    Parameters
    ----------
    length : stages
    entering : what becomes of an item that enters the last stage
    """

    def __init__(self, length: int, entering: Callable[[Any], Any] = lambda item: item) -> None:
        self.stages: list[list[Any]] = [[] for _ in range(length)]
        self.entering = entering

    @property
    def last(self) -> Any:
        """The item that is next to leave."""
        return self.stages[-1][0] if self.stages[-1] else None

    @property
    def accepts(self) -> bool:
        """Whether an item is taken in this cycle."""
        return len(self.stages[0]) < 2

    def move(self, item: Any, leaves: bool) -> bool:
        """End the cycle, with the item that is offered; return whether anything changed.

        Parameters
        ----------
        item : ``None`` where none is offered
        leaves : whether the last stage's item is taken
        """
        stages, last = self.stages, len(self.stages) - 1
        free = [len(stage) < 2 for stage in stages] + [leaves]
        moving = [item, *(stage[0] if stage else None for stage in stages)]
        changed = False
        for index, moved in enumerate(moving):
            if moved is None or not free[index]:
                continue
            changed = True
            if index:
                stages[index - 1].pop(0)
            if index <= last:
                stages[index].append(self.entering(moved) if index == last else moved)
        return changed


class Share:
    """A row that several read."""

    def __init__(self, readers: int) -> None:
        self.row: Any = None
        self.served = [False] * readers

    def offered(self, reader: int) -> Any:
        return None if self.served[reader] else self.row

    def leaves(self, done: list[bool]) -> bool:
        """Return whether all readers are done with the row in this cycle."""
        return self.row is not None and all(
            served or now_done for served, now_done in zip(self.served, done, strict=True)
        )

    def move(self, done: list[bool], comes: Any) -> bool:
        """End the cycle, with the row that comes if there is room; return whether anything changed.

        Parameters
        ----------
        done : by reader: it is done with the row in this cycle
        comes : the next row, ``None`` where there is none
        """
        leaves = self.leaves(done)
        self.served = [
            not leaves and (served or now_done) for served, now_done in zip(self.served, done, strict=True)
        ]
        if self.row is None or leaves:
            changed = self.row is not comes
            self.row = comes
            return changed or leaves
        return any(done)
