"""A FAN that two folds may be in at a time, so that no cycle is lost between them.

In :class:`dotforge.network.reduction.fan.Fan` a sum leaves at the level that completes it, so sums of two folds could
meet in one slot. Here all sums of a vector leave together: what is complete waits beside the tree, in a line of
registers for each lane, and every level has control bits of its own, those of the vector that is in it. ::

    lane 0  products ──┬─────────► line 0 ─┬─────────► line 1 ─┬──────────► line 2 ─► slot 0
    lane 1  products ──┴─ adder ─► line 0 ─┤           line 1 ─┤            line 2 ─► slot 1
    lane 2  products ──┬─────────► line 0 ─┴─ adder ─► line 1 ─┤            line 2 ─► slot 2
    lane 3  products ──┴─ adder ─► line 0 ───────────► line 1 ─┴─ adder ──► line 2 ─► slot 3
    control             level 0              level 1              level 2

The line of lane j holds the sum of its run from the run's first lane in the subtree of that level to lane j. A
level-h adder that joins two halves puts its sum into the line of every lane that its run reaches without a
break in the right half; the last one of these needs it. So the line of a subtree's last lane is what the FAN's
forwarding links hold for the right-hand side, and the additions and their order are those of the FAN.

Cost: lanes · (log2(lanes) − 1) registers of a sum, for which the tree needs no way down to the slots.

Source: 004_cc286613ada5888f (SIGMA), section IV-A2; the paper's FAN drains between folds.
"""

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ..arithmetic.carry import name_value
from ..block import Block
from ..network.columns import check_lanes, wires
from ..network.reduction.parts import Gate, Joins, ReductionAdder, Summation, register
from .count import prefix
from .sums import Sums, run_ends

__all__ = ["OverlapFan", "OverlapSums", "Reach"]


