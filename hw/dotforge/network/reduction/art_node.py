"""Nodes of ART: a three-input adder, a register beside it, and the few gates that control them."""

from enum import Enum

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from ...block import Block
from .art_adder import ThreeInputAdder, gated
from .core import TreeShape
from .parts import Delay, ReductionAdder, Select, enable_port

__all__ = ["ArtControl", "ArtNode", "Side", "node_width"]


class Side(Enum):
    """Where the neighbour is that a node is linked to."""

    #: No neighbour: first and last node of a level.
    NONE = "none"
    #: To the left: even nodes.
    LEFT = "left"
    #: To the right: odd nodes.
    RIGHT = "right"


def node_width(level: int, shape: TreeShape) -> int:
    """Return the bits of a node's sum: its own lanes and at most half as many again from its neighbour.

    Parameters
    ----------
    level : of the root adder, 0 or more; the tree has 2^(level + 1) lanes
    shape : how values are added and what travels with them
    """
    return shape.summation.partial_width(3 << level)


class ArtControl(Block):
    """What a node adds and sends where, stable while a fold lasts.

    Parameters
    ----------
    side : where the neighbour is

    Interface attributes
    --------------------
    has_a, has_b : the child has a part of an unfinished run
    same : both parts are of one run
    goes_left, goes_right : a's (b's) run has a part left (right) of the node
    neighbour_mixed : the neighbour's children have parts of different runs
    mixed : this node's children have
    use_a, use_b, use_neighbour : what the adder takes
    complete : the sum is that of a whole run
    gives_away : child a's part goes to the left neighbour
    has_up : a part goes up
    """

    has_a: Signal
    has_b: Signal
    same: Signal
    goes_left: Signal
    goes_right: Signal
    neighbour_mixed: Signal
    mixed: Signal
    use_a: Signal
    use_b: Signal
    use_neighbour: Signal
    complete: Signal
    gives_away: Signal
    has_up: Signal

    def __init__(self, side: Side) -> None:
        self.side = side
        inputs = ("has_a", "has_b", "same", "goes_left", "goes_right", "neighbour_mixed")
        outputs = ("mixed", "use_a", "use_b", "use_neighbour", "complete", "gives_away", "has_up")
        super().__init__({**{name: In(1) for name in inputs}, **{name: Out(1) for name in outputs}})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        anything = self.has_a | self.has_b
        mixed, taken = self.mixed, self.use_neighbour
        m.d.comb += self.use_a.eq(self.has_a)
        if self.side is Side.NONE:
            m.d.comb += [
                self.use_b.eq(self.has_b),
                self.complete.eq(anything & ~self.goes_left & ~self.goes_right),
            ]
        else:
            m.d.comb += mixed.eq(self.has_a & self.has_b & ~self.same)
        if self.side is Side.RIGHT:
            m.d.comb += [
                taken.eq(self.neighbour_mixed & ~mixed),
                self.use_b.eq(self.has_b),
                self.complete.eq(anything & ~mixed & ~self.goes_left & ~(self.goes_right & ~taken)),
            ]
        if self.side is Side.LEFT:
            whole = anything & ~self.goes_right & ~(self.goes_left & ~taken)
            m.d.comb += [
                taken.eq(self.neighbour_mixed),
                self.gives_away.eq(mixed & ~taken),
                self.use_b.eq(self.has_b & ~mixed),
                self.complete.eq((mixed & taken) | (~mixed & whole)),
            ]
        m.d.comb += self.has_up.eq(mixed | (anything & ~self.complete))
        return m


