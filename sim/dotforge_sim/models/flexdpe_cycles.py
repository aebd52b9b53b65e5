"""Cycle model of the Flex-DPE: what its RTL needs for a product, to the cycle, from bitmaps alone.

The controller's registers are followed cycle by cycle, without any data; cycles in which none of them changes, such as
those of a long fold's vectors, are skipped. So time grows with the nonzeros of the stationary operand, not with
the vectors. Inputs and output never wait on their neighbours.
"""

from collections.abc import Sequence
from typing import Any

from .cycles import Cycles
from .flexdpe_registers import NEVER, Fill, Folds, Line, Routes, Share
from .flexdpe_timing import Timing, Window

__all__ = ["WAITS", "count_cycles", "count_waits"]

#: What a fold may wait for while no vector streams.
WAITS: tuple[str, ...] = ("sums", "loading", "routes")


class _Controller:
    """The loading path, a cycle at a time."""

    def __init__(self, timing: Timing, windows: Sequence[Window], vectors: int) -> None:
        self.timing, self.windows = timing, windows
        self.folds = Folds(timing, vectors)
        self.routes = Routes(timing, self.folds)
        self.now = 0
        # Rows of all windows, one after the other: window, ones, useful, last of its window.
        self.rows = [
            (number, ones, useful, index == len(window.ones) - 1)
            for number, window in enumerate(windows)
            for index, (ones, useful) in enumerate(zip(window.ones, window.useful, strict=True))
        ]
        self.next_row = 0
        # Regor: the window that is gathered, when all of it is in, and the one whose rows come in.
        self.gathering, self.gathered, self.regor = 0, windows[0].bitmaps, -1
        self.skid: Any = None
        # Who reads a row: positions first, if there are any; with a buffer, the others read behind it.
        self.scans = timing.topology != "host"
        self.share = Share(2 + (self.scans and not timing.row_buffer))
        self.early = Share(2) if timing.row_buffer else None
        self.buffer: list[tuple[int, Any]] = []  # when a row came, and the row
        # Runs.
        self.runs = Fill(timing.lanes)
        self.run_line = Line(4, self._placed_row) if timing.registered else None
        # Keep bits, counted from the window's first value.
        self.keep_line = Line(3) if timing.registered else None
        self.half = max(timing.window, timing.bandwidth)
        self.written = self.dropped = self.taken = 0
        self.ended = self.tail = False
        self.filling = 0  # window whose values come
        self.values = Fill(timing.lanes)
        self.kept_line = Line(4, self._placed_values) if timing.registered else None
        # Positions.
        self.split = Line(1)
        self.numbered = Line(1)
        self.scanned: Any = None  # [bits left, last]
        self.lane = 0
        self.given = 0
        self.loaded = NEVER  # since when all values and rows of the next fold are in
        self.waited: dict[str, int] = dict.fromkeys(WAITS, 0)

    def _placed_row(self, row: Any) -> Any:
        """Return what is known of a row when it is placed: whether it spans folds, fills or ends one."""
        flags = self.runs.place(row[2], row[3])
        self.runs.move(row[2], row[3])
        return flags

    def _placed_values(self, item: Any) -> Any:
        flags = self.values.place(item[0], item[1])
        self.values.move(item[0], item[1])
        return flags

    def run(self) -> tuple[Folds, int]:
        """Run until all folds are streamed; return their times and how many there are."""
        total = sum(-(-window.kept[-1] // self.timing.lanes) for window in self.windows)
        while len(self.folds.swaps) < total:
            if self._cycle():
                self.now += 1
            else:
                self.now = self._next_event()
        return self.folds, total

    def _next_event(self) -> int:
        folds = self.folds
        times = [folds.take, folds.take + 1, folds.show, folds.show + 1, folds.accepted, self.gathered]
        times += [came + 2 for came, _ in self.buffer[:1]]
        later = [time for time in (*times, *self.routes.events()) if self.now < time < NEVER]
        if not later:
            raise RuntimeError("the model of the Flex-DPE's controller stands still")
        return min(later)

    def _cycle(self) -> bool:
        now, folds = self.now, self.folds
        take, show = now == folds.take, now == folds.show
        runs_complete, values_complete = self.runs.complete, self.values.complete
        self.routes.update()
        fold = len(folds.swaps)
        # What is complete stays so until the fold before is shown and its values are taken.
        self.loaded = min(self.loaded, now) if runs_complete and values_complete else NEVER
        swap = runs_complete and values_complete and self.routes.prepared(fold, now) and folds.may_swap(now)
        runs_done, changed_runs = self._runs(self.share.offered(0), show)
        keep_done, changed_keep = self._keep(self.share.offered(1), take)
        done, changed = [runs_done, keep_done], changed_runs or changed_keep
        early: list[bool] = []
        if self.scans:
            offered = self.early.offered(0) if self.early else self.share.offered(2)
            position_done, changed_positions = self._positions(offered)
            (early if self.early else done).append(position_done)
            changed = changed or changed_positions
        changed = self._rows(early, done) or changed
        if swap:
            self._wait(self.routes.written[fold] + 1)
            self.loaded = NEVER
            folds.swap(now)
        return changed or swap

    def _wait(self, routed: int) -> None:
        """Note what a fold waited for after the vectors of the one before it."""
        folds, waited = self.folds, self.waited
        since = max(folds.accepted, -1)
        came = {"sums": max(folds.take, folds.show) + 1, "loading": self.loaded, "routes": routed}
        for name, at in sorted(came.items(), key=lambda item: item[1]):
            waited[name] += max(0, at - since)
            since = max(since, at)

    def _runs(self, offered: Any, show: bool) -> tuple[bool, bool]:
        fill, line = self.runs, self.run_line
        if line is None:
            flags = None if offered is None else fill.place(offered[2], offered[3])
            done, changed = fill.step(flags, show)
            if done and offered is not None:
                fill.move(offered[2], offered[3])
            return done, changed
        done, changed = fill.step(line.last, show)
        accepts = line.accepts
        changed = line.move(offered, done) or changed
        return accepts and offered is not None, changed

    def _keep(self, offered: Any, take: bool) -> tuple[bool, bool]:
        """Do a cycle of the keep bits and of the values."""
        line = self.keep_line
        row = offered if line is None else line.last
        room = self.written - self.dropped <= self.half
        writes = row is not None and room and not self.ended
        ended, tail = self.ended, self.tail
        restart = tail and ended and self.written == self.dropped
        changed = self._values(take)
        if restart:
            self.ended = self.tail = False
            self.filling += 1
            self.written = self.dropped = self.taken = 0
            changed = True
        if writes and row is not None:
            self.written += row[1]
            self.ended = row[3]
            changed = True
        if line is None:
            return writes, changed
        accepts = line.accepts
        changed = line.move(offered, writes) or changed
        return accepts and offered is not None, changed

    def _values(self, take: bool) -> bool:
        """Do a cycle of the stationary beats."""
        item, ends_beat = None, False
        if not self.tail and self.filling < len(self.windows):
            kept = self.windows[self.filling].kept
            beat_end = min(len(kept) - 1, self.dropped + self.timing.bandwidth)
            present = min(self.written, beat_end)
            ends_beat = present == beat_end
            if ends_beat or present > self.taken:
                item = (kept[present] - kept[self.taken], ends_beat and beat_end == len(kept) - 1, present)
        fill, line = self.values, self.kept_line
        if line is None:
            flags = None if item is None else fill.place(item[0], item[1])
            accepts, changed = fill.step(flags, take)
            if accepts and item is not None:
                fill.move(item[0], item[1])
        else:
            done, changed = fill.step(line.last, take)
            accepts = line.accepts
            changed = line.move(item, done) or changed
        if item is not None and accepts:
            self.taken = item[2]
            if ends_beat:
                self.dropped = item[2]
                self.tail = item[1]
            changed = True
        return changed

    def _positions(self, offered: Any) -> tuple[bool, bool]:
        timing, lanes = self.timing, self.timing.lanes
        ready = self.routes.ready(self.given // lanes, self.now)
        registered = timing.registered
        left, last = self.scanned or (0, False)
        valid = self.scanned is not None and (left > 0 or (last and self.lane != 0))
        accepts = self.numbered.accepts if registered else ready
        moved = valid and accepts
        finishes = left <= 1 and ((accepts and (not last or self.lane == lanes - 1)) if valid else True)
        begins = self.scanned is None or finishes
        changed = moved or (begins and self.scanned is not None)
        source = self.split.last if registered else offered
        # The route engine takes a position.
        if ready and (self.numbered.last is not None if registered else valid):
            self.given += 1
            if self.given % lanes == 0:
                self.routes.filled.append(self.now)
            changed = True
        if moved:
            self.lane = (self.lane + 1) % lanes
        if begins:
            self.scanned = None if source is None else (source[2], source[3])
            changed = changed or source is not None
        elif moved:
            self.scanned = (max(0, left - 1), last)
        if not registered:
            return begins and offered is not None, changed
        self.numbered.move(True if valid else None, ready)
        taken = self.split.accepts and offered is not None
        changed = self.split.move(offered, begins) or changed
        return taken, changed

    def _rows(self, early: list[bool], done: list[bool]) -> bool:
        """Let rows that all are done with go, and the next ones in."""
        now, rows = self.now, self.rows
        changed = False
        front, front_done = self.share, done
        if self.early is not None:
            entering = self.early.offered(1)
            takes = entering is not None and len(self.buffer) < self.timing.row_buffer
            comes = self.buffer[0][1] if self.buffer and now >= self.buffer[0][0] + 2 else None
            leaves = comes is not None and (self.share.row is None or self.share.leaves(done))
            changed = self.share.move(done, comes)
            if leaves:
                self.buffer.pop(0)
            if takes:
                self.buffer.append((now, entering))
            front, front_done = self.early, [*early, takes]
        number = self.next_row
        comes, taken = self.skid, False
        if comes is None and number < len(rows) and rows[number][0] == self.regor:
            comes, taken = rows[number], True
        accepts = front.row is None or front.leaves(front_done)
        changed = front.move(front_done, comes) or changed
        if not self.timing.registered:
            taken = taken and accepts
        else:
            changed = changed or taken
            self.skid = None if accepts else comes
        finished = taken and rows[number][3]
        self.next_row += taken
        # REGOR of the next window comes in behind the last row.
        full = self.gathering < len(self.windows) and now >= self.gathered
        if full and (self.regor < 0 or finished):
            self.regor = self.gathering
            self.gathering += 1
            if self.gathering < len(self.windows):
                self.gathered = now + 1 + self.windows[self.gathering].bitmaps
            return True
        if finished:
            self.regor = -1
            return True
        return changed


def count_cycles(timing: Timing, windows: Sequence[Window], vectors: int) -> tuple[Cycles, int]:
    """Return the cycles of a run of the engine, and its folds.

    Parameters
    ----------
    timing : of the engine
    windows : what it is given, one after the other
    vectors : that are streamed past each fold
    """
    cycles = Cycles()
    if not any(window.kept[-1] for window in windows):
        return cycles, 0
    folds, count = _Controller(timing, windows, vectors).run()
    cycles.streaming = count * vectors
    cycles.add = folds.last_sum - folds.accepted
    cycles.loading = folds.accepted + 1 - cycles.streaming
    return cycles, count


def count_waits(timing: Timing, windows: Sequence[Window], vectors: int) -> dict[str, int]:
    """Return what the cycles of :func:`count_cycles` are spent on: ``streaming``, or waiting for one of :data:`WAITS`.

    A fold that has to wait for several things waits for each from when the one before it is there.

    Parameters
    ----------
    timing, windows, vectors : as there
    """
    if not any(window.kept[-1] for window in windows):
        return {"streaming": 0, **dict.fromkeys(WAITS, 0)}
    controller = _Controller(timing, windows, vectors)
    folds, count = controller.run()
    spent = {"streaming": count * vectors, **controller.waited}
    spent["sums"] += folds.last_sum - folds.accepted
    # What is left are cycles between a swap and the first vector that moves.
    spent["loading"] += folds.last_sum + 1 - sum(spent.values())
    return spent
