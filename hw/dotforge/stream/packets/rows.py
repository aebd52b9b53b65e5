"""Hands out the rows and the values of stationary tiles, and the bitmaps for REGOR."""

from amaranth.hdl import Const, Module, Mux, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ...block import Block
from .fields import pick
from .reader import block_layout, values_layout

__all__ = ["BitmapBuffer", "TileRows", "ValueShare"]


class BitmapBuffer(Block):
    """Takes blocks of bitmaps and gives them row by row.

    Parameters
    ----------
    data_width, columns, row_bits : of :func:`dotforge.stream.packets.reader.block_layout`

    Interface attributes
    --------------------
    i : blocks
    o : rows: ``bitmap``, ``row`` its number, ``regor``, and ``last`` with the last one of a window
    final : the row is its block's last
    stop : what is here is thrown away
    latency : 1; initiation interval 1
    """

    i: stream.Interface
    o: stream.Interface
    final: Signal
    stop: Signal
    latency = 1

    def __init__(self, data_width: int, columns: int, row_bits: int) -> None:
        self.data_width, self.columns, self.row_bits = data_width, columns, row_bits
        rows = data.StructLayout({"bitmap": columns, "row": row_bits, "regor": 1, "last": 1})
        super().__init__(
            {
                "i": In(stream.Signature(block_layout(data_width, columns, row_bits))),
                "o": Out(stream.Signature(rows)),
                "final": Out(1),
                "stop": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        width, columns = self.data_width, self.columns
        block = self.i.payload
        held = Signal(max(width, columns), reset_less=True)
        rows = Signal(range(max(1, width // columns) + 1))
        row = Signal(self.row_bits, reset_less=True)
        regor, last = Signal(), Signal()
        taken, leaves = Signal(), Signal()
        complete: Value = Const(1, 1)
        if columns > width:
            part = Signal(range(columns // width))
            complete = part == columns // width - 1
            with m.If(taken):
                m.d.sync += part.eq(part + 1)
            with m.If(self.stop):
                m.d.sync += part.eq(0)
        m.d.comb += [
            self.o.valid.eq(rows.any()),
            self.final.eq(rows == 1),
            self.o.payload.bitmap.eq(held),
            self.o.payload.row.eq(row),
            self.o.payload.regor.eq(regor),
            self.o.payload.last.eq(last & self.final),
            leaves.eq(self.o.valid & self.o.ready),
            self.i.ready.eq(~rows.any() | (self.final & self.o.ready)),
            taken.eq(self.i.valid & self.i.ready),
        ]
        with m.If(leaves):
            m.d.sync += [rows.eq(rows - 1), row.eq(row + 1)]
            if columns < width:
                m.d.sync += held.eq(held >> columns)
        with m.If(taken):
            m.d.sync += [
                held.eq(block.bits if columns <= width else held[width:] | (block.bits << columns - width)),
                rows.eq(Mux(complete, block.rows, 0)),
                row.eq(block.row),
                regor.eq(block.regor),
                last.eq(block.last),
            ]
        with m.If(self.stop):
            m.d.sync += rows.eq(0)
        return m


class ValueShare(Block):
    """Gives the values of a beat so many at a time.

    Parameters
    ----------
    data_width, width : of :func:`dotforge.stream.packets.reader.values_layout`
    share : values at a time, a power of two

    Interface attributes
    --------------------
    i : beats of values
    o : ``values``, ``count`` of them that are there, and ``last``
    stop : begin with a beat's first values again
    latency : 0; initiation interval 1
    """

    i: stream.Interface
    o: stream.Interface
    stop: Signal

    def __init__(self, data_width: int, width: int, share: int) -> None:
        self.data_width, self.width, self.share = data_width, width, share
        given = data.StructLayout({"values": share * width, "count": range(share + 1), "last": 1})
        super().__init__(
            {
                "i": In(stream.Signature(values_layout(data_width, width))),
                "o": Out(stream.Signature(given)),
                "stop": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        beat, share = self.i.payload, self.share
        parts = self.data_width // self.width // share
        m.d.comb += [self.o.valid.eq(self.i.valid), self.o.payload["values"].eq(beat.data)]
        if parts <= 1:
            m.d.comb += [
                self.o.payload.count.eq(beat.count),
                self.o.payload.last.eq(beat.last),
                self.i.ready.eq(self.o.ready),
            ]
            return m
        part, final, left = Signal(range(parts)), Signal(), Signal(range(parts * share + 1))
        m.d.comb += [
            left.eq(beat.count - part * share),
            final.eq(left <= share),
            self.o.payload["values"].eq(_pieces(beat.data, part, share * self.width)),
            self.o.payload.count.eq(Mux(final, left, share)),
            self.o.payload.last.eq(beat.last & final),
            self.i.ready.eq(self.o.ready & final),
        ]
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += part.eq(Mux(final, 0, part + 1))
        with m.If(self.stop):
            m.d.sync += part.eq(0)
        return m


def _pieces(value: Value, part: Value, width: int) -> Value:
    """Return a part of a value."""
    return pick([value[start : start + width] for start in range(0, len(value), width)], part)


class TileRows(Block):
    """The stationary side of a group: blocks and values of its packets to the streams of the engine.

    Parameters
    ----------
    data_width, width : bits of a beat and of a value
    columns : of a tile
    row_bits : of the number of a row
    share : stationary values at a time

    Interface attributes
    --------------------
    blocks, values : of a :class:`dotforge.stream.packets.reader.TileReader`
    bitmaps : of streaming vectors, ``last`` with the last of a window
    rows : number and bitmap of stationary rows, ``last`` with the last of a window
    stationary : their values, how many they are, ``last`` with the last of a window
    stop : what is here is thrown away
    latency : 1 for bitmaps and rows, 0 for values
    """

    blocks: stream.Interface
    values: stream.Interface
    bitmaps: stream.Interface
    rows: stream.Interface
    stationary: stream.Interface
    stop: Signal
    latency = 1

    def __init__(self, data_width: int, width: int, columns: int, row_bits: int, share: int) -> None:
        self.data_width, self.width, self.columns = data_width, width, columns
        self.row_bits, self.share = row_bits, share
        bitmap = data.StructLayout({"bitmap": columns, "last": 1})
        row = data.StructLayout({"row": row_bits, "bitmap": columns, "last": 1})
        given = data.StructLayout({"values": share * width, "count": range(share + 1), "last": 1})
        super().__init__(
            {
                "blocks": In(stream.Signature(block_layout(data_width, columns, row_bits))),
                "values": In(stream.Signature(values_layout(data_width, width))),
                "bitmaps": Out(stream.Signature(bitmap)),
                "rows": Out(stream.Signature(row)),
                "stationary": Out(stream.Signature(given)),
                "stop": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.buffer = buffer = BitmapBuffer(self.data_width, self.columns, self.row_bits)
        m.submodules.share = share = ValueShare(self.data_width, self.width, self.share)
        m.d.comb += [buffer.stop.eq(self.stop), share.stop.eq(self.stop)]
        for inner, outer in ((buffer.i, self.blocks), (share.i, self.values)):
            m.d.comb += [
                inner.payload.eq(outer.payload),
                inner.valid.eq(outer.valid),
                outer.ready.eq(inner.ready),
            ]
        m.d.comb += [
            self.stationary.payload.eq(share.o.payload),
            self.stationary.valid.eq(share.o.valid),
            share.o.ready.eq(self.stationary.ready),
        ]
        row = buffer.o.payload
        m.d.comb += [
            self.bitmaps.valid.eq(buffer.o.valid & row.regor),
            self.bitmaps.payload.bitmap.eq(row.bitmap),
            self.bitmaps.payload.last.eq(row.last),
            self.rows.valid.eq(buffer.o.valid & ~row.regor),
            self.rows.payload.row.eq(row.row),
            self.rows.payload.bitmap.eq(row.bitmap),
            self.rows.payload.last.eq(row.last),
            buffer.o.ready.eq(Mux(row.regor, self.bitmaps.ready, self.rows.ready)),
        ]
        return m
