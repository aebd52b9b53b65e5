"""Hands out streaming vectors: a bitmap and the values at its set bits, all at once."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ...block import Block
from .fields import count_ones
from .reader import block_layout, values_layout
from .rows import BitmapBuffer

__all__ = ["TileVectors"]


class TileVectors(Block):
    """Joins each bitmap of a packet with its values, which may begin anywhere in a beat.

    Values stay at the input until a vector needs them: what is kept is one beat, or as many as a vector may take.
    Blocks are taken one ahead, so that a vector may leave in each cycle.

    Parameters
    ----------
    data_width, width : bits of a beat and of a value
    columns : of a tile

    Interface attributes
    --------------------
    blocks, values : of a :class:`dotforge.stream.packets.reader.TileReader`
    vectors : ``values`` packed from value 0 on, what is behind them means nothing; ``bitmap``; ``last`` ends a fold
    empty : no vector is here
    stop : what is here is thrown away
    latency : 2 from a block's bitmaps to its first vector; initiation interval 1
    """

    blocks: stream.Interface
    values: stream.Interface
    vectors: stream.Interface
    empty: Signal
    stop: Signal
    latency = 2

    def __init__(self, data_width: int, width: int, columns: int) -> None:
        self.data_width, self.width, self.columns = data_width, width, columns
        vector = data.StructLayout({"values": columns * width, "bitmap": columns, "last": 1})
        super().__init__(
            {
                "blocks": In(stream.Signature(block_layout(data_width, columns, 0))),
                "values": In(stream.Signature(values_layout(data_width, width))),
                "vectors": Out(stream.Signature(vector)),
                "empty": Out(1),
                "stop": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.buffer = buffer = BitmapBuffer(self.data_width, self.columns, 0)
        self._ahead(m, buffer)
        row = buffer.o.payload
        count = count_ones(m, "count", row.bitmap)

        each = self.data_width // self.width  # values of a beat
        beats = max(1, self.columns // each)  # that are kept
        room = beats * each
        held = Signal(beats * self.data_width, reset_less=True)
        start = Signal(range(room + 1), init=room)  # of the vector's values; `room`: nothing is kept
        stop, behind, fits, leaves, takes = (
            Signal(range(2 * room + 1)),
            Signal(),
            Signal(),
            Signal(),
            Signal(),
        )
        both = Cat(held, self.values.payload.data)
        m.d.comb += [
            stop.eq(start + count),
            behind.eq(stop > room),  # the vector needs the beat that is offered
            fits.eq(stop <= room + each),  # and none after it
            self.vectors.valid.eq(buffer.o.valid & fits & (~behind | self.values.valid)),
            self.vectors.payload.bitmap.eq(row.bitmap),
            self.vectors.payload.last.eq(row.last),
            self.vectors.payload["values"].eq(self._shifted(m, both, start)),
            leaves.eq(self.vectors.valid & self.vectors.ready),
            buffer.o.ready.eq(leaves),
            # No beat is taken before a vector needs it: what comes may be another block's.
            self.values.ready.eq(buffer.o.valid & behind & (self.vectors.ready | ~fits)),
            takes.eq(self.values.valid & self.values.ready),
        ]
        with m.If(takes):
            m.d.sync += held.eq(both[self.data_width :])
        m.d.sync += start.eq(Mux(leaves, stop, start) - Mux(takes, each, 0))
        with m.If(self.stop | (leaves & buffer.final)):
            m.d.sync += start.eq(room)
        return m

    def _ahead(self, m: Module, buffer: BitmapBuffer) -> None:
        """Keep one block that the buffer has no place for yet."""
        waits, held = Signal(), Signal.like(self.blocks.payload, reset_less=True)
        m.d.comb += [
            self.blocks.ready.eq(~waits),
            buffer.i.valid.eq(waits | self.blocks.valid),
            buffer.i.payload.eq(Mux(waits, held, self.blocks.payload)),
            buffer.stop.eq(self.stop),
            self.empty.eq(~waits & ~buffer.o.valid),
        ]
        m.d.sync += waits.eq(buffer.i.valid & ~buffer.i.ready & ~self.stop)
        with m.If(~waits):
            m.d.sync += held.eq(self.blocks.payload)

    def _shifted(self, m: Module, values: Value, start: Value) -> Value:
        """Return as many values as a vector may have, from value ``start`` on."""
        for bit in reversed(range(len(start))):
            most = (self.columns + (1 << bit) - 1) * self.width
            level = Signal(most, name=f"from_{1 << bit}")
            m.d.comb += level.eq(Mux(start[bit], values[self.width << bit :], values)[:most])
            values = level
        return values
