"""Jobs that wait: a queue for each slot, all in one memory."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from ...block import Block
from ...memory import MemoryArray
from ...stream.packets.fields import is_number, pick
from .config import FlexDpuConfig

__all__ = ["JobQueue", "job_layout"]


def job_layout(config: FlexDpuConfig) -> data.StructLayout:
    """Return what a job is: what the core wants to know of it, then what its results' headers say."""
    return data.StructLayout(
        {
            "first": max(1, (config.engines - 1).bit_length()),
            "size": config.engines.bit_length(),
            "rows": config.row_bits + 1,
            "vectors": config.index_bits + 1,
            "windows": 16,
            "tag": config.tag_bits,
            "row": 32,
            "column": 32,
            "turned": 1,
        }
    )


class JobQueue(Block):
    """First in, first out, for each slot.

    Parameters
    ----------
    config : of the engine; ``job_queue`` jobs can wait in a slot

    Interface attributes
    --------------------
    push, job, slot : a job is put into the queue of its slot, which is not full
    full : a bit a slot
    queued_g : jobs that wait in slot g
    run : jobs may leave
    clear : a bit a slot: all its jobs are thrown away
    wants : a bit a slot: it would take a job
    given, to : a job leaves in this cycle, for the slot whose bit is set, which has wanted it
    latency : 3 from a push to the job's leaving, where its slot is the next one that is looked at
    """

    push: Signal
    job: data.View
    slot: Signal
    full: Signal
    run: Signal
    clear: Signal
    wants: Signal
    given: data.View
    to: Signal
    latency = 3

    def __init__(self, config: FlexDpuConfig) -> None:
        self.config = config
        slots = config.slots
        self.count = range(config.job_queue + 1)
        super().__init__(
            {
                "push": In(1),
                "job": In(job_layout(config)),
                "slot": In(range(max(2, slots))),
                "full": Out(slots),
                **{f"queued_{slot}": Out(self.count) for slot in range(slots)},
                "run": In(1),
                "clear": In(slots),
                "wants": In(slots),
                "given": Out(job_layout(config)),
                "to": Out(slots),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        slots, room = self.config.slots, self.config.job_queue
        places = 1 << (room - 1).bit_length()
        m.submodules.memory = memory = MemoryArray(
            rows=max(2, slots * places), width=job_layout(self.config).size
        )
        write = [Signal(range(places), name=f"write_{slot}") for slot in range(slots)]
        read = [Signal(range(places), name=f"read_{slot}") for slot in range(slots)]
        turn, fetching, gives = Signal(range(max(2, slots))), Signal(), Signal()
        counts = [getattr(self, f"queued_{slot}") for slot in range(slots)]
        chosen, found = Signal(slots), Signal()
        m.d.comb += [
            chosen.eq(Cat(is_number(turn, slot) for slot in range(slots))),
            found.eq((chosen & self.wants & Cat(count.any() for count in counts)).any() & self.run),
            memory.write_enable.eq(self.push),
            memory.write_address.eq(pick(write, self.slot) + self.slot * places),
            memory.write_data.eq(self.job.as_value()),
            memory.read_address.eq(pick(read, turn) + turn * places),
            self.given.as_value().eq(memory.read_data),
            gives.eq(fetching & ~(chosen & self.clear).any()),
            self.to.eq(Mux(gives, chosen, 0)),
            self.full.eq(Cat(count == room for count in counts)),
        ]
        m.d.sync += fetching.eq(found & ~fetching)
        with m.If(fetching | ~found):
            m.d.sync += turn.eq(Mux(turn == slots - 1, 0, turn + 1))
        for slot in range(slots):
            pushes, leaves = self.push & is_number(self.slot, slot), gives & is_number(turn, slot)
            with m.If(pushes):
                m.d.sync += write[slot].eq(write[slot] + 1)
            with m.If(leaves):
                m.d.sync += read[slot].eq(read[slot] + 1)
            m.d.sync += counts[slot].eq(counts[slot] + pushes - leaves)
            with m.If(self.clear[slot]):
                m.d.sync += [counts[slot].eq(0), read[slot].eq(write[slot])]
        return m
