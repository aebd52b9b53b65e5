"""What follows the multipliers: runs of products are added and put at the slot of each run's last lane.

::

    products ─► reduction network ─► sums, slot by slot ─┐
    useful   ─► runs' OR ─► as late as the last sum ─────┴─► stream

A fold may leave before the next one comes in, as in the paper's networks;
:class:`dotforge.sparse.overlapped_sums.OverlapSums` does without that.

Source: 004_cc286613ada5888f (SIGMA), sections IV-A2 and IV-E, step vii; the output bitmap is that of step v.
"""

from typing import Any, Protocol

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ..arithmetic.carry import add, name_value
from ..block import Block
from ..formats.table import Format
from ..network.columns import wires
from ..network.reduction.parts import register

__all__ = ["RunOr", "Summed", "Sums", "run_ends"]


class Summed(Protocol):
    """What of an engine's configuration its sums depend on; one that is hashable.

    Attributes
    ----------
    lanes : of a Flex-DPE
    product, exact_sum, sum : formats of products, of sums inside, and of those that leave
    sum_latency : cycles of the reduction network
    index_bits : of a vector's index
    output_bitmap : tell which sums have any product of two values
    adder_pipeline, flush_subnormals, operators : of the adders
    """

    @property
    def lanes(self) -> int: ...
    @property
    def product(self) -> Format: ...
    @property
    def exact_sum(self) -> Format: ...
    @property
    def sum(self) -> Format: ...
    @property
    def sum_latency(self) -> int: ...
    @property
    def index_bits(self) -> int: ...
    @property
    def output_bitmap(self) -> bool: ...
    @property
    def adder_pipeline(self) -> int: ...
    @property
    def flush_subnormals(self) -> bool: ...
    @property
    def operators(self) -> bool: ...


