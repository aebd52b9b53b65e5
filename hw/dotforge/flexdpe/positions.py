"""Source derivation: which window position each lane wants, one lane a cycle.

Lanes are filled with the set bits of stationary', row after row. ::

    stationary'   row 3:  0 1 0 1       row 5:  1 0 0 0        (position 0 left)
    lanes                   0   1               2
    positions               1   3               0

Source: 004_cc286613ada5888f (SIGMA), section IV-E, step v: the source of a lane's streaming value. Destinations
are the lanes in order, so no table of them is needed.
"""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ..block import Block
from ..network.piece import check_lanes
from ..network.route_parts import decode, first_set

__all__ = ["Positions", "position_layout"]


def position_layout(window: int) -> data.StructLayout:
    """Return a lane's position, or that it has none."""
    return data.StructLayout({"position": check_lanes(window), "empty": 1})


class Positions(Block):
    """Gives the set bits of rows as positions of lanes, and fills the last fold of a window with empty lanes.

    Parameters
    ----------
    lanes, window : powers of two

    Interface attributes
    --------------------
    offered, useful, last : a row: its stationary', and whether it is the last one of its window
    done : no bit of the row is left at the end of this cycle (and the fold is full, if it is the last row)
    positions : stream of {``position``, ``empty``}, from lane 0 on; ``lanes`` of them are a fold

    Initiation interval 1: a position a cycle, across rows and folds; a row without any takes a cycle too.
    """

    offered: Signal
    useful: Signal
    last: Signal
    done: Signal
    positions: stream.Interface

    def __init__(self, lanes: int, window: int) -> None:
        self.lanes, self.window = lanes, window
        super().__init__(
            {
                "offered": In(1),
                "useful": In(window),
                "last": In(1),
                "done": Out(1),
                "positions": Out(stream.Signature(position_layout(window))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        given = Signal(self.window)  # bits of the row that are positions already
        left = Signal(self.window)
        m.d.comb += left.eq(self.useful & ~given)
        position, some = first_set(m, "first", left)
        hit = decode(m, "hit", position, some)
        more = Signal()
        m.d.comb += more.eq((left & ~hit).any())
        lane = Signal(check_lanes(self.lanes))
        moved = Signal()
        m.d.comb += [
            self.positions.payload.position.eq(position),
            self.positions.payload.empty.eq(~some),
            self.positions.valid.eq(self.offered & (some | (self.last & lane.any()))),
            moved.eq(self.positions.valid & self.positions.ready),
            self.done.eq(
                self.offered
                & ~more
                & Mux(
                    self.positions.valid,
                    self.positions.ready & (~self.last | lane.all()),
                    1,
                )
            ),
        ]
        m.d.sync += [
            lane.eq(lane + moved),
            given.eq(
                (given | (Cat(hit) & moved.replicate(self.window))) & (~self.done).replicate(self.window)
            ),
        ]
        return m
