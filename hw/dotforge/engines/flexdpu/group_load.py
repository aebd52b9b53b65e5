"""What a job loads: REGOR, stationary' and fold cutting, once for all Flex-DPEs of its group.

::

    bitmaps ─► Regor
                 ▼                    ┌─► Positions ─► the slice's Flex-DPE, for its routes
    rows ────► RowMask ─► RowShare ───┤
                                      └─► [RowBuffer ─► RowShare] ─┬─► SliceRuns ──► the slice's registers
                                                                   └─► KeepQueue
                                                                          ▼
    stationary ──────────────────────────────────────────────────────► SliceValues ─► the slice's registers

Source: 004_cc286613ada5888f (SIGMA), section IV-E, steps i to v; section IV-C: one controller for each GEMM.
"""

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from ...block import Block
from ...network.columns import check_lanes
from ...sparse.buffer import RowBuffer
from ...sparse.folding import SliceSteps, slice_bits
from ...sparse.keep_queue import KeepQueue
from ...sparse.regor import Regor, bitmap_layout
from ...sparse.rows import RowMask, RowShare, given_layout
from ...sparse.source_positions import Positions, position_layout
from ...sparse.stage import Stage
from ...sparse.values import ValuePacker, beat_layout
from .config import FlexDpuConfig
from .errors import Cause
from .slice_runs import SliceRuns

__all__ = ["WINDOW_BITS", "GroupLoad", "SliceValues", "loaded_ports"]

#: Bits of a number of windows.
WINDOW_BITS = 16


