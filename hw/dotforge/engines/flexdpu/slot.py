"""A job in progress: its loader, its accumulator, and what keeps its Flex-DPEs in step.

::

    jobs ─► claim ─► members (a range of Flex-DPEs)
    bitmaps, rows, stationary ─► GroupLoad ─► members
    vectors ─────────────────────────────────► members ─► banks ─► Accumulator ─► Results ─► results

When the last result has left, loader and members are reset and the range is free.
"""

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from ...block import Block
from ...network.reduction.parts import register
from ...sparse.count import count_ones
from ...sparse.folding import slice_bits
from ...sparse.regor import bitmap_layout
from ...sparse.rows import given_layout
from ...sparse.source_positions import position_layout
from ...sparse.values import beat_layout
from .accumulator import Accumulator
from .config import FlexDpuConfig
from .errors import Cause
from .group_load import GroupLoad, loaded_ports
from .job import job_layout, take_job
from .member import vector_layout
from .results import Results, result_layout

__all__ = ["EVENTS", "LOADED", "Slot"]

#: What happens in a cycle, a bit each; the wrapper counts. Of ``streaming``, ``loading``, ``adding`` and ``leaving``
#: exactly one is set while ``active`` is.
EVENTS = ("active", "streaming", "stall", "fold", "loading", "adding", "leaving", "done")

#: Ports of :class:`dotforge.engines.flexdpu.group_load.GroupLoad` that go to the members.
LOADED = (
    "values", "value_write", "value_slice", "run_slice", "run_write", "run_filled", "run_changed", "run_ids",
    "run_at_lane", "run_word", "run_begins", "run_continues",
)  # fmt: skip


