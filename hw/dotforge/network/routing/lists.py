"""RouteLists: sorts the lanes by their positions, in one pass in and one pass out.

In, a lane a cycle: lanes of one position are chained, the latest first. ::

    head[position] ─► lane ─ link ─► lane ─ link ─► lane
                      more = 1       more = 1       more = 0

Out, a lane a cycle: the chains one after the other, in the order of positions; lanes without a position last.
"""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from ...block import Block
from ..columns import check_lanes
from ..turned_tables import Table, decode, first_set, read, turn

__all__ = ["RouteLists"]


class RouteLists(Block):
    """Takes positions lane by lane and gives lanes position by position.

    Parameters
    ----------
    lanes : power of two, 2…512
    window : number of positions, a power of two

    Interface attributes
    --------------------
    valid, ready, position, empty : the next lane, from lane 0 on; with ``empty`` it has no position
    full : all lanes are in
    take : give the lane of the next slot; to be high for ``lanes`` cycles, ``first`` in the first
    lane, end : of that slot; ``end`` if the slot after it belongs to another position
    used : positions that a lane has, until the first lane is taken
    """

    valid: Signal
    ready: Signal
    position: Signal
    empty: Signal
    full: Signal
    take: Signal
    lane: Signal
    end: Signal
    used: Signal

    def __init__(self, lanes: int, window: int) -> None:
        self.lanes, self.window = lanes, window
        self.bits, self.position_bits = check_lanes(lanes), check_lanes(window)
        super().__init__(
            {
                "valid": In(1),
                "ready": Out(1),
                "position": In(self.position_bits),
                "empty": In(1),
                "full": Out(1),
                "take": In(1),
                "lane": Out(self.bits),
                "end": Out(1),
                "used": Out(self.window),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        count = Signal(self.bits + 1)  # lanes that came in, minus lanes that went out
        used = Signal(self.window)  # in turned order
        used_empty = Signal()  # a lane without a position is in
        link = Table(m, "link", self.lanes, self.bits)
        more = Table(m, "more", self.lanes, 1)
        head = Table(m, "head", self.window, self.bits)
        head_empty = Signal(self.bits, reset_less=True)
        accept = Signal()
        m.d.comb += [self.ready.eq(~self.full), accept.eq(self.valid & self.ready), self.used.eq(turn(used))]

        # In and out share the ports that read: a lane comes in, or one goes out.
        first, any_used = first_set(m, "first_used", used)
        no_position = Signal()
        m.d.comb += no_position.eq(Mux(self.full, ~any_used, self.empty))
        begun = Signal(self.bits)
        at_head = read(m, "head_read", head.held, Mux(self.full, first, self.position))
        m.d.comb += begun.eq(Mux(no_position, head_empty, at_head))
        chained = Signal()  # the next lane is linked from the one before
        following = Signal(self.bits, reset_less=True)
        m.d.comb += self.lane.eq(Mux(chained, following, begun))
        has_more = Signal()
        m.d.comb += [has_more.eq(read(m, "more_read", more.held, self.lane)), self.end.eq(~has_more)]

        m.d.sync += [
            count.eq(count + accept - self.take),
            chained.eq(Mux(self.take, has_more, chained)),
            following.eq(read(m, "link_read", link.held, self.lane)),
        ]
        m.d.sync += self.full.eq(
            Mux(self.full, ~(self.take & count[0] & ~count[1:].any()), accept & count[: self.bits].all())
        )
        lane = count[: self.bits]
        at_lane = decode(m, "at_lane", lane, accept)
        known = Signal()
        m.d.comb += known.eq(Mux(self.empty, used_empty, read(m, "used_read", used, self.position)))
        more.write([(0, at_lane, known)])
        link.write([(0, at_lane, begun)])
        at_position = decode(m, "at_position", self.position, accept & ~self.empty)
        head.write([(0, at_position, lane)])
        begin = Signal()
        m.d.comb += begin.eq(self.take & ~chained)
        at_first = decode(m, "at_first", first, begin & any_used)
        m.d.sync += [
            used.eq((used & ~at_first) | at_position),
            used_empty.eq((used_empty | (accept & self.empty)) & ~(begin & ~any_used)),
            head_empty.eq(Mux(accept & self.empty, lane, head_empty)),
        ]
        return m