class SliceValues(ValuePacker):
    """Packs stationary values for the slices of a group's next fold.

    Parameters
    ----------
    lanes, width, bandwidth, operators : see :class:`dotforge.sparse.values.ValuePacker`
    slices : Flex-DPEs of a group, at most

    Interface attributes
    --------------------
    last_slice : Flex-DPEs of the group, less one
    slice : that is written
    values : of a beat; that of lane j is value j mod ``bandwidth``
    write : lanes that are written
    """

    last_slice: Signal
    slice: Signal
    values: Signal
    write: Signal

    def __init__(self, lanes: int, width: int, bandwidth: int, slices: int, operators: bool = False) -> None:
        self.slices = slices
        super().__init__(
            lanes,
            width,
            bandwidth,
            False,
            operators,
            {
                "last_slice": In(slice_bits(slices)),
                "slice": Out(slice_bits(slices)),
                "values": Out(bandwidth * width),
                "write": Out(lanes),
            },
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        steps = SliceSteps(self.slices)
        values, write, last = self.pack(m, steps)
        m.d.comb += [
            steps.last.eq(last),
            steps.last_slice.eq(self.last_slice),
            self.slice.eq(steps.slice),
            self.values.eq(values[: self.bandwidth * self.width]),
            self.write.eq(write),
        ]
        return m


def loaded_ports(config: FlexDpuConfig) -> dict[str, Any]:
    """Return the ports of a loader that tell Flex-DPEs what to keep."""
    lanes, bits = config.lanes, slice_bits(config.engines)
    return {
        "position_slice": Out(bits),
        "values": Out(config.stationary_bandwidth * config.operand.width),
        "value_write": Out(lanes),
        "value_slice": Out(bits),
        "run_slice": Out(bits),
        "run_write": Out(1),
        "run_filled": Out(lanes),
        "run_changed": Out(lanes),
        "run_ids": Out(lanes),
        "run_at_lane": Out(lanes),
        "run_word": Out(config.row_bits + 2),
        "run_begins": Out(1),
        "run_continues": Out(1),
    }


class GroupLoad(Block):
    """Loads the next fold of a job while another is in use.

    Parameters
    ----------
    config : of the engine

    Interface attributes
    --------------------
    running : a job is; without one nothing is taken
    last_slice, row_count, windows : of the job: Flex-DPEs less one, rows, windows
    bitmaps, rows, stationary : of the job
    take, show : of :class:`dotforge.engines.flexdpu.member.Member`
    complete : runs and values of the next fold are there
    final : it is of the job's last window
    open, allowed : a beat of ``stationary`` could be taken, and may be taken (where bandwidth is limited)
    loaded : all rows of the job are placed, and all its values are there
    waits : a fold is placed that is not shown yet
    positions, position_slice : of a lane, and the slice whose lane it is
    values, value_write, value_slice : see :class:`SliceValues`
    run_slice, run_write, run_filled, run_changed, run_ids, run_at_lane, run_word, run_begins, run_continues, begun :
        see :class:`dotforge.engines.flexdpu.slice_runs.SliceRuns`
    seen : errors of this cycle, a bit a :class:`dotforge.engines.flexdpu.errors.Cause`
    """

    running: Signal
    last_slice: Signal
    row_count: Signal
    windows: Signal
    bitmaps: stream.Interface
    rows: stream.Interface
    stationary: stream.Interface
    take: Signal
    show: Signal
    complete: Signal
    final: Signal
    allowed: Signal
    open: Signal
    loaded: Signal
    waits: Signal
    positions: stream.Interface
    position_slice: Signal
    values: Signal
    value_write: Signal
    value_slice: Signal
    run_slice: Signal
    run_write: Signal
    run_filled: Signal
    run_changed: Signal
    run_ids: Signal
    run_at_lane: Signal
    run_word: Signal
    run_begins: Signal
    run_continues: Signal
    begun: Signal
    seen: Signal

    def __init__(self, config: FlexDpuConfig) -> None:
        self.config = config
        width, window = config.operand.width, config.positions
        bits = slice_bits(config.engines)
        super().__init__(
            {
                "running": In(1),
                "last_slice": In(bits),
                "row_count": In(config.row_bits + 1),
                "windows": In(WINDOW_BITS),
                "bitmaps": In(stream.Signature(bitmap_layout(window))),
                "rows": In(stream.Signature(given_layout(window, config.row_bits))),
                "stationary": In(stream.Signature(beat_layout(width, config.stationary_bandwidth))),
                "take": In(1),
                "show": In(1),
                "complete": Out(1),
                "final": Out(1),
                "loaded": Out(1),
                "waits": Out(1),
                "allowed": In(1),
                "open": Out(1),
                "positions": Out(stream.Signature(position_layout(window))),
                **loaded_ports(config),
                "begun": Out(1 << config.row_bits),
                "seen": Out(len(Cause)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config, window = self.config, self.config.positions
        m.submodules.gather = regor = Regor(window)
        m.submodules.mask = mask = RowMask(window, config.row_bits, config.operators)
        m.submodules.runs = runs = SliceRuns(
            config.lanes, window, config.row_bits, config.engines, config.banks, config.operators
        )
        m.submodules.queue = keep = KeepQueue(window, config.stationary_bandwidth, operators=config.operators)
        m.submodules.fill = values = SliceValues(
            config.lanes, config.operand.width, config.stationary_bandwidth, config.engines, config.operators
        )
        m.submodules.scan = scan = Positions(config.lanes, window, operators=config.operators, tells_end=True)
        # Streams of the next job wait for it.
        gathers = self._counted(
            m, "gathered", self.bitmaps.valid & self.bitmaps.ready & self.bitmaps.payload.last
        )
        fills = self._counted(m, "filled", values.restart)
        places = self._counted(m, "placed", runs.window_ends)
        _join(m, self.bitmaps, regor.bitmaps, gathers)
        _join(m, self.rows, mask.i, self.running)
        self._fill(m, values, fills)
        m.d.comb += [
            mask.regor.eq(regor.regor),
            mask.regor_valid.eq(regor.valid),
            regor.finished.eq(mask.finished),
            runs.take.eq(self.show),
            runs.last_slice.eq(self.last_slice),
            values.take.eq(self.take),
            values.last_slice.eq(self.last_slice),
            values.keep.eq(keep.keep),
            values.present.eq(keep.present),
            values.empty.eq(keep.empty),
            values.ended.eq(keep.ended),
            keep.wanted.eq(values.wanted),
            keep.drop.eq(values.drop),
            keep.restart.eq(values.restart),
            self.complete.eq(runs.complete & values.complete),
            self.loaded.eq(self.running & ~places & ~fills),
            self.waits.eq(runs.complete),
            self.positions.valid.eq(scan.positions.valid),
            self.positions.payload.eq(scan.positions.payload),
            scan.positions.ready.eq(self.positions.ready),
            self.values.eq(values.values),
            self.value_write.eq(values.write),
            self.value_slice.eq(values.slice),
            self.run_slice.eq(runs.slice),
            self.run_write.eq(runs.writes),
            self.run_filled.eq(runs.filled),
            self.run_changed.eq(runs.changed),
            self.run_ids.eq(runs.vec_ids),
            self.run_at_lane.eq(runs.at_lane),
            self.run_word.eq(runs.word),
            self.run_begins.eq(runs.begins),
            self.run_continues.eq(runs.continued),
            self.begun.eq(runs.begun),
        ]
        # Which window the fold is of that is being placed.
        window_number = Signal(WINDOW_BITS)
        m.d.sync += [
            window_number.eq(window_number + runs.window_ends),
            self.final.eq(Mux(runs.writes, window_number + 1 == self.windows, self.final)),
        ]
        self._share(m, mask.o, scan, [runs, keep])
        self._scanned(m, scan)
        accepted = self.rows.valid & self.rows.ready
        seen = {
            Cause.ROW_ORDER: mask.disorder,
            Cause.STATIONARY_COUNT: values.too_many,
            Cause.STATIONARY_SURPLUS: values.surplus,
            Cause.STATIONARY_SHORT: values.short,
            Cause.ROW_RANGE: accepted & (self.rows.payload.row >= self.row_count),
        }
        for cause, happens in seen.items():
            m.d.comb += self.seen[cause].eq(happens)
        return m

    def _fill(self, m: Module, values: Any, fills: Value) -> None:
        """Give stationary beats to who packs them; with limited bandwidth, when they are allowed."""
        if not self.config.limited:
            _join(m, self.stationary, values.beats, fills)
            return
        # Whether a beat can be taken must be known without it.
        m.submodules.entrance = entrance = Stage(len(Value.cast(self.stationary.payload)))
        enters = self._counted(
            m, "entered", self.stationary.valid & self.stationary.ready & self.stationary.payload.last
        )
        m.d.comb += self.open.eq(enters & entrance.i.ready)
        _join(m, self.stationary, entrance.i, enters & self.allowed)
        _join(m, entrance.o, values.beats, fills)

    def _counted(self, m: Module, name: str, ends: Value) -> Value:
        """Return whether a job runs and windows are still to come, of which one ends with ``ends``."""
        count = Signal(WINDOW_BITS, name=f"{name}_windows")
        m.d.sync += count.eq(count + ends)
        return self.running & (count != self.windows)

    def _share(self, m: Module, source: Any, scan: Any, late: list[Any]) -> None:
        """Give rows to all who read them; with a buffer, positions are found ahead of the rest."""
        config, window = self.config, self.config.positions
        readers = [scan, *late]
        if config.row_buffer:
            m.submodules.early = share = RowShare(window, config.row_bits, 2)
            m.submodules.buffer = buffer = RowBuffer(window, config.row_bits, config.row_buffer)
            _join(m, source, share.i)
            m.d.comb += [
                buffer.i.payload.eq(share.row),
                buffer.i.valid.eq(share.offered[1]),
                share.done.eq(Cat(_read(m, share, 0, scan), buffer.i.ready & share.offered[1])),
            ]
            source, readers = buffer.o, late
        m.submodules.share = share = RowShare(window, config.row_bits, len(readers))
        _join(m, source, share.i)
        m.d.comb += share.done.eq(
            Cat(_read(m, share, number, reader) for number, reader in enumerate(readers))
        )

    def _scanned(self, m: Module, scan: Any) -> None:
        """Count lanes and slices of the positions that are given."""
        lane = Signal(check_lanes(self.config.lanes))
        number = Signal(len(self.position_slice))
        moved = scan.positions.valid & scan.positions.ready
        ends = moved & lane.all()
        m.d.comb += self.position_slice.eq(number)
        m.d.sync += [
            lane.eq(lane + moved),
            number.eq(Mux(scan.ended | (ends & (number == self.last_slice)), 0, number + ends)),
        ]


def _join(m: Module, source: Any, sink: Any, enable: Value | None = None) -> None:
    """Join two streams, while ``enable`` is high."""
    valid, ready = source.valid, sink.ready
    if enable is not None:
        valid, ready = valid & enable, ready & enable
    m.d.comb += [
        Value.cast(sink.payload).eq(Value.cast(source.payload)),
        sink.valid.eq(valid),
        source.ready.eq(ready),
    ]


def _read(m: Module, share: RowShare, number: int, reader: Any) -> Value:
    """Give rows to a reader; return whether it is done with the one that is there."""
    names = [name for name in ("row", "bitmap", "useful", "last") if hasattr(reader, name)]
    row = Cat(getattr(share.row, name) for name in names)
    taken = Cat(getattr(reader, name) for name in names)
    m.d.comb += [reader.offered.eq(share.offered[number]), taken.eq(row)]
    return reader.done