class Slot(Block):
    """Runs one job after the other.

    Parameters
    ----------
    config : of the engine

    Interface attributes
    --------------------
    jobs, bitmaps, rows, stationary, vectors, results : see :class:`dotforge.engines.flexdpu.core.FlexDpuCore`
    clear : throw the job and the error away
    busy, error, cause, overflow, events : see there
    wanted, granted : Flex-DPEs that a job waits for; it gets them
    members, first : Flex-DPEs of the job, and the first one's number
    restart : members are reset at the end of this cycle
    names of :data:`LOADED`, positions, position_slice : of the loader
    inner : vectors, to the members
    swap, show, advance, step : to the members, see :class:`dotforge.engines.flexdpu.member.Member` and
        :class:`dotforge.engines.flexdpu.collect.Collect`
    prepared, free, take, released, shown, last, more, row : from the members
    words, fresh, valid : to the banks
    stationary_wants, stationary_count, vector_wants, vector_count, stationary_may, vector_may : elements that could
        be taken in this cycle, and whether they may (where bandwidth is limited)
    """

    jobs: stream.Interface
    bitmaps: stream.Interface
    rows: stream.Interface
    stationary: stream.Interface
    vectors: stream.Interface
    results: stream.Interface
    clear: Signal
    busy: Signal
    error: Signal
    cause: Signal
    overflow: Signal
    events: Signal
    wanted: Signal
    granted: Signal
    members: Signal
    first: Signal
    restart: Signal
    values: Signal
    value_write: Signal
    value_slice: Signal
    run_slice: Signal
    run_write: Signal
    positions: stream.Interface
    position_slice: Signal
    inner: stream.Interface
    swap: Signal
    show: Signal
    advance: Signal
    step: Signal
    prepared: Signal
    free: Signal
    take: Signal
    released: Signal
    shown: Signal
    last: Signal
    more: Signal
    row: Signal
    words: Signal
    fresh: Signal
    valid: Signal
    stationary_wants: Signal
    stationary_count: Signal
    vector_wants: Signal
    vector_count: Signal
    stationary_may: Signal
    vector_may: Signal

    def __init__(self, config: FlexDpuConfig) -> None:
        self.config = config
        width, window = config.operand.width, config.positions
        vector = stream.Signature(vector_layout(window, width))
        load = loaded_ports(config)
        super().__init__(
            {
                "jobs": In(stream.Signature(job_layout(config))),
                "bitmaps": In(stream.Signature(bitmap_layout(window))),
                "rows": In(stream.Signature(given_layout(window, config.row_bits))),
                "stationary": In(stream.Signature(beat_layout(width, config.stationary_bandwidth))),
                "vectors": In(vector),
                "results": Out(stream.Signature(result_layout(config))),
                "clear": In(1),
                "busy": Out(1),
                "error": Out(1),
                "cause": Out(range(len(Cause))),
                "overflow": Out(1),
                "events": Out(len(EVENTS)),
                "wanted": Out(config.engines),
                "granted": In(1),
                "members": Out(config.engines),
                "first": Out(slice_bits(config.engines)),
                "restart": Out(1),
                **{name: load[name] for name in LOADED},
                "positions": Out(stream.Signature(position_layout(window))),
                "position_slice": load["position_slice"],
                "inner": Out(vector),
                "swap": Out(1),
                "show": Out(1),
                "advance": Out(1),
                "step": Out(1),
                "prepared": In(1),
                "free": In(1),
                "take": In(1),
                "released": In(1),
                "shown": In(1),
                "last": In(1),
                "more": In(1),
                "row": In(config.row_bits),
                "words": In(config.banks * config.exact_sum.width),
                "fresh": In(config.banks),
                "valid": In(config.banks),
                "stationary_wants": Out(1),
                "stationary_count": Out(config.stationary_bandwidth.bit_length()),
                "vector_wants": Out(1),
                "vector_count": Out(window.bit_length()),
                "stationary_may": In(1),
                "vector_may": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        m.submodules.load = load = GroupLoad(config)
        m.submodules.accumulator = accumulator = Accumulator(config)
        m.submodules.leave = results = Results(config)
        for block in (load, accumulator, results):
            block.cleared_by = self.restart
        job, blocks, wrong_job = take_job(m, self)
        m.d.comb += [
            self.restart.eq(self.clear | results.done),
            load.running.eq(self.busy),
            load.last_slice.eq(job["size"] - 1),
            load.row_count.eq(job["rows"]),
            load.windows.eq(job["windows"]),
            load.take.eq(self.take),
            load.show.eq(self.show),
            load.allowed.eq(self.stationary_may),
            *(getattr(self, name).eq(getattr(load, name)) for name in (*LOADED, "position_slice")),
            self.positions.payload.eq(load.positions.payload),
            self.positions.valid.eq(load.positions.valid),
            load.positions.ready.eq(self.positions.ready),
        ]
        for name in ("bitmaps", "rows", "stationary"):
            outer, inner = getattr(self, name), getattr(load, name)
            m.d.comb += [
                inner.payload.eq(outer.payload),
                inner.valid.eq(outer.valid & ~self.error),
                outer.ready.eq(inner.ready | self.error),
            ]
        wrong_vector, waits = self._vectors(m, load, job["vectors"])
        inside, fold_row, final = self._sums(m, load, accumulator, blocks)
        adds = Signal()
        m.d.comb += [
            adds.eq(load.loaded & ~load.waits & ~inside),
            results.running.eq(self.busy & ~self.error),
            results.rows.eq(job["rows"]),
            results.vectors.eq(job["vectors"]),
            results.blocks.eq(blocks),
            results.tag.eq(job["tag"]),
            results.begun.eq(load.begun),
            results.row.eq(fold_row),
            results.final.eq(final),
            results.added.eq(adds),
            accumulator.address.eq(results.address),
            results.words.eq(accumulator.results),
            self.results.payload.eq(results.results.payload),
            self.results.valid.eq(results.results.valid),
            results.results.ready.eq(self.results.ready),
        ]
        self._errors(m, load.seen, wrong_job, wrong_vector, accumulator.overflow)
        accepted = self.vectors.valid & self.vectors.ready & ~self.error
        only_sums = load.loaded & waits
        m.d.comb += self.events.eq(
            Cat(
                self.busy,
                self.busy & accepted,
                self.shown & ~self.advance,
                self.swap,
                self.busy & ~accepted & ~only_sums,
                self.busy & ~accepted & only_sums & ~adds,
                self.busy & ~accepted & only_sums & adds,
                results.done,
            )
        )
        return m

    def _vectors(self, m: Module, load: Any, count: Value) -> tuple[Value, Value]:
        """Swap folds and let vectors in; return whether ``last`` came in a wrong place, and that no vector is due."""
        payload = self.vectors.payload
        streaming = Signal()
        accepted = Signal()
        ends = Signal()
        index = Signal(self.config.index_bits + 1)
        last = Signal()
        enabled = streaming & ~self.error
        may: Value = enabled
        if self.config.limited:
            m.d.comb += [
                self.stationary_wants.eq(load.open & self.stationary.valid & ~self.error),
                self.stationary_count.eq(self.stationary.payload.count),
                self.vector_wants.eq(enabled & self.vectors.valid & self.inner.ready),
                self.vector_count.eq(count_ones(m, "vector_elements", payload.bitmap)),
            ]
            may = enabled & self.vector_may
        m.d.comb += [
            self.inner.payload.eq(payload),
            self.inner.valid.eq(self.vectors.valid & may),
            self.vectors.ready.eq((self.inner.ready & may) | self.error),
            accepted.eq(self.inner.valid & self.inner.ready),
            last.eq(index + 1 == count),
            ends.eq(accepted & payload.last),
            self.swap.eq(load.complete & self.prepared & self.free & (~streaming | ends) & ~self.error),
        ]
        m.d.sync += [
            streaming.eq((self.swap | (streaming & ~ends)) & ~self.restart),
            index.eq(Mux(self.restart | ends, 0, index + accepted)),
        ]
        return accepted & (payload.last != last), ~streaming & ~(load.waits & self.free)

    def _sums(self, m: Module, load: Any, accumulator: Any, blocks: Value) -> tuple[Value, Value, Value]:
        """Move sums on; return whether some are shown or to come, and the row and window of the fold they are of."""
        config = self.config
        show: Value = self.released
        for cycle in range(config.join_latency):
            show = register(m, show, f"released_{cycle}", self.advance, reset_less=False) & self.advance
        moves = self.shown & ~accumulator.hazard
        ends = Signal()
        inside = Signal()
        first_round = Signal(init=1)
        final = Signal()
        fold_row = Signal(config.row_bits)
        fold_final = Signal()
        m.d.comb += [
            self.show.eq(show),
            self.step.eq(moves & self.more),
            self.advance.eq(~self.shown | (moves & ~self.more)),
            ends.eq(moves & ~self.more & self.last),
            accumulator.blocks.eq(blocks),
            accumulator.words.eq(self.words),
            accumulator.valid.eq(self.valid),
            accumulator.fresh.eq(self.fresh),
            accumulator.row.eq(self.row),
            accumulator.take.eq(moves),
            accumulator.vector_ends.eq(~self.more),
            accumulator.fold_ends.eq(self.last),
        ]
        shows = self.shown & first_round
        m.d.sync += [
            inside.eq(((inside & ~ends) | self.show) & ~self.restart),
            first_round.eq(Mux(moves, ~self.more, first_round) | self.restart),
            final.eq(Mux(self.show, load.final, final) & ~self.restart),
            fold_row.eq(Mux(shows, self.row, fold_row)),
            fold_final.eq(Mux(shows, final, fold_final) & ~self.restart),
        ]
        return inside, fold_row, fold_final

    def _errors(
        self,
        m: Module,
        seen: Value,
        wrong_job: list[tuple[Cause, Value]],
        wrong_vector: Value,
        overflow: Value,
    ) -> None:
        """Keep the first cause of an error, and that a sum did not fit."""
        causes: dict[Cause, Value] = {
            cause: seen[cause] & self.busy for cause in Cause if cause is not Cause.NONE
        }
        causes |= wrong_job
        causes[Cause.VECTOR_COUNT] = wrong_vector
        lowest: Value = self.cause
        for cause in sorted(causes, reverse=True):
            lowest = Mux(causes[cause], int(cause), lowest)
        happens = Cat(causes.values()).any()
        m.d.sync += [
            self.error.eq((self.error | happens) & ~self.clear),
            self.cause.eq(Mux(self.clear, 0, Mux(self.error, self.cause, lowest))),
            self.overflow.eq((self.overflow | overflow) & ~self.clear),
        ]
