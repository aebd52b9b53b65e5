"""The interface that the three reduction networks share.

``lanes`` values enter, each with a vecID; every contiguous run of equal vecIDs leaves as one sum, at the slot
of the run's last lane::

    vecID     3    3    3    5    6    6    -    8
    values    a0   a1   a2   b0   c0   c1        d0
    slots               a              c         d      (b: a run of one lane, slot 3)

Source: 004_cc286613ada5888f (SIGMA), section IV-A2.
"""

from collections.abc import Sequence
from itertools import pairwise

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from ...block import Block
from ...formats.table import INT32, Format
from .core import Core
from .outputs import Align, Compact
from .parts import Gate, Joins, Summation, enable_port, register

__all__ = ["Reduction", "TreeReduction", "joins_of"]


def joins_of(vec_ids: Sequence[int]) -> list[bool]:
    """Tell for each pair of neighbouring lanes whether they are of one run: what the comparators compute."""
    return [left == right for left, right in pairwise(vec_ids)]


class Reduction(Block):
    """Common parameters and ports of :class:`Fan`, :class:`Art` and :class:`LinearReduction`.

    Parameters
    ----------
    lanes : number of values a vector, 2…512
    sum_format : INT (sums modulo 2^width) or floating point (rounded to nearest even at every addition)
    input_width : bits of an input; integer products narrower than the sum are sign-extended, and inner sums
        are only as wide as they need to be (default: the width of ``sum_format``)
    id_width : bits of a vecID (default: log2 of ``lanes``, at least 1)
    tag_width : bits of a tag that enters with each vector and leaves with each of its sums, 0 for none
    adder_depth : cycles of an adder: 1…5 in floating point, 1…8 for integers
    flush_subnormals : floating point only; inputs must then have no subnormals, as products of a
        flushing multiplier have none. Inputs that are NaN are canonical in any case, for a lane that is a
        run of its own may leave as it came
    stallable : with a port ``enable``, which freezes the whole pipeline while low
    gate_empty : replace the values of empty lanes inside the network. Without it, whoever drives a lane that
        holds nothing drives it with +0, as a gated multiplier does.
    operators : write carry chains as operators, for FPGA and timing-driven flows, instead of as the fewest
        gates
    power_of_two : whether ``lanes`` has to be one

    Raises
    ------
    ValueError
        A parameter is out of its range, or ``lanes`` is no power of two where the network wants one.

    Interface attributes
    --------------------
    values : ``lanes`` words of ``input_width`` bits, lane 0 lowest
    vec_ids : ``lanes`` words of ``id_width`` bits. Held: stable from a fold's first vector until ``idle``
    occupied : a bit a lane, held as ``vec_ids``; a lane that holds nothing adds +0 to its run, and a run of
        nothing but such lanes leaves no sum
    valid : a vector enters in this cycle
    tag : of that vector
    enable : see ``stallable``; while it is low nothing enters and what the outputs show is not taken
    sums : ``lanes`` words of the sum's width
    sum_valid : a bit a slot: a run's sum leaves here in this cycle
    sum_ids : vecID of each slot
    sum_tags : tag of the vector of each slot's sum
    idle : no vector is inside, so ``vec_ids`` and ``occupied`` may change

    Initiation interval: one vector a cycle. Two folds never share the network: a slot serves runs of one fold
    at one level, so with another grouping right behind, two sums could reach one slot in one cycle.
    """

    values: Signal
    vec_ids: Signal
    occupied: Signal
    valid: Signal
    tag: Signal
    enable: Signal
    sums: Signal
    sum_valid: Signal
    sum_ids: Signal
    sum_tags: Signal
    idle: Signal

    def __init__(
        self,
        lanes: int,
        *,
        sum_format: Format = INT32,
        input_width: int | None = None,
        id_width: int | None = None,
        tag_width: int = 0,
        adder_depth: int = 1,
        flush_subnormals: bool = False,
        stallable: bool = True,
        gate_empty: bool = False,
        operators: bool = False,
        power_of_two: bool = False,
    ) -> None:
        if not 2 <= lanes <= 512:
            raise ValueError(f"lanes is 2…512, not {lanes}")
        if power_of_two and lanes & (lanes - 1):
            raise ValueError(f"lanes is a power of two, not {lanes}")
        self.lanes = lanes
        self.levels = (lanes - 1).bit_length()
        self.summation = Summation(
            sum_format, input_width or sum_format.width, adder_depth, flush_subnormals, stallable, operators
        )
        self.id_width = id_width if id_width is not None else self.levels
        if self.id_width < 1:
            raise ValueError(f"id_width is at least 1 bit, not {self.id_width}")
        if tag_width < 0:
            raise ValueError(f"tag_width is at least 0 bits, not {tag_width}")
        self.tag_width = tag_width
        self.gate_empty = gate_empty
        self.latency = self.network_latency()
        width = self.summation.width
        tags = {"tag": In(tag_width), "sum_tags": Out(lanes * tag_width)} if tag_width else {}
        super().__init__(
            {
                "values": In(lanes * self.summation.input_width),
                "vec_ids": In(lanes * self.id_width),
                "occupied": In(lanes),
                "valid": In(1),
                "sums": Out(lanes * width),
                "sum_valid": Out(lanes),
                "sum_ids": Out(lanes * self.id_width),
                "idle": Out(1),
                **tags,
                **enable_port(stallable),
            }
        )

    def network_latency(self) -> int:
        """Return the cycles from a vector to the last of its sums."""
        raise NotImplementedError

    def slot_latencies(self, vec_ids: Sequence[int]) -> list[int | None]:
        """Return for each lane the cycles from input to sum, or ``None`` where no run ends.

        Parameters
        ----------
        vec_ids : of all lanes
        """
        raise NotImplementedError

    def common(self, m: Module) -> tuple[Value, list[Value]]:
        """Make comparators and gates; return the joins and the values of the lanes."""
        m.submodules.joins = joins = Joins(self.lanes, self.id_width)
        m.d.comb += joins.vec_ids.eq(self.vec_ids)
        width = self.summation.input_width
        values: list[Value] = [self.values.word_select(lane, width) for lane in range(self.lanes)]
        if self.gate_empty:
            for lane in range(self.lanes):
                m.submodules[f"gate_{lane}"] = gate = Gate(width, 0)
                m.d.comb += [gate.i.eq(values[lane]), gate.keep.eq(self.occupied[lane])]
                values[lane] = gate.o
        return joins.joins, values

    def track(self, m: Module, cycles: int) -> tuple[list[Value], list[Value]]:
        """Follow the vectors; return valid and tag as they are 1…``cycles`` cycles after the input.

        Parameters
        ----------
        m : module that gets the logic
        """
        enable = self.enable if self.summation.stallable else None
        valids: list[Value] = []
        tags: list[Value] = []
        valid: Value = self.valid
        tag: Value = self.tag if self.tag_width else Const(0, 0)
        for cycle in range(1, cycles + 1):
            valid = register(m, valid, f"valid_{cycle}", enable, reset_less=False)
            tag = register(m, tag, f"tag_{cycle}", enable) if self.tag_width else tag
            valids.append(valid)
            tags.append(tag)
        m.d.comb += self.idle.eq(~Cat(valids).any())
        return valids, tags

    def drive(self, m: Module, slots: Sequence[Value], ids: Value) -> None:
        """Connect the outputs to the slots' payloads and their vecIDs.

        Parameters
        ----------
        m : module that gets the logic
        slots : payload of each lane's slot
        ids : vecIDs of all slots, lane 0 lowest
        """
        width = self.summation.width
        m.d.comb += [
            self.sums.eq(Cat(slot[:width] for slot in slots)),
            self.sum_valid.eq(Cat(slot[width] for slot in slots)),
            self.sum_ids.eq(ids),
        ]
        if self.tag_width:
            m.d.comb += self.sum_tags.eq(Cat(slot[width + 1 : width + 1 + self.tag_width] for slot in slots))


