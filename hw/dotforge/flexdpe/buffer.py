"""A queue of rows, so that routing may run ahead of loading."""

from amaranth.hdl import Module, Mux, Signal, Value, unsigned
from amaranth.lib import stream
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..block import Block
from .rows import row_layout

__all__ = ["RowBuffer", "RowMemory"]


class RowMemory(Block):
    """The storage array itself, a module of its own so that a flow can put a memory macro there.

    One write port and one read port; ``read_data`` follows ``read_address`` by one cycle.

    Parameters
    ----------
    rows : number of words
    width : bits of a word
    """

    write_enable: Signal
    write_address: Signal
    write_data: Signal
    read_address: Signal
    read_data: Signal
    latency = 1

    def __init__(self, rows: int, width: int) -> None:
        self.rows, self.width = rows, width
        address = unsigned(max(1, (rows - 1).bit_length()))
        super().__init__(
            {
                "write_enable": In(1),
                "write_address": In(address),
                "write_data": In(width),
                "read_address": In(address),
                "read_data": Out(width),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.array = array = Memory(shape=unsigned(self.width), depth=self.rows, init=[])
        write, read = array.write_port(), array.read_port()
        m.d.comb += [
            write.en.eq(self.write_enable),
            write.addr.eq(self.write_address),
            write.data.eq(self.write_data),
            read.en.eq(1),
            read.addr.eq(self.read_address),
            self.read_data.eq(read.data),
        ]
        return m


class RowBuffer(Block):
    """First in, first out.

    Parameters
    ----------
    window, row_bits : of :func:`dotforge.flexdpe.rows.row_layout`
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
        m.submodules.memory = memory = RowMemory(rows, self.layout.size)
        write, read = Signal(range(rows)), Signal(range(rows))
        count = Signal(range(rows + 1))  # rows that are in, the one at the output not counted
        present = Signal()
        taken, moves = Signal(), Signal()
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
