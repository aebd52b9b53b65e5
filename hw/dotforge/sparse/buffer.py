"""A queue of rows, so that routing may run ahead of loading."""

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from ..block import Block
from ..memory import MemoryArray
from .rows import row_layout

__all__ = ["RowBuffer"]


class RowBuffer(Block):
    """First in, first out.

    Parameters
    ----------
    window, row_bits : of :func:`dotforge.sparse.rows.row_layout`
    rows : that can wait

    Interface attributes
    --------------------
    i, o : streams of rows
    latency : 2 from a row into an empty queue; initiation interval 1
    """

    i: stream.Interface
    o: stream.Interface
    latency = 2

    def __init__(self, window: int, row_bits: int, rows: int) -> None:
        self.layout, self.rows = row_layout(window, row_bits), rows
        signature = stream.Signature(self.layout)
        super().__init__({"i": In(signature), "o": Out(signature)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        rows = self.rows
        m.submodules.memory = memory = MemoryArray(rows=rows, width=self.layout.size)
        write = Signal(range(rows))
        read = Signal(range(rows))
        count = Signal(range(rows + 1))  # rows that are in, the one at the output not counted
        present = Signal()
        taken = Signal()
        moves = Signal()
        following = Signal(range(rows))
        m.d.comb += [
            self.i.ready.eq(count != rows),
            taken.eq(self.i.valid & self.i.ready),
            # The memory is read a cycle ahead, at the row that is the next one then.
            moves.eq(present & self.o.ready),
            following.eq(Mux(moves, _next(read, rows), read)),
            memory.write_enable.eq(taken),
            memory.write_address.eq(write),
            memory.write_data.eq(self.i.payload.as_value()),
            memory.read_address.eq(following),
            self.o.valid.eq(present),
            self.o.payload.as_value().eq(memory.read_data),
        ]
        m.d.sync += [
            write.eq(Mux(taken, _next(write, rows), write)),
            read.eq(following),
            count.eq(count + taken - moves),
            # A row that is written in this cycle is not read yet.
            present.eq(count > moves),
        ]
        return m


def _next(number: Signal, rows: int) -> Value:
    return Mux(number == rows - 1, 0, number + 1)
