"""Which of the stationary values that arrive stay: one bit a value, in the order of the values.

::

    row          bitmap 1 1 0 1   stationary' 1 0 0 1      keep 1 0 1
    next row     bitmap 0 1 1 0   stationary' 0 1 0 0      keep 1 0
    queue        1 0 1 1 0 …                               as many as a beat has values leave at a time

Values cross rows without gaps, so keep bits are queued across rows too.
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ..block import Block
from ..network.compress import compress_column
from ..network.piece import check_lanes, wires
from ..network.ranks import RankControl
from .runs import count_ones

__all__ = ["KeepQueue", "shift_left", "shift_right"]


def shift_left(m: Module, name: str, value: Value, places: Value, width: int) -> Value:
    """Return the low ``width`` bits of ``value << places``, a multiplexer a bit of ``places``."""
    bits = Cat(value, Const(0, max(0, width - len(value))))[:width]
    for index, choose in enumerate(places):
        stage = Signal(width, name=f"{name}_{index}")
        m.d.comb += stage.eq(Mux(choose, Cat(Const(0, min(width, 1 << index)), bits)[:width], bits))
        bits = stage
    return bits


def shift_right(m: Module, name: str, value: Value, places: Value) -> Value:
    """Return ``value >> places``, a multiplexer a bit of ``places``."""
    bits = value
    for index, choose in enumerate(places):
        stage = Signal(len(value), name=f"{name}_{index}")
        m.d.comb += stage.eq(Mux(choose, bits[1 << index :], bits))
        bits = stage
    return bits


class KeepQueue(Block):
    """Turns rows into keep bits and queues them.

    Parameters
    ----------
    window : positions
    bandwidth : bits that leave in a cycle, at most; a power of two

    Interface attributes
    --------------------
    offered, bitmap, useful, last : a row: its bitmap, stationary', whether it is the last one of its window
    done : the row's bits are queued at the end of this cycle
    keep : the first ``bandwidth`` bits of the queue
    level : bits in the queue
    drop : number of bits that leave at the end of this cycle, at most ``level`` and ``bandwidth``
    ended : all rows of the window are in; no other is taken until ``restart``
    restart : the next row begins a window

    A row a cycle while at most ``bandwidth`` bits are queued: no bandwidth is lost to short rows unless a row
    comes a cycle later than its values.
    """

    offered: Signal
    bitmap: Signal
    useful: Signal
    last: Signal
    done: Signal
    keep: Signal
    level: Signal
    drop: Signal
    ended: Signal
    restart: Signal

    def __init__(self, window: int, bandwidth: int) -> None:
        self.window, self.bandwidth = window, bandwidth
        check_lanes(bandwidth, least=1)
        super().__init__(
            {
                "offered": In(1),
                "bitmap": In(window),
                "useful": In(window),
                "last": In(1),
                "done": Out(1),
                "keep": Out(bandwidth),
                "level": Out(range(window + bandwidth + 1)),
                "drop": In(range(bandwidth + 1)),
                "ended": Out(1),
                "restart": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        size = self.window + self.bandwidth
        queue = Signal(size, reset_less=True)
        bits = wires(self.useful, 1)
        m.submodules.ranks = ranks = RankControl(self.window)
        m.d.comb += ranks.mask.eq(self.bitmap)
        for bit in range(check_lanes(self.window)):
            column = Signal(self.window, name=f"packed_{bit}")
            m.d.comb += column.eq(Cat(compress_column(bits, bit, ranks.settings(bit))))
            bits = wires(column, 1)
        count = count_ones(m, "ones", self.bitmap)
        # Behind the packed bits the network leaves others: they are masked by those that come later.
        left = Signal(range(self.bandwidth + 1))
        stays = Signal(size)
        moved = Signal(size)
        arrives = Signal(size)
        below = Signal(size)
        m.d.comb += [
            self.done.eq(self.offered & ~self.ended & (self.level <= self.bandwidth)),
            left.eq(self.level - self.drop),
            moved.eq(shift_right(m, "moved_by", queue, self.drop)),
            arrives.eq(shift_left(m, "arrives_by", Cat(*bits), left, size)),
            below.eq(shift_left(m, "below_by", Const(-1, size), left, size)),
            stays.eq(Mux(self.done, (moved & ~below) | arrives, moved)),
            self.keep.eq(queue[: self.bandwidth]),
        ]
        m.d.sync += [
            queue.eq(stays),
            self.level.eq(self.level - self.drop + Mux(self.done, count, 0)),
            self.ended.eq((self.ended & ~self.restart) | (self.done & self.last)),
        ]
        return m
