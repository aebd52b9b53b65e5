"""The controller's loading side: from compressed rows and values to the next fold's lanes.

::

    bitmaps ─► Regor
                 ▼                    ┌─► Positions ─► routes (where they are found in hardware)
    rows ────► RowMask ─► RowShare ───┤
                                      └─► [RowBuffer ─► RowShare] ─┬─► Runs ───────► vecIDs, row ids
                                                                   └─► KeepQueue
                                                                          ▼
    stationary ────────────────────────────────────────────────────► Values ─► stationary registers

Source: 004_cc286613ada5888f (SIGMA), section IV-E, steps i to v.
"""

from typing import Any

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from ...block import Block
from ...sparse.buffer import RowBuffer
from ...sparse.keep_queue import KeepQueue
from ...sparse.regor import Regor, bitmap_layout
from ...sparse.rows import RowMask, RowShare, given_layout
from ...sparse.runs import Runs
from ...sparse.source_positions import Positions, position_layout
from ...sparse.stage import Skid
from ...sparse.values import Values, beat_layout
from .config import FlexDpeConfig
from .errors import Cause

__all__ = ["Load"]


class Load(Block):
    """Loads the next fold while another is in use.

    Parameters
    ----------
    config : of the engine

    Interface attributes
    --------------------
    bitmaps, rows, stationary : the engine's streams
    positions : to the route engines, where settings are found in hardware
    complete : runs and values of the next fold are there
    take : its values come into use at the end of this cycle
    show : its sums are shown from the next cycle on; runs of the fold after it are packed then
    values : of the fold in use
    vec_ids, occupied, row_ids, partial : see :class:`dotforge.sparse.runs.Runs`
    seen : errors of this cycle, a bit a :class:`dotforge.engines.flexdpe.errors.Cause`
    """

    bitmaps: stream.Interface
    rows: stream.Interface
    stationary: stream.Interface
    positions: stream.Interface
    complete: Signal
    take: Signal
    show: Signal
    vec_ids: Signal
    occupied: Signal
    row_ids: Signal
    partial: Signal
    values: Signal
    seen: Signal

    def __init__(self, config: FlexDpeConfig) -> None:
        self.config = config
        lanes, width = config.lanes, config.operand.width
        ports: dict[str, Any] = {
            "bitmaps": In(stream.Signature(bitmap_layout(config.positions))),
            "rows": In(stream.Signature(given_layout(config.positions, config.row_bits))),
            "stationary": In(stream.Signature(beat_layout(width, config.stationary_bandwidth))),
            "complete": Out(1),
            "take": In(1),
            "show": In(1),
            "vec_ids": Out(lanes),
            "occupied": Out(lanes),
            "row_ids": Out(lanes * config.row_bits),
            "partial": Out(1),
            "values": Out(lanes * width),
            "seen": Out(len(Cause)),
        }
        if not config.host_routes:
            ports["positions"] = Out(stream.Signature(position_layout(config.positions)))
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config, window = self.config, self.config.positions
        m.submodules.gather = regor = Regor(window)
        m.submodules.mask = mask = RowMask(window, config.row_bits, config.operators)
        options = {"registered": config.control_pipeline, "operators": config.operators}
        m.submodules.runs = runs = Runs(config.lanes, window, config.row_bits, **options)
        m.submodules.queue = keep = KeepQueue(window, config.stationary_bandwidth, **options)
        m.submodules.fill = values = Values(
            config.lanes, config.operand.width, config.stationary_bandwidth, **options
        )
        connect(m, self.bitmaps, regor.bitmaps)
        connect(m, self.rows, mask.i)
        connect(m, self.stationary, values.beats)
        m.d.comb += [
            mask.regor.eq(regor.regor),
            mask.regor_valid.eq(regor.valid),
            regor.finished.eq(mask.finished),
        ]

        source: Any = mask.o
        if config.control_pipeline:
            m.submodules.skid = skid = Skid(len(mask.o.payload.as_value()))
            connect(m, mask.o, skid.i)
            source = skid.o
        apart = not config.host_routes and config.row_buffer > 0
        early = [] if config.host_routes else [self._scan(m)]
        late = [runs, keep]
        if apart:
            m.submodules.early = share = RowShare(window, config.row_bits, 2)
            m.submodules.buffer = buffer = RowBuffer(window, config.row_bits, config.row_buffer)
            connect(m, source, share.i)
            m.d.comb += [
                buffer.i.payload.eq(share.row),
                buffer.i.valid.eq(share.offered[1]),
                share.done.eq(Cat(_read(m, share, 0, early[0]), buffer.i.ready & share.offered[1])),
            ]
            source, readers = buffer.o, late
        else:
            readers = [*early, *late]
        m.submodules.share = share = RowShare(window, config.row_bits, len(readers))
        connect(m, source, share.i)
        m.d.comb += share.done.eq(
            Cat(_read(m, share, number, reader) for number, reader in enumerate(readers))
        )
        m.d.comb += [
            runs.take.eq(self.show),
            values.take.eq(self.take),
            values.keep.eq(keep.keep),
            values.present.eq(keep.present),
            values.empty.eq(keep.empty),
            values.ended.eq(keep.ended),
            keep.wanted.eq(values.wanted),
            keep.drop.eq(values.drop),
            keep.restart.eq(values.restart),
            self.complete.eq(runs.complete & values.complete),
            self.vec_ids.eq(runs.vec_ids),
            self.occupied.eq(runs.occupied),
            self.row_ids.eq(runs.row_ids),
            self.partial.eq(runs.partial),
            self.values.eq(values.in_use),
        ]
        seen = {
            Cause.ROW_ORDER: mask.disorder,
            Cause.STATIONARY_COUNT: values.too_many,
            Cause.STATIONARY_SURPLUS: values.surplus,
            Cause.STATIONARY_SHORT: values.short,
        }
        for cause, happens in seen.items():
            if config.control_pipeline:
                m.d.sync += self.seen[cause].eq(happens)
            else:
                m.d.comb += self.seen[cause].eq(happens)
        return m

    def _scan(self, m: Module) -> Positions:
        """Make the scanner that gives each lane's position."""
        m.submodules.scan = scan = Positions(
            self.config.lanes, self.config.positions, self.config.control_pipeline, self.config.operators
        )
        connect(m, scan.positions, self.positions)
        return scan


def connect(m: Module, source: Any, sink: Any) -> None:
    """Join two streams, given from the side of the module ``m``."""
    m.d.comb += [
        _flat(sink.payload).eq(_flat(source.payload)),
        sink.valid.eq(source.valid),
        source.ready.eq(sink.ready),
    ]


def _read(m: Module, share: RowShare, number: int, reader: Any) -> Value:
    """Give rows to a reader; return whether it is done with the one that is there."""
    names = [name for name in ("row", "bitmap", "useful", "last") if hasattr(reader, name)]
    row = Cat(getattr(share.row, name) for name in names)
    taken = Cat(getattr(reader, name) for name in names)
    m.d.comb += [reader.offered.eq(share.offered[number]), taken.eq(row)]
    return reader.done


def _flat(payload: Any) -> Value:
    return Value.cast(payload)
