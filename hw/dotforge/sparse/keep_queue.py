"""Which of the stationary values that arrive stay: one bit a value, in the order of the values.

::

    row          bitmap 1 1 0 1   stationary' 1 0 0 1      keep 1 0 1
    next row     bitmap 0 1 1 0   stationary' 0 1 0 0      keep 1 0
    queue        1 0 1 1 0 …                               as many as a beat has values leave at a time

Values cross rows without gaps, so keep bits are queued across rows too. The queue is a ring of two windows: a row is
turned to where the one before it ended, a beat reads from where the one before it did.
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ..arithmetic.carry import add, subtract
from ..block import Block
from ..network.columns import check_lanes, exchange_bits
from ..network.distribution.rank_control import RankControl, below
from .count import add_counts, group_counts
from .stage import Held, stage

__all__ = ["KeepQueue", "turn_left", "turn_right"]


def turn_left(m: Module, name: str, value: Value, places: Value) -> Value:
    """Return the bits of ``value``, a power of two of them, turned upwards by ``places``.

    Parameters
    ----------
    m : module that gets the logic
    name : stem of the names of its signals
    """
    for index, choose in enumerate(places):
        shift = 1 << index
        turned = Signal(len(value), name=f"{name}_{index}")
        m.d.comb += turned.eq(Mux(choose, Cat(value[-shift:], value[:-shift]), value))
        value = turned
    return value


def turn_right(m: Module, name: str, value: Value, places: Value, width: int) -> Value:
    """Return the ``width`` bits of ``value`` from bit ``places`` on, round and round.

    Parameters
    ----------
    m : module that gets the logic
    name : stem of the names of its signals
    """
    for index, choose in reversed(list(enumerate(places))):
        shift = 1 << index
        # What the shorter shifts, still to come, can reach.
        wanted = min(len(value), width + shift - 1)
        around = Cat(value, value)
        turned = Signal(wanted, name=f"{name}_{index}")
        m.d.comb += turned.eq(Mux(choose, around[shift : shift + wanted], around[:wanted]))
        value = turned
    return value[:width]


class KeepQueue(Block):
    """Turns rows into keep bits and queues them.

    Parameters
    ----------
    window : positions
    bandwidth : bits that leave in a cycle, at most; a power of two
    registered : with the registers of :data:`STAGES`
    operators : see :mod:`dotforge.arithmetic.carry`

    Interface attributes
    --------------------
    offered, bitmap, useful, last : a row: its bitmap, stationary', whether it is the last one of its window
    done : the row is taken at the end of this cycle
    keep, present : the first ``bandwidth`` bits of the queue, and which of them are there
    wanted, drop : so many bits leave at the end of this cycle, if ``drop``; they have to be there
    empty : no bit is there
    ended : all rows of the window are in; no other is taken until ``restart``
    restart : the next row begins a window

    A row a cycle while at most a window of bits is queued.
    """

    #: Registers that a row passes: counted in blocks, set, packed.
    STAGES = ("counted", "set", "packed")

    offered: Signal
    bitmap: Signal
    useful: Signal
    last: Signal
    done: Signal
    keep: Signal
    present: Signal
    wanted: Signal
    drop: Signal
    empty: Signal
    ended: Signal
    restart: Signal

    def __init__(
        self, window: int, bandwidth: int, registered: bool = False, operators: bool = False
    ) -> None:
        self.window, self.bandwidth = window, bandwidth
        self.registered, self.operators = registered, operators
        check_lanes(bandwidth, least=1)
        #: Bits of the ring.
        self.size = 2 * max(window, bandwidth)
        super().__init__(
            {
                "offered": In(1),
                "bitmap": In(window),
                "useful": In(window),
                "last": In(1),
                "done": Out(1),
                "keep": Out(bandwidth),
                "present": Out(bandwidth),
                "wanted": In(range(bandwidth + 1)),
                "drop": In(1),
                "empty": Out(1),
                "ended": Out(1),
                "restart": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        packed = self._pack(m)
        count, size = packed["count"], self.size
        places = size.bit_length() - 1
        ring = Signal(size, reset_less=True)
        write = Signal(places)
        read = Signal(places)
        level = Signal(places + 1)
        writes = Signal()
        room = Signal()
        wanted = _fit(self.wanted, places + 1)
        left, _ = subtract(m, "left", level, wanted, operators=self.operators)
        following: Value
        if self.operators:
            # What is decided late, ``drop`` and ``writes``, only chooses among sums.
            more, _ = add(m, "level_more", level, _fit(count, places + 1), operators=True)
            both, _ = add(m, "level_both", left, _fit(count, places + 1), operators=True)
            following = Mux(writes, Mux(self.drop, both, more), Mux(self.drop, left, level))
        else:
            came = _fit(count, places + 1) & writes.replicate(places + 1)
            following, _ = add(m, "level", Mux(self.drop, left, level), came)
        moved, _ = add(m, "write_on", write, _fit(count, places), operators=self.operators)
        taken, _ = add(m, "read_on", read, _fit(self.wanted, places), operators=self.operators)
        m.d.comb += [
            room.eq(~level[-2:].any() | (~level[-1] & ~level[:-2].any())),  # half of the ring is free
            writes.eq(packed.valid & room & ~self.ended),
            packed.ready.eq(writes),
            self.present.eq(below(m, "level_below", level)[: self.bandwidth]),
            self.empty.eq(~level.any()),
            self.keep.eq(turn_right(m, "kept", ring, read, self.bandwidth)),
        ]
        # The whole window is written; what is behind the row's bits, the next rows write again.
        spare = Const(0, size - self.window)
        turned = turn_left(m, "turned", Cat(packed["bits"], spare), write)
        written = Signal(size)
        m.d.comb += written.eq(_half_from(m, write) & writes.replicate(size))
        m.d.sync += [
            ring.eq(
                Cat(Mux(chosen, new, old) for chosen, new, old in zip(written, turned, ring, strict=True))
            ),
            write.eq(Mux(writes, moved, write)),
            read.eq(Mux(self.drop, taken, read)),
            level.eq(following),
            self.ended.eq((self.ended & ~self.restart) | (writes & packed["last"])),
        ]
        return m

    def _pack(self, m: Module) -> Held:
        """Compress stationary' by the row's bitmap: the keep bits of the row, from bit 0 on."""
        window, registered = self.window, self.registered
        columns = check_lanes(window)
        m.submodules.ranks = ranks = RankControl(window, apart=registered)
        apart = {"blocks": ranks.counts} if registered else {}
        counted = stage(
            m, "counted", registered, self.offered,
            useful=self.useful, last=self.last, groups=group_counts(m, "group", self.bitmap), **apart,
        )  # fmt: skip
        if registered:
            m.d.comb += ranks.counted.eq(counted["blocks"])
        chosen = stage(
            m, "set", registered, counted.valid,
            useful=counted["useful"], last=counted["last"],
            count=add_counts(m, "ones", counted["groups"], window),
            settings=Cat(ranks.settings(bit) for bit in range(columns)),
        )  # fmt: skip
        bits = chosen["useful"]
        for bit in range(columns):
            own = chosen["settings"][bit * window // 2 : (bit + 1) * window // 2]
            # The upper wires of the first block have nowhere else to go.
            upper = Cat(Const(-1, 1 << bit), own[1 << bit :])
            bits = exchange_bits(m, f"packed_{bit}", bits, bit, own, upper, inverted=(True, False))
        packed = stage(
            m, "packed", registered, chosen.valid,
            bits=bits, count=chosen["count"], last=chosen["last"],
        )  # fmt: skip
        m.d.comb += [
            ranks.mask.eq(self.bitmap),
            self.done.eq(self.offered & counted.accepts),
            counted.ready.eq(chosen.accepts),
            chosen.ready.eq(packed.accepts),
        ]
        return packed


def _fit(value: Value, width: int) -> Value:
    return Cat(value, Const(0, width - len(value)))


def _half_from(m: Module, write: Value) -> Value:
    """Return a mask of half of a ring, from a place on, round and round."""
    before = below(m, "write_below", write[:-1])
    swapped = before ^ write[-1].replicate(len(before))
    return Cat(~swapped, swapped)
