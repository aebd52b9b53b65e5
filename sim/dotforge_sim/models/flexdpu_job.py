"""What the cycles of a Flex-DPU depend on: its configuration, and what the windows of its jobs hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .flexdpe_plan import Plan
from .flexdpe_timing import Timing

__all__ = ["Cutter", "FoldShape", "JobShape", "Setup", "WindowShape", "folds_of", "job_of"]


@dataclass(frozen=True)
class Setup:
    """An engine; cycles where no unit is given.

    Attributes
    ----------
    timing : of a Flex-DPE
    members, slots : Flex-DPEs, and jobs at a time
    banks, depth : of an accumulator, and words of a bank
    pipeline : from the lanes to the sums that are shown
    accumulate : of an addition in the accumulator
    elements : that come in a cycle; 0 for no limit
    """

    timing: Timing
    members: int
    slots: int
    banks: int
    depth: int
    pipeline: int
    accumulate: int
    elements: int

    @classmethod
    def of(cls, parameters: dict[str, Any]) -> "Setup":
        """Return the setup of an engine with these parameters."""
        is_float = not parameters["format"].startswith("int")
        timing = Timing.of(
            {
                **parameters,
                "reduction": "fan",
                "fold_change": "overlap",
                "control_pipeline": False,
                "host_routes": False,
            }
        )
        slots = parameters["groups"] or min(2, parameters["engines"])
        banks = parameters["accumulator_banks"] or min(timing.lanes, 1 << parameters["row_bits"])
        words = parameters["accumulator_words"] or 256 * banks
        most = slots * (timing.window + timing.bandwidth)
        elements = parameters["bandwidth"] or most
        adds = parameters["adder_pipeline"] if is_float else 0
        return cls(
            timing,
            parameters["engines"],
            slots,
            banks,
            words // banks,
            timing.multiplier + timing.reduction + adds,
            adds,
            elements if elements < most else 0,
        )


@dataclass(frozen=True)
class FoldShape:
    """A fold.

    Attributes
    ----------
    slices : that hold anything
    rounds : cycles of a vector at the accumulator
    row : first row
    window : number of its window in the job
    """

    slices: int
    rounds: int
    row: int
    window: int


@dataclass(frozen=True)
class WindowShape:
    """What the controller sees of a window.

    Attributes
    ----------
    bitmaps : beats of the ``bitmaps`` stream
    rows, ones, useful : of each row: number, values, and those that stay
    kept : of the values, in order: how many of those before stay; one entry more than values
    elements : of each vector
    """

    bitmaps: int
    rows: list[int]
    ones: list[int]
    useful: list[int]
    kept: list[int]
    elements: list[int]


@dataclass(frozen=True)
class JobShape:
    """A job.

    Attributes
    ----------
    slot, first, size : where it runs
    rows, vectors : of its operands
    windows, folds : of the stationary one
    """

    slot: int
    first: int
    size: int
    rows: int
    vectors: int
    windows: list[WindowShape]
    folds: list[FoldShape]


def folds_of(windows: Sequence[WindowShape], lanes: int, size: int, banks: int) -> list[FoldShape]:
    """Cut windows into folds.

    Parameters
    ----------
    windows : of a job
    lanes : of a Flex-DPE
    size : Flex-DPEs of the group
    banks : of the accumulator
    """
    found = []
    for number, window in enumerate(windows):
        cutter = Cutter(lanes, size, banks, number)
        for row, count in zip(window.rows, window.useful, strict=True):
            if count:
                cutter.take(row, count)
        found += cutter.end()
    return found


class Cutter:
    """Fills lanes with rows, as golden does, and counts rounds.

    Parameters
    ----------
    lanes : of a Flex-DPE
    size : Flex-DPEs of the group
    banks : of the accumulator
    window : number of the window
    """

    def __init__(self, lanes: int, size: int, banks: int, window: int) -> None:
        self.lanes, self.size, self.banks, self.window = lanes, size, banks, window
        self.found: list[FoldShape] = []
        self._begin()

    def _begin(self) -> None:
        self.used = self.rounds = 0
        self.first = self.start = self.before = 0
        self.kept_slice = -1

    def take(self, row: int, count: int) -> None:
        """Take a row with so many values.

        Parameters
        ----------
        row : its number, above that of the one before
        count : 1 or more
        """
        joined = False
        while count:
            number, lane = divmod(self.used, self.lanes)
            if not joined:
                new = (
                    not self.rounds
                    or row - self.start >= self.banks
                    or (self.kept_slice == number and row != self.before + 1)
                )
                if not self.rounds:
                    self.first = row
                if new:
                    self.rounds += 1
                    self.start = row
                self.kept_slice = number
            self.before = row
            some = min(count, self.lanes - lane)
            self.used += some
            count -= some
            joined = True
            if self.used == self.lanes * self.size:
                self._close()
                joined = False

    def _close(self) -> None:
        slices = -(-self.used // self.lanes)
        self.found.append(FoldShape(slices, self.rounds, self.first, self.window))
        self._begin()

    def end(self) -> list[FoldShape]:
        """Return the folds of the window."""
        if self.used:
            self._close()
        return self.found


def job_of(plan: Plan, place: tuple[int, int, int], setup: Setup, *, given_regor: bool = False) -> JobShape:
    """Return the shape of a job.

    Parameters
    ----------
    plan : operands; its lanes are those of the group
    place : slot, first Flex-DPE and number of them
    setup : of the engine
    given_regor : REGOR comes as one word instead of all bitmaps
    """
    count = plan.vectors.count
    windows = []
    for window in plan.windows.tolist():
        part = plan.part(window)
        stays = np.broadcast_to(part.mask, part.row_bits.shape)[part.row_bits]
        own = plan.vectors.part(window)
        windows.append(
            WindowShape(
                1 if given_regor else count,
                part.rows.tolist(),
                part.row_bits.sum(axis=1).tolist(),
                (part.row_bits & part.mask).sum(axis=1).tolist(),
                np.concatenate([[0], np.cumsum(stays)]).tolist(),
                np.bincount(plan.vectors.rows[own], minlength=count).tolist() if setup.elements else [],
            )
        )
    slot, first, size = place
    folds = folds_of(windows, setup.timing.lanes, size, setup.banks)
    return JobShape(slot, first, size, plan.rows.count, count, windows, folds)
