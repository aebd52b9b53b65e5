"""The rows of the stationary matrix on their way in: masked with REGOR, checked, and shared by all who read
them.

::

                 regor
                   ▼
    rows ─► RowMask ─► RowShare ─┬─► positions, for the route engines
                                 ├─► runs
                                 └─► values
"""

from typing import Any

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ..arithmetic.carry import less_than
from ..block import Block

__all__ = ["RowMask", "RowShare", "given_layout", "row_layout"]


def given_layout(window: int, row_bits: int) -> data.StructLayout:
    """Return a row as it comes in.

    Parameters
    ----------
    window : bits of the bitmap
    row_bits : bits of the row's id
    """
    return data.StructLayout({"row": row_bits, "bitmap": window, "last": 1})


def row_layout(window: int, row_bits: int) -> data.StructLayout:
    """Return what is known of a row: its id, its bitmap, the bits of that which REGOR has too, and whether
    it is the last of the window.

    Parameters
    ----------
    window : bits of the bitmap
    row_bits : bits of the row's id
    """
    return data.StructLayout({"row": row_bits, "bitmap": window, "useful": window, "last": 1})


class RowMask(Block):
    """Makes stationary' of a row: its bitmap AND REGOR.

    Parameters
    ----------
    window : positions
    row_bits : width of a row id
    operators : see :mod:`dotforge.arithmetic.carry`

    Interface attributes
    --------------------
    i : stream of {``row``, ``bitmap``, ``last``}
    o : stream of :func:`row_layout`
    regor, regor_valid, finished : see :class:`dotforge.sparse.regor.Regor`
    disorder : the row that is accepted in this cycle has no higher id than the one before it in the window

    Combinational but for the id of the row before.

    Source: 004_cc286613ada5888f (SIGMA), section IV-E, step ii.
    """

    i: stream.Interface
    o: stream.Interface
    regor: Signal
    regor_valid: Signal
    finished: Signal
    disorder: Signal

    def __init__(self, window: int, row_bits: int, operators: bool = False) -> None:
        self.window, self.row_bits, self.operators = window, row_bits, operators
        super().__init__(
            {
                "i": In(stream.Signature(given_layout(window, row_bits))),
                "o": Out(stream.Signature(row_layout(window, row_bits))),
                "regor": In(window),
                "regor_valid": In(1),
                "finished": Out(1),
                "disorder": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        before = Signal(self.row_bits, reset_less=True)
        first = Signal(init=1)
        taken = Signal()
        row = self.i.payload
        rises = less_than(m, "rising", before, row.row, operators=self.operators)
        m.d.comb += [
            self.i.ready.eq(self.o.ready & self.regor_valid),
            self.o.valid.eq(self.i.valid & self.regor_valid),
            taken.eq(self.o.valid & self.o.ready),
            self.o.payload.row.eq(row.row),
            self.o.payload.bitmap.eq(row.bitmap),
            self.o.payload.useful.eq(row.bitmap & self.regor),
            self.o.payload.last.eq(row.last),
            self.finished.eq(taken & row.last),
            self.disorder.eq(taken & ~first & ~rises),
        ]
        m.d.sync += [first.eq(Mux(taken, row.last, first)), before.eq(Mux(taken, row.row, before))]
        return m


class RowShare(Block):
    """Holds a row until everybody who reads it is done with it.

    Parameters
    ----------
    window, row_bits : see :func:`row_layout`
    readers : number of them

    Interface attributes
    --------------------
    i : stream of rows
    row : the row that is held
    offered : a bit a reader: there is a row that it is not done with
    done : a bit a reader: it is done with the row at the end of this cycle
    latency : 1; initiation interval 1
    """

    latency = 1

    i: stream.Interface
    row: Any
    offered: Signal
    done: Signal

    def __init__(self, window: int, row_bits: int, readers: int) -> None:
        self.layout, self.readers = row_layout(window, row_bits), readers
        super().__init__(
            {
                "i": In(stream.Signature(self.layout)),
                "row": Out(self.layout),
                "offered": Out(readers),
                "done": In(readers),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        valid = Signal()
        served = Signal(self.readers)
        held = Signal(self.layout.size, name="held", reset_less=True)
        leaves = Signal()
        taken = Signal()
        m.d.comb += [
            leaves.eq(valid & (served | self.done).all()),
            self.i.ready.eq(~valid | leaves),
            taken.eq(self.i.valid & self.i.ready),
            self.offered.eq(~served & valid.replicate(self.readers)),
            self.row.as_value().eq(held),
        ]
        m.d.sync += [
            held.eq(Mux(self.i.ready, self.i.payload.as_value(), held)),
            valid.eq(taken | (valid & ~leaves)),
            served.eq((served | self.done) & (~leaves).replicate(self.readers)),
        ]
        return m
