"""Results of a datapath that never stops, until they are taken."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from ...arithmetic.delays import Path
from ...block import Block
from ...memory import MemoryArray

__all__ = ["SumQueue"]


class SumQueue(Block):
    """Takes the results of a datapath without a stall: what may go in is counted, and has its place from then on.

    A stall of a deep pipeline is a net to all of its registers in one cycle, which limits the clock; this is a
    counter ahead of the pipeline in its place. Latency 3 from ``done`` to ``valid``, initiation interval 1.

    Parameters
    ----------
    width : bits of a result
    depth : results between ``enters`` and where they are taken, a power of two

    Interface attributes
    --------------------
    room : there is a place for another result
    enters : a result begins its way; only where there is room
    done, result : it is there
    valid, ready, value : the first one that is not taken
    """

    room: Signal
    enters: Signal
    done: Signal
    result: Signal
    valid: Signal
    ready: Signal
    value: Signal
    latency = 3

    def __init__(self, *, width: int, depth: int) -> None:
        self.width, self.depth = width, depth
        super().__init__(
            {
                "room": Out(1),
                "enters": In(1),
                "done": In(1),
                "result": In(width),
                "valid": Out(1),
                "ready": In(1),
                "value": Out(width),
            }
        )

    @staticmethod
    def path(depth: int) -> Path:
        """Return the longest path: from what is there and taken to the word that is read next.

        Parameters
        ----------
        depth : of the queue; a lookup table holds 16 words of a bit
        """
        banks = depth // 16
        return Path(levels=3 + (0 if banks <= 1 else 1 if banks <= 4 else 2))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.memory = memory = MemoryArray(rows=self.depth, width=self.width)
        write, read = Signal(range(self.depth)), Signal(range(self.depth))
        after = Signal(
            range(self.depth), init=1
        )  # the address behind ``read``: no adder ahead of the storage
        inside, readable = (Signal(range(self.depth + 1), name=name) for name in ("on_its_way", "readable"))
        written, there = Signal(), Signal()
        some = Signal()  # whether ``readable`` is above 0, from a register
        value = Signal(self.width, name="first", reset_less=True)
        pops, leaves = Signal(), Signal()
        following = Signal(range(self.depth))
        m.d.comb += [
            self.room.eq(~inside[-1]),
            leaves.eq(there & self.ready),
            pops.eq(some & (~there | self.ready)),
            following.eq(Mux(pops, after, read)),
            memory.write_enable.eq(self.done),
            memory.write_address.eq(write),
            memory.write_data.eq(self.result),
            # The word behind the one that leaves: it is there in the next cycle.
            memory.read_address.eq(following),
            self.valid.eq(there),
            self.value.eq(value),
        ]
        m.d.sync += [
            inside.eq(inside + self.enters - leaves),
            # What is written in this cycle is read from the next one on.
            written.eq(self.done),
            readable.eq(readable + written - pops),
            some.eq(written | readable[1:].any() | (some & ~pops)),
            write.eq(write + self.done),
            read.eq(following),
            after.eq(following + 1),
            there.eq(pops | (there & ~self.ready)),
            value.eq(Mux(pops, memory.read_data, value)),
        ]
        return m
