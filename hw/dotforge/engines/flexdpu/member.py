"""A Flex-DPE as a member of a group: it routes, multiplies and adds its slice of a fold.

::

    positions ─► RouteEngines ─► settings, prepared
                                    │ swap
    vectors ─────────────► DistributionNetwork ─► lanes: stationary × streaming ─► OverlapSums ─► sums, ends
    values, runs ─► registers of the next fold ──────┘ take                          └► released

All members of a group are given the same vectors, swaps and stalls in the same cycles, so they stay in step, and
what one of them says of its pipeline all of them say.
"""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ...block import Block
from ...network.columns import wires
from ...network.distribution.distribution import DistributionNetwork
from ...network.reduction.parts import register
from ...network.routing.engines import RouteEngines
from ...sparse.lane import Lane
from ...sparse.overlapped_sums import OverlapSums
from ...sparse.source_positions import position_layout
from ...sparse.values import StationaryRegisters
from .config import FlexDpuConfig
from .slice_runs import RunRegisters

__all__ = ["Member", "vector_layout"]


def vector_layout(window: int, width: int) -> data.StructLayout:
    """Return a streaming vector.

    Parameters
    ----------
    window : positions
    width : bits of a value
    """
    return data.StructLayout({"values": window * width, "bitmap": window, "last": 1})


