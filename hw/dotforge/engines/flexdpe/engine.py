"""The Flex-DPE as an engine.

::

    bitmaps ──┐
    rows ─────┼─► Load ─► positions ─► routes ─► settings, prepared
    stationary┘     │                               │ swap: the next fold's vectors come
                    │ values, prepared              ▼
    vectors ────────┼───────────────────► DistributionNetwork
                    │ take: they are here           ▼
                    └───────────────────►  lanes: stationary × streaming
                                                    ▼
                                                  Sums ──► sums
"""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import Out

from ...network.distribution.distribution import DistributionNetwork
from ...network.reduction.parts import register
from ...network.routing.engines import RouteEngines
from ...sparse.lane import Lane
from ...sparse.overlapped_sums import OverlapSums
from ...sparse.stage import Skid
from ...sparse.sums import Sums
from ...stream.axi import StreamBlock
from .config import FlexDpeConfig
from .drained_sums import DrainSums
from .errors import Cause, Errors
from .host_route import HostRoute
from .load import Load, connect
from .payloads import payloads

__all__ = ["FlexDpe"]


class FlexDpe(StreamBlock):
    """Flexible dot product engine with its bitmap controller.

    Streams in
    ----------
    bitmaps : of the streaming vectors of a window, ahead of its rows, or their OR in one beat
    rows : id and bitmap of each stationary row of a window, ids rising; ``last`` ends the window
    stationary : the values at the set bits of those rows, packed; ``last`` ends the window, with a beat of
        ``count`` 0 where needed
    settings : with ``host_routes``, the settings of each fold's distribution network
    vectors : streaming vectors, compressed; ``last`` ends a fold

    Stream out
    ----------
    sums : slot j serves the run whose last lane is j; ``last`` ends a fold

    Ports beside: ``error`` and ``error_cause`` (:class:`dotforge.engines.flexdpe.errors.Cause`). After an error all
    inputs are taken and ignored until reset; vectors that came before it still give their sums.

    Parameters
    ----------
    config : see :class:`dotforge.engines.flexdpe.config.FlexDpeConfig`
    """

    module_name = "engine"
    bitmaps: stream.Interface
    rows: stream.Interface
    stationary: stream.Interface
    settings: stream.Interface
    vectors: stream.Interface
    sums: stream.Interface
    error: Signal
    error_cause: Signal
    overflow: Signal

    def __init__(self, config: FlexDpeConfig) -> None:
        self.config = config
        self.latency = config.distribution_pipeline + config.multiplier_pipeline + config.sum_latency
        super().__init__(
            *payloads(config),
            {
                "error": Out(1),
                "error_cause": Out(range(len(Cause))),
                **({"overflow": Out(1)} if config.may_overflow else {}),
            },
        )

    def _lane(self) -> Lane:
        config = self.config
        options = config.multiplier_pipeline, config.operators, config.in_blocks
        return Lane(config.format, config.flush_subnormals, *options)

    def _network(self) -> DistributionNetwork:
        config = self.config
        return DistributionNetwork(
            config.lanes,
            config.operand.width + 1,
            config.positions,
            config.topology,
            registers=config.distribution_registers,
            tag_width=1,
            registered_ready=config.control_pipeline and config.distribution_pipeline > 0,
            registered_writable=config.control_pipeline,
            swap_apart=True,  # nothing is written between prepared and swap
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        m.submodules.watch = errors = Errors()
        m.submodules.load = load = Load(config)
        m.submodules.network = network = self._network()
        m.d.comb += [self.error.eq(errors.error), self.error_cause.eq(errors.cause)]
        for name in ("bitmaps", "rows", "stationary"):
            _guard(m, getattr(self, name), getattr(load, name), errors.error)
        seen: Value = load.seen

        # The next fold is ready when its lanes and its settings are; the swap lets its vectors in.
        streaming = Signal()
        pending = Signal()
        moving = Signal()
        swap = Signal()
        accepted = Signal()
        last = self.vectors.payload.last
        route: Any = self._route(m, load, network, errors.error)
        if config.host_routes:
            seen = seen | Cat(Const(0, int(Cause.ROUTE_LENGTH)), route.wrong)
        m.d.comb += [
            errors.seen.eq(seen),
            accepted.eq(network.vectors.valid & network.vectors.ready),
            swap.eq(load.complete & route.prepared & ~pending & ~moving & (~streaming | (accepted & last))),
            network.swap.eq(swap),
            route.swapped.eq(swap),
            self._gate(network, streaming & ~errors.error),
            self.vectors.ready.eq((network.vectors.ready & streaming) | errors.error),
        ]
        m.d.sync += streaming.eq(swap | (streaming & ~(accepted & last)))
        sums, take = self._stream(m, load, network, pending, moving)
        m.d.sync += [
            pending.eq((pending & ~take) | swap),
            moving.eq((moving | take) & ~sums.released),
        ]
        return m

    def _gate(self, network: DistributionNetwork, enable: Value) -> Any:
        """Give the network vectors: values with a bit of their own that is always set."""
        payload, width = self.vectors.payload, self.config.operand.width
        values = [Cat(value, Const(1, 1)) for value in _words(payload, "values", width)]
        return [
            network.vectors.valid.eq(self.vectors.valid & enable),
            network.vectors.payload.values.eq(Cat(values)),
            network.vectors.payload.bitmap.eq(payload.bitmap),
            network.vectors.payload.tag.eq(payload.last),
        ]

    def _route(self, m: Module, load: Load, network: DistributionNetwork, failed: Value) -> Any:
        """Make what finds or takes the settings, and connect it to the network."""
        config = self.config
        if config.host_routes:
            m.submodules.route = route = HostRoute(config.lanes, config.setting_rows)
            _guard(m, self.settings, route.settings, failed)
        else:
            m.submodules.route = route = RouteEngines(
                config.topology, config.lanes, config.positions, config.route_engines, config.route_walkers
            )
            connect(m, load.positions, route.positions)
        any_route: Any = route
        m.d.comb += [
            network.write.eq(any_route.write),
            network.row.eq(any_route.row),
            network.data.eq(any_route.data),
            any_route.writable.eq(network.writable),
        ]
        return route

    def _stream(
        self, m: Module, load: Load, network: DistributionNetwork, pending: Signal, moving: Signal
    ) -> tuple[Sums, Value]:
        """Make lanes and sums; return the sums, and when the next fold's values come into use."""
        config, lanes = self.config, self.config.lanes
        width = config.operand.width
        m.submodules.reduce = sums = (OverlapSums if config.overlaps else DrainSums)(config)
        advance = Signal()
        take = Signal()
        in_use = Signal()
        fresh = Signal()
        moved = Signal()
        last = network.lanes_out.payload.tag
        empty: list[Value] = []
        # Vectors of a fold wait for its values; these wait until the last vector of the fold before is past.
        m.d.comb += [
            moved.eq(network.lanes_out.valid & in_use & advance),
            network.lanes_out.ready.eq(in_use & advance),
        ]
        products, useful = [], []
        for lane, value in enumerate(_words(network.lanes_out.payload, "values", width + 1)):
            m.submodules[f"lane_{lane}"] = multiplier = self._lane()
            m.d.comb += [
                multiplier.stationary.eq(load.values.word_select(lane, width)),
                multiplier.value.eq(value[:width]),
                multiplier.useful.eq(value[width]),
            ]
            if config.multiplier_pipeline:
                m.d.comb += multiplier.en.eq(advance)
            products.append(multiplier.product)
            useful.append(value[width])
        valid: Value = network.lanes_out.valid & in_use
        first: Value = fresh
        arrives: Value = take
        beside: Value = Cat(last, useful)
        for cycle in range(config.multiplier_pipeline):
            arrives = valid & first & advance
            valid = register(m, valid, f"multiplied_{cycle}", advance, reset_less=False)
            first = register(m, first, f"multiplied_first_{cycle}", advance)
            beside = register(m, beside, f"multiplied_beside_{cycle}", advance)
            empty.append(~valid)
        passed = ~in_use | (moved & last)
        if not config.overlaps:
            passed = ~in_use & Cat(*empty, Const(1, 1)).all()
        m.d.comb += [
            sums.products.eq(Cat(products)),
            sums.useful.eq(beside[1:]),
            sums.valid.eq(valid),
            sums.first.eq(first),
            sums.last.eq(beside[0]),
            sums.vec_ids.eq(load.vec_ids),
            sums.occupied.eq(load.occupied),
            sums.enable.eq(advance),
            sums.take.eq(take),
            sums.arrives.eq(arrives),
            take.eq(pending & ~moving & sums.free & passed),
            load.take.eq(take),
            load.show.eq(sums.released),
        ]
        m.d.sync += [
            in_use.eq(take | (in_use & ~(moved & last))),
            fresh.eq(take | (fresh & ~moved)),
        ]
        payload: Any = self.sums.payload
        taken: Value = self.sums.ready
        if config.control_pipeline:
            # What is not taken at once waits in a place of its own, so that one register stalls all others.
            payload = Signal(self.sums.payload.shape(), name="shown")
            m.submodules.place = place = Skid(len(payload.as_value()))
            taken = place.i.ready
            m.d.comb += [
                place.i.valid.eq(sums.shows),
                place.i.payload.eq(payload.as_value()),
                advance.eq(taken),
            ]
            connect(m, place.o, self.sums)
        else:
            m.d.comb += [self.sums.valid.eq(sums.shows), advance.eq(~sums.shows | taken)]
        m.d.comb += [
            payload.valid.eq(sums.sum_valid),
            payload.row.eq(load.row_ids),
            payload.index.eq(sums.sum_indices),
            payload.partial.eq(Cat(Const(0, lanes - 1), load.partial & sums.sum_valid[-1])),
            payload.value.eq(sums.sums),
            payload.complete.eq(sums.complete),
            payload.vector.eq(sums.index),
            payload.bitmap.eq(sums.bitmap),
            payload.last.eq(sums.ends),
        ]
        if config.may_overflow:
            sticky = Signal()
            m.d.sync += sticky.eq(sticky | (sums.overflow.any() & taken))
            m.d.comb += [payload.overflow.eq(sums.overflow), self.overflow.eq(sticky)]
        return sums, take


def _words(payload: Any, name: str, width: int) -> list[Value]:
    """Return the words of a field; of the payload, since of a slice Amaranth writes all for every slice of it."""
    flat, field = payload.as_value(), payload.shape()[name]
    starts = range(field.offset, field.offset + field.width, width)
    return [flat[start : start + width] for start in starts]


def _guard(m: Module, outer: Any, inner: Any, failed: Value) -> None:
    """Join an input stream to what takes it; after an error it is taken and ignored."""
    m.d.comb += [
        inner.payload.as_value().eq(outer.payload.as_value()),
        inner.valid.eq(outer.valid & ~failed),
        outer.ready.eq(inner.ready | failed),
    ]
