"""The subtrees of the FAN (see :mod:`dotforge.network.reduction.fan` for how they work together)."""

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from ...block import Block
from .core import Core, TreeShape, core_ports
from .parts import Delay, Gate, ReductionAdder, Select, Summation

__all__ = ["FanControl", "FanLeaf", "FanTree", "subtree"]


class FanControl(Block):
    """Which operands a node of level 1 or higher forwards: a few gates, stable while a fold lasts.

    Interface attributes
    --------------------
    joined : the node's adder adds
    whole_left, whole_right : all adders of the left (right) child add
    left : the run goes on beyond the left end of the subtree
    occupied_left, occupied_right : the left child's suffix (right child's prefix) has an occupied lane
    prefix_sum, suffix_sum : the sum is the new prefix (suffix)
    bus_through : the run that ends in the right child is completed above
    whole : all adders of the subtree add
    occupied : the sum has an occupied lane
    """

    joined: Signal
    whole_left: Signal
    whole_right: Signal
    left: Signal
    occupied_left: Signal
    occupied_right: Signal
    prefix_sum: Signal
    suffix_sum: Signal
    bus_through: Signal
    whole: Signal
    occupied: Signal

    def __init__(self) -> None:
        inputs = ("joined", "whole_left", "whole_right", "left", "occupied_left", "occupied_right")
        outputs = ("prefix_sum", "suffix_sum", "bus_through", "whole", "occupied")
        super().__init__({**{name: In(1) for name in inputs}, **{name: Out(1) for name in outputs}})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += [
            self.prefix_sum.eq(self.joined & self.whole_left),
            self.suffix_sum.eq(self.joined & self.whole_right),
            self.bus_through.eq(self.whole_left & self.left),
            self.whole.eq(self.prefix_sum & self.whole_right),
            self.occupied.eq(self.occupied_left | self.occupied_right),
        ]
        return m


def subtree(level: int, left_edge: bool, right_edge: bool, shape: TreeShape) -> "FanTree | FanLeaf":
    """Return a subtree of 2^(level + 1) lanes; parameters as of :class:`FanTree`.

    Parameters
    ----------
    level : of the root adder, 0 or more; the tree has 2^(level + 1) lanes
    left_edge : whether it begins at the network's first lane
    right_edge : whether it ends at the network's last lane
    shape : how values are added and what travels with them
    """
    if level == 0:
        return FanLeaf(left_edge, right_edge, shape)
    return FanTree(level, left_edge, right_edge, shape)


def _ports(level: int, left_edge: bool, right_edge: bool, shape: TreeShape) -> dict:
    width = shape.width(level)
    ports = core_ports(level, shape)
    if not left_edge:
        ports |= {"left": In(1), "prefix": Out(width), "prefix_occupied": Out(1)}
        ports |= {"bus": In(shape.payload_width)}
    if not right_edge:
        ports |= {"right": In(1), "suffix": Out(width), "suffix_occupied": Out(1)}
    if not left_edge and not right_edge:
        ports["whole"] = Out(1)
    return ports