class Member(Block):
    """One Flex-DPE.

    Parameters
    ----------
    config : of the engine

    Interface attributes
    --------------------
    positions : of the lanes of its slices, for the route engines
    values, value_write : of :class:`dotforge.engines.flexdpu.group_load.SliceValues`, if the slice is this one
    run_write, run_filled, run_changed, run_ids, run_at_lane, run_word, run_begins, run_continues : of
        :class:`dotforge.engines.flexdpu.slice_runs.SliceRuns`, if the slice is this one
    vectors : streaming vectors; ``valid`` only while a fold is in use
    swap : the next fold's vectors come from the next cycle on
    show : see :class:`dotforge.engines.flexdpu.slice_runs.RunRegisters`
    advance : the sums that are shown are taken
    prepared : the next fold may be swapped in, as far as its settings go
    free : no fold waits for its values or is on its way to the sums
    take : the next fold's values come into use at the end of this cycle
    released, shows, ends : of :class:`dotforge.sparse.sums.Sums`
    sums, sum_valid : a slot a lane
    continued, words : of :class:`dotforge.engines.flexdpu.slice_runs.RunRegisters`
    """

    positions: stream.Interface
    values: Signal
    value_write: Signal
    run_write: Signal
    run_filled: Signal
    run_changed: Signal
    run_ids: Signal
    run_at_lane: Signal
    run_word: Signal
    run_begins: Signal
    run_continues: Signal
    vectors: stream.Interface
    swap: Signal
    show: Signal
    advance: Signal
    prepared: Signal
    free: Signal
    take: Signal
    released: Signal
    shows: Signal
    ends: Signal
    sums: Signal
    sum_valid: Signal
    continued: Signal
    words: Signal

    def __init__(self, config: FlexDpuConfig) -> None:
        self.config = config
        self.latency = config.distribution_pipeline + config.multiplier_pipeline + config.sum_latency
        lanes, width, word = config.lanes, config.operand.width, config.row_bits + 2
        super().__init__(
            {
                "positions": In(stream.Signature(position_layout(config.positions))),
                "values": In(config.stationary_bandwidth * width),
                "value_write": In(lanes),
                "run_write": In(1),
                "run_filled": In(lanes),
                "run_changed": In(lanes),
                "run_ids": In(lanes),
                "run_at_lane": In(lanes),
                "run_word": In(word),
                "run_begins": In(1),
                "run_continues": In(1),
                "vectors": In(stream.Signature(vector_layout(config.positions, width))),
                "swap": In(1),
                "show": In(1),
                "advance": In(1),
                "prepared": Out(1),
                "free": Out(1),
                "take": Out(1),
                "released": Out(1),
                "shows": Out(1),
                "ends": Out(1),
                "sums": Out(lanes * config.exact_sum.width),
                "sum_valid": Out(lanes),
                "continued": Out(1),
                "words": Out(lanes * word),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config, lanes, width = self.config, self.config.lanes, self.config.operand.width
        m.submodules.runs = runs = RunRegisters(lanes, config.row_bits + 2)
        m.submodules.registers = registers = StationaryRegisters(lanes, width)
        m.submodules.route = route = RouteEngines(
            config.topology, lanes, config.positions, config.route_engines, config.route_walkers
        )
        m.submodules.network = network = DistributionNetwork(
            lanes,
            width + 1,
            config.positions,
            config.topology,
            registers=config.distribution_registers,
            tag_width=1,
            swap_apart=True,  # nothing is written between prepared and swap
        )
        payload = self.vectors.payload
        given = wires(payload.values, width)
        swap = Signal()
        m.d.comb += [
            swap.eq(self.swap & runs.used),
            network.swap.eq(swap),
            route.swapped.eq(swap),
            network.write.eq(route.write),
            network.row.eq(route.row),
            network.data.eq(route.data),
            route.writable.eq(network.writable),
            route.positions.payload.eq(self.positions.payload),
            route.positions.valid.eq(self.positions.valid),
            self.positions.ready.eq(route.positions.ready),
            self.prepared.eq(route.prepared | ~runs.used),
            # Values with a bit of their own that is always set.
            network.vectors.payload.values.eq(Cat(Cat(value, Const(1, 1)) for value in given)),
            network.vectors.payload.bitmap.eq(payload.bitmap),
            network.vectors.payload.tag.eq(payload.last),
            network.vectors.valid.eq(self.vectors.valid),
            self.vectors.ready.eq(network.vectors.ready),
            registers.values.eq(Cat([self.values] * (lanes // config.stationary_bandwidth))),
            registers.write.eq(self.value_write),
            registers.take.eq(self.take),
            runs.write.eq(self.run_write),
            runs.filled.eq(self.run_filled),
            runs.changed.eq(self.run_changed),
            runs.new_ids.eq(self.run_ids),
            runs.at_lane.eq(self.run_at_lane),
            runs.word.eq(self.run_word),
            runs.begins.eq(self.run_begins),
            runs.continues.eq(self.run_continues),
            runs.released.eq(self.released),
            runs.show.eq(self.show),
            self.continued.eq(runs.continued),
            self.words.eq(runs.words),
        ]
        self._stream(m, network, registers, runs)
        return m

    def _stream(self, m: Module, network: Any, registers: Any, runs: Any) -> None:
        """Make lanes and sums, and tell when the next fold's values come into use."""
        config, width, advance = self.config, self.config.operand.width, self.advance
        m.submodules.reduce = sums = OverlapSums(config.slice_sums)
        pending, moving, in_use, fresh, moved = (
            Signal(name=name) for name in ("pending", "moving", "in_use", "fresh", "moved")
        )
        last = network.lanes_out.payload.tag
        m.d.comb += [
            moved.eq(network.lanes_out.valid & in_use & advance),
            network.lanes_out.ready.eq(in_use & advance),
        ]
        products = []
        for lane, value in enumerate(wires(network.lanes_out.payload.values, width + 1)):
            m.submodules[f"lane_{lane}"] = multiplier = Lane(
                config.format,
                config.flush_subnormals,
                config.multiplier_pipeline,
                config.operators,
                config.in_blocks,
            )
            m.d.comb += [
                multiplier.stationary.eq(registers.in_use.word_select(lane, width)),
                multiplier.value.eq(value[:width]),
                multiplier.useful.eq(value[width]),
            ]
            if config.multiplier_pipeline:
                m.d.comb += multiplier.en.eq(advance)
            products.append(multiplier.product)
        valid: Value = network.lanes_out.valid & in_use
        first: Value = fresh
        arrives: Value = self.take
        beside: Value = last
        for cycle in range(config.multiplier_pipeline):
            arrives = valid & first & advance
            valid = register(m, valid, f"multiplied_{cycle}", advance, reset_less=False)
            first = register(m, first, f"multiplied_first_{cycle}", advance)
            beside = register(m, beside, f"multiplied_beside_{cycle}", advance)
        m.d.comb += [
            sums.products.eq(Cat(products)),
            sums.valid.eq(valid),
            sums.first.eq(first),
            sums.last.eq(beside),
            sums.vec_ids.eq(runs.vec_ids),
            sums.occupied.eq(runs.occupied),
            sums.enable.eq(advance),
            sums.take.eq(self.take),
            sums.arrives.eq(arrives),
            # Vectors of a fold wait for its values; these wait until the last vector of the fold before is past.
            self.take.eq(pending & ~moving & (~in_use | (moved & last))),
            self.free.eq(~pending & ~moving),
            self.released.eq(sums.released),
            self.shows.eq(sums.shows),
            self.ends.eq(sums.ends),
            self.sums.eq(sums.sums),
            self.sum_valid.eq(sums.sum_valid),
        ]
        m.d.sync += [
            in_use.eq(self.take | (in_use & ~(moved & last))),
            fresh.eq(self.take | (fresh & ~moved)),
            pending.eq((pending & ~self.take) | self.swap),
            moving.eq((moving | self.take) & ~self.show),
        ]
