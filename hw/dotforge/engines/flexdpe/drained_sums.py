"""Sums that leave when they are complete; a fold leaves before the next one comes in."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value

from ...network.reduction.art import Art
from ...network.reduction.fan import Fan
from ...network.reduction.linear import LinearReduction
from ...network.reduction.parts import Delay, Joins
from ...network.reduction.reduction import Reduction
from ...sparse.sums import Sums, run_ends
from .config import FlexDpeConfig

__all__ = ["DrainSums", "reduction"]


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
        operators=config.operators,
    )


class DrainSums(Sums):
    """Any of the reduction networks, one fold at a time.

    ``free`` when no vector is inside: ``latency`` cycles after the last one entered. See
    :class:`dotforge.sparse.sums.Sums` for parameters and ports.
    """

    config: FlexDpeConfig

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config, lanes = self.config, self.config.lanes
        vec_ids = Signal(lanes, reset_less=True)
        occupied = Signal(lanes, reset_less=True)
        m.d.sync += [
            vec_ids.eq(Mux(self.take, self.vec_ids, vec_ids)),
            occupied.eq(Mux(self.take, self.occupied, occupied)),
        ]
        index = self.count(m)
        m.submodules.network = network = reduction(config)
        m.d.comb += [
            network.values.eq(self._skewed(m)),
            network.vec_ids.eq(vec_ids),
            network.occupied.eq(occupied),
            network.valid.eq(self.valid),
            network.tag.eq(index),
            network.enable.eq(self.enable),
            self.free.eq(network.idle),
            self.released.eq(self.take),
            self.sum_valid.eq(network.sum_valid),
            self.sum_indices.eq(network.sum_tags),
            self.shows.eq(network.sum_valid.any() | self.complete),
        ]
        self.fit(m, network.sums)
        m.submodules.joins = joins = Joins(lanes, 1)
        m.d.comb += joins.vec_ids.eq(vec_ids)
        self.beside(m, index, joins.joins, run_ends(joins.joins, occupied))
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
