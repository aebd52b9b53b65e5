"""RouteEngine: finds the settings of the multicast network by itself.

::

    positions ─► RouteLists ─► RouteLoop ─► rows of settings ─► DistributionNetwork
    lane by lane  sorts         colours      row by row          prepared settings
    (lanes cycles) (lanes cycles) (lanes/2 · log2 lanes cycles with one walker)

The positions of the next fold come in while this one is worked at. Rows wait until the network can take them;
sorting goes on meanwhile, and the first level too in an engine that works ahead.
"""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ...block import Block
from ..columns import check_lanes
from ..distribution.settings import setting_rows
from .lists import RouteLists
from .loop import RouteLoop, loop_steps

__all__ = ["RouteEngine", "route_cycles"]


def route_cycles(lanes: int, walkers: int = 1) -> int:
    """Return the cycles from the last position to the last row of settings, if the network can take them.

    Parameters
    ----------
    lanes : power of two, 2…512
    walkers : loops that are followed at a time, a power of two up to lanes/2
    """
    return lanes + loop_steps(lanes, walkers) + 2


class RouteEngine(Block):
    """Turns the position of each lane into the settings of ``multicast-benes``.

    Parameters
    ----------
    lanes : power of two, 2…512
    window : number of positions (default: lanes)
    walkers : loops that are followed at a time, see :class:`RouteLoop`
    ahead : the first level does not wait for the network either: for engines in turn. Costs a register a lane

    Interface attributes
    --------------------
    positions : stream of {``position``, ``empty``}, one lane a beat from lane 0 on; ``empty``: the lane has
        none
    write, row, data : to those of :class:`dotforge.network.distribution.distribution.DistributionNetwork`
    writable : from there; rows wait while it is low
    prepared : all rows are written; no more are until ``swapped``
    swapped : from the network

    Timing: ``lanes`` beats in; then :func:`route_cycles` to the last row, if none has to wait; how
    often: :func:`dotforge.network.routing.engines.fold_cycles`.
    """

    positions: stream.Interface
    write: Signal
    row: Signal
    data: Signal
    writable: Signal
    prepared: Signal
    swapped: Signal

    def __init__(
        self, lanes: int, window: int | None = None, walkers: int = 1, *, ahead: bool = False
    ) -> None:
        self.lanes, self.window = lanes, lanes if window is None else window
        self.walkers, self.ahead = walkers, ahead
        self.bits = check_lanes(lanes)
        rows = setting_rows("multicast-benes", lanes, self.window)
        position = data.StructLayout({"position": check_lanes(self.window), "empty": 1})
        super().__init__(
            {
                "positions": In(stream.Signature(position)),
                "write": Out(1),
                "row": Out(range(rows)),
                "data": Out(lanes),
                "writable": In(1),
                "prepared": Out(1),
                "swapped": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.lists = lists = RouteLists(self.lanes, self.window)
        m.submodules.loop = loop = RouteLoop(self.lanes, self.walkers, ahead=self.ahead)
        payload: Any = self.positions.payload
        slot = Signal(self.bits)
        assigning = Signal()
        first = Signal()
        ended = Signal()
        outstanding = Signal()  # rows are
        number = Signal(len(self.row))  # of the row that is next
        early = Signal()  # it is a row that is kept here
        known = Signal()  # it is, or will be written by the loop
        free = Signal()  # the network's place for a row
        used = Signal(self.window, reset_less=True)
        m.d.comb += [
            lists.valid.eq(self.positions.valid),
            lists.position.eq(payload.position),
            lists.empty.eq(payload.empty),
            self.positions.ready.eq(lists.ready),
            first.eq(lists.full & ~assigning & ~loop.busy & ~outstanding),
            lists.take.eq(first | assigning),
            ended.eq(lists.take & slot.all()),
            loop.assign.eq(lists.take),
            loop.slot.eq(slot),
            loop.lane.eq(lists.lane),
            loop.end.eq(lists.end),
            loop.go.eq(ended),
            early.eq(~number[1:].any() if self.ahead else ~number.any()),
            free.eq(self.writable & ~self.prepared),
            loop.accept.eq(free & ~early),
            # The first row is known while slots are still being assigned.
            known.eq(outstanding if self.ahead else outstanding | assigning & early),
            self.write.eq(free & known & (early | loop.written)),
            self.row.eq(number),
        ]
        kept: Value = Cat(used, Const(0, self.lanes - self.window))
        if self.ahead:
            ends = Signal(self.lanes, reset_less=True)
            m.d.sync += ends.eq(Mux(loop.begins, loop.data, ends))
            kept = Mux(number[0], ends, kept)
        m.d.comb += self.data.eq(Mux(early, kept, loop.data))
        last = Signal()
        m.d.comb += last.eq(self.write & loop.last & ~early)
        m.d.sync += [
            slot.eq(slot + lists.take),
            assigning.eq(Mux(assigning, ~ended, first & ~ended)),
            outstanding.eq(ended | (outstanding & ~last)),
            number.eq(Mux(last, 0, number + self.write)),
            used.eq(Mux(first, lists.used, used)),
            self.prepared.eq((self.prepared & ~self.swapped) | last),
        ]
        return m
