"""The loader of a job as the cycle model sees it: what moves in a cycle, without any data."""

from typing import Any

from .flexdpe_registers import NEVER, Fill, Routes, Share
from .flexdpu_job import JobShape, Setup

__all__ = ["Loader", "MemberRoutes", "SliceFill"]


class SliceFill(Fill):
    """:class:`Fill` of slices: the last of them, and the end of a window, complete the fold.

    Parameters
    ----------
    lanes : of a Flex-DPE
    slices : of the group
    """

    def __init__(self, lanes: int, slices: int) -> None:
        super().__init__(lanes)
        self.slices, self.slice = slices, 0
        self.windows = 0

    def advance(self, flags: tuple[bool, bool, bool] | None, last: bool, take: bool) -> bool:
        """Do a cycle; return whether the item is done.

        Parameters
        ----------
        flags : of :meth:`Fill.place`, ``None`` without an item
        last : it is the last of its window
        take : the fold that is complete is taken
        """
        over, fills, ends = flags or (False, False, False)
        step = flags is not None and not self.complete
        first, second = step and not self.half, step and self.half
        done = step and (self.half or not over)
        slice_ends = (first and (over or fills or ends)) or (second and ends)
        window_ends = done and last
        fold_ends = (slice_ends and self.slice == self.slices - 1) or (
            window_ends and (self.slice > 0 or slice_ends)
        )
        if step:
            self.half = over and not self.half
        self.complete = (self.complete and not take) or fold_ends
        self.slice = 0 if fold_ends else self.slice + slice_ends
        self.windows += window_ends
        return done


class MemberRoutes(Routes):
    """Routes of a Flex-DPE; when its network can be written again is told it."""

    def __init__(self, setup: Setup) -> None:
        self.swaps: list[int] = []
        self.settled: list[int] = []
        self.given = 0
        super().__init__(setup.timing, self)  # pyright: ignore[reportArgumentType]

    def _free(self, fold: int) -> int:
        if fold == 0:
            return 0
        return self.settled[fold - 1] if fold <= len(self.settled) else NEVER