class TreeReduction(Reduction):
    """What :class:`Fan` and :class:`Art` share: levels, alignment, compaction.

    Parameters beyond :class:`Reduction`
    ------------------------------------
    lanes : power of two
    align_outputs : all sums of a vector leave together, ``latency`` cycles after it entered. Costs a
        register of full width a lane and cycle of waiting: lanes · (log2 lanes − 1) · adder_depth of them
    compact : sums leave in run order at slots 0, 1, 2, … without gaps, one cycle later; implies
        ``align_outputs``

    ``latency`` is that of the last level; with neither option a sum leaves ``adder_depth`` cycles after its
    last addition began (:meth:`slot_latencies`), runs of one lane ``adder_depth`` cycles after their vector.

    Parameters
    ----------
    sum_format, input_width, id_width, tag_width, flush_subnormals, stallable, gate_empty, operators : see
        :class:`Reduction`
    """

    def __init__(
        self,
        lanes: int,
        *,
        sum_format: Format = INT32,
        input_width: int | None = None,
        id_width: int | None = None,
        tag_width: int = 0,
        adder_depth: int = 1,
        flush_subnormals: bool = False,
        stallable: bool = True,
        gate_empty: bool = False,
        operators: bool = False,
        align_outputs: bool = False,
        compact: bool = False,
    ) -> None:
        self.align_outputs = align_outputs or compact
        self.compact = compact
        super().__init__(
            lanes,
            sum_format=sum_format,
            input_width=input_width,
            id_width=id_width,
            tag_width=tag_width,
            adder_depth=adder_depth,
            flush_subnormals=flush_subnormals,
            stallable=stallable,
            gate_empty=gate_empty,
            operators=operators,
            power_of_two=True,
        )
        #: Bits that tell a slot's completion level; only alignment needs them.
        self.level_bits = (self.levels - 1).bit_length() if self.align_outputs else 0

    def network_latency(self) -> int:
        """Return the cycles from a vector to the last of its sums."""
        return self.levels * self.summation.depth + self.compact

    def completion_levels(self, joins: Sequence[bool]) -> list[int | None]:
        """Return for each lane the level at which the run that ends there is complete, or ``None``."""
        raise NotImplementedError

    def slot_latencies(self, vec_ids: Sequence[int]) -> list[int | None]:
        """Return for each lane the cycles from input to sum, or ``None`` where no run ends."""
        levels = self.completion_levels(joins_of(vec_ids))
        if self.align_outputs:
            return [None if level is None else self.latency for level in levels]
        return [None if level is None else (level + 1) * self.summation.depth for level in levels]

    def core(self) -> "Core":
        """Return the tree itself."""
        raise NotImplementedError

    def elaborate(self, platform: object) -> Module:
        m = Module()
        joins, values = self.common(m)
        depth = self.summation.depth
        valids, tags = self.track(m, self.levels * depth)
        m.submodules.core = core = self.core()
        m.d.comb += [
            core.values.eq(Cat(values)),
            core.joins.eq(joins),
            core.occupied.eq(self.occupied),
            core.valid.eq(Cat(valids[depth - 1 :: depth])),
        ]
        if self.tag_width:
            m.d.comb += core.tags.eq(Cat(tags[depth - 1 :: depth]))
        enable = self.enable if self.summation.stallable else Const(1)
        if self.summation.stallable:
            m.d.comb += core.enable.eq(enable)
        size = self.summation.width + 1 + self.tag_width
        slots = [core.slots.word_select(lane, size + self.level_bits) for lane in range(self.lanes)]
        ids: Value = self.vec_ids
        if self.align_outputs:
            for lane in range(self.lanes):
                m.submodules[f"align_{lane}"] = align = Align(size, self.levels, self.summation)
                m.d.comb += align.i.eq(slots[lane][:size])
                if self.level_bits:
                    m.d.comb += align.level.eq(slots[lane][size:])
                if self.summation.stallable:
                    m.d.comb += align.enable.eq(enable)
                slots[lane] = align.o
        if self.compact:
            m.submodules.compact = compact = Compact(
                self.lanes, size + self.id_width, self.summation.width, self.summation.stallable
            )
            m.d.comb += compact.i.eq(
                Cat(
                    Cat(slot, self.vec_ids.word_select(lane, self.id_width))
                    for lane, slot in enumerate(slots)
                )
            )
            if self.summation.stallable:
                m.d.comb += compact.enable.eq(enable)
            words = [compact.o.word_select(lane, size + self.id_width) for lane in range(self.lanes)]
            slots = [word[:size] for word in words]
            ids = Cat(word[size:] for word in words)
        self.drive(m, slots, ids)
        return m
