"""Runs of a fold that several Flex-DPEs hold: placed once for the group, kept by each Flex-DPE for its slice.

::

    rows ─► SliceRuns ─► slice 0: a a a b │ slice 1: b c c d │ …       one slice is written at a time
                              RunRegisters     RunRegisters            b goes over: its two sums are joined

Each run gets two flags for the accumulator: ``mark``, a round begins with it (:class:`SliceRuns`), and ``fresh``, its
row has no sum yet.

Source: 004_cc286613ada5888f (SIGMA), section IV-E, steps iii to v.
"""

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ...block import Block
from ...network.columns import wires
from ...network.turned_tables import decode, read, turn
from ...sparse.folding import SliceSteps, slice_bits
from ...sparse.runs import RowPlacer

__all__ = ["RunRegisters", "SliceRuns"]


class SliceRuns(RowPlacer):
    """Places rows in the slices of a group's next fold, a row a cycle, and one more for each slice it goes over to.

    A vector's sums go to the accumulator in rounds. A round ends before a row that is ``banks`` or more behind its
    first one, since two rows would meet in a bank; and before a row that does not follow the one before it in its
    Flex-DPE, since neighbouring wires carry neighbouring rows.

    Parameters
    ----------
    lanes, window, row_bits : of a Flex-DPE
    slices : Flex-DPEs of a group, at most
    banks : of the accumulator, a power of two
    operators : see :mod:`dotforge.arithmetic.carry`

    Interface attributes
    --------------------
    last_slice : Flex-DPEs of the group, less one
    slice, writes : number of the slice that is written in this cycle
    filled, changed, vec_ids, at_lane : for its lanes: that hold something so far; whose vecID is written, and with
        what; at which the run ends
    word : of the run: row, ``mark``, ``fresh``
    begins, continued : the run begins in lane 0; it is the rest of one in the slice before it
    window_ends : all of a window's rows are placed at the end of this cycle
    begun : a bit a row: a run of it was placed
    others : see :class:`dotforge.sparse.runs.RowPlacer`
    """

    last_slice: Signal
    slice: Signal
    writes: Signal
    filled: Signal
    changed: Signal
    vec_ids: Signal
    at_lane: Signal
    word: Signal
    begins: Signal
    continued: Signal
    window_ends: Signal
    begun: Signal

    def __init__(
        self, lanes: int, window: int, row_bits: int, slices: int, banks: int, operators: bool = False
    ) -> None:
        self.slices, self.banks = slices, banks
        super().__init__(
            lanes,
            window,
            row_bits,
            False,
            operators,
            {
                "last_slice": In(slice_bits(slices)),
                "slice": Out(slice_bits(slices)),
                "writes": Out(1),
                "filled": Out(lanes),
                "changed": Out(lanes),
                "vec_ids": Out(lanes),
                "at_lane": Out(lanes),
                "word": Out(row_bits + 2),
                "begins": Out(1),
                "continued": Out(1),
                "window_ends": Out(1),
                "begun": Out(1 << row_bits),
            },
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        lanes = self.lanes
        steps = SliceSteps(self.slices)
        placed = self.place(m, steps)
        vec_id = Signal()
        mark = Signal()
        fresh = Signal()
        m.d.comb += [
            steps.last.eq(placed.last),
            steps.last_slice.eq(self.last_slice),
            self.slice.eq(steps.slice),
            self.writes.eq(placed.writes),
            self.filled.eq(placed.filled),
            self.changed.eq(placed.begun & placed.writes.replicate(lanes)),
            self.vec_ids.eq(~placed.filled ^ vec_id.replicate(lanes)),
            self.at_lane.eq(placed.at_lane),
            self.begins.eq(placed.begun[0]),
            self.continued.eq(steps.second & steps.slice.any()),
            self.window_ends.eq(steps.window_ends),
            self.word.eq(Cat(placed.row, mark, fresh)),
        ]
        m.d.sync += vec_id.eq(vec_id ^ placed.writes)
        self._rounds(m, placed.row, placed.writes & ~self.continued, placed.writes, mark)
        rows = Signal(1 << self.row_bits)  # in turned order
        written = decode(m, "row_written", placed.row, placed.writes)
        m.d.comb += [fresh.eq(~read(m, "row_begun", rows, placed.row)), self.begun.eq(turn(rows))]
        m.d.sync += rows.eq(rows | written)
        return m

    def _rounds(self, m: Module, row: Value, kept: Value, writes: Value, mark: Signal) -> None:
        """Tell whether a run, that goes to the accumulator by itself if ``kept``, begins a round."""
        first = Signal(init=1)  # no run of the fold was kept
        alone = Signal()  # none of the slice was
        slice_now = Signal(len(self.slice))
        any_in_slice = Signal()
        round_row = Signal(self.row_bits, reset_less=True)
        before = Signal(self.row_bits, reset_less=True)
        ahead = Signal(self.row_bits)
        m.d.comb += [
            ahead.eq(row - round_row),
            alone.eq(~any_in_slice | (slice_now != self.slice)),
            mark.eq(first | (ahead >= self.banks) | (~alone & (row != before + 1))),
        ]
        m.d.sync += [
            first.eq(Mux(self.complete, 1, first & ~kept)),
            round_row.eq(Mux(kept & mark, row, round_row)),
            before.eq(Mux(writes, row, before)),
            any_in_slice.eq(~self.complete & (kept | (any_in_slice & ~(writes & alone)))),
            slice_now.eq(Mux(writes, self.slice, slice_now)),
        ]


class RunRegisters(Block):
    """What a Flex-DPE keeps of its slice's runs: of the next fold, and of the one whose sums are shown.

    Parameters
    ----------
    lanes : of the Flex-DPE
    width : bits of a run's word

    Interface attributes
    --------------------
    write, filled, changed, new_ids, at_lane, word, begins, continues : of :class:`SliceRuns`, if the slice is this one
    released : the next fold's sums are at the reduction network's end from the next cycle on
    show : they are shown from the next cycle on
    used : the next fold has something here
    vec_ids, occupied : of the next fold, a bit a lane
    continued : of the fold at the network's end: its first run is the rest of one on the left
    words : of the fold that is shown, of the run that ends in each lane
    """

    write: Signal
    filled: Signal
    changed: Signal
    new_ids: Signal
    at_lane: Signal
    word: Signal
    begins: Signal
    continues: Signal
    released: Signal
    show: Signal
    used: Signal
    vec_ids: Signal
    occupied: Signal
    continued: Signal
    words: Signal

    def __init__(self, lanes: int, width: int) -> None:
        self.lanes, self.width = lanes, width
        super().__init__(
            {
                "write": In(1),
                "filled": In(lanes),
                "changed": In(lanes),
                "new_ids": In(lanes),
                "at_lane": In(lanes),
                "word": In(width),
                "begins": In(1),
                "continues": In(1),
                "released": In(1),
                "show": In(1),
                "used": Out(1),
                "vec_ids": Out(lanes),
                "occupied": Out(lanes),
                "continued": Out(1),
                "words": Out(lanes * width),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        lanes, write = self.lanes, self.write
        vec_ids = Signal(lanes, reset_less=True)
        filled = Signal(lanes, reset_less=True)
        used = Signal()
        continues = Signal()
        words_prepared = Signal(lanes * self.width, reset_less=True)
        words = Signal(lanes * self.width, reset_less=True)
        changed = Signal(lanes)
        written = Signal(lanes)
        m.d.comb += [
            changed.eq(self.changed & write.replicate(lanes)),
            written.eq(self.at_lane & write.replicate(lanes)),
            self.used.eq(used),
            self.vec_ids.eq(vec_ids),
            self.occupied.eq(filled & used.replicate(lanes)),
            self.words.eq(words),
        ]
        m.d.sync += [
            vec_ids.eq(Cat(Mux(changed[lane], self.new_ids[lane], vec_ids[lane]) for lane in range(lanes))),
            filled.eq(Mux(write, self.filled, filled)),
            used.eq(~self.show & (used | write)),
            continues.eq(~self.show & Mux(write & self.begins, self.continues, continues)),
            self.continued.eq(Mux(self.released, continues, self.continued)),
            words_prepared.eq(
                Cat(
                    Mux(written[lane], self.word, old)
                    for lane, old in enumerate(wires(words_prepared, self.width))
                )
            ),
            words.eq(Mux(self.show, words_prepared, words)),
        ]
        return m
