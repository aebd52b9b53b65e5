"""CrossbarRoute: the positions of the lanes are the settings of a crossbar, so it only counts lanes."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ...block import Block
from ..columns import check_lanes

__all__ = ["CrossbarRoute"]


class CrossbarRoute(Block):
    """Writes each position into the prepared settings of a ``crossbar``, as it comes.

    Parameters
    ----------
    lanes : power of two, 2…512
    window : number of positions (default: lanes)

    Interface attributes
    --------------------
    all of :class:`dotforge.network.routing.engine.RouteEngine`. ``positions`` of a fold are taken only after those of
    the fold before are ``swapped``

    Timing: ``lanes`` beats in, and the settings are prepared.
    """

    positions: stream.Interface
    write: Signal
    row: Signal
    data: Signal
    writable: Signal
    prepared: Signal
    swapped: Signal

    def __init__(self, lanes: int, window: int | None = None) -> None:
        self.lanes, self.window = lanes, lanes if window is None else window
        self.bits = check_lanes(self.window)
        position = data.StructLayout({"position": self.bits, "empty": 1})
        super().__init__(
            {
                "positions": In(stream.Signature(position)),
                "write": Out(1),
                "row": Out(range(lanes)),
                "data": Out(lanes),
                "writable": In(1),
                "prepared": Out(1),
                "swapped": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        payload: Any = self.positions.payload
        m.d.comb += [
            self.positions.ready.eq(self.writable & ~self.prepared),
            self.write.eq(self.positions.valid & self.positions.ready),
            self.data.eq(Cat(payload.position, ~payload.empty, Const(0, self.lanes - self.bits - 1))),
        ]
        m.d.sync += [
            self.row.eq(self.row + self.write),
            self.prepared.eq((self.prepared & ~self.swapped) | (self.write & self.row.all())),
        ]
        return m