class ArtNode(Block):
    """One node of the tree.

    Parameters
    ----------
    level : 0 at the lanes
    side : where the neighbour is that it is linked to
    shape : how values are added and what travels with them
    is_root : nothing goes up and no bus comes down

    Interface attributes
    --------------------
    value_a, value_b, has_a, has_b, occupied_a, occupied_b : of the two children; at level 0 those of two
        lanes, where ``has`` is low for a run of one lane
    same, goes_left, goes_right : see :class:`ArtControl`
    neighbour, neighbour_occupied, neighbour_mixed : what the neighbour may hand over, and whether it is mixed
    neighbour_result : of the left neighbour, for a part that went there
    valid, tag : of the vector whose sums of this level are in the registers
    bus : payload of the run whose part went up
    mixed : the children's parts are of different runs
    result : payload of the run that was added here, completed here or above
    up, has_up, occupied_up : part that goes up
    down_a, down_b : payload for the children; at level 0 for the slots
    """

    value_a: Signal
    value_b: Signal
    has_a: Signal
    has_b: Signal
    occupied_a: Signal
    occupied_b: Signal
    same: Signal
    goes_left: Signal
    goes_right: Signal
    neighbour: Signal
    neighbour_occupied: Signal
    neighbour_mixed: Signal
    neighbour_result: Signal
    valid: Signal
    tag: Signal
    enable: Signal
    bus: Signal
    mixed: Signal
    result: Signal
    up: Signal
    has_up: Signal
    occupied_up: Signal
    down_a: Signal
    down_b: Signal

    def __init__(self, level: int, side: Side, shape: TreeShape, is_root: bool) -> None:
        self.level, self.side, self.shape, self.is_root = level, side, shape, is_root
        self.latency = shape.summation.depth
        below = node_width(level - 1, shape) if level else shape.summation.input_width
        payload = shape.payload_width
        inputs = ("has_a", "has_b", "occupied_a", "occupied_b", "same", "goes_left", "goes_right", "valid")
        ports: dict = {"value_a": In(below), "value_b": In(below), **{name: In(1) for name in inputs}}
        ports |= {"down_a": Out(payload), "down_b": Out(payload), **enable_port(shape.summation.stallable)}
        if shape.tag_width:
            ports["tag"] = In(shape.tag_width)
        if side is not Side.NONE:
            ports |= {"neighbour": In(below), "neighbour_occupied": In(1), "neighbour_mixed": In(1)}
            ports |= {"mixed": Out(1)}
        if side is Side.LEFT:
            ports["neighbour_result"] = In(payload)
        if side is Side.RIGHT:
            ports["result"] = Out(payload)
        if not is_root:
            ports |= {"bus": In(payload), "up": Out(node_width(level, shape)), "has_up": Out(1)}
            ports |= {"occupied_up": Out(1)}
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        side = self.side
        m.submodules.control = control = ArtControl(side)
        m.d.comb += [
            control.has_a.eq(self.has_a),
            control.has_b.eq(self.has_b),
            control.same.eq(self.same),
            control.goes_left.eq(self.goes_left),
            control.goes_right.eq(self.goes_right),
        ]
        if side is not Side.NONE:
            m.d.comb += [control.neighbour_mixed.eq(self.neighbour_mixed), self.mixed.eq(control.mixed)]
        total = self._add(m, control)
        held_a, held_b = self._hold(m)
        occupied = (self.occupied_a & control.use_a) | (self.occupied_b & control.use_b)
        if side is not Side.NONE:
            occupied = occupied | (self.neighbour_occupied & control.use_neighbour)
        result = self._payload(total, occupied)
        if not self.is_root:
            result = self._select(m, "result_select", result, self.bus, control.complete)
            self._send_up(m, control, total, occupied, held_b if side is Side.LEFT else held_a)
        if side is Side.RIGHT:
            m.d.comb += self.result.eq(result)
        down_a = down_b = result
        if side is Side.LEFT:
            down_a = self._select(m, "down_select", self.neighbour_result, result, control.gives_away)
        if (
            held_a is not None and held_b is not None
        ):  # a run of one lane leaves from the register beside the adder
            alone_a, alone_b = self._payload(held_a, self.occupied_a), self._payload(held_b, self.occupied_b)
            down_a = self._select(m, "slot_a_select", down_a, alone_a, self.has_a)
            down_b = self._select(m, "slot_b_select", down_b, alone_b, self.has_b)
        m.d.comb += [self.down_a.eq(down_a), self.down_b.eq(down_b)]
        return m

    def _payload(self, value: Value, occupied: Value) -> Value:
        tag = self.tag if self.shape.tag_width else Const(0, 0)
        return self.shape.payload(value, self.valid & occupied, tag, self.level)

    def _select(self, m: Module, name: str, a: Value, b: Value, pick: Value) -> Value:
        m.submodules[name] = select = Select(len(a))
        m.d.comb += [select.a.eq(a), select.b.eq(b), select.pick.eq(pick)]
        return select.o

    def _add(self, m: Module, control: ArtControl) -> Value:
        summation = self.shape.summation
        width, o_width = len(self.value_a), node_width(self.level, self.shape)
        if self.side is Side.NONE:
            m.submodules.adder = adder = ReductionAdder(summation, width, width, o_width)
            m.d.comb += [
                adder.a.eq(gated(m, "a", self.value_a, control.use_a, summation)),
                adder.b.eq(gated(m, "b", self.value_b, control.use_b, summation)),
            ]
        else:
            m.submodules.adder = adder = ThreeInputAdder(summation, width, o_width)
            m.d.comb += [
                adder.a.eq(self.value_a),
                adder.b.eq(self.value_b),
                adder.c.eq(self.neighbour),
                adder.use_a.eq(control.use_a),
                adder.use_b.eq(control.use_b),
                adder.use_c.eq(control.use_neighbour),
            ]
        if summation.stallable:
            m.d.comb += adder.enable.eq(self.enable)
        return adder.o

    def _hold(self, m: Module) -> tuple[Value | None, Value | None]:
        """Keep what may pass beside the adder."""
        summation = self.shape.summation
        held: dict[str, Value] = {}
        for name, value, side in (("a", self.value_a, Side.RIGHT), ("b", self.value_b, Side.LEFT)):
            if self.level == 0 or self.side is side:
                m.submodules[f"link_{name}"] = link = Delay(len(value), summation.depth, summation.stallable)
                m.d.comb += link.i.eq(value)
                if summation.stallable:
                    m.d.comb += link.enable.eq(self.enable)
                held[name] = link.o
        return held.get("a"), held.get("b")

    def _send_up(
        self, m: Module, control: ArtControl, total: Value, occupied: Value, held: Value | None
    ) -> None:
        m.d.comb += self.has_up.eq(control.has_up)
        if self.side is Side.NONE or held is None:
            m.d.comb += [self.up.eq(total), self.occupied_up.eq(occupied)]
            return
        beside = self.occupied_b if self.side is Side.LEFT else self.occupied_a
        wide = self.shape.summation.extend(held, len(total))
        m.d.comb += [
            self.up.eq(self._select(m, "up_select", wide, total, control.mixed)),
            self.occupied_up.eq(Cat((control.mixed & beside) | (~control.mixed & occupied))),
        ]
