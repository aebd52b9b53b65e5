"""Cycle model of the Flex-DPE: what its RTL needs for a product, to the cycle, from bitmaps alone.

The controller's registers are followed cycle by cycle, without any data; cycles in which none of them changes, such as
those of a long fold's vectors, are skipped. So time grows with the nonzeros of the stationary operand, not with
the vectors. Inputs and output never wait on their neighbours.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .gemm import Cycles

__all__ = ["Timing", "Window", "count_cycles", "window_of"]

#: Up to this many lanes ``distribution=auto`` is a crossbar.
_CROSSBAR_LANES = 4

#: Later than everything.
_NEVER = 1 << 62


@dataclass(frozen=True)
class Timing:
    """What of the configuration the cycles depend on; cycles where no unit is given.

    Attributes
    ----------
    lanes, bandwidth, window : see the engine's parameters
    registered : the controller has its registers
    overlaps : folds overlap in the reduction network
    distribution, multiplier, reduction : latencies
    topology, engines, walkers : of the route engines; ``host`` where settings come from a stream
    rows_of_settings : of a fold
    row_buffer : rows
    """

    lanes: int
    bandwidth: int
    window: int
    registered: bool
    overlaps: bool
    distribution: int
    multiplier: int
    reduction: int
    topology: str
    engines: int
    walkers: int
    rows_of_settings: int
    row_buffer: int

    @classmethod
    def of(cls, parameters: dict[str, Any]) -> "Timing":
        """Return the timing of an engine with these parameters."""
        lanes = parameters["lanes"]
        window = parameters["window"] or lanes
        levels = lanes if parameters["reduction"] == "linear" else lanes.bit_length() - 1
        change = parameters["fold_change"]
        topology = parameters["distribution"]
        if topology == "auto":
            topology = "crossbar" if lanes <= _CROSSBAR_LANES else "multicast-benes"
        rows = lanes if topology == "crossbar" else lanes.bit_length() + 1
        return cls(
            lanes=lanes,
            bandwidth=parameters["stationary_bandwidth"],
            window=window,
            registered=parameters["control_pipeline"],
            overlaps=change == "overlap" or (change == "auto" and parameters["reduction"] == "fan"),
            distribution=parameters["distribution_pipeline"],
            multiplier=parameters["multiplier_pipeline"],
            reduction=levels * parameters["adder_pipeline"],
            topology="host" if parameters["host_routes"] else topology,
            engines=1 if topology == "crossbar" else parameters["route_engines"],
            walkers=parameters["route_walkers"],
            rows_of_settings=rows,
            row_buffer=0 if parameters["host_routes"] else parameters["row_buffer"],
        )


@dataclass(frozen=True)
class Window:
    """What the controller sees of a window.

    Attributes
    ----------
    bitmaps : beats of the ``bitmaps`` stream
    ones, useful : of each row: values, and those that stay
    kept : of the values, in order: how many of those before stay; one entry more than values
    """

    bitmaps: int
    ones: list[int]
    useful: list[int]
    kept: list[int]


def window_of(rows: np.ndarray, mask: np.ndarray, bitmaps: int) -> Window:
    """Return a window.

    Parameters
    ----------
    rows : bitmaps of the rows that are sent, [rows, W]
    mask : REGOR
    bitmaps : beats that REGOR takes
    """
    rows = np.asarray(rows, bool)
    stays = np.broadcast_to(mask, rows.shape)[rows]
    return Window(
        bitmaps,
        rows.sum(axis=1).tolist(),
        (rows & mask).sum(axis=1).tolist(),
        np.concatenate([[0], np.cumsum(stays)]).tolist(),
    )


class _Fill:
    """Two steps of :class:`dotforge.flexdpe.folding`: where items begin, and when they may go in."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.start = 0
        self.half = self.complete = False

    def place(self, count: int, last: bool) -> tuple[bool, bool, bool]:
        """Return whether an item spans two folds, fills its fold, and ends one with its window."""
        total = self.start + count
        return total > self.lanes, total == self.lanes, last and total > 0

    def move(self, count: int, last: bool) -> None:
        self.start = 0 if last else (self.start + count) % self.lanes

    def step(self, flags: tuple[bool, bool, bool] | None, take: bool) -> tuple[bool, bool]:
        """Do a cycle; return whether the item is done, and whether anything changed."""
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