class Loader:
    """From streams to the next fold, a cycle at a time.

    Parameters
    ----------
    setup, job : engine and job
    routes : of the group's Flex-DPEs
    """

    def __init__(self, setup: Setup, job: JobShape, routes: list[MemberRoutes]) -> None:
        timing = setup.timing
        self.timing, self.job, self.routes = timing, job, routes
        self.limited = setup.elements > 0
        self.runs, self.values = SliceFill(timing.lanes, job.size), SliceFill(timing.lanes, job.size)
        self.rows = [
            (number, ones, useful, index == len(window.ones) - 1)
            for number, window in enumerate(job.windows)
            for index, (ones, useful) in enumerate(zip(window.ones, window.useful, strict=True))
        ]
        self.next_row = 0
        self.gathering = 0  # window, and its beats so far
        self.beats = 0
        self.full = False
        self.regor = -1
        self.buffered = timing.row_buffer
        self.share = Share(2 if self.buffered else 3)
        self.early = Share(2)
        self.queue: list[Any] = []
        self.queued = 0
        self.present = False
        self.half = max(timing.window, timing.bandwidth)
        self.written = self.dropped = self.taken = 0
        self.ended = self.tail = False
        self.filled = 0  # windows whose values are all in
        self.scanned: Any = None
        self.lane = self.slice = 0
        # Beats at the entrance, where bandwidth is limited: window and end of each.
        self.entrance: list[int] = []
        self.entering = self.entered = 0
        self.room = True

    @property
    def loaded(self) -> bool:
        """Whether all of the job is placed."""
        count = len(self.job.windows)
        return self.runs.windows == count and self.filled == count

    @property
    def complete(self) -> bool:
        """Whether the next fold is."""
        return self.runs.complete and self.values.complete

    def wants(self) -> int:
        """Return the elements of the stationary beat that could be taken, 0 with none or with an empty one."""
        return self._beat()[1] if self.open() else 0

    def open(self) -> bool:
        """Return whether a beat could be taken at the entrance."""
        return self.entering < len(self.job.windows) and self.room

    def _beat(self) -> tuple[int, int]:
        total = len(self.job.windows[self.entering].kept) - 1
        end = min(total, self.entered + self.timing.bandwidth)
        return end, end - self.entered

    def cycle(self, now: int, take: bool, show: bool, enters: bool) -> None:
        """End a cycle.

        Parameters
        ----------
        now : number of the cycle
        take, show : of the fold before
        enters : a stationary beat is taken at the entrance
        """
        # What is offered was registered before this cycle.
        first = 0 if self.buffered else 1
        runs_row = self.share.offered(first)
        keep_row = self.share.offered(first + 1)
        scan_row = self.early.offered(0) if self.buffered else self.share.offered(0)
        runs_done = self._runs(runs_row, show)
        keep_done = self._keep(keep_row, take, enters)
        scan_done = self._scan(scan_row, now)
        self._rows(scan_done, [runs_done, keep_done])

    def _runs(self, row: Any, show: bool) -> bool:
        flags = None if row is None else self.runs.place(row[2], row[3])
        done = self.runs.advance(flags, row is not None and row[3], show)
        if done and row is not None:
            self.runs.move(row[2], row[3])
        return done

    def _keep(self, row: Any, take: bool, enters: bool) -> bool:
        room = self.written - self.dropped <= self.half
        writes = row is not None and room and not self.ended
        restart = self.tail and self.ended and self.written == self.dropped
        self._values(take, enters)
        if restart:
            self.ended = self.tail = False
            self.filled += 1
            self.written = self.dropped = self.taken = 0
        if writes and row is not None:
            self.written += row[1]
            self.ended = row[3]
        return writes

    def _values(self, take: bool, enters: bool) -> None:
        item, ends_beat, drops = None, False, False
        there = bool(self.entrance) if self.limited else True
        if not self.tail and self.filled < len(self.job.windows) and there:
            kept = self.job.windows[self.filled].kept
            beat_end = min(len(kept) - 1, self.dropped + self.timing.bandwidth)
            present = min(self.written, beat_end)
            ends_beat = present == beat_end
            if ends_beat or present > self.taken:
                item = (kept[present] - kept[self.taken], ends_beat and beat_end == len(kept) - 1, present)
        flags = None if item is None else self.values.place(item[0], item[1])
        done = self.values.advance(flags, item is not None and item[1], take)
        if done and item is not None:
            self.values.move(item[0], item[1])
            self.taken = item[2]
            if ends_beat:
                self.dropped = item[2]
                self.tail = item[1]
                drops = True
        if self.limited:
            self._enter(drops, enters)

    def _enter(self, drops: bool, enters: bool) -> None:
        """Move beats through the two places of the entrance."""
        empty = not self.entrance
        if drops:
            self.entrance.pop(0)
        moves = empty or drops
        if enters:
            self.entrance.append(self.entered)
            self.entered = self._beat()[0]
            if self.entered == len(self.job.windows[self.entering].kept) - 1:
                self.entering += 1
                self.entered = 0
        self.room = moves or len(self.entrance) < 2

    def _scan(self, row: Any, now: int) -> bool:
        lanes = self.timing.lanes
        route = self.routes[self.slice]
        ready = route.ready(route.given // lanes, now)
        left, last = self.scanned or (0, False)
        valid = self.scanned is not None and (left > 0 or (last and self.lane != 0))
        moved = valid and ready
        finishes = left <= 1 and ((ready and (not last or self.lane == lanes - 1)) if valid else True)
        begins = self.scanned is None or finishes
        ended = self.scanned is not None and finishes and last
        slice_ends = False
        if moved:
            route.given += 1
            if route.given % lanes == 0:
                route.filled.append(now)
            slice_ends = self.lane == lanes - 1
            self.lane = (self.lane + 1) % lanes
        if ended or (slice_ends and self.slice == self.job.size - 1):
            self.slice = 0
        elif slice_ends:
            self.slice += 1
        if begins:
            self.scanned = None if row is None else (row[2], row[3])
        elif moved:
            self.scanned = (max(0, left - 1), last)
        return begins and row is not None

    def _rows(self, scan_done: bool, late: list[bool]) -> None:
        """Let rows that all are done with go, and the next ones in."""
        if self.buffered:
            entering = self.early.offered(1)
            takes = entering is not None and self.queued != self.timing.row_buffer
            comes = self.queue[0] if self.present else None
            accepts = self.share.row is None or self.share.leaves(late)
            leaves = comes is not None and accepts
            self.share.move(late, comes)
            if leaves:
                self.queue.pop(0)
            self.present = self.queued > leaves
            self.queued += takes - leaves
            if takes:
                self.queue.append(entering)
            front, done = self.early, [scan_done, takes]
        else:
            front, done = self.share, [scan_done, *late]
        number = self.next_row
        comes = self.rows[number] if number < len(self.rows) and self.rows[number][0] == self.regor else None
        accepts = front.row is None or front.leaves(done)
        front.move(done, comes)
        taken = comes is not None and accepts
        finished = taken and comes is not None and comes[3]
        self.next_row += taken
        # REGOR of the next window comes in behind the last row.
        moves = self.full and (self.regor < 0 or finished)
        gathers = not self.full and self.gathering < len(self.job.windows)
        if gathers:
            self.beats += 1
            if self.beats == self.job.windows[self.gathering].bitmaps:
                self.full, self.beats = True, 0
                self.gathering += 1
        if finished:
            self.regor = -1
        if moves:
            self.full = False
            self.regor = self.gathering - 1
