"""Sums on their way out: runs of products, added and put at the slot of each run's last lane.

::

    products ─► [skew] ─► Fan / Art / LinearReduction ─► sums, slot by slot ─┐
    useful   ─► runs' OR ─► delayed as long as the longest sum ──────────────┴─► stream

Source: 004_cc286613ada5888f (SIGMA), sections IV-A2 and IV-E, step vii; the output bitmap is that of step v.
"""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ..block import Block
from ..network.art import Art
from ..network.fan import Fan
from ..network.linear import LinearReduction
from ..network.reduction import Reduction
from ..network.reduction_parts import Delay, register
from .config import FlexDpeConfig

__all__ = ["RunOr", "Sums", "reduction"]


def reduction(config: FlexDpeConfig) -> Reduction:
    """Return the reduction network of a configuration."""
    kind = {"fan": Fan, "art": Art, "linear": LinearReduction}[config.reduction]
    return kind(
        config.lanes,
        sum_format=config.exact_sum,
        input_width=config.product.width,
        id_width=1,
        tag_width=config.index_bits,
        adder_depth=config.adder_pipeline,
        flush_subnormals=config.flush_subnormals,
    )


class RunOr(Block):
    """Tells for each lane whether its run has a set bit up to it: at a run's last lane, whether it has any.

    Parameters
    ----------
    lanes : number of lanes

    Interface attributes
    --------------------
    bits : a bit a lane
    vec_ids : a bit a lane; neighbouring lanes of one run have the same
    found : a bit a lane

    Combinational, log2(lanes) deep.
    """

    bits: Signal
    vec_ids: Signal
    found: Signal

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        super().__init__({"bits": In(lanes), "vec_ids": In(lanes), "found": Out(lanes)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        lanes = self.lanes
        found: list[Value] = list(self.bits)
        # Whether the lanes of a block, up to this one, are of the run of the lane before the block.
        joined: list[Value] = [
            Const(0, 1),
            *(self.vec_ids[lane] == self.vec_ids[lane - 1] for lane in range(1, lanes)),
        ]
        distance = 1
        while distance < lanes:
            some, same = Signal(lanes, name=f"some_{distance}"), Signal(lanes, name=f"same_{distance}")
            upper = [bool(lane & distance) for lane in range(lanes)]
            before = [lane // distance * distance - 1 for lane in range(lanes)]
            m.d.comb += [
                some.eq(
                    Cat(
                        found[lane] | (joined[lane] & found[before[lane]]) if upper[lane] else found[lane]
                        for lane in range(lanes)
                    )
                ),
                same.eq(
                    Cat(
                        joined[lane] & joined[before[lane]] if upper[lane] else joined[lane]
                        for lane in range(lanes)
                    )
                ),
            ]
            found, joined, distance = list(some), list(same), 2 * distance
        m.d.comb += self.found.eq(Cat(found))
        return m


class Sums(Block):
    """Adds the products of each run, vector by vector.

    Parameters
    ----------
    config : of the engine

    Interface attributes
    --------------------
    products, useful : of all lanes; a lane without a useful value has the product +0
    valid, last : a vector is there; it is its fold's last one
    vec_ids, occupied, row_ids, partial : of the fold, held until ``idle``
    enable : the vector is taken, and what the outputs show too
    idle : no vector is inside
    shows : the outputs show something
    sum_valid, sum_rows, sum_indices, sum_partial, sums, overflow : a slot a lane: a sum, the id of its row,
        the index of its vector, whether the row goes on in the next fold, its value, and whether that did not
        fit
    complete : all sums of a vector are out
    index, bitmap, ends : of that vector: its index, the slots of runs that had a useful product, and whether
        it is its fold's last one
    latency : from a vector to its last sum; initiation interval 1 within a fold
    """

    products: Signal
    useful: Signal
    valid: Signal
    last: Signal
    vec_ids: Signal
    occupied: Signal
    row_ids: Signal
    partial: Signal
    enable: Signal
    idle: Signal
    shows: Signal
    sum_valid: Signal
    sum_rows: Signal
    sum_indices: Signal
    sum_partial: Signal
    sums: Signal
    overflow: Signal
    complete: Signal
    index: Signal
    bitmap: Signal
    ends: Signal

    def __init__(self, config: FlexDpeConfig) -> None:
        self.config, self.product_width = config, config.product.width
        self.latency = config.sum_latency
        lanes = config.lanes
        super().__init__(
            {
                "products": In(lanes * config.product.width),
                "useful": In(lanes),
                "valid": In(1),
                "last": In(1),
                "vec_ids": In(lanes),
                "occupied": In(lanes),
                "row_ids": In(lanes * config.row_bits),
                "partial": In(1),
                "enable": In(1),
                "idle": Out(1),
                "shows": Out(1),
                "sum_valid": Out(lanes),
                "sum_rows": Out(lanes * config.row_bits),
                "sum_indices": Out(lanes * config.index_bits),
                "sum_partial": Out(lanes),
                "sums": Out(lanes * config.sum.width),
                "overflow": Out(lanes),
                "complete": Out(1),
                "index": Out(config.index_bits),
                "bitmap": Out(lanes),
                "ends": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config, lanes = self.config, self.config.lanes
        m.submodules.network = network = reduction(config)
        index = Signal(config.index_bits)  # of the vector that enters
        moved = Signal()
        m.d.comb += [
            moved.eq(self.valid & self.enable),
            network.values.eq(self._skewed(m)),
            network.vec_ids.eq(self.vec_ids),
            network.occupied.eq(self.occupied),
            network.valid.eq(self.valid),
            network.tag.eq(index),
            network.enable.eq(self.enable),
            self.idle.eq(network.idle),
        ]
        m.d.sync += index.eq(Mux(moved, Mux(self.last, 0, index + 1), index))

        m.submodules.run_or = run_or = RunOr(lanes)
        m.d.comb += [run_or.bits.eq(self.useful), run_or.vec_ids.eq(self.vec_ids)]
        valid: Value = self.valid
        last: Value = self.last
        beside: Value = Cat(run_or.found, index)
        for cycle in range(self.latency):
            valid = register(m, valid, f"valid_{cycle}", self.enable, reset_less=False)
            last = register(m, last, f"last_{cycle}", self.enable)
            beside = register(m, beside, f"beside_{cycle}", self.enable)
        run_ends = Cat(
            self.vec_ids[lane] != self.vec_ids[lane + 1] if lane + 1 < lanes else Const(1, 1)
            for lane in range(lanes)
        )
        width, exact = config.sum.width, config.exact_sum.width
        sums = [network.sums.word_select(lane, exact) for lane in range(lanes)]
        m.d.comb += [
            self.sum_valid.eq(network.sum_valid),
            self.sum_rows.eq(self.row_ids),
            self.sum_indices.eq(network.sum_tags),
            self.sum_partial.eq(Cat(Const(0, lanes - 1), self.partial & network.sum_valid[-1])),
            self.sums.eq(Cat(_fit(value, width) for value in sums)),
            self.overflow.eq(Cat(_overflows(value, width) for value in sums) & network.sum_valid),
            self.complete.eq(valid),
            self.index.eq(beside[lanes:]),
            self.bitmap.eq(beside[:lanes] & run_ends & self.occupied & valid.replicate(lanes)),
            self.ends.eq(last & valid),
            self.shows.eq(network.sum_valid.any() | valid),
        ]
        return m

    def _skewed(self, m: Module) -> Value:
        """Hold lanes back as the network wants them: a linear one takes each a cycle later than the last."""
        if self.config.reduction != "linear":
            return self.products
        lanes: list[Value] = []
        for lane in range(self.config.lanes):
            value: Value = self.products.word_select(lane, self.product_width)
            if lane:
                m.submodules[f"skew_{lane}"] = delay = Delay(
                    self.product_width, lane * self.config.adder_pipeline, True
                )
                m.d.comb += [delay.i.eq(value), delay.enable.eq(self.enable)]
                value = delay.o
            lanes.append(value)
        return Cat(lanes)


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