class _Folds:
    """When folds are swapped, taken and shown, and when their vectors move."""

    def __init__(self, timing: Timing, vectors: int) -> None:
        self.timing, self.vectors = timing, vectors
        self.swaps: list[int] = []
        self.take = self.show = self.accepted = self.last_sum = -1
        self.moved = -_NEVER  # the last vector of the fold before, into the lanes

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


class _Routes:
    """When positions are taken and settings prepared, fold by fold."""

    def __init__(self, timing: Timing, folds: _Folds) -> None:
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
            return _NEVER
        return self.folds.swaps[fold - 1] + 1 + max(0, self.timing.distribution - 1)

    def ready(self, fold: int, now: int) -> bool:
        """Return whether a position of a fold is taken."""
        if self.timing.topology == "crossbar":
            return now >= self._free(fold)
        before = fold - self.timing.engines
        return before < 0 or (before < len(self.begun) and now >= self.begun[before] + self.timing.lanes)

    def prepared(self, fold: int, now: int) -> bool:
        return fold < len(self.written) and now > self.written[fold]

    def update(self) -> None:
        """Work out what follows from what is known by now."""
        engines = self.timing.engines
        while True:
            fold = len(self.written)
            free = self._free(fold)
            if self.timing.topology == "host":
                if free == _NEVER or fold > len(self.folds.swaps):
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
            if fold == number or free == _NEVER:
                return
            self.written.append(self._rows(self.begun[fold] + self.timing.lanes, free))

    def _rows(self, begin: int, free: int) -> int:
        """Return the cycle of a fold's last row; the first step of its first level may be in cycle ``begin``."""
        first = max(begin, free)
        if self.ahead:
            second = max(first + 1, begin + 1)
            row = max(begin + self.steps[0], second + 1)
        else:
            row = max(begin, free)
            row = max(row + self.steps[0], free)
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


class _Line:
    """Registers that items pass one after the other; each moves on when the place before it can."""

    def __init__(self, length: int) -> None:
        self.places: list[Any] = [None] * length

    @property
    def last(self) -> Any:
        return self.places[-1]

    def accepts(self, leaves: bool) -> bool:
        """Return whether an item is taken in this cycle, if what is in the last place leaves or not."""
        return leaves or None in self.places

    def move(self, item: Any, leaves: bool) -> bool:
        """End the cycle; return whether anything changed."""
        places = self.places
        free = leaves or places[-1] is None
        changed = False
        for index in range(len(places) - 1, -1, -1):
            held = places[index - 1] if index else item
            if free:
                changed = changed or held is not places[index]
                places[index] = held
            else:
                free = index > 0 and places[index - 1] is None
        return changed


class _Share:
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
        """End the cycle, with the row that comes if there is room; return whether anything changed."""
        leaves = self.leaves(done)
        self.served = [
            not leaves and (served or now_done) for served, now_done in zip(self.served, done, strict=True)
        ]
        if self.row is None or leaves:
            changed = self.row is not comes
            self.row = comes
            return changed or leaves
        return any(done)