class FanTree(Core):
    """A subtree of the FAN: 2^(level + 1) lanes.

    Parameters
    ----------
    level : of its root adder
    left_edge, right_edge : whether it begins at the first (ends at the last) lane of the network; then no run
        goes on there, and no prefix (suffix) leaves
    shape : how values are added and what travels with them

    Raises
    ------
    ValueError
        ``level`` is less than 1.

    Interface attributes
    --------------------
    left, right : the run goes on beyond the left (right) end
    prefix, suffix : sum of the run at that end, when the level's addition is done
    prefix_occupied, suffix_occupied : that run has an occupied lane in here
    whole : all lanes are of one run
    bus : payload of the run that ends in here and is completed above
    """

    left: Signal
    right: Signal
    prefix: Signal
    suffix: Signal
    prefix_occupied: Signal
    suffix_occupied: Signal
    whole: Signal
    bus: Signal

    def __init__(self, level: int, left_edge: bool, right_edge: bool, shape: TreeShape) -> None:
        if level < 1:
            raise ValueError(f"level of a subtree with children is at least 1, not {level}")
        self.level = level
        self.left_edge = left_edge
        self.right_edge = right_edge
        self.shape = shape
        self.lanes = 2 << level
        self.latency = (level + 1) * shape.summation.depth
        super().__init__(_ports(level, left_edge, right_edge, shape))

    def _tag(self) -> Value:
        width = self.shape.tag_width
        return self.tags.word_select(self.level, width) if width else Const(0, 0)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape, summation, level = self.shape, self.shape.summation, self.level
        half = self.lanes // 2
        below, width = shape.width(level - 1), shape.width(level)
        m.submodules.left = left = subtree(level - 1, self.left_edge, False, shape)
        m.submodules.right = right = subtree(level - 1, False, self.right_edge, shape)
        m.submodules.adder = adder = ReductionAdder(summation, below, below, width)
        m.submodules.control = control = FanControl()
        join = self.joins[half - 1]
        middle = half * summation.input_width
        for child, values, joins, occupied in (
            (left, self.values[:middle], self.joins[: half - 1], self.occupied[:half]),
            (right, self.values[middle:], self.joins[half:], self.occupied[half:]),
        ):
            m.d.comb += [child.values.eq(values), child.joins.eq(joins), child.occupied.eq(occupied)]
            m.d.comb += child.valid.eq(self.valid[:level])
            if shape.tag_width:
                m.d.comb += child.tags.eq(self.tags[: level * shape.tag_width])
        if summation.stallable:
            m.d.comb += [block.enable.eq(self.enable) for block in (left, right, adder)]
        m.d.comb += [
            left.right.eq(join),
            right.left.eq(join),
            adder.a.eq(left.suffix),
            adder.b.eq(right.prefix),
            control.joined.eq(join),
            control.occupied_left.eq(left.suffix_occupied),
            control.occupied_right.eq(right.prefix_occupied),
            self.slots.eq(Cat(left.slots, right.slots)),
        ]
        total = shape.payload(adder.o, self.valid[level] & control.occupied, self._tag(), level)
        if self.left_edge:
            m.d.comb += right.bus.eq(total)
        else:
            m.d.comb += [
                control.whole_left.eq(left.whole),
                control.left.eq(self.left),
                left.left.eq(self.left),
                left.bus.eq(self.bus),
            ]
            m.submodules.bus_select = select = Select(shape.payload_width)
            m.d.comb += [select.a.eq(self.bus), select.b.eq(total), select.pick.eq(control.bus_through)]
            m.d.comb += right.bus.eq(select.o)
            self._forward(m, "prefix", adder.o, left.prefix, control.prefix_sum)
            m.d.comb += self.prefix_occupied.eq(
                (control.prefix_sum & control.occupied) | (~control.prefix_sum & left.prefix_occupied)
            )
        if not self.right_edge:
            m.d.comb += [control.whole_right.eq(right.whole), right.right.eq(self.right)]
            self._forward(m, "suffix", adder.o, right.suffix, control.suffix_sum)
            m.d.comb += self.suffix_occupied.eq(
                (control.suffix_sum & control.occupied) | (~control.suffix_sum & right.suffix_occupied)
            )
        if not self.left_edge and not self.right_edge:
            m.d.comb += self.whole.eq(control.whole)
        return m

    def _forward(self, m: Module, side: str, total: Value, held: Value, pick: Value) -> None:
        """Offer the sum, or what the child of that side held, to the ancestors."""
        summation = self.shape.summation
        m.submodules[f"{side}_link"] = link = Delay(len(held), summation.depth, summation.stallable)
        m.submodules[f"{side}_select"] = select = Select(len(total))
        if summation.stallable:
            m.d.comb += link.enable.eq(self.enable)
        m.d.comb += [
            link.i.eq(held),
            select.a.eq(total),
            select.b.eq(summation.extend(link.o, len(total))),
            select.pick.eq(pick),
            getattr(self, side).eq(select.o),
        ]


