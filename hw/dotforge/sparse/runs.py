"""Runs: which lanes belong to which row, fold by fold.

Rows fill the lanes without gaps; a row that does not fit goes on in the next fold. ::

    useful values   row 0: 3   row 2: 1   row 3: 4                     8 values, 6 lanes
    fold 0          0 0 0 2 3 3      vecID  0 0 0 1 0 0     the last run is partial
    fold 1          3 3 - - - -      vecID  0 0 1 1 1 1

The reduction network compares neighbouring vecIDs only, so one bit is enough: neighbouring runs differ in it.

Source: 004_cc286613ada5888f (SIGMA), section IV-E, step v: "the row-id is recorded to determine partial sum
regions", and step vii, the accumulation id that becomes the vecID.
"""

from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ..arithmetic.carry import name_value
from ..block import Block
from ..network.columns import wires
from ..network.distribution.rank_control import below
from .count import add_counts, group_counts
from .folding import FoldCount, FoldSteps, fold_flags
from .stage import stage

__all__ = ["Placed", "RowPlacer", "Runs"]


class RowPlacer(Block):
    """What places rows in lanes, fold after fold; ports and common parts.

    Parameters
    ----------
    lanes, window, row_bits : of the engine
    registered : with the registers of :data:`STAGES`
    operators : see :mod:`dotforge.arithmetic.carry`
    ports : besides those that are common

    Interface attributes
    --------------------
    offered, row, useful, last : a row: id, stationary', whether it is the last one of its window
    done : the row is taken at the end of this cycle
    complete : the next fold's runs are known
    take : the next fold's sums are shown from the next cycle on
    """

    #: Registers that a row passes: counted in groups, counted, placed, spread over the lanes.
    STAGES = ("grouped", "counted", "placed", "spread")

    offered: Signal
    row: Signal
    useful: Signal
    last: Signal
    done: Signal
    complete: Signal
    take: Signal

    def __init__(
        self,
        lanes: int,
        window: int,
        row_bits: int,
        registered: bool,
        operators: bool,
        ports: dict[str, Any],
    ) -> None:
        self.lanes, self.window, self.row_bits = lanes, window, row_bits
        self.registered, self.operators = registered, operators
        super().__init__(
            {
                "offered": In(1),
                "row": In(row_bits),
                "useful": In(window),
                "last": In(1),
                "done": Out(1),
                "complete": Out(1),
                "take": In(1),
                **ports,
            }
        )

    def place(self, m: Module, steps: Any) -> "Placed":
        """Count rows, place them, and let them into folds.

        Parameters
        ----------
        m : module that gets the logic
        steps : :class:`dotforge.sparse.folding.FoldSteps`, or what has its ports
        """
        lanes = self.lanes
        grouped = stage(
            m, "grouped", self.registered, self.offered,
            row=self.row, last=self.last, groups=group_counts(m, "group", self.useful),
        )  # fmt: skip
        counted = stage(
            m, "counted", self.registered, grouped.valid,
            row=grouped["row"], last=grouped["last"],
            count=add_counts(m, "ones", grouped["groups"], self.window),
        )  # fmt: skip
        m.submodules.lanes = place = FoldCount(lanes, self.window, self.operators)
        placed = stage(
            m, "placed", self.registered, counted.valid,
            row=counted["row"], any=counted["count"].any(), last=counted["last"],
            start=place.start, total=place.total,
        )  # fmt: skip
        over, fills, ends = fold_flags(placed["total"], placed["last"])
        behind = below(m, "behind", placed["total"][:-1])
        spread = stage(
            m, "spread", self.registered, placed.valid,
            row=placed["row"], any=placed["any"], over=over, fills=fills, ends=ends, whole=over | fills,
            before=below(m, "before", placed["start"]), behind=behind, end=behind & ~Cat(behind[1:], Const(0, 1)),
        )  # fmt: skip
        m.submodules.steps = steps
        m.d.comb += [
            self.done.eq(self.offered & grouped.accepts),
            grouped.ready.eq(counted.accepts),
            counted.ready.eq(placed.accepts),
            placed.ready.eq(spread.accepts),
            spread.ready.eq(steps.done),
            place.count.eq(counted["count"]),
            place.last.eq(counted["last"]),
            place.moves.eq(counted.valid & counted.ready),
            steps.valid.eq(spread.valid),
            steps.over.eq(spread["over"]),
            steps.fills.eq(spread["fills"]),
            steps.ends.eq(spread["ends"]),
            steps.take.eq(self.take),
            self.complete.eq(steps.complete),
        ]
        # Lanes that are filled behind the row, those from its first one on, and the last one of its run.
        filled = Signal(lanes)
        begun = Signal(lanes)
        at_lane = Signal(lanes)
        writes = Signal()
        whole = steps.first & spread["whole"]
        last_lane = Cat(Const(0, lanes - 1), whole)
        m.d.comb += [
            filled.eq(spread["behind"] | whole.replicate(lanes)),
            begun.eq(~spread["before"] | steps.second.replicate(lanes)),
            writes.eq((steps.first | steps.second) & spread["any"]),
            at_lane.eq((spread["end"] & (~whole).replicate(lanes) | last_lane) & writes.replicate(lanes)),
        ]
        return Placed(
            spread["row"], filled, begun, at_lane, writes, steps.first & spread["over"], placed["last"]
        )


