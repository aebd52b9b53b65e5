"""Runs: which lanes belong to which row, fold by fold.

Rows fill the lanes without gaps; a row that does not fit goes on in the next fold. ::

    useful values   row 0: 3   row 2: 1   row 3: 4                     8 values, 6 lanes
    fold 0          0 0 0 2 3 3      vecID  0 0 0 1 0 0     the last run is partial
    fold 1          3 3 - - - -      vecID  0 0 1 1 1 1

The reduction network compares neighbouring vecIDs only, so one bit is enough: neighbouring runs differ in it.

Source: 004_cc286613ada5888f (SIGMA), section IV-E, step v: "the row-id is recorded to determine partial sum
regions", and step vii, the accumulation id that becomes the vecID.
"""

from collections.abc import Callable

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ..arithmetic.heap import Heap
from ..block import Block
from ..network.piece import check_lanes
from ..network.route_parts import decode

__all__ = ["Runs", "count_ones", "prefix"]


def count_ones(m: Module, name: str, bits: Value) -> Value:
    """Return the number of set bits."""
    heap = Heap(len(bits).bit_length())
    for bit in bits:
        heap.add_bit(bit, 0)
    total = Signal(len(bits).bit_length(), name=name)
    m.d.comb += total.eq(heap.compress(m, name=name)[0])
    return total


def prefix(
    m: Module, name: str, bits: list[Value], operation: Callable[[Value, Value], Value]
) -> list[Value]:
    """Return, for each bit, the operation over it and all bits before, log2 of their number deep."""
    result, distance = list(bits), 1
    while distance < len(bits):
        level = Signal(len(bits), name=f"{name}_{distance}")
        # The last bit of the lower half of each block of 2·distance is combined with all of the upper half.
        m.d.comb += level.eq(
            Cat(
                operation(result[index // distance * distance - 1], bit) if index & distance else bit
                for index, bit in enumerate(result)
            )
        )
        result, distance = list(level), 2 * distance
    return result


class Runs(Block):
    """Packs the rows of a window into folds, while the fold before is in use.

    Parameters
    ----------
    lanes, window, row_bits : of the engine

    Interface attributes
    --------------------
    offered, row, useful, last : a row: id, stationary', whether it is the last one of its window
    done : all values of the row have their lanes at the end of this cycle
    complete : the next fold's runs are known
    vec_ids, occupied : of the next fold, a bit a lane; once it is complete they are held until ``take``
    take : the next fold's sums are shown from the next cycle on
    row_ids, partial : of the fold whose sums are shown: the row of the run that ends in each lane, and whether
        the run that ends in the last lane goes on in the fold after it

    A row a cycle, and another cycle for each fold that it goes on in.
    """

    offered: Signal
    row: Signal
    useful: Signal
    last: Signal
    done: Signal
    complete: Signal
    take: Signal
    vec_ids: Signal
    occupied: Signal
    row_ids: Signal
    partial: Signal

    def __init__(self, lanes: int, window: int, row_bits: int) -> None:
        self.lanes, self.window, self.row_bits = lanes, window, row_bits
        super().__init__(
            {
                "offered": In(1),
                "row": In(row_bits),
                "useful": In(window),
                "last": In(1),
                "done": Out(1),
                "complete": Out(1),
                "take": In(1),
                "vec_ids": Out(lanes),
                "occupied": Out(lanes),
                "row_ids": Out(lanes * row_bits),
                "partial": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        lanes, bits = self.lanes, check_lanes(self.lanes)
        fill = Signal(bits)  # lanes of the next fold that have a value; none once it is complete
        split = Signal()
        rest = Signal(check_lanes(self.window) + 1, reset_less=True)
        count = Signal(len(rest))
        end = Signal(bits + 1)
        beyond = Signal()
        exactly = Signal()
        ends_window = Signal()
        steps = Signal()
        writes = Signal()
        below = Signal(bits)
        m.d.comb += [
            count.eq(Mux(split, rest, count_ones(m, "ones", self.useful))),
            end.eq(fill + count),
            exactly.eq(end[bits] & ~end[:bits].any()),
            beyond.eq(end[bits] & end[:bits].any()),
            steps.eq(self.offered & ~self.complete),
            writes.eq(steps & count.any()),
            self.done.eq(steps & ~beyond),
            ends_window.eq(self.done & self.last & end.any()),
            below.eq(end[:bits] - 1),
        ]
        # The run's last lane: below ``end``, or the last of all.
        last_lane = Signal(bits)
        m.d.comb += last_lane.eq(below | beyond.replicate(bits))
        at_lane = decode(m, "at_lane", last_lane, writes)

        ends = Signal(lanes)
        prepared_partial = Signal()
        m.d.sync += [
            self.complete.eq((self.complete & ~self.take) | (steps & (beyond | exactly)) | ends_window),
            fill.eq(Mux(steps, Mux(beyond | exactly | ends_window, 0, end[:bits]), fill)),
            split.eq(Mux(steps, beyond, split)),
            rest.eq(Mux(steps, end[:bits], rest)),
            ends.eq((ends & (~self.take).replicate(lanes)) | at_lane),
            prepared_partial.eq(Mux(steps, beyond, prepared_partial)),
        ]
        self._use(m, list(at_lane), ends, prepared_partial)
        return m

    def _use(self, m: Module, at_lane: list[Value], ends: Signal, partial: Signal) -> None:
        """Give the next fold's control bits, and the rows of the one whose sums are shown."""
        # vecIDs change behind the end of a run; lanes behind the last run are not occupied.
        changed = prefix(m, "changed", [Const(0, 1), *ends[:-1]], lambda a, b: a ^ b)
        occupied = prefix(m, "occupied", list(reversed(ends)), lambda a, b: a | b)
        partial_in_use = Signal(reset_less=True)
        m.d.sync += partial_in_use.eq(Mux(self.take, partial, partial_in_use))
        in_use = []
        for lane, hit in enumerate(at_lane):
            prepared = Signal(self.row_bits, name=f"row_{lane}_prepared", reset_less=True)
            held = Signal(self.row_bits, name=f"row_{lane}_in_use", reset_less=True)
            m.d.sync += [
                prepared.eq(Mux(hit, self.row, prepared)),
                held.eq(Mux(self.take, prepared, held)),
            ]
            in_use.append(held)
        m.d.comb += [
            self.vec_ids.eq(Cat(changed)),
            self.occupied.eq(Cat(reversed(occupied))),
            self.partial.eq(partial_in_use),
            self.row_ids.eq(Cat(in_use)),
        ]
