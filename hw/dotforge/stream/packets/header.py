"""Collects and checks the header of a packet."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ...block import Block
from .fields import HEADER_BITS, MAGIC, VERSION, Cause, Kind, header_layout, is_number

__all__ = ["Header"]


class Header(Block):
    """The header of a packet, of the beats that it takes: those before the last one are kept, the last one is there.

    Parameters
    ----------
    data_width : of a beat
    kinds : that may come
    format_code : of the values
    columns : of a tile
    count_bits : of a number of rows
    row_bits : of the number of a row; 0 where nobody wants it

    Interface attributes
    --------------------
    data : the beat
    taken : the beat is taken, and is one of a header
    restart : the next beat is the first of a packet
    tag, sequence : that are due
    due : bit k: a packet of kind k is
    ends : the beat is the header's last; outputs below hold then
    good : the packet is the one that is due
    cause : what is wrong, where it is not (:class:`dotforge.stream.packets.fields.Cause`)
    regor, last : it has no values; it is the window's last
    rows, values, row : of the header
    latency : 0
    """

    data: Signal
    taken: Signal
    restart: Signal
    tag: Signal
    sequence: Signal
    due: Signal
    ends: Signal
    good: Signal
    cause: Signal
    regor: Signal
    last: Signal
    rows: Signal
    values: Signal
    row: Signal

    def __init__(
        self,
        data_width: int,
        kinds: tuple[int, ...],
        format_code: int,
        columns: int,
        count_bits: int,
        row_bits: int,
    ) -> None:
        self.data_width, self.kinds, self.format_code, self.columns = data_width, kinds, format_code, columns
        self.count_bits, self.row_bits = count_bits, row_bits
        super().__init__(
            {
                "data": In(data_width),
                "taken": In(1),
                "restart": In(1),
                "tag": In(16),
                "sequence": In(16),
                "due": In(len(Kind) + 1),
                "ends": Out(1),
                "good": Out(1),
                "cause": Out(5),
                "regor": Out(1),
                "last": Out(1),
                "rows": Out(count_bits),
                "values": Out(32),
                "row": Out(row_bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        beats = -(-HEADER_BITS // self.data_width)
        parts: list[Value] = []
        if beats > 1:
            index = Signal(range(beats))
            m.d.comb += self.ends.eq(index == beats - 1)
            with m.If(self.taken):
                m.d.sync += index.eq(index + 1)  # wraps: beats are 2 or 4
            with m.If(self.restart):
                m.d.sync += index.eq(0)
            for number in range(beats - 1):
                part = Signal(self.data_width, name=f"part_{number}", reset_less=True)
                with m.If(self.taken & is_number(index, number)):
                    m.d.sync += part.eq(self.data)
                parts.append(part)
        else:
            m.d.comb += self.ends.eq(1)
        header = Signal(header_layout())
        m.d.comb += header.as_value().eq(Cat(*parts, self.data))

        kind, wrong = header.kind, {}
        wrong[Cause.MAGIC] = (header.magic != MAGIC) | (header.version != VERSION)
        known, format_code = Const(0, 1), Const(self.format_code, 8)
        for each in self.kinds:
            known = known | (kind == each)
        if Kind.REGOR in self.kinds:
            format_code = Mux(kind == Kind.REGOR, Const(0, 8), format_code)
        wrong[Cause.FORMAT] = (
            ~known
            | (header.format != format_code)
            | (header.columns != self.columns)
            | (header.beat != (self.data_width // 8).bit_length() - 1)
        )
        shape = ~header.rows.any() | header.rows[self.count_bits :].any()
        if self.row_bits:
            shape = shape | header.row[self.row_bits :].any()
        wrong[Cause.SHAPE] = shape
        wrong[Cause.TAG] = header.tag != self.tag
        due = Const(0, 1)
        for each in self.kinds:
            due = due | ((kind == each) & self.due[each])
        wrong[Cause.ORDER] = (header.sequence != self.sequence) | ~due
        wrong[Cause.COUNT] = Const(0, 1)
        if Kind.REGOR in self.kinds:
            wrong[Cause.COUNT] = (kind == Kind.REGOR) & header["values"].any()

        flags, cause = Signal(len(wrong)), Const(0, 5)
        m.d.comb += flags.eq(Cat(wrong.values()))
        for number, each in reversed(list(enumerate(wrong))):
            cause = Mux(flags[number], Const(each.value, 5), cause)
        m.d.comb += [
            self.good.eq(~flags.any()),
            self.cause.eq(cause),
            self.regor.eq(kind == Kind.REGOR),
            self.last.eq(header.flags[0]),
            self.rows.eq(header.rows),
            self.values.eq(header["values"]),
        ]
        if self.row_bits:
            m.d.comb += self.row.eq(header.row)
        return m
