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

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ..arithmetic.carry import name_value
from ..block import Block
from ..network.columns import check_lanes, wires
from ..network.distribution.rank_control import below
from ..network.turned_tables import decode, turn
from .count import count_ones
from .folding import FoldCount, FoldSteps, fold_flags
from .pack import Pack
from .stage import stage

__all__ = ["StationaryRegisters", "ValuePacker", "Values", "beat_layout"]


def beat_layout(width: int, bandwidth: int) -> data.StructLayout:
    """Return a beat of ``bandwidth`` stationary values of ``width`` bits."""
    return data.StructLayout({"values": bandwidth * width, "count": bandwidth.bit_length(), "last": 1})


class StationaryRegisters(Block):
    """A value for the fold in use and one for the next, for each of ``lanes`` lanes.

    Parameters
    ----------
    width : bits of a value

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
        prepared = Signal(self.lanes * self.width, reset_less=True)
        in_use = Signal(self.lanes * self.width, reset_less=True)
        values = zip(wires(self.values, self.width), wires(prepared, self.width), strict=True)
        m.d.sync += [
            prepared.eq(Cat(Mux(self.write[lane], new, old) for lane, (new, old) in enumerate(values))),
            in_use.eq(Mux(self.take, prepared, in_use)),
        ]
        m.d.comb += self.in_use.eq(in_use)
        return m


class ValuePacker(Block):
    """What filters and packs beats of stationary values; ports and common parts.

    Parameters
    ----------
    lanes : of the engine
    width : bits of a value
    bandwidth : values a beat, at most: B, a power of two up to ``lanes``
    registered : with the registers of :data:`STAGES`
    operators : see :mod:`dotforge.arithmetic.carry`
    ports : besides those that are common

    Interface attributes
    --------------------
    beats : stream of {``values``, ``count``, ``last``}: ``count`` values from value 0 on; ``last`` ends the
        window
    keep, present, wanted, drop, empty, ended, restart : of :class:`dotforge.sparse.keep_queue.KeepQueue`
    complete : the next fold's values are there
    take : the next fold comes into use at the end of this cycle
    too_many : a beat says that it has more values than a beat can have
    surplus : a value came that no set bit of the window's rows stands for
    short : the window's last beat came, and rows have more set bits
    """

    #: Registers that a beat passes: with its keep bits, placed, with settings chosen, packed.
    STAGES = ("kept", "placed", "chosen", "packed")

    beats: stream.Interface
    keep: Signal
    present: Signal
    wanted: Signal
    drop: Signal
    empty: Signal
    ended: Signal
    restart: Signal
    complete: Signal
    take: Signal
    too_many: Signal
    surplus: Signal
    short: Signal

    def __init__(
        self,
        lanes: int,
        width: int,
        bandwidth: int,
        registered: bool,
        operators: bool,
        ports: dict[str, Any],
    ) -> None:
        self.lanes, self.width, self.bandwidth = lanes, width, bandwidth
        self.registered, self.operators = registered, operators
        super().__init__(
            {
                "beats": In(stream.Signature(beat_layout(width, bandwidth))),
                "keep": In(bandwidth),
                "present": In(bandwidth),
                "wanted": Out(range(bandwidth + 1)),
                "drop": Out(1),
                "empty": In(1),
                "ended": In(1),
                "restart": Out(1),
                "complete": Out(1),
                "take": In(1),
                **ports,
                "too_many": Out(1),
                "surplus": Out(1),
                "short": Out(1),
            }
        )

    def pack(self, m: Module, steps: Any) -> tuple[Value, Value, Value]:
        """Filter, pack and place values.

        Parameters
        ----------
        m : module that gets the logic
        steps : :class:`dotforge.sparse.folding.FoldSteps`, or what has its ports

        Returns
        -------
        Values by lane, those that are written, and whether the beat is the last of its window (where there are no
        registers).
        """
        beat, width = self.beats.payload, self.bandwidth
        tail = Signal()  # the last beat of the window was taken
        gone = Signal(width)  # values of the beat that went ahead
        given = Signal(width)
        now = Signal(width)
        enough = Signal()
        offered = Signal()
        m.d.comb += [
            given.eq(below(m, "given_below", beat.count)[:width]),
            now.eq(given & self.present & ~gone),
            enough.eq(~(given & ~self.present).any()),
            offered.eq(self.beats.valid & ~tail & (enough | now.any())),
        ]
        kept = stage(
            m, "kept", self.registered, offered,
            values=beat.values, last=beat.last & enough, keep=self.keep & now,
        )  # fmt: skip
        m.d.comb += [
            self.wanted.eq(beat.count),
            self.drop.eq(offered & kept.accepts & enough),
            self.beats.ready.eq(self.drop),
            self.restart.eq(tail & self.ended & self.empty),
            self.too_many.eq(self.beats.valid & (beat.count > width)),
            self.surplus.eq(self.beats.valid & ~tail & self.ended & ~enough),
            self.short.eq(tail & ~self.empty),
        ]
        m.d.sync += [
            tail.eq((tail & ~self.restart) | (self.drop & beat.last)),
            gone.eq(Mux(offered & kept.accepts, (gone | now) & ~enough.replicate(width), gone)),
        ]

        m.submodules.lanes = place = FoldCount(self.lanes, width, self.operators)
        places = check_lanes(width, least=1)
        count = count_ones(m, "count", kept["keep"])
        placed = stage(
            m, "placed", self.registered, kept.valid,
            values=kept["values"], keep=kept["keep"], count=count, last=kept["last"],
            start=place.start, total=place.total,
        )  # fmt: skip
        m.submodules.pack = pack = Pack(width, self.width, apart=True)
        start = placed["start"]
        # Wires of the group in which the beat begins, and of the one behind it.
        ahead = below(m, "ahead", start[:places])[:width]
        behind = Signal(2 * width)
        end = Signal(places + 2)
        groups = self.lanes // width
        group: Value = Const(1, 1)
        if groups > 1:
            group = turn(decode(m, "group", start[places:], group))
        over, fills, ends = fold_flags(placed["total"], placed["last"])
        chosen = stage(
            m, "chosen", self.registered, placed.valid,
            values=placed["values"], settings=pack.settings, here=behind[:width] & ~ahead,
            there=behind[width:], group=group, over=over, fills=fills, ends=ends,
        )  # fmt: skip
        m.d.comb += [
            place.count.eq(count),
            place.last.eq(kept["last"]),
            place.moves.eq(kept.valid & kept.ready),
            kept.ready.eq(placed.accepts),
            pack.keep.eq(placed["keep"]),
            pack.start.eq(start[:places]),
            end.eq(start[:places] + placed["count"]),
            behind.eq(below(m, "end_below", end)[: 2 * width]),
            placed.ready.eq(chosen.accepts),
            pack.values.eq(chosen["values"]),
            pack.chosen.eq(chosen["settings"]),
        ]
        names = ("here", "there", "group", "over", "fills", "ends")
        packed = stage(
            m, "packed", self.registered, chosen.valid,
            values=pack.moved, **{name: chosen[name] for name in names},
        )  # fmt: skip
        m.submodules.steps = steps
        m.d.comb += [
            chosen.ready.eq(packed.accepts),
            packed.ready.eq(steps.done),
            steps.valid.eq(packed.valid),
            steps.over.eq(packed["over"]),
            steps.fills.eq(packed["fills"]),
            steps.ends.eq(packed["ends"]),
            steps.take.eq(self.take),
            self.complete.eq(steps.complete),
        ]
        here = name_value(m, "writes_here", packed["here"] & steps.first.replicate(width))
        there = name_value(m, "writes_there", packed["there"] & steps.done.replicate(width))
        group = packed["group"]
        writes = [
            (group[number].replicate(width) & here) | (group[number - 1].replicate(width) & there)
            for number in range(groups)
        ]
        return Cat([packed["values"]] * groups), Cat(writes), placed["last"]


class Values(ValuePacker):
    """Takes beats of stationary values and fills the lanes of the next fold with those that stay.

    Parameters
    ----------
    lanes : of the engine
    width : bits of a value
    bandwidth : values a beat, at most: B, a power of two up to ``lanes``
    registered : with the registers of :data:`STAGES`
    operators : see :mod:`dotforge.arithmetic.carry`

    Interface attributes
    --------------------
    beats : stream of {``values``, ``count``, ``last``}: ``count`` values from value 0 on; ``last`` ends the
        window
    keep, present, wanted, drop, empty, ended, restart : of :class:`dotforge.sparse.keep_queue.KeepQueue`
    complete : the next fold's values are there
    take : the next fold comes into use at the end of this cycle
    in_use : values of the fold in use, one a lane
    too_many : a beat says that it has more values than a beat can have
    surplus : a value came that no set bit of the window's rows stands for
    short : the window's last beat came, and rows have more set bits

    A beat a cycle, when the keep bits of all its values are there; otherwise what there is of it goes ahead, for
    the next row may wait for the fold that these values complete. A beat that spans two folds takes a cycle more,
    and so does the one that ends a window.
    """

    in_use: Signal

    def __init__(
        self, lanes: int, width: int, bandwidth: int, registered: bool = False, operators: bool = False
    ) -> None:
        super().__init__(lanes, width, bandwidth, registered, operators, {"in_use": Out(lanes * width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        values, write, _ = self.pack(m, FoldSteps())
        m.submodules.registers = registers = StationaryRegisters(self.lanes, self.width)
        m.d.comb += [
            registers.values.eq(values),
            registers.write.eq(write),
            registers.take.eq(self.take),
            self.in_use.eq(registers.in_use),
        ]
        return m