class _Controller:
    """The loading path, a cycle at a time."""

    def __init__(self, timing: Timing, windows: Sequence[Window], vectors: int) -> None:
        self.timing, self.windows = timing, windows
        self.folds = _Folds(timing, vectors)
        self.routes = _Routes(timing, self.folds)
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
        self.share = _Share(2 + (self.scans and not timing.row_buffer))
        self.early = _Share(2) if timing.row_buffer else None
        self.beside: list[Any] = [None, None, None]  # rows that runs, keep bits and positions wait for
        self.buffer: list[tuple[int, Any]] = []  # when a row came, and the row
        # Runs.
        self.run_line = _Line(3 if timing.registered else 0) if timing.registered else None
        self.runs = _Fill(timing.lanes)
        # Keep bits, counted from the window's first value.
        self.keep_line = _Line(3) if timing.registered else None
        self.half = max(timing.window, timing.bandwidth)
        self.written = self.dropped = self.taken = 0
        self.ended = self.tail = False
        self.filling = 0  # window whose values come
        self.kept_line = _Line(2) if timing.registered else None
        self.values = _Fill(timing.lanes)
        # Positions.
        self.split: Any = None
        self.scanned: Any = None  # [bits left, last]
        self.lane = 0
        self.numbered = False
        self.given = 0

    def run(self) -> tuple[_Folds, int]:
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
        later = [time for time in (*times, *self.routes.events()) if self.now < time < _NEVER]
        if not later:
            raise RuntimeError("the model of the Flex-DPE's controller stands still")
        return min(later)

    def _cycle(self) -> bool:
        now, folds = self.now, self.folds
        take, show = now == folds.take, now == folds.show
        runs_complete, values_complete = self.runs.complete, self.values.complete
        self.routes.update()
        fold = len(folds.swaps)
        swap = runs_complete and values_complete and self.routes.prepared(fold, now) and folds.may_swap(now)
        runs_done, changed_runs = self._read(0, self.share.offered(0), self._runs, show)
        keep_done, changed_keep = self._read(1, self.share.offered(1), self._keep, take)
        done, changed = [runs_done, keep_done], changed_runs or changed_keep
        early: list[bool] = []
        if self.scans:
            offered = self.early.offered(0) if self.early else self.share.offered(2)
            position_done, changed_positions = self._read(2, offered, self._positions)
            (early if self.early else done).append(position_done)
            changed = changed or changed_positions
        changed = self._rows(early, done) or changed
        if swap:
            folds.swap(now)
        return changed or swap

    def _read(
        self, number: int, offered: Any, reader: Callable[..., tuple[bool, bool]], *arguments: bool
    ) -> tuple[bool, bool]:
        """Do a cycle of a reader: return whether it is done with the row, and whether anything changed."""
        if not self.timing.registered:
            return reader(offered, *arguments)
        waits = self.beside[number]
        row = offered if waits is None else waits
        done, changed = reader(row, *arguments)
        self.beside[number] = None if done else row
        return offered is not None and waits is None, changed or self.beside[number] is not waits

    def _runs(self, offered: Any, show: bool) -> tuple[bool, bool]:
        fill, line = self.runs, self.run_line
        if line is None:
            flags = None if offered is None else fill.place(offered[2], offered[3])
            done, changed = fill.step(flags, show)
            if done and offered is not None:
                fill.move(offered[2], offered[3])
            return done, changed
        # Flags are known when a row is placed: they go with it into the last register.
        done, changed = fill.step(line.last, show)
        placed = line.places[1]
        accepts = line.accepts(done)
        if placed is not None and (done or line.last is None):
            flags = fill.place(placed[2], placed[3])
            fill.move(placed[2], placed[3])
            line.places[1] = flags
            changed = True
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
        accepts = line.accepts(writes)
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
            placed = line.places[0]
            if placed is not None and (done or line.last is None):
                flags = fill.place(placed[0], placed[1])
                fill.move(placed[0], placed[1])
                line.places[0] = flags
                changed = True
            accepts = line.accepts(done)
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
        scanned = self.scanned
        left, last = scanned or (0, False)
        valid = scanned is not None and (left > 0 or (last and self.lane != 0))
        accepts = ready if not registered else not self.numbered or ready
        moved = valid and accepts
        finishes = left <= 1 and ((accepts and (not last or self.lane == lanes - 1)) if valid else True)
        begins = scanned is None or finishes
        changed = moved or (begins and scanned is not None)
        # The route engine takes a position.
        given = (self.numbered if registered else valid) and ready
        if given:
            self.given += 1
            if self.given % lanes == 0:
                self.routes.filled.append(self.now)
            changed = True
        if registered:
            self.numbered = valid if accepts else True
        if moved:
            self.lane = (self.lane + 1) % lanes
        source = self.split if registered else offered
        if begins:
            self.scanned = None if source is None else (source[2], source[3])
            changed = changed or source is not None
        elif moved:
            self.scanned = (max(0, left - 1), last)
        if not registered:
            return begins and offered is not None, changed
        accepted = self.split is None or begins
        if accepted:
            changed = changed or offered is not self.split
            self.split = offered
        return accepted and offered is not None, changed

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