class RunOr(Block):
    """Tells for each lane whether its run has a set bit up to it: at a run's last lane, whether it has any.

    Parameters
    ----------
    lanes : number of lanes
    operators : see :mod:`dotforge.arithmetic.carry`

    Interface attributes
    --------------------
    bits : a bit a lane
    joins : bit i tells whether lanes i and i+1 are of one run
    found : a bit a lane

    Combinational, log2(lanes) deep, or a carry chain: it begins at a set bit, and goes on as far as lanes are
    joined.
    """

    bits: Signal
    joins: Signal
    found: Signal

    def __init__(self, lanes: int, operators: bool = False) -> None:
        self.lanes, self.operators = lanes, operators
        super().__init__({"bits": In(lanes), "joins": In(lanes - 1), "found": Out(lanes)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        lanes = self.lanes
        if self.operators:
            # Both operands set: a carry begins; one of them: it goes on.
            reached = self.bits | Cat(Const(0, 1), self.joins)
            total, carry = add(m, "chain", self.bits, reached, operators=True)
            carries = total ^ self.bits ^ reached
            m.d.comb += self.found.eq(Cat(carries[1:], carry))
            return m
        found: Value = self.bits
        # Whether the lanes of a block, up to this one, are of the run of the lane before the block.
        joined: Value = name_value(m, "same_0", Cat(Const(0, 1), self.joins))
        distance = 1
        while distance < lanes:
            some, same = wires(found, distance), wires(joined, distance)
            for upper in range(1, len(some), 2):
                before, begins = some[upper - 1][-1], same[upper - 1][-1]
                some[upper] = some[upper] | (same[upper] & before.replicate(distance))
                same[upper] = same[upper] & begins.replicate(distance)
            found = name_value(m, f"some_{distance}", Cat(some))
            joined = name_value(m, f"same_{distance}", Cat(same))
            distance *= 2
        m.d.comb += self.found.eq(found)
        return m


class Sums(Block):
    """Ports and common parts of both.

    Parameters
    ----------
    config : of the engine

    Interface attributes
    --------------------
    products, useful : of all lanes; a lane without a useful value has the product +0
    valid, first, last : a vector is there; it is its fold's first or last one
    vec_ids, occupied : of the next fold, a bit a lane; to be held from ``take`` to ``released``
    take : the multipliers change to the next fold at the end of this cycle; only while ``free``
    arrives : the next fold's first vector is in ``products`` from the next cycle on
    enable : the vector is taken, and what the outputs show too
    free : the next fold may come
    released : the next fold's first sums are shown from the next cycle on
    shows : the outputs show something
    sum_valid, sum_indices, sums, overflow : a slot a lane: a sum, the index of its vector, its value, and
        whether that did not fit
    complete : all sums of a vector are out
    index, bitmap, ends : of that vector: its index, the slots of runs that had a useful product (with
        ``output_bitmap`` only), and whether it is its fold's last one
    latency : from a vector to its last sum
    """

    products: Signal
    useful: Signal
    valid: Signal
    first: Signal
    last: Signal
    vec_ids: Signal
    occupied: Signal
    take: Signal
    arrives: Signal
    enable: Signal
    free: Signal
    released: Signal
    shows: Signal
    sum_valid: Signal
    sum_indices: Signal
    sums: Signal
    overflow: Signal
    complete: Signal
    index: Signal
    bitmap: Signal
    ends: Signal

    def __init__(self, config: Summed) -> None:
        self.config, self.product_width = config, config.product.width
        self.latency = config.sum_latency
        lanes = config.lanes
        super().__init__(
            {
                "products": In(lanes * self.product_width),
                "useful": In(lanes),
                "valid": In(1),
                "first": In(1),
                "last": In(1),
                "vec_ids": In(lanes),
                "occupied": In(lanes),
                "take": In(1),
                "arrives": In(1),
                "enable": In(1),
                "free": Out(1),
                "released": Out(1),
                "shows": Out(1),
                "sum_valid": Out(lanes),
                "sum_indices": Out(lanes * config.index_bits),
                "sums": Out(lanes * config.sum.width),
                "overflow": Out(lanes),
                "complete": Out(1),
                "index": Out(config.index_bits),
                **({"bitmap": Out(lanes)} if config.output_bitmap else {}),
                "ends": Out(1),
            }
        )

    def count(self, m: Module) -> Signal:
        """Return the index of the vector that enters."""
        index = Signal(self.config.index_bits, name="vector")
        moved = self.valid & self.enable
        m.d.sync += index.eq(Mux(moved, Mux(self.last, 0, index + 1), index))
        return index

    def beside(self, m: Module, index: Value, joins: Value, run_ends: Value) -> None:
        """Make what goes beside the sums: a vector's index, its output bitmap, and whether it is the last.

        Parameters
        ----------
        index : of the vector that enters
        joins : which neighbouring lanes of it are of one run
        run_ends : lanes in which a run of the vector that leaves ends
        m : module that gets the logic
        """
        lanes = self.config.lanes if self.config.output_bitmap else 0
        found: list[Value] = []
        if lanes:
            m.submodules.run_or = run_or = RunOr(lanes, self.config.operators)
            m.d.comb += [run_or.bits.eq(self.useful), run_or.joins.eq(joins)]
            found.append(run_or.found)
        valid: Value = self.valid
        carried: Value = Cat(*found, index, self.last)
        for cycle in range(self.latency):
            valid = register(m, valid, f"valid_{cycle}", self.enable, reset_less=False)
            carried = register(m, carried, f"beside_{cycle}", self.enable)
        m.d.comb += [
            self.complete.eq(valid),
            self.index.eq(carried[lanes:-1]),
            *([self.bitmap.eq(carried[:lanes] & run_ends & valid.replicate(lanes))] if lanes else []),
            self.ends.eq(carried[-1] & valid),
        ]

    def fit(self, m: Module, sums: Value) -> None:
        """Give exact sums in the width of those that leave.

        Parameters
        ----------
        m : module that gets the logic
        sums : one of exact width a lane, lane 0 lowest
        """
        width, exact = self.config.sum.width, self.config.exact_sum.width
        slots = [sums.word_select(lane, exact) for lane in range(self.config.lanes)]
        m.d.comb += [
            self.sums.eq(Cat(_fit(value, width) for value in slots)),
            self.overflow.eq(Cat(_overflows(value, width) for value in slots) & self.sum_valid),
        ]


def run_ends(joins: Value, occupied: Value) -> Value:
    """Return the lanes in which a run ends, from joins of neighbouring lanes and the lanes with a value.

    Parameters
    ----------
    joins : a bit for each lane but the last: the next one is of its run
    occupied : a bit a lane
    """
    return Cat(~joins, Const(1, 1)) & occupied


def _fit(value: Value, width: int) -> Value:
    """Return an exact sum in the sum's width: sign-extended, or cut."""
    missing = width - len(value)
    return Cat(value, value[-1].replicate(missing)) if missing > 0 else value[:width]


def _overflows(value: Value, width: int) -> Any:
    """Return whether an exact sum needs more than ``width`` bits."""
    if width >= len(value):
        return Const(0, 1)
    above = value[width - 1 :]
    return above.any() & ~above.all()
