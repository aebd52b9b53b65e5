"""Writes results as packets, one for each strip of rows."""

from enum import IntEnum

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ...block import Block
from .fields import (
    FORMAT_CODES,
    HEADER_BITS,
    MAGIC,
    VERSION,
    Kind,
    beat_layout,
    check_width,
    header_layout,
    is_number,
    pick,
)

__all__ = ["ResultWriter", "results_layout"]


class _State(IntEnum):
    HEADER = 1
    BODY = 2
    #: A packet that was begun is cut off.
    ABORT = 3


def results_layout(
    banks: int, width: int, index_bits: int, row_bits: int, tag_bits: int
) -> data.StructLayout:
    """Return what a beat of results is: those of up to ``banks`` rows and one column.

    Parameters
    ----------
    banks : rows of a strip
    width : of a result
    index_bits : of the column's number
    row_bits : of the strip's number
    tag_bits : of the job's tag
    """
    return data.StructLayout(
        {
            "values": banks * width,
            "valid": banks,
            "vector": index_bits,
            "block": row_bits,
            "tag": tag_bits,
            "last": 1,
        }
    )


def _part(value: Value, part: Value, width: int) -> Value:
    return pick([value[start : start + width] for start in range(0, len(value), width)], part)


class ResultWriter(Block):
    """A strip of ``banks`` rows is a packet: a column after the other, each of ``banks`` values.

    Where the operand that stays is B, what the engine calls rows are columns, and the other way round.

    Parameters
    ----------
    data_width : bits of a beat
    banks : rows of a strip, a power of two
    width : of a result, 64 or less
    signed : results are in two's complement
    index_bits, row_bits, tag_bits : of :func:`results_layout`

    Interface attributes
    --------------------
    i : results, strip after strip, in each of them the columns in order
    o : beats of packets
    rows, vectors : of the job
    row, column : of C, where the job's results begin
    turned : B stays
    stop : what is under way is cut off: a beat with ``last`` and without bytes ends the packet, if one was begun, so
        that nobody takes it for a whole one
    latency : 1 from a result to its beat, behind the header
    """

    i: stream.Interface
    o: stream.Interface
    rows: Signal
    vectors: Signal
    row: Signal
    column: Signal
    turned: Signal
    stop: Signal
    latency = 1

    def __init__(
        self,
        *,
        data_width: int,
        banks: int,
        width: int,
        signed: bool,
        index_bits: int,
        row_bits: int,
        tag_bits: int,
    ) -> None:
        check_width(data_width)
        self.data_width, self.banks, self.width, self.signed = data_width, banks, width, signed
        self.index_bits, self.row_bits, self.tag_bits = index_bits, row_bits, tag_bits
        super().__init__(
            {
                "i": In(stream.Signature(results_layout(banks, width, index_bits, row_bits, tag_bits))),
                "o": Out(stream.Signature(beat_layout(data_width))),
                "rows": In(row_bits + 1),
                "vectors": In(index_bits + 1),
                "row": In(32),
                "column": In(32),
                "turned": In(1),
                "stop": In(1),
            }
        )

    @property
    def value_bits(self) -> int:
        """Bits of a value in a packet."""
        return 32 if self.width <= 32 else 64

    def elaborate(self, platform: object) -> Module:
        m = Module()
        state = Signal(_State, init=_State.HEADER)
        result = self.i.payload
        # A register: what is offered stays, whatever stops.
        beat, gives, free, final = Signal(self.data_width), Signal(), Signal(), Signal()
        there = Signal()  # bytes in the beat
        m.d.comb += [free.eq(~self.o.valid | self.o.ready), there.eq(state != _State.ABORT)]
        with m.If(free):
            m.d.sync += self.o.valid.eq(gives)
            with m.If(gives):
                m.d.sync += [
                    self.o.payload.data.eq(beat),
                    self.o.payload.keep.eq(there.replicate(self.data_width // 8)),
                    self.o.payload.last.eq(final),
                ]

        ends = Signal()  # the strip
        m.d.comb += ends.eq(result.vector + 1 == self.vectors)
        opened = Signal()
        with m.If(free & gives):
            m.d.sync += opened.eq(~final)
        head, head_ends, head_moves = self._header(m, result)
        line = self._line(result)
        with m.If(state == _State.HEADER):
            m.d.comb += [gives.eq(self.i.valid & ~self.stop), beat.eq(head), head_moves.eq(free & gives)]
            with m.If(head_moves & head_ends):
                m.d.sync += state.eq(_State.BODY)
        with m.If(state == _State.BODY):
            self._body(m, state, line, ends, beat, gives, free, final)
        with m.If(state == _State.ABORT):
            m.d.comb += [gives.eq(1), final.eq(1)]
            with m.If(free):
                m.d.sync += state.eq(_State.HEADER)
        with m.If(self.stop & (state != _State.ABORT)):
            m.d.comb += [gives.eq(0), self.i.ready.eq(0), head_moves.eq(0)]
            m.d.sync += state.eq(Mux(opened, _State.ABORT, _State.HEADER))
        return m

    def _header(self, m: Module, result: data.View) -> tuple[Value, Value, Signal]:
        """Return a beat of the header, whether it is the last one, and what is set where it moves."""
        first = Signal(self.row_bits + self.banks.bit_length())
        here = Signal(range(self.banks + 1))
        left = Signal(self.row_bits + 1)
        final = Signal()
        m.d.comb += [
            first.eq(result.block * self.banks),
            left.eq(self.rows - first),
            final.eq(left <= self.banks),
            here.eq(Mux(final, left, self.banks)),
        ]
        header = Signal(header_layout())
        name = ("int32" if self.value_bits == 32 else "int64") if self.signed else "fp32"
        m.d.comb += [
            header.magic.eq(MAGIC),
            header.version.eq(VERSION),
            header.kind.eq(Kind.RESULT),
            header.format.eq(FORMAT_CODES[name]),
            header.flags.eq(Cat(final, self.turned)),
            header.tag.eq(result.tag),
            header.row.eq(self.row + Mux(self.turned, 0, first)),
            header.column.eq(self.column + Mux(self.turned, first, 0)),
            header.rows.eq(Mux(self.turned, self.vectors, here)),
            header.columns.eq(Mux(self.turned, here, self.vectors)),
            header["values"].eq(self.vectors * self.banks),
            header.sequence.eq(result.block),
            header.beat.eq((self.data_width // 8).bit_length() - 1),
        ]
        moves = Signal()
        beats = -(-HEADER_BITS // self.data_width)
        if beats == 1:
            return header.as_value(), Const(1, 1), moves
        index = Signal(range(beats))
        with m.If(moves):
            m.d.sync += index.eq(index + 1)
        with m.If(self.stop):
            m.d.sync += index.eq(0)
        return _part(header.as_value(), index, self.data_width), index == beats - 1, moves

    def _line(self, result: data.View) -> Value:
        """Return a column of the strip as it lies in a packet."""
        values = []
        for bank in range(self.banks):
            value = result["values"][bank * self.width : (bank + 1) * self.width]
            sign = value[-1] if self.signed else Const(0, 1)
            wide = Cat(value, sign.replicate(self.value_bits - self.width))
            values.append(Mux(result.valid[bank], wide, 0))
        return Cat(values)

    def _body(
        self,
        m: Module,
        state: Signal,
        line: Value,
        ends: Value,
        beat: Signal,
        gives: Signal,
        free: Value,
        final: Signal,
    ) -> None:
        """Give columns: several beats each, or several of them a beat."""
        width = self.banks * self.value_bits
        if width >= self.data_width:
            parts = width // self.data_width
            last_part: Value = Const(1, 1)
            m.d.comb += beat.eq(line)
            if parts > 1:
                part = Signal(range(parts))
                last_part = part == parts - 1
                m.d.comb += beat.eq(_part(line, part, self.data_width))
                with m.If(free & self.i.valid):
                    m.d.sync += part.eq(part + 1)
                with m.If(self.stop):
                    m.d.sync += part.eq(0)
            m.d.comb += [
                gives.eq(self.i.valid),
                final.eq(ends & last_part),
                self.i.ready.eq(free & last_part),
            ]
            with m.If(free & gives & final):
                m.d.sync += state.eq(_State.HEADER)
            return
        parts = self.data_width // width
        part, kept = Signal(range(parts)), Signal(self.data_width - width)
        complete = Signal()
        m.d.comb += [
            complete.eq((part == parts - 1) | ends),
            gives.eq(self.i.valid & complete),
            final.eq(ends),
            self.i.ready.eq(free | ~complete),
        ]
        here = [is_number(part, number) for number in range(parts)]
        for number, found in enumerate(here):
            before = kept[number * width : (number + 1) * width] if number < parts - 1 else Const(0, width)
            m.d.comb += beat[number * width : (number + 1) * width].eq(Mux(found, line, before))
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += part.eq(Mux(complete, 0, part + 1))
            with m.If(complete):
                m.d.sync += kept.eq(0)
            with m.Else():
                m.d.sync += kept.eq(beat)
            with m.If(ends):
                m.d.sync += state.eq(_State.HEADER)
        with m.If(self.stop):
            m.d.sync += [part.eq(0), kept.eq(0)]
