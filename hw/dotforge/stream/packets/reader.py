"""Takes packets apart into blocks of bitmaps and beats of values."""

from enum import IntEnum

from amaranth.hdl import Const, Module, Mux, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ...block import Block
from .fields import Cause, Kind, beat_layout, check_width, count_ones
from .header import Header

__all__ = ["TileReader", "block_layout", "values_layout"]


class _State(IntEnum):
    HEADER = 1
    BITMAPS = 2
    VALUES = 3
    #: The window has ended without values: a beat of none says so.
    NONE = 4
    #: What is left of a packet that is thrown away.
    SKIP = 5


def block_layout(data_width: int, columns: int, row_bits: int) -> data.StructLayout:
    """Return what a block of bitmaps is, or a part of a bitmap that takes several beats.

    Parameters
    ----------
    data_width, columns : of the beat and of a row
    row_bits : of the number of a row
    """
    return data.StructLayout(
        {
            "bits": data_width,
            "rows": range(max(1, data_width // columns) + 1),
            "row": row_bits,
            "regor": 1,
            "last": 1,
        }
    )


def values_layout(data_width: int, width: int) -> data.StructLayout:
    """Return what a beat of values is.

    Parameters
    ----------
    data_width, width : bits of a beat and of a value
    """
    return data.StructLayout({"data": data_width, "count": range(data_width // width + 1), "last": 1})


class TileReader(Block):
    """Takes packets apart: those that are due; of others it says what is wrong.

    A packet whose header is not the one that is due waits until one is wanted: it may be the next job's, sent early.
    Only then it is an error.

    Parameters
    ----------
    data_width : bits of a beat
    width : of a value
    format_code : of the values
    columns : of a tile, a power of two
    kinds : that may come
    count_bits : of a number of rows
    row_bits : of the number of a row; 0 where nobody wants it
    closes : after the last packet of a window without values in its last block comes a beat of none

    Interface attributes
    --------------------
    i : beats of packets
    blocks : rows of bitmaps (:func:`block_layout`); ``row`` is the number of the first
    values : beats of values (:func:`values_layout`); ``last`` ends a window
    active : a job runs
    opens : a job begins in this cycle, with sequence number 0
    wanted : a packet of the job is waited for
    tag : of the job
    due : bit k: a packet of kind k is due
    stop : everything is taken and ignored; afterwards what is left of a packet, too
    ended : the window's last packet was taken, up to its end
    failed, cause : a packet is wrong in this cycle, and why; it is up to who made it ``stop`` what comes then
    latency : 0
    """

    i: stream.Interface
    blocks: stream.Interface
    values: stream.Interface
    active: Signal
    opens: Signal
    wanted: Signal
    tag: Signal
    due: Signal
    stop: Signal
    ended: Signal
    failed: Signal
    cause: Signal

    def __init__(
        self,
        *,
        data_width: int,
        width: int,
        format_code: int,
        columns: int,
        kinds: tuple[int, ...],
        count_bits: int,
        row_bits: int,
        closes: bool,
    ) -> None:
        check_width(data_width)
        self.data_width, self.width, self.format_code, self.columns = data_width, width, format_code, columns
        self.kinds, self.count_bits, self.row_bits, self.closes = kinds, count_bits, row_bits, closes
        super().__init__(
            {
                "i": In(stream.Signature(beat_layout(data_width))),
                "blocks": Out(stream.Signature(block_layout(data_width, columns, row_bits))),
                "values": Out(stream.Signature(values_layout(data_width, width))),
                "active": In(1),
                "opens": In(1),
                "wanted": In(1),
                "tag": In(16),
                "due": In(len(Kind) + 1),
                "stop": In(1),
                "ended": Out(1),
                "failed": Out(1),
                "cause": Out(5),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        state = Signal(_State, init=_State.HEADER)
        sequence = Signal(16)
        beat = self.i.payload
        whole, accepts, taken, wrong = Signal(), Signal(), Signal(), Signal()
        m.d.comb += [
            whole.eq(beat.keep.all()),
            self.i.ready.eq(accepts),
            taken.eq(self.i.valid & accepts),
        ]

        m.submodules.header = header = Header(
            self.data_width, self.kinds, self.format_code, self.columns, self.count_bits, self.row_bits
        )
        rows = Signal(self.count_bits)  # that are left
        left = Signal(32)  # values, of which the bitmaps are still to come
        beats = Signal(range(self.width * max(1, self.columns // self.data_width) + 1))  # of values
        rest = Signal(
            range(self.data_width // self.width)
        )  # values of the block's last beat, 0 for a full one
        row = Signal(self.row_bits)
        regor, last = Signal(), Signal()
        m.d.comb += [
            header.data.eq(beat.data),
            header.tag.eq(self.tag),
            header.sequence.eq(sequence),
            header.due.eq(self.due),
            header.taken.eq(taken & (state == _State.HEADER)),
            header.restart.eq((taken & beat.last) | (state != _State.HEADER)),
        ]

        end = Signal()  # the beat is the packet's last
        with m.If(state == _State.HEADER):
            self._header(m, header, accepts, whole, wrong)
            with m.If(taken & header.ends):
                m.d.sync += [
                    state.eq(_State.BITMAPS),
                    sequence.eq(sequence + 1),
                    rows.eq(header.rows),
                    left.eq(header.values),
                    row.eq(header.row),
                    regor.eq(header.regor),
                    last.eq(header.last),
                ]
        with m.If(state == _State.BITMAPS):
            surplus = self._bitmaps(m, state, rows, left, beats, rest, row, regor, last, end, taken)
            self._check_end(m, end, whole, wrong, surplus)
            m.d.comb += [
                self.blocks.valid.eq(self.i.valid & ~wrong),
                accepts.eq(self.blocks.ready | wrong),
            ]
        with m.If(state == _State.VALUES):
            one = beats == 1
            self._check_end(m, end, whole, wrong, Const(0, 1))
            m.d.comb += [
                end.eq(one & ~rows.any()),
                self.values.valid.eq(self.i.valid & ~wrong),
                accepts.eq(self.values.ready | wrong),
                self.values.payload.last.eq(end & last),
                self.values.payload.count.eq(Mux(one & rest.any(), rest, self.data_width // self.width)),
            ]
            with m.If(taken):
                m.d.sync += beats.eq(beats - 1)
                with m.If(one):
                    m.d.sync += state.eq(Mux(rows.any(), _State.BITMAPS, _State.HEADER))
        with m.If(state == _State.NONE):
            m.d.comb += [self.values.valid.eq(1), self.values.payload.last.eq(1)]
            with m.If(self.values.ready):
                m.d.sync += state.eq(_State.HEADER)
        with m.If(state == _State.SKIP):
            m.d.comb += accepts.eq(1)
            with m.If(taken & beat.last):
                m.d.sync += state.eq(_State.HEADER)
        m.d.comb += [
            self.values.payload.data.eq(beat.data),
            self.blocks.payload.bits.eq(beat.data),
            self.blocks.payload.row.eq(row),
            self.blocks.payload.regor.eq(regor),
            self.failed.eq(wrong),
            self.ended.eq(taken & end & last & ~wrong),
        ]
        inside = Signal()  # of a packet
        with m.If(taken):
            m.d.sync += inside.eq(~beat.last)
        with m.If(self.opens):
            m.d.sync += sequence.eq(0)
        with m.If(self.stop):
            m.d.comb += [accepts.eq(1), wrong.eq(0), self.blocks.valid.eq(0), self.values.valid.eq(0)]
        with m.If(self.stop | wrong):
            m.d.sync += state.eq(Mux(Mux(taken, ~beat.last, inside), _State.SKIP, _State.HEADER))
        return m

    def _header(self, m: Module, header: Header, accepts: Signal, whole: Value, wrong: Signal) -> None:
        """Take the header: all beats but the last are kept; that one waits until it is clear what the packet is."""
        short = self.i.payload.last
        good = header.good & whole & ~short
        wanted = self.active & self.wanted
        length = Mux(whole, Cause.CUT_OFF, Cause.KEEP)
        with m.If(header.ends):
            m.d.comb += [
                accepts.eq((self.active & good) | wanted),
                wrong.eq(self.i.valid & wanted & ~good),
                self.cause.eq(Mux(header.good, length, header.cause)),
            ]
        with m.Else():
            m.d.comb += [
                accepts.eq((whole & ~short) | wanted),
                wrong.eq(self.i.valid & wanted & (~whole | short)),
                self.cause.eq(length),
            ]

    def _bitmaps(
        self,
        m: Module,
        state: Signal,
        rows: Signal,
        left: Signal,
        beats: Signal,
        rest: Signal,
        row: Signal,
        regor: Signal,
        last: Signal,
        end: Signal,
        taken: Signal,
    ) -> Value:
        """Hand over a beat of bitmaps and count what they stand for; returns whether that cannot be."""
        most, parts = max(1, self.data_width // self.columns), max(1, self.columns // self.data_width)
        count = count_ones(m, "count", self.i.payload.data)
        total, complete = count, Const(1, 1)
        if parts > 1:
            part, sofar = Signal(range(parts)), Signal(range(self.columns + 1))
            total, complete = Signal(range(self.columns + 1), name="total"), part == parts - 1
            m.d.comb += total.eq(sofar + count)
            with m.If(taken):
                m.d.sync += [part.eq(part + 1), sofar.eq(Mux(complete, 0, total))]
            with m.If(state == _State.HEADER):
                m.d.sync += [part.eq(0), sofar.eq(0)]
        final, here, without, surplus = Signal(), Signal(range(most + 1)), Signal(), Signal()
        each = self.data_width // self.width
        m.d.comb += [
            final.eq(rows <= most),
            here.eq(Mux(final, rows, most)),
            without.eq(regor | ~total.any()),
            end.eq(final & complete & without),
            surplus.eq(~regor & ((count > left) | (final & complete & (count != left)))),
            self.blocks.payload.rows.eq(here),
            self.blocks.payload.last.eq(last & final),
        ]
        with m.If(taken):
            m.d.sync += left.eq(left - count)
        with m.If(taken & complete):
            m.d.sync += [
                rows.eq(rows - here),
                row.eq(row + here),
                beats.eq((total + each - 1) >> each.bit_length() - 1),
                rest.eq(total),
            ]
            ends = Mux(last & ~regor, _State.NONE, _State.HEADER) if self.closes else _State.HEADER
            with m.If(~without):
                m.d.sync += state.eq(_State.VALUES)
            with m.If(without & final):
                m.d.sync += state.eq(ends)
        return surplus

    def _check_end(self, m: Module, end: Value, whole: Value, wrong: Signal, surplus: Value) -> None:
        """Compare ``tlast`` with what the header and the bitmaps say."""
        last = self.i.payload.last
        length = Mux(last, Cause.CUT_OFF, Cause.TOO_LONG)
        m.d.comb += [
            wrong.eq(self.i.valid & (~whole | surplus | (last != end))),
            self.cause.eq(Mux(whole, Mux(surplus, Cause.COUNT, length), Cause.KEEP)),
        ]
