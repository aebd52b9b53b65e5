"""RouteLoop: the looping algorithm, level by level, in place.

A connection joins an output wire to an input wire. At level l it gets a colour: the bit l of the wires that
it uses inside, from column l to its mirror image. Two connections that meet in a switch get different
colours. ::

        input wires                      output wires
        s     ─┐ column l       mirror ┌─ a           a gets colour 0: it comes from s
        s^2^l ─┘                       └─              s^2^l gets colour 1: it goes to b
               ─┐                      ┌─ b           then a := b^2^l, until the loop is closed
               ─┘                      └─ b^2^l

One step sets one switch on each side and writes both connections where the next level looks for them: at the
wires whose bit l is their colour. So two arrays are enough: for each output wire its input wire, and for each
input wire its output wire. The level of the middle column needs no special case.

After level 0 the connections of colour 0 and 1 have nothing to do with each other. More walkers share them:
walker w works in the wires whose low bits are w, and needs ports to those alone.
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from ...block import Block
from ..columns import check_lanes
from ..turned_tables import Table, any_among, any_of, turn
from .walker import Assignment, Ports, Walker

__all__ = ["RouteLoop", "loop_steps"]


def loop_steps(lanes: int, walkers: int) -> int:
    """Return the cycles of all levels.

    Parameters
    ----------
    lanes : power of two, 2…512
    walkers : loops that are followed at a time, a power of two up to lanes/2
    """
    return sum(lanes // 2 // min(1 << level, walkers) for level in range(check_lanes(lanes)))


class RouteLoop(Block):
    """Takes the lane of each slot, one a cycle, then gives the rows of settings of the Benes network.

    Parameters
    ----------
    lanes : power of two, 2…512
    walkers : loops that are followed at a time, a power of two up to lanes/2. Steps: lanes/2 at level 0, and
        at each level lanes/2 divided by the walkers that have parts of their own: see :func:`loop_steps`
    ahead : level 0 does not wait until the ends of runs are accepted; whoever wants them keeps them

    Raises
    ------
    ValueError
        ``lanes`` or ``walkers`` is no power of two in its range.

    Interface attributes
    --------------------
    assign, slot, lane, end : while ``assign`` is high, slot goes to lane; ``end`` of its run. For all slots,
        then
    go : in the last cycle of ``assign``: the levels begin in the next one
    begins : in that next cycle, ``data`` has a bit a slot: ``end`` (``ahead`` only)
    busy : a level is worked at, or a row waits
    written : ``data`` is the next row: ends of runs (unless ``ahead``), then the crossings of the level that
        has ended (:mod:`dotforge.network.distribution.settings`). All waits until ``accept``
    last : ``data`` is the last row
    """

    assign: Signal
    slot: Signal
    lane: Signal
    end: Signal
    go: Signal
    begins: Signal
    busy: Signal
    written: Signal
    accept: Signal
    data: Signal
    last: Signal

    def __init__(self, lanes: int, walkers: int = 1, *, ahead: bool = False) -> None:
        self.lanes, self.walkers, self.bits, self.ahead = lanes, walkers, check_lanes(lanes), ahead
        if not 1 <= walkers <= max(1, lanes // 2) or walkers & (walkers - 1):
            raise ValueError(f"walkers={walkers}: a power of two from 1 to lanes/2 is wanted")
        super().__init__(
            {
                "assign": In(1),
                "slot": In(self.bits),
                "lane": In(self.bits),
                "end": In(1),
                "go": In(1),
                "busy": Out(1),
                "written": Out(1),
                "accept": In(1),
                "data": Out(lanes),
                "last": Out(1),
                **({"begins": Out(1)} if ahead else {}),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        lanes, bits = self.lanes, self.bits
        level = Signal(bits)  # one-hot: the bit in which the wires of this level's switches differ
        remaining = Signal(max(1, (lanes // 2 - 1).bit_length()))
        fresh = Signal()  # the first step of a level
        working = Signal()
        active = Signal()
        final = Signal()
        waits = Signal()
        m.d.comb += [
            waits.eq(self.written & ~self.accept),
            active.eq(working & ~waits),
            final.eq(active & ~remaining.any()),
            self.busy.eq(working | self.written),
        ]
        if self.ahead:
            m.d.comb += self.begins.eq(active & fresh & level[0])
        following = Cat(0, level[:-1])
        steps = [lanes // 2 // min(1 << number, self.walkers) - 1 for number in range(bits)]
        next_steps = any_of(
            m,
            "next_steps",
            [
                Const(s, len(remaining)) & level[n].replicate(len(remaining))
                for n, s in enumerate([*steps[1:], 0])
            ],
        )
        m.d.sync += [
            self.written.eq(final | waits if self.ahead else self.go | final | waits),
            self.last.eq(Mux(waits, self.last, final & level[-1])),
            working.eq(self.go | (working & ~(final & level[-1]))),
            fresh.eq(self.go | final | waits),
            level.eq(Mux(self.go, 1, Mux(final, following, level))),
            remaining.eq(Mux(self.go, steps[0], Mux(final, next_steps, remaining - active))),
        ]
        to_input = Table(m, "input_of_wire", lanes, bits)
        to_output = Table(m, "output_of_wire", lanes, bits)
        row = Table(m, "row", lanes, 1)
        undone = Signal(lanes, reset_less=True)  # output switches, at their upper wires
        ports = Ports(to_input, to_output, undone, level, active, fresh)
        hits = []
        for number in range(self.walkers):
            given = Assignment(self.assign, self.slot, self.lane, self.end) if number == 0 else None
            hits.append(Walker(number, self.walkers, bits).step(m, ports, given))
        to_input.write([write for walker in hits for write in walker.inputs])
        to_output.write([write for walker in hits for write in walker.outputs])
        row.write([write for walker in hits for write in walker.row])
        done = any_among(m, "done", lanes, [walker.done for walker in hits])
        m.d.sync += undone.eq(Mux(self.go | final, Const(-1, lanes), undone & ~done))
        m.d.comb += self.data.eq(turn(row.held))
        return m
