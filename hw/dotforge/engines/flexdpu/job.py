"""Jobs: what one says, what may be wrong with it, and how it gets its Flex-DPEs."""

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import data

from ...network.distribution.rank_control import below
from ...sparse.folding import slice_bits
from .config import FlexDpuConfig
from .errors import Cause
from .group_load import WINDOW_BITS

__all__ = ["job_layout", "take_job"]


def job_layout(config: FlexDpuConfig) -> data.StructLayout:
    """Return a job."""
    return data.StructLayout(
        {
            "first": slice_bits(config.engines),
            "size": config.engines.bit_length(),
            "rows": config.row_bits + 1,
            "vectors": config.index_bits + 1,
            "windows": WINDOW_BITS,
            "tag": config.tag_bits,
        }
    )


def take_job(m: Module, slot: Any) -> tuple[dict[str, Value], Value, list[tuple[Cause, Value]]]:
    """Take a job when its Flex-DPEs are free.

    Parameters
    ----------
    m : module of the slot
    slot : :class:`dotforge.engines.flexdpu.slot.Slot`

    Returns
    -------
    The job that runs, its blocks of rows, and what is wrong with the one that is offered.
    """
    config, given = slot.config, slot.jobs.payload
    engines, bank_bits = config.engines, (config.banks - 1).bit_length()
    waits = Signal()  # a job is offered, and none runs
    m.d.comb += waits.eq(slot.jobs.valid & ~slot.busy & ~slot.error)
    end = Signal(len(given.first) + len(given.size) + 1)
    blocks = Signal(config.row_bits + 1 - bank_bits, name="given_blocks")
    words = Signal(len(blocks) + len(given.vectors))
    m.d.comb += [
        end.eq(given.first + given.size),
        blocks.eq((given.rows + (config.banks - 1)) >> bank_bits),
        words.eq(blocks * given.vectors),
    ]
    wrong = [
        (Cause.JOB_GROUP, waits & (~given.size.any() | (end > engines))),
        (
            Cause.JOB_SHAPE,
            waits
            & (
                ~given.rows.any()
                | ~given.vectors.any()
                | ~given.windows.any()
                | (given.rows > 1 << config.row_bits)
                | (given.vectors > 1 << config.index_bits)
            ),
        ),
        (Cause.JOB_ACCUMULATOR, waits & (words > config.depth)),
    ]
    bad = Cat(happens for _, happens in wrong).any()
    # Of a job that is not wrong the group ends inside the engine.
    wanted = (
        below(m, "group_end", end[: engines.bit_length()])[:engines]
        & ~below(m, "group_first", given.first)[:engines]
    )
    taken = Signal()
    m.d.comb += [
        slot.wanted.eq(wanted & (waits & ~bad).replicate(engines)),
        taken.eq(waits & ~bad & slot.granted & ~slot.clear),
        slot.jobs.ready.eq(Mux(waits, bad | (slot.granted & ~slot.clear), slot.error)),
    ]
    job: dict[str, Value] = {}
    for name in ("first", "size", "rows", "vectors", "windows", "tag"):
        field = given[name]
        job[name] = held = Signal(len(field), name=f"job_{name}", reset_less=True)
        m.d.sync += held.eq(Mux(taken, field, held))
    job_blocks = Signal(len(blocks), name="job_blocks", reset_less=True)
    m.d.sync += [
        job_blocks.eq(Mux(taken, blocks, job_blocks)),
        slot.busy.eq((slot.busy | taken) & ~slot.restart),
        slot.members.eq(
            (slot.members | (wanted & taken.replicate(engines))) & (~slot.restart).replicate(engines)
        ),
    ]
    m.d.comb += slot.first.eq(job["first"])
    return job, job_blocks, wrong
