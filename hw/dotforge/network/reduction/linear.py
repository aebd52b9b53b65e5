"""Linear reduction: a chain of registered adders, the baseline beside FAN and ART.

::

    lane 0 ── reg ─┬─ gate ─┐     ┌─ gate ─┐           gate: joined with the lane before? sum : neutral
                   │        + reg ┤        + reg ─┬─
                   │ lane 1 ┘     │ lane 2 ┘      │
                slot 0         slot 1          slot 2

The running sum moves one adder a lane, so lane i must enter i · adder_depth cycles after lane 0. Holding the
lanes back is their producer's work (in a systolic array they come skewed anyway); from an unskewed producer
it takes :func:`skew_registers`.

Source: 004_cc286613ada5888f (SIGMA), section IV-A2, spatio-temporal reduction, and Fig. 6b.
"""

from collections.abc import Sequence

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from ...block import Block
from .parts import Delay, Gate, ReductionAdder, Summation, enable_port, register
from .reduction import Reduction, joins_of

__all__ = ["LinearReduction", "LinearStage", "skew_registers"]


def skew_registers(lanes: int, input_width: int, adder_depth: int = 1) -> int:
    """Return the flip-flops that hold back the lanes of an unskewed vector: a triangle of them.

    Parameters
    ----------
    lanes : of the chain
    input_width : bits of a value
    adder_depth : cycles of an adder
    """
    return adder_depth * input_width * lanes * (lanes - 1) // 2


class LinearReduction(Reduction):
    """Chain of ``lanes − 1`` adders; see :class:`Reduction` for parameters and ports. Any number of lanes.

    Lane i of a vector enters ``adder_depth · i`` cycles after its lane 0, with which ``valid`` and ``tag``
    enter. Slot i then is ``adder_depth · (i + 1)`` cycles after lane 0; ``latency`` is that of the last slot.
    ``vec_ids`` and ``occupied`` are held for all lanes alike.
    """

    def network_latency(self) -> int:
        """Return the cycles from lane 0 to the last slot."""
        return self.lanes * self.summation.depth

    def slot_latencies(self, vec_ids: Sequence[int]) -> list[int | None]:
        """Return for each lane the cycles from lane 0 to the sum, or ``None`` where no run ends."""
        ends = [not join for join in joins_of(vec_ids)] + [True]
        return [self.summation.depth * (lane + 1) if end else None for lane, end in enumerate(ends)]

    def elaborate(self, platform: object) -> Module:
        m = Module()
        joins, values = self.common(m)
        summation, depth = self.summation, self.summation.depth
        valids, tags = self.track(m, self.latency)
        arrivals: list[Value] = [self.valid, *valids[depth - 1 :: depth]]
        slots: list[Value] = []
        running: Value | None = None
        has_sum: Value | None = None
        for lane in range(self.lanes):
            width = summation.partial_width(lane + 1)
            if running is None or has_sum is None:
                stage = Delay(summation.input_width, depth, summation.stallable)
                m.submodules.first = stage
                m.d.comb += stage.i.eq(values[0])
                any_lane = arrivals[0] & self.occupied[0]
            else:
                stage = LinearStage(summation, len(running), width)
                m.submodules[f"stage_{lane}"] = stage
                m.d.comb += [
                    stage.value.eq(values[lane]),
                    stage.running.eq(running),
                    stage.joined.eq(joins[lane - 1]),
                ]
                any_lane = arrivals[lane] & (self.occupied[lane] | (joins[lane - 1] & has_sum))
            if summation.stallable:
                m.d.comb += stage.enable.eq(self.enable)
            enable = self.enable if summation.stallable else None
            for cycle in range(depth):
                any_lane = register(m, any_lane, f"has_sum_{lane}_{cycle}", enable, reset_less=False)
            running, has_sum = stage.o, any_lane
            ends = ~joins[lane] if lane < self.lanes - 1 else Const(1, 1)
            wide = summation.extend(running, summation.width)
            slots.append(Cat(wide, has_sum & ends[0], tags[(lane + 1) * depth - 1]))
        self.drive(m, slots, self.vec_ids)
        return m


class LinearStage(Block):
    """One adder of the chain and the gate that keeps runs apart.

    Parameters
    ----------
    summation : how values are added
    running_width, width : bits of the running sum before and after

    Interface attributes
    --------------------
    value : of the stage's lane
    running : sum of the lanes before
    joined : the lane belongs to their run
    o : running sum, ``summation.depth`` cycles later
    """

    value: Signal
    running: Signal
    joined: Signal
    o: Signal
    enable: Signal

    def __init__(self, summation: Summation, running_width: int, width: int) -> None:
        self.summation = summation
        self.latency = summation.depth
        super().__init__(
            {
                "value": In(summation.input_width),
                "running": In(running_width),
                "joined": In(1),
                "o": Out(width),
                **enable_port(summation.stallable),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        summation, before = self.summation, len(self.running)
        m.submodules.gate = gate = Gate(before, summation.neutral(before))
        m.submodules.adder = adder = ReductionAdder(summation, len(self.value), before, len(self.o))
        m.d.comb += [
            gate.i.eq(self.running),
            gate.keep.eq(self.joined),
            adder.a.eq(self.value),
            adder.b.eq(gate.o),
            self.o.eq(adder.o),
        ]
        if summation.stallable:
            m.d.comb += adder.enable.eq(self.enable)
        return m
