"""The Flex-DPU in a system: packets on AXI-Stream, registers behind AXI4-Lite."""

from pathlib import Path
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data

from ...stream.axi import StreamBlock
from ...stream.axi_lite import PORTS, ports
from ...stream.packets.fields import FORMAT_CODES, pick
from ...stream.payload import Lanes, Payload
from ...stream.register_file import TABLE, RegisterFile, address_width, read_table
from .axi_slot import _TO_CORE, COUNTERS, AxiSlot
from .config import FlexDpuConfig
from .core import FlexDpuCore
from .job_queue import JobQueue, job_layout

__all__ = ["FlexDpuAxi", "constants"]

_TABLE = Path(__file__).with_name(TABLE)


def constants(config: FlexDpuConfig) -> dict[str, int]:
    """Return what the registers say of a configuration: parameters of the map in SystemRDL."""
    result = "fp32" if config.is_float else "int32" if config.sum.width <= 32 else "int64"
    return {
        "ENGINES": config.engines,
        "GROUPS": config.slots,
        "LANES": config.lanes,
        "WINDOW": config.positions,
        "BANDWIDTH": config.elements if config.limited else 0,
        "OPERAND": FORMAT_CODES[config.format],
        "RESULT": FORMAT_CODES[result],
        "BEAT": (config.data_bits // 8).bit_length() - 1,
        "QUEUE": config.job_queue,
        "WORDS": config.words,
        "BANKS": config.banks,
        "ROW_BITS": config.row_bits,
        "INDEX_BITS": config.index_bits,
    }


#: Fields of the registers that these parameters are.
_FIELDS = {
    "ENGINES": "geometry_engines",
    "GROUPS": "geometry_groups",
    "LANES": "geometry_lanes",
    "WINDOW": "window_window",
    "BANDWIDTH": "window_bandwidth",
    "OPERAND": "formats_operand",
    "RESULT": "formats_result",
    "BEAT": "formats_beat",
    "QUEUE": "formats_queue",
    "WORDS": "accumulator_words",
    "BANKS": "accumulator_banks",
    "ROW_BITS": "limits_row_bits",
    "INDEX_BITS": "limits_index_bits",
}


def _packets(config: FlexDpuConfig, meaning: str) -> Payload:
    data_bytes = Lanes("data", 8, False, "uint8", config.data_bits // 8, "bytes of a packet", role="setting")
    return Payload((data_bytes,), last=True, keep=True, meaning=meaning)


class FlexDpuAxi(StreamBlock):
    """Packets and registers around :class:`dotforge.engines.flexdpu.core.FlexDpuCore`.

    Streams in, of each slot g: ``stationary_g`` (packets for REGOR and of stationary rows, window after window) and
    ``streaming_g`` (packets of streaming vectors, fold after fold). Stream out: ``results_g``. Beside: ``s_axi_…``
    (:mod:`dotforge.stream.axi_lite`), whose registers ``flexdpu.rdl`` describes.

    Parameters
    ----------
    config : see :class:`dotforge.engines.flexdpu.config.FlexDpuConfig`
    """

    module_name = "engine"

    def __init__(self, config: FlexDpuConfig) -> None:
        self.config = config
        inputs, outputs = {}, {}
        for slot in range(config.slots):
            inputs[f"stationary_{slot}"] = _packets(
                config,
                "packets of the slot's job: for each window those for REGOR, then those of stationary rows",
            )
            inputs[f"streaming_{slot}"] = _packets(
                config, "packets of the slot's job: streaming vectors, all of a window for each of its folds"
            )
            outputs[f"results_{slot}"] = _packets(
                config, f"packets of results, one for {config.banks} rows and all vectors"
            )
        self.latency = config.latency + 3
        super().__init__(
            inputs, outputs, dict(ports("s_axi", address_width(read_table(_TABLE), config.slots)))
        )

    def _file(self) -> Any:
        told = tuple((_FIELDS[name], value) for name, value in constants(self.config).items())
        return RegisterFile(_TABLE, self.config.slots, told)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        m.submodules.core = core = FlexDpuCore(config)
        m.submodules.registers = file = self._file()
        queue: Any = JobQueue(config)
        m.submodules.queue = queue
        for name, (driven, _) in PORTS.items():
            ours, theirs = getattr(self, f"s_axi_{name}"), getattr(file, f"s_axi_{name}")
            m.d.comb += theirs.eq(ours) if driven else ours.eq(theirs)
        slots: list[Any] = [AxiSlot(config) for _ in range(config.slots)]
        for number, slot in enumerate(slots):
            m.submodules[f"slot_{number}"] = slot
            self._slot(m, number, slot, core)
            self._status(m, number, slot, core, file, queue)
        self._push(m, file, queue, slots)
        m.d.comb += [
            queue.run.eq(file.control_run),
            file.busy_slots.eq(Cat(slot.runs for slot in slots)),
            file.busy_engines.eq(core.occupied),
            file.errors_slots.eq(Cat(slot.failed for slot in slots)),
        ]
        return m

    def _slot(self, m: Module, number: int, slot: Any, core: Any) -> None:
        """Join a slot to the outside and to the core."""
        for name in ("stationary", "streaming"):
            outer, inner = getattr(self, f"{name}_{number}"), getattr(slot, f"packets_{name}")
            m.d.comb += [
                inner.payload.as_value().eq(outer.payload.as_value()),
                inner.valid.eq(outer.valid),
                outer.ready.eq(inner.ready),
            ]
        outer = getattr(self, f"results_{number}")
        m.d.comb += [
            outer.payload.as_value().eq(slot.packets_results.payload.as_value()),
            outer.valid.eq(slot.packets_results.valid),
            slot.packets_results.ready.eq(outer.ready),
        ]
        for name in _TO_CORE:
            inner, outer = getattr(core, f"{name}_{number}"), getattr(slot, name)
            m.d.comb += [
                inner.payload.as_value().eq(outer.payload.as_value()),
                inner.valid.eq(outer.valid),
                outer.ready.eq(inner.ready),
            ]
        outer = getattr(core, f"results_{number}")
        m.d.comb += [
            slot.core_results.payload.as_value().eq(outer.payload.as_value()),
            slot.core_results.valid.eq(outer.valid),
            outer.ready.eq(slot.core_results.ready),
            getattr(core, f"clear_{number}").eq(slot.core_clear),
        ]
        for name in ("busy", "error", "cause", "events"):
            m.d.comb += getattr(slot, name).eq(getattr(core, f"{name}_{number}"))

    def _status(self, m: Module, number: int, slot: Any, core: Any, file: Any, queue: Any) -> None:
        """Show a slot in its registers, and take its commands."""
        told: dict[str, Value] = {
            "status_busy": slot.runs,
            "status_error": slot.failed,
            "status_overflow": getattr(core, f"overflow_{number}"),
            "status_queued": getattr(queue, f"queued_{number}"),
            "status_tag": slot.tag,
            "cause_code": slot.code,
            **{f"{name}_value": getattr(slot, f"count_{name}") for name in COUNTERS},
        }
        for name, value in told.items():
            m.d.comb += getattr(file, f"slot_{number}_{name}").eq(value)
        m.d.comb += [
            slot.clear.eq(getattr(file, f"slot_{number}_command_clear")),
            slot.reset_counters.eq(getattr(file, f"slot_{number}_command_reset_counters") & ~slot.runs),
            slot.given.eq(queue.to[number]),
            slot.job.eq(queue.given),
            queue.wants[number].eq(slot.wants),
            queue.clear[number].eq(slot.clear),
        ]

    def _push(self, m: Module, file: Any, queue: Any, slots: list[Any]) -> None:
        """Put the job of the registers into a queue; say what is refused."""
        config, job = self.config, Signal(job_layout(self.config))
        m_rows, n_columns, turned = file.job_m_value, file.job_n_value, file.job_place_stationary
        window = config.positions.bit_length() - 1
        windows = Signal(33)
        m.d.comb += [
            windows.eq((file.job_k_value + (config.positions - 1)) >> window),
            job.first.eq(file.job_place_first),
            # What does not fit becomes a size of nothing, which the core refuses.
            job.size.eq(_fits(file.job_place_size, job.size)),
            job.rows.eq(_fits(Mux(turned, n_columns, m_rows), job.rows)),
            job.vectors.eq(_fits(Mux(turned, m_rows, n_columns), job.vectors)),
            job.windows.eq(_fits(windows, job.windows)),
            job.tag.eq(file.job_tag_value),
            job.row.eq(file.job_row_value),
            job.column.eq(file.job_column_value),
            job.turned.eq(turned),
        ]
        with m.If(file.job_place_first >= config.engines):
            m.d.comb += job.size.eq(0)
        slot, there, full, busy = file.job_place_slot, Signal(), Signal(), Signal()
        resets = Cat(getattr(file, f"slot_{number}_command_reset_counters") for number in range(len(slots)))
        m.d.comb += [
            there.eq(slot < len(slots)),
            full.eq(pick(list(queue.full), slot)),
            queue.slot.eq(slot),
            queue.job.eq(job),
            queue.push.eq(file.job_push_push & there & ~full),
            busy.eq((resets & Cat(each.runs for each in slots)).any()),
            file.refuse.eq((file.job_push_push & (~there | full)) | busy),
            file.refused_queue_full.eq(file.job_push_push & there & full),
            file.refused_no_slot.eq(file.job_push_push & ~there),
            file.refused_busy_write.eq(busy),
            file.refused_bad_write.eq(file.missed),
        ]
        first = Signal(16)
        held = Cat(
            file.refused_queue_full_set, file.refused_no_slot_set, file.refused_busy_write_set,
            file.refused_bad_write_set,
        ).any()  # fmt: skip
        with m.If(file.refused & ~held):
            m.d.sync += first.eq(file.address)
        m.d.comb += file.refused_address_value.eq(first)


def _fits(value: Value, target: data.View | Value) -> Value:
    """Return a value, or 0 where it does not fit."""
    width = len(target)  # pyright: ignore[reportArgumentType] - a field of one number
    return Mux(value[width:].any(), Const(0, width), value[:width]) if len(value) > width else value
