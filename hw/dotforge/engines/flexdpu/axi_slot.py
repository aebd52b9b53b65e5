"""A slot with packets: two streams of packets in, one out, and what the registers tell of it."""

from typing import Any

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ...block import Block
from ...stream.packets.fields import FORMAT_CODES, Kind, beat_layout
from ...stream.packets.reader import TileReader
from ...stream.packets.rows import TileRows
from ...stream.packets.vectors import TileVectors
from ...stream.packets.writer import ResultWriter
from .config import FlexDpuConfig
from .job_queue import job_layout
from .payloads import payloads

__all__ = ["COUNTERS", "AxiSlot"]

#: Counters of a slot, and the bit of the core's events that each counts.
COUNTERS = {"jobs": 7, "cycles": 0, "loading": 4, "streaming": 1, "adding": 5, "results": 6, "stalls": 2}

#: Streams to the core.
_TO_CORE = ("jobs", "bitmaps", "rows", "stationary", "vectors")


class AxiSlot(Block):
    """Between the packets of a slot and the core's streams of it.

    After an error, of a packet or of the core, all packets are taken and thrown away until ``clear``.

    Parameters
    ----------
    config : of the engine

    Interface attributes
    --------------------
    packets_stationary, packets_streaming : beats of packets in
    packets_results : beats of packets out
    jobs, bitmaps, rows, stationary, vectors : to the core
    core_results : from the core
    busy, error, cause, overflow, events : of the core
    core_clear : to the core
    given, job : the queue gives a job
    wants : it would be taken
    clear : the job and its error are thrown away
    reset_counters : they begin at 0
    failed, code : the slot has an error, and its cause: the core's, or from 16 on
        :class:`dotforge.stream.packets.fields.Cause`
    tag : of the job that runs, or of the last one
    runs : a job does, or is about to
    jobs_done, cycles, loading, … : counters, 32 bits
    latency : 0
    """

    given: Signal
    job: data.View
    wants: Signal
    clear: Signal
    reset_counters: Signal
    failed: Signal
    code: Signal
    tag: Signal
    runs: Signal
    busy: Signal
    error: Signal
    cause: Signal
    events: Signal
    core_clear: Signal
    jobs: stream.Interface
    vectors: stream.Interface
    packets_stationary: stream.Interface
    packets_streaming: stream.Interface
    core_results: stream.Interface
    packets_results: stream.Interface

    def __init__(self, config: FlexDpuConfig) -> None:
        self.config = config
        inputs, outputs = payloads(config)
        beats = stream.Signature(beat_layout(config.data_bits))
        members: dict[str, Any] = {
            "packets_stationary": In(beats),
            "packets_streaming": In(beats),
            "packets_results": Out(beats),
            **{name: Out(stream.Signature(inputs[f"{name}_0"].layout())) for name in _TO_CORE},
            "core_results": In(stream.Signature(outputs["results_0"].layout())),
            "busy": In(1),
            "error": In(1),
            "cause": In(5),
            "events": In(8),
            "core_clear": Out(1),
            "given": In(1),
            "job": In(job_layout(config)),
            "wants": Out(1),
            "clear": In(1),
            "reset_counters": In(1),
            "failed": Out(1),
            "code": Out(5),
            "tag": Out(16),
            "runs": Out(1),
            **{f"count_{name}": Out(32) for name in COUNTERS},
        }
        super().__init__(members)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        common = {
            "data_width": config.data_bits,
            "width": config.operand.width,
            "format_code": FORMAT_CODES[config.format],
            "columns": config.positions,
        }
        counted = max(config.row_bits, config.index_bits) + 1
        m.submodules.stationary_packets = fixed = TileReader(
            **common,
            kinds=(Kind.REGOR, Kind.STATIONARY),
            count_bits=counted,
            row_bits=config.row_bits,
            closes=True,
        )
        m.submodules.streaming_packets = moving = TileReader(
            **common, kinds=(Kind.STREAMING,), count_bits=counted, row_bits=0, closes=False
        )
        share = min(config.stationary_bandwidth, config.data_bits // config.operand.width)
        m.submodules.tile_rows = rows = TileRows(
            config.data_bits, config.operand.width, config.positions, config.row_bits, share
        )
        m.submodules.tile_vectors = vectors = TileVectors(
            config.data_bits, config.operand.width, config.positions
        )
        m.submodules.writer = writer = ResultWriter(
            data_width=config.data_bits,
            banks=config.banks,
            width=config.sum.width,
            signed=not config.is_float,
            index_bits=config.index_bits,
            row_bits=config.row_bits,
            tag_bits=config.tag_bits,
        )

        job, pending, opens = Signal(job_layout(config)), Signal(), Signal()
        mine, own, stop = Signal(), Signal(5), Signal()
        m.d.comb += [
            self.wants.eq(~pending & ~self.busy & ~self.failed),
            self.runs.eq(pending | self.busy),
            stop.eq(self.failed | self.clear),
            self.failed.eq(mine | self.error),
            self.code.eq(Mux(mine, own, self.cause)),
            self.core_clear.eq(self.clear),
            self.tag.eq(job.tag),
            opens.eq(self.jobs.valid & self.jobs.ready),
            self.jobs.valid.eq(pending & ~stop),
            self.jobs.payload.as_value().eq(job.as_value()),
        ]
        with m.If(self.given):
            m.d.sync += job.eq(self.job)
        m.d.sync += pending.eq(self.given | (pending & ~opens))

        # Stationary packets of a window: for REGOR, then the rows. So many windows.
        left, regor_is_there = Signal(16), Signal()
        with m.If(fixed.ended):
            m.d.sync += [regor_is_there.eq(~regor_is_there), left.eq(left - regor_is_there)]
        with m.If(opens):
            m.d.sync += [regor_is_there.eq(0), left.eq(job.windows)]
        m.d.comb += [
            fixed.active.eq(self.busy & left.any()),
            fixed.wanted.eq(1),
            fixed.due.eq(Mux(regor_is_there, 1 << Kind.STATIONARY, 1 << Kind.REGOR)),
            moving.active.eq(self.busy),
            # The core wants a vector, and none is on its way.
            moving.wanted.eq(self.vectors.ready & vectors.empty),
            moving.due.eq(1 << Kind.STREAMING),
        ]
        for reader, outer in ((fixed, self.packets_stationary), (moving, self.packets_streaming)):
            m.d.comb += [
                reader.i.payload.eq(outer.payload),
                reader.i.valid.eq(outer.valid),
                outer.ready.eq(reader.i.ready),
                reader.opens.eq(opens),
                reader.tag.eq(job.tag),
                reader.stop.eq(stop),
            ]
        with m.If(~self.failed & (fixed.failed | moving.failed)):
            m.d.sync += [mine.eq(1), own.eq(Mux(fixed.failed, fixed.cause, moving.cause))]
        with m.If(self.clear):
            m.d.sync += [mine.eq(0), pending.eq(0), left.eq(0)]
        self._join(m, fixed, rows, stop)
        self._join(m, moving, vectors, stop)
        self._to_core(m, rows, vectors, stop)

        m.d.comb += [
            writer.i.payload.eq(self.core_results.payload.as_value()),
            writer.i.valid.eq(self.core_results.valid & ~stop),
            self.core_results.ready.eq(writer.i.ready & ~stop),
            writer.rows.eq(job.rows),
            writer.vectors.eq(job.vectors),
            writer.row.eq(job.row),
            writer.column.eq(job.column),
            writer.turned.eq(job.turned),
            writer.stop.eq(stop),
            self.packets_results.payload.eq(writer.o.payload),
            self.packets_results.valid.eq(writer.o.valid),
            writer.o.ready.eq(self.packets_results.ready),
        ]
        for name, bit in COUNTERS.items():
            count = getattr(self, f"count_{name}")
            with m.If(self.events[bit]):
                m.d.sync += count.eq(count + 1)
            with m.If(self.reset_counters):
                m.d.sync += count.eq(0)
        return m

    def _join(self, m: Module, reader: TileReader, tiles: TileRows | TileVectors, stop: Signal) -> None:
        """Give what a reader takes apart to who hands it out."""
        for inner, outer in ((tiles.blocks, reader.blocks), (tiles.values, reader.values)):
            m.d.comb += [
                inner.payload.eq(outer.payload),
                inner.valid.eq(outer.valid),
                outer.ready.eq(inner.ready),
            ]
        m.d.comb += tiles.stop.eq(stop)

    def _to_core(self, m: Module, rows: TileRows, vectors: TileVectors, stop: Signal) -> None:
        """Give rows, values and vectors to the core; nothing while the slot has stopped."""
        streams = {
            "bitmaps": (rows.bitmaps, ("bitmap", "last")),
            "rows": (rows.rows, ("row", "bitmap", "last")),
            "stationary": (rows.stationary, ("values", "count", "last")),
            "vectors": (vectors.vectors, ("values", "bitmap", "last")),
        }
        for name, (inner, fields) in streams.items():
            outer = getattr(self, name)
            m.d.comb += [outer.valid.eq(inner.valid & ~stop), inner.ready.eq(outer.ready & ~stop)]
            m.d.comb += [outer.payload[field].eq(inner.payload[field]) for field in fields]
