"""HostRoute: settings of the distribution network that a host knows ahead.

They are those of :func:`dotforge.network.distribution.settings.host_settings`, or of the golden model.
"""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ...block import Block

__all__ = ["HostRoute", "settings_layout"]


def settings_layout(lanes: int) -> data.StructLayout:
    """Return a row of settings."""
    return data.StructLayout({"data": lanes, "last": 1})


class HostRoute(Block):
    """Hands the settings of the next fold, that a host gives, to the distribution network.

    Parameters
    ----------
    lanes, rows : of the settings

    Interface attributes
    --------------------
    settings : stream of {``data``, ``last``}: the rows of a fold, ``last`` with the last one
    write, row, data, writable, prepared, swapped : as of :class:`dotforge.network.routing.engine.RouteEngine`
    wrong : ``last`` came with another row, or not with the last one
    """

    settings: stream.Interface
    write: Signal
    row: Signal
    data: Signal
    writable: Signal
    prepared: Signal
    swapped: Signal
    wrong: Signal

    def __init__(self, lanes: int, rows: int) -> None:
        self.rows = rows
        super().__init__(
            {
                "settings": In(stream.Signature(settings_layout(lanes))),
                "write": Out(1),
                "row": Out(range(rows)),
                "data": Out(lanes),
                "writable": In(1),
                "prepared": Out(1),
                "swapped": In(1),
                "wrong": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        row = Signal(range(self.rows))
        ends = Signal()
        m.d.comb += [
            self.settings.ready.eq(self.writable & ~self.prepared),
            self.write.eq(self.settings.valid & self.settings.ready),
            self.row.eq(row),
            self.data.eq(self.settings.payload.data),
            ends.eq(row == self.rows - 1),
            self.wrong.eq(self.write & (self.settings.payload.last != ends)),
        ]
        m.d.sync += [
            row.eq(Mux(self.write, Mux(ends, 0, row + 1), row)),
            self.prepared.eq((self.prepared | (self.write & ends)) & ~self.swapped),
        ]
        return m
