"""Storage of words."""

from amaranth.hdl import Module, Signal, unsigned
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from .block import Block

__all__ = ["MemoryArray"]


class MemoryArray(Block):
    """A storage array, a module of its own so that a flow can put a memory macro there.

    One write port and one read port; ``read_data`` follows ``read_address`` by one cycle.

    Parameters
    ----------
    rows : number of words
    width : bits of a word
    apart : a word that is written while it is read is not used: block RAM needs no logic then that gives the old one.
        Who says so proves it
    """

    write_enable: Signal
    write_address: Signal
    write_data: Signal
    read_address: Signal
    read_data: Signal
    latency = 1

    def __init__(self, *, rows: int, width: int, apart: bool = False) -> None:
        self.rows, self.width, self.apart = rows, width, apart
        address = unsigned(max(1, (rows - 1).bit_length()))
        super().__init__(
            {
                "write_enable": In(1),
                "write_address": In(address),
                "write_data": In(width),
                "read_address": In(address),
                "read_data": Out(width),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        attributes = {"no_rw_check": "1"} if self.apart else {}
        m.submodules.array = array = Memory(
            shape=unsigned(self.width), depth=self.rows, init=[], attrs=attributes
        )
        write, read = array.write_port(), array.read_port()
        m.d.comb += [
            write.en.eq(self.write_enable),
            write.addr.eq(self.write_address),
            write.data.eq(self.write_data),
            read.en.eq(1),
            read.addr.eq(self.read_address),
            self.read_data.eq(read.data),
        ]
        return m