@dataclass(frozen=True)
class Placed:
    """A row, or the part of one that goes into a fold now.

    Attributes
    ----------
    row : its id
    filled : lanes that are filled behind it
    begun : those from its first one on
    at_lane : the last one of its run
    writes : something goes in
    goes_on : the rest of the row goes into the next fold
    last : the row is the last of its window (where there are no registers)
    """

    row: Value
    filled: Signal
    begun: Signal
    at_lane: Signal
    writes: Signal
    goes_on: Value
    last: Value


class Runs(RowPlacer):
    """Packs the rows of a window into folds, while the fold before is in use.

    Parameters
    ----------
    lanes, window, row_bits : of the engine
    registered : with the registers of :data:`STAGES`
    operators : see :mod:`dotforge.arithmetic.carry`

    Interface attributes
    --------------------
    offered, row, useful, last : a row: id, stationary', whether it is the last one of its window
    done : the row is taken at the end of this cycle
    complete : the next fold's runs are known
    vec_ids, occupied : of the next fold, a bit a lane; once it is complete they are held until ``take``
    take : the next fold's sums are shown from the next cycle on
    row_ids, partial : of the fold whose sums are shown: the row of the run that ends in each lane, and whether
        the run that ends in the last lane goes on in the fold after it

    A row a cycle, and another cycle for a fold that it goes on in.
    """

    vec_ids: Signal
    occupied: Signal
    row_ids: Signal
    partial: Signal

    def __init__(
        self, lanes: int, window: int, row_bits: int, registered: bool = False, operators: bool = False
    ) -> None:
        super().__init__(
            lanes,
            window,
            row_bits,
            registered,
            operators,
            {
                "vec_ids": Out(lanes),
                "occupied": Out(lanes),
                "row_ids": Out(lanes * row_bits),
                "partial": Out(1),
            },
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        placed = self.place(m, FoldSteps())
        self._write(m, placed.row, placed.filled, placed.begun, placed.at_lane, placed.writes, placed.goes_on)
        return m

    def _write(
        self,
        m: Module,
        row: Value,
        filled: Signal,
        begun: Signal,
        at_lane: Signal,
        writes: Signal,
        partial: Value,
    ) -> None:
        """Write the next fold's control bits; hold the rows of the one whose sums are shown."""
        lanes = self.lanes
        vec_ids = Signal(lanes, reset_less=True)
        occupied = Signal(lanes, reset_less=True)
        # A row's lanes get another vecID than those of the row before, and the lanes behind it that of the next.
        vec_id = Signal()
        prepared_partial = Signal(reset_less=True)
        partial_in_use = Signal(reset_less=True)
        changed = name_value(m, "vec_ids_changed", begun & writes.replicate(lanes))
        new = name_value(m, "vec_ids_new", ~filled ^ vec_id.replicate(lanes))
        m.d.sync += [
            vec_id.eq(vec_id ^ writes),
            vec_ids.eq(Cat(Mux(changed[lane], new[lane], vec_ids[lane]) for lane in range(lanes))),
            occupied.eq(Mux(writes, filled, occupied)),
            prepared_partial.eq(Mux(writes, partial, prepared_partial)),
            partial_in_use.eq(Mux(self.take, prepared_partial, partial_in_use)),
        ]
        rows_prepared = Signal(lanes * self.row_bits, reset_less=True)
        rows_in_use = Signal(lanes * self.row_bits, reset_less=True)
        rows = enumerate(wires(rows_prepared, self.row_bits))
        m.d.sync += [
            rows_prepared.eq(Cat(Mux(at_lane[lane], row, before) for lane, before in rows)),
            rows_in_use.eq(Mux(self.take, rows_prepared, rows_in_use)),
        ]
        m.d.comb += [
            self.vec_ids.eq(vec_ids),
            self.occupied.eq(occupied),
            self.partial.eq(partial_in_use),
            self.row_ids.eq(rows_in_use),
        ]