class Reach(Block):
    """Which lanes a level's adders reach; combinational.

    Parameters
    ----------
    lanes : power of two
    level : of the adders

    Interface attributes
    --------------------
    joins : bit i tells whether lanes i and i+1 are of one run
    right : a bit for each lane of a right half, adder by adder: from the adder to the lane all is one run
    left : a bit an adder: so is its left half, up to the adder
    """

    joins: Signal
    right: Signal
    left: Signal

    def __init__(self, lanes: int, level: int) -> None:
        self.lanes, self.level = lanes, level
        super().__init__(
            {"joins": In(lanes - 1), "right": Out(lanes // 2), "left": Out(lanes >> (level + 1))}
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        half = 1 << self.level
        right: list[Value] = []
        left: list[Value] = []
        for first in range(0, self.lanes, 2 * half):
            middle = first + half - 1  # the adder joins lanes ``middle`` and ``middle + 1``
            reached = self.joins[middle : middle + half]
            right.append(prefix(m, f"right_{first}", reached, lambda a, b: a & b))
            left.append(self.joins[first : middle + 1].all())
        m.d.comb += [self.right.eq(Cat(right)), self.left.eq(Cat(left))]
        return m


class OverlapFan(Block):
    """Sums every contiguous run of its lanes, vector by vector, whatever the runs of the vector before.

    Parameters
    ----------
    lanes : power of two from 4
    summation : how values are added; stallable

    Interface attributes
    --------------------
    values : ``lanes`` words; lanes without a value have +0
    joins : of the next fold: bit i tells whether lanes i and i+1 are of one run
    arrives : the next fold's first vector is in ``values`` from the next cycle on. In ``arrives`` bit s it is
        s steps of ``summation.depth`` cycles further
    enable : all registers move
    sums : ``lanes`` words: in the slot of a run's last lane its sum; undefined elsewhere
    now : joins of the vector that is in ``values``
    latency : log2(lanes) · depth; initiation interval 1, across folds too
    """

    values: Signal
    joins: Signal
    arrives: Signal
    enable: Signal
    sums: Signal
    now: Signal

    def __init__(self, lanes: int, summation: Summation) -> None:
        self.lanes, self.summation = lanes, summation
        self.levels = check_lanes(lanes)
        self.latency = self.levels * summation.depth
        super().__init__(
            {
                "values": In(lanes * summation.input_width),
                "joins": In(lanes - 1),
                "arrives": In(self.levels + 1),
                "enable": In(1),
                "sums": Out(lanes * summation.width),
                "now": Out(lanes - 1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        size = self.summation.input_width
        now = self._held(m, "joins_now", self.joins, 0)
        m.d.comb += self.now.eq(now)
        lines: list[Value] = [self.values.word_select(lane, size) for lane in range(self.lanes)]
        prefixes = list(lines)  # of each block: the sum of the run at its left end
        for level in range(self.levels):
            lines, prefixes = self._level(m, level, lines, prefixes)
        width = self.summation.width
        m.d.comb += self.sums.eq(Cat(self.summation.extend(line, width) for line in lines))
        return m

    def _held(self, m: Module, name: str, value: Value, step: int) -> Signal:
        """Return control bits of the vector that is so many levels on."""
        held = Signal(len(value), name=name, reset_less=True)
        m.d.sync += held.eq(Mux(self.arrives[step], value, held))
        return held

    def _later(self, m: Module, name: str, values: list[Value], width: int) -> list[Value]:
        """Return values of one width as many cycles later as an adder takes, extended."""
        waiting: Value = Cat(values)
        for cycle in range(self.summation.depth):
            waiting = register(m, waiting, f"{name}_{cycle}", self.enable)
        return [self.summation.extend(value, width) for value in wires(waiting, len(values[0]))]

    def _level(
        self, m: Module, level: int, lines: list[Value], prefixes: list[Value]
    ) -> tuple[list[Value], list[Value]]:
        """Make the adders of a level; return the lines and prefixes behind them."""
        half = 1 << level
        width = self.summation.partial_width(2 * half)
        m.submodules[f"reach_{level}"] = reach = Reach(self.lanes, level)
        m.d.comb += reach.joins.eq(self.joins)
        right = self._held(m, f"right_{level}", reach.right, level + 1)
        left = self._held(m, f"left_{level}", reach.left, level + 1)
        totals = [
            self._adder(m, level, number, lines[2 * half * number + half - 1], prefixes[2 * number + 1])
            for number in range(self.lanes // (2 * half))
        ]
        # Where an adder of level 0 adds nothing to its left lane, that leaves through it.
        late = [lane for lane in range(self.lanes) if level or lane % 2]
        waited = self._later(m, f"lines_waiting_{level}", [lines[lane] for lane in late], width)
        after = dict(zip(late, waited, strict=True))
        if not level:
            after |= zip(range(0, self.lanes, 2), totals, strict=True)
        # Only the lanes of right halves choose.
        lanes = [lane for lane in range(self.lanes) if lane & half]
        chosen = [
            Mux(right[index], totals[lane // (2 * half)], after[lane]) for index, lane in enumerate(lanes)
        ]
        after |= zip(lanes, self._named(m, f"lines_{level}", chosen), strict=True)
        ahead = list(totals)
        if level and len(totals) > 1:  # nobody asks for the first block's
            waited = self._later(m, f"prefixes_waiting_{level}", prefixes[2::2], width)
            ahead[1:] = (
                Mux(left[number], total, before)
                for number, (total, before) in enumerate(zip(totals[1:], waited, strict=True), 1)
            )
        return [after[lane] for lane in range(self.lanes)], self._named(m, f"prefixes_{level}", ahead)

    def _named(self, m: Module, name: str, values: list[Value]) -> list[Value]:
        return wires(name_value(m, name, Cat(values)), len(values[0]))

    def _adder(self, m: Module, level: int, number: int, left: Value, right: Value) -> Value:
        summation = self.summation
        if level == 0:
            m.submodules[f"gate_{number}"] = gate = Gate(len(right), summation.neutral(len(right)))
            m.d.comb += [gate.i.eq(right), gate.keep.eq(self.now[2 * number])]
            right = gate.o
        width = summation.partial_width(2 << level)
        m.submodules[f"adder_{level}_{number}"] = adder = ReductionAdder(
            summation, len(left), len(right), width
        )
        m.d.comb += [adder.a.eq(left), adder.b.eq(right), adder.enable.eq(self.enable)]
        return adder.o


class OverlapSums(Sums):
    """Sums of all runs of a vector together, one vector a cycle, across folds too.

    See :class:`dotforge.sparse.sums.Sums` for parameters and ports.
    """

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config, lanes = self.config, self.config.lanes
        summation = Summation(
            config.exact_sum,
            self.product_width,
            config.adder_pipeline,
            config.flush_subnormals,
            stallable=True,
            operators=config.operators,
        )
        m.submodules.joins = joins = Joins(lanes, 1)
        m.submodules.network = network = OverlapFan(lanes, summation)
        # The fold's first vector, at each cycle of its way.
        passing: Value = self.valid & self.first
        arrives: list[Value] = [self.arrives]
        for cycle in range(1, self.latency + 1):
            if cycle % summation.depth == 0:
                arrives.append(passing & self.enable)
            if cycle < self.latency:
                passing = register(m, passing, f"first_{cycle}", self.enable, reset_less=False)
        ends = Signal(lanes, reset_less=True)
        m.d.sync += ends.eq(Mux(arrives[-1], run_ends(joins.joins, self.occupied), ends))
        index = self.count(m)
        m.d.comb += [
            joins.vec_ids.eq(self.vec_ids),
            network.values.eq(self.products),
            network.joins.eq(joins.joins),
            network.arrives.eq(Cat(arrives)),
            network.enable.eq(self.enable),
            self.free.eq(1),
            self.released.eq(arrives[-1]),
            self.shows.eq(self.complete),
            self.sum_valid.eq(ends & self.complete.replicate(lanes)),
            self.sum_indices.eq(Cat([self.index] * lanes)),
        ]
        self.fit(m, network.sums)
        self.beside(m, index, network.now, ends)
        return m
