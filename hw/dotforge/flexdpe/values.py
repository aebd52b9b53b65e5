"""The stationary values: filtered, packed into the lanes of the next fold, and held for the one in use.

::

    beat      a b c d                  keep queue  1 0 1 1 …
              ▼ ▼ ▼ ▼   ◄──────────────────────────────┘
    Pack      c d . a        6 lanes are filled: ranks 6, 7, 8
              │ │   │
    lanes   8…11   4…7      group 1 gets a (and c): rank 6, 7; group 2 gets d

Source: 004_cc286613ada5888f (SIGMA), section IV-E, steps iii and iv: useful stationary values to the multiplier
buffers, the width of the input bus at a time.
"""

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ..block import Block
from ..network.piece import check_lanes
from ..network.route_parts import decode
from .keep import shift_left
from .pack import Pack
from .runs import count_ones

__all__ = ["StationaryRegisters", "Values", "beat_layout"]


def beat_layout(width: int, bandwidth: int) -> data.StructLayout:
    """Return a beat of ``bandwidth`` stationary values of ``width`` bits."""
    return data.StructLayout({"values": bandwidth * width, "count": bandwidth.bit_length(), "last": 1})


class StationaryRegisters(Block):
    """A value for the fold in use and one for the next, for each of ``lanes`` lanes.

    Interface attributes
    --------------------
    values, write : a value a lane; those with their bit set become the next fold's
    take : the next fold comes into use at the end of this cycle
    in_use : values of the fold in use
    """

    values: Signal
    write: Signal
    take: Signal
    in_use: Signal

    def __init__(self, lanes: int, width: int) -> None:
        self.lanes, self.width = lanes, width
        super().__init__(
            {"values": In(lanes * width), "write": In(lanes), "take": In(1), "in_use": Out(lanes * width)}
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        held: list[Value] = []
        for lane in range(self.lanes):
            prepared = Signal(self.width, name=f"value_{lane}_prepared", reset_less=True)
            in_use = Signal(self.width, name=f"value_{lane}_in_use", reset_less=True)
            m.d.sync += [
                prepared.eq(Mux(self.write[lane], self.values.word_select(lane, self.width), prepared)),
                in_use.eq(Mux(self.take, prepared, in_use)),
            ]
            held.append(in_use)
        m.d.comb += self.in_use.eq(Cat(held))
        return m


class Values(Block):
    """Takes beats of stationary values and fills the lanes of the next fold with those that stay.

    Parameters
    ----------
    lanes : of the engine
    width : bits of a value
    bandwidth : values a beat, at most: B, a power of two up to ``lanes``
    window : positions of a row

    Interface attributes
    --------------------
    beats : stream of {``values``, ``count``, ``last``}: ``count`` values from value 0 on; ``last`` ends the
        window
    keep, level, drop, ended, restart : of :class:`dotforge.flexdpe.keep.KeepQueue`
    complete : the next fold's values are there
    take : the next fold comes into use at the end of this cycle
    in_use : values of the fold in use, one a lane
    too_many : a beat says that it has more values than a beat can have
    surplus : a value came that no set bit of the window's rows stands for
    short : the window's last beat came, and rows have more set bits

    A beat a cycle. One that spans two folds takes a cycle more, and the one that ends a window too.
    """

    beats: stream.Interface
    keep: Signal
    level: Signal
    drop: Signal
    ended: Signal
    restart: Signal
    complete: Signal
    take: Signal
    in_use: Signal
    too_many: Signal
    surplus: Signal
    short: Signal

    def __init__(self, lanes: int, width: int, bandwidth: int, window: int) -> None:
        self.lanes, self.width, self.bandwidth, self.window = lanes, width, bandwidth, window
        super().__init__(
            {
                "beats": In(stream.Signature(beat_layout(width, bandwidth))),
                "keep": In(bandwidth),
                "level": In(range(window + bandwidth + 1)),
                "drop": Out(range(bandwidth + 1)),
                "ended": In(1),
                "restart": Out(1),
                "complete": Out(1),
                "take": In(1),
                "in_use": Out(lanes * width),
                "too_many": Out(1),
                "surplus": Out(1),
                "short": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        beat, width = self.beats.payload, self.bandwidth
        places = check_lanes(width, least=1)
        fill = Signal(check_lanes(self.lanes))  # lanes of the next fold that have a value, modulo all
        gone = Signal(places)  # values of the beat that were dealt with
        half = Signal()  # the part of the beat that belongs to the fold before was dealt with
        tail = Signal()  # the last beat of the window was dealt with

        # As many values as there are keep bits.
        some = Signal(width.bit_length())
        now = Signal(width.bit_length())
        active = Signal()
        ends_beat = Signal()
        m.d.comb += [
            some.eq(beat.count - gone),
            now.eq(Mux(self.level < some, self.level, some)),
            active.eq(self.beats.valid & ~tail & ~self.complete),
            ends_beat.eq(now == some),
        ]
        bits = Signal(width)
        shown = Signal(width)
        m.d.comb += [
            shown.eq(self.keep & Cat(now > index for index in range(width))),
            bits.eq(shift_left(m, "aligned", shown, gone, width)),
        ]
        count = count_ones(m, "kept", bits)
        total = Signal(len(fill) + 1)
        over = Signal()
        exactly = Signal()
        moves = Signal()  # the values are dealt with
        m.d.comb += [
            total.eq(fill + count),
            exactly.eq(total[-1] & ~total[:-1].any()),
            over.eq(total[-1] & total[:-1].any()),
            moves.eq(active & (~over | half)),
            self.drop.eq(Mux(moves, now, 0)),
            self.beats.ready.eq(moves & ends_beat),
        ]
        ends_window = Signal()
        m.d.comb += [
            ends_window.eq(tail & self.ended & ~self.level.any()),
            self.restart.eq(ends_window),
            self.too_many.eq(self.beats.valid & (beat.count > width)),
            self.surplus.eq(active & self.ended & ~self.level.any() & some.any()),
            self.short.eq(tail & self.level.any()),
        ]
        m.d.sync += [
            half.eq(Mux(active, over & ~half, half)),
            gone.eq(Mux(moves, Mux(ends_beat, 0, gone + now), gone)),
            fill.eq(Mux(ends_window, 0, Mux(moves, total[:-1], fill))),
            tail.eq((tail & ~ends_window) | (moves & ends_beat & beat.last)),
            self.complete.eq(
                (self.complete & ~self.take)
                | (active & ~half & (over | exactly))
                | (ends_window & fill.any())
            ),
        ]
        m.submodules.pack = pack = Pack(width, self.width)
        m.d.comb += [pack.values.eq(beat.values), pack.keep.eq(bits), pack.start.eq(fill[:places])]
        self._write(m, pack.moved, fill, count, active, over & ~half)
        return m

    def _write(
        self, m: Module, packed: Value, fill: Value, count: Value, active: Value, spans: Value
    ) -> None:
        """Write what is packed to the lanes: a group of B of them and the one behind it."""
        width, groups = self.bandwidth, self.lanes // self.bandwidth
        places = check_lanes(width, least=1)
        end = Signal(places + 2)
        m.d.comb += end.eq(fill[:places] + count)
        here = Signal(width)
        there = Signal(width)
        m.d.comb += [
            here.eq(Cat((fill[:places] <= wire) & (end > wire) for wire in range(width))),
            there.eq(Cat((end > wire + width) & ~spans for wire in range(width))),
        ]
        chosen = list(decode(m, "group", fill[places:], active)) if groups > 1 else [active]
        writes = [
            (chosen[group] & here[wire]) | (chosen[group - 1] & there[wire])
            for group in range(groups)
            for wire in range(width)
        ]
        m.submodules.registers = registers = StationaryRegisters(self.lanes, self.width)
        m.d.comb += [
            registers.values.eq(Cat([packed] * groups)),
            registers.write.eq(Cat(writes)),
            registers.take.eq(self.take),
            self.in_use.eq(registers.in_use),
        ]
