"""Source derivation: which window position each lane wants, one lane a cycle.

Lanes are filled with the set bits of stationary', row after row. ::

    stationary'   row 3:  0 1 0 1       row 5:  1 0 0 0        (position 0 left)
    lanes                   0   1               2
    positions               1   3               0

Source: 004_cc286613ada5888f (SIGMA), section IV-E, step v: the source of a lane's streaming value. Destinations
are the lanes in order, so no table of them is needed.
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ..arithmetic.carry import subtract
from ..block import Block
from ..network.columns import check_lanes
from .count import prefix, two_set
from .stage import stage

__all__ = ["Positions", "position_layout"]


def position_layout(window: int) -> data.StructLayout:
    """Return a lane's position, or that it has none."""
    return data.StructLayout({"position": check_lanes(window), "empty": 1})


class Positions(Block):
    """Gives the set bits of rows as positions of lanes, and fills the last fold of a window with empty lanes.

    Parameters
    ----------
    lanes, window : powers of two
    registered : with the registers of :data:`STAGES`
    operators : see :mod:`dotforge.arithmetic.carry`
    tells_end : with the port ``ended``; only without registers

    Interface attributes
    --------------------
    offered, useful, last : a row: its stationary', and whether it is the last one of its window
    done : the row is taken at the end of this cycle
    positions : stream of {``position``, ``empty``}, from lane 0 on; ``lanes`` of them are a fold
    ended : all of a window is given at the end of this cycle (with ``tells_end`` only)

    Initiation interval 1: a position a cycle, across rows and folds; a row without any takes a cycle too.
    """

    #: Registers before and behind the scan: the row with its first bit apart, and its bit's number.
    STAGES = ("split", "numbered")

    offered: Signal
    useful: Signal
    last: Signal
    done: Signal
    positions: stream.Interface
    ended: Signal

    def __init__(
        self,
        lanes: int,
        window: int,
        registered: bool = False,
        operators: bool = False,
        tells_end: bool = False,
    ) -> None:
        self.lanes, self.window, self.tells_end = lanes, window, tells_end
        self.registered, self.operators = registered, operators
        super().__init__(
            {
                "offered": In(1),
                "useful": In(window),
                "last": In(1),
                "done": Out(1),
                "positions": Out(stream.Signature(position_layout(window))),
                **({"ended": Out(1)} if tells_end else {}),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        window = self.window
        first, rest = self._split(m, "row", self.useful)
        # Whether bits come after the one that is given now; looked for a cycle ahead where there are registers.
        more = Signal(reset_less=True)
        ahead = {"more": two_set(m, "row_more", self.useful)} if self.registered else {}
        row = stage(
            m, "split", self.registered, self.offered, first=first, rest=rest, last=self.last, **ahead
        )
        # The bit that is given now, one-hot, and those of the row that come after it.
        now = Signal(window, reset_less=True)
        later = Signal(window, reset_less=True)
        busy = Signal()
        some = Signal(reset_less=True)
        last = Signal(reset_less=True)
        lane = Signal(check_lanes(self.lanes))
        # a lane of the fold has its position; the last one is next
        begun = Signal()
        ending = Signal()
        finishes = Signal()
        begins = Signal()
        moved = Signal()
        place = Cat(
            Cat(now[position] for position in range(window) if position >> bit & 1).any()
            for bit in range(check_lanes(window))
        )
        given = stage(
            m, "numbered", self.registered, busy & (some | (last & begun)), place=place, empty=~some
        )
        m.d.comb += [
            self.positions.valid.eq(given.valid),
            self.positions.payload.position.eq(given["place"]),
            self.positions.payload.empty.eq(given["empty"]),
            given.ready.eq(self.positions.ready),
            moved.eq(busy & (some | (last & begun)) & given.accepts),
            finishes.eq(~more & Mux(some | (last & begun), given.accepts & (~last | ending), 1)),
            begins.eq(~busy | finishes),
            row.ready.eq(begins),
            self.done.eq(self.offered & row.accepts),
        ]
        if self.tells_end:
            m.d.comb += self.ended.eq(busy & finishes & last)
        following, left = self._split(m, "later", later)
        if self.registered:
            two = two_set(m, "later_more", later)
            m.d.sync += [
                more.eq(Mux(begins, row["more"], Mux(moved, two, more))),
                begun.eq(Mux(moved, ~ending, begun)),
                ending.eq(Mux(moved, lane == self.lanes - 2, ending)),
            ]
        else:
            m.d.comb += [more.eq(later.any()), begun.eq(lane.any()), ending.eq(lane.all())]
        m.d.sync += [
            busy.eq(Mux(begins, row.valid, 1)),
            now.eq(Mux(begins, row["first"], Mux(moved, following, now))),
            later.eq(Mux(begins, row["rest"], Mux(moved, left, later))),
            some.eq(Mux(begins, row["first"].any(), Mux(moved, more, some))),
            last.eq(Mux(begins, row["last"], last)),
            lane.eq(lane + moved),
        ]
        return m

    def _split(self, m: Module, name: str, bits: Value) -> tuple[Value, Value]:
        """Return the lowest set bit, and the others."""
        if self.operators:
            # What a borrow from below changes is the lowest set bit and the zeros before it.
            less, _ = subtract(m, name, bits, Const(1, 1), operators=True)
            return bits & ~less, bits & less
        before = Signal(self.window, name=f"{name}_before")
        some = prefix(m, f"{name}_some", bits, lambda a, b: a | b)
        m.d.comb += before.eq(Cat(Const(0, 1), some[:-1]))
        return bits & ~before, bits & before