class FanLeaf(Core):
    """A level-0 adder with its two lanes and slots.

    Where it does not add, it forwards: the left lane through the adder, beside a neutral element, the right
    lane through the link register. Ports are those of :class:`FanTree`::

                    ┌ join ? lane 1 : neutral
        lane 0 ──── + ──────────────┬──────────→ prefix
                                    └─┐ own
                              bus ──── mux ─┬──→ slot 0
                                            └─┐
        lane 1 ──── link ──────────────────── mux ─→ slot 1, suffix

    The suffix is taken behind the bus, which saves a selector: no run needs both.

    Parameters
    ----------
    left_edge : whether it begins at the network's first lane
    right_edge : whether it ends at the network's last lane
    shape : how values are added and what travels with them
    """

    left: Signal
    right: Signal
    prefix: Signal
    suffix: Signal
    prefix_occupied: Signal
    suffix_occupied: Signal
    whole: Signal
    bus: Signal

    def __init__(self, left_edge: bool, right_edge: bool, shape: TreeShape) -> None:
        self.left_edge = left_edge
        self.right_edge = right_edge
        self.shape = shape
        self.latency = shape.summation.depth
        super().__init__(_ports(0, left_edge, right_edge, shape))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape, summation = self.shape, self.shape.summation
        size, width = summation.input_width, shape.width(0)
        join = self.joins[0]
        tag: Value = self.tags if shape.tag_width else Const(0, 0)
        right = Const(0, 1) if self.right_edge else self.right
        m.submodules.gate = gate = Gate(size, summation.neutral(size))
        m.submodules.adder = adder = ReductionAdder(summation, size, size, width)
        m.submodules.link = link = Delay(size, summation.depth, summation.stallable)
        occupied = Signal(name="sum_occupied")
        suffix_occupied = Signal(name="last_occupied")
        m.d.comb += [
            occupied.eq(self.occupied[0] | (join & self.occupied[1])),
            suffix_occupied.eq((join & occupied) | (~join & self.occupied[1])),
            gate.i.eq(self.values[size:]),
            gate.keep.eq(join),
            adder.a.eq(self.values[:size]),
            adder.b.eq(gate.o),
            link.i.eq(self.values[size:]),
        ]
        if summation.stallable:
            m.d.comb += [adder.enable.eq(self.enable), link.enable.eq(self.enable)]
        total = shape.payload(adder.o, self.valid[0] & occupied, tag, 0)
        first: Value = total
        if not self.left_edge:
            m.submodules.bus_select = above = Select(shape.payload_width)
            m.d.comb += [above.a.eq(self.bus), above.b.eq(total), above.pick.eq(self.left & ~(join & right))]
            first = above.o
            m.d.comb += [self.prefix.eq(adder.o), self.prefix_occupied.eq(occupied)]
        m.submodules.suffix_select = last = Select(shape.payload_width)
        m.d.comb += [
            last.a.eq(first),
            last.b.eq(shape.payload(link.o, self.valid[0] & self.occupied[1], tag, 0)),
            last.pick.eq(join),
        ]
        if not self.right_edge:
            m.d.comb += [
                self.suffix.eq(last.o[:width]),
                self.suffix_occupied.eq(suffix_occupied),
            ]
        if not self.left_edge and not self.right_edge:
            m.d.comb += self.whole.eq(join)
        m.d.comb += self.slots.eq(Cat(_ending(first, ~join, summation), _ending(last.o, ~right, summation)))
        return m


def _ending(payload: Value, ends: Value, summation: Summation) -> Value:
    """Return a payload, valid only where a run ends."""
    width = summation.width
    return Cat(payload[:width], payload[width] & ends[0], payload[width + 1 :])
