"""Stationary weights: two banks, one loads while the other is used."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from ...block import Block
from ...memory import MemoryArray
from ...stream.payload import Payload

__all__ = ["StationaryWeights"]


class StationaryWeights(Block):
    """Takes sets of weights and plays each over and over.

    ::

        set n+1 ──► bank B ─┐
                            ├─► weights      index 0, 1, … and back to 0 after the set's last beat
        set n   ──► bank A ─┘                or at ``restart``; ``retire`` gives the bank up

    A set is 1 … ``depth`` beats; it ends with ``last`` or with beat number ``depth``. It is usable from the
    second cycle after its last beat. The next beat's weights are always there in the cycle after ``advance``, so
    one beat a cycle is sustained, also from one set to the next once that is loaded.

    Parameters
    ----------
    payload : of the stream of weights
    depth : beats a bank

    Interface attributes
    --------------------
    i : stream of weights, with ``last``
    weights, valid : the current beat
    advance : the current beat is used in this cycle
    restart : with ``advance``: the next beat is the set's first
    retire : with ``advance``: the next beat is the next set's first
    bank, loaded, loading_bank : which bank is in use, whether each is full, and which one loads
    """

    i: stream.Interface
    weights: Signal
    valid: Signal
    advance: Signal
    restart: Signal
    retire: Signal
    bank: Signal
    loading_bank: Signal
    loaded: Signal

    def __init__(self, *, payload: Payload, depth: int) -> None:
        self.payload, self.depth = payload, depth
        super().__init__(
            {
                "i": In(stream.Signature(payload.layout())),
                "weights": Out(payload.width),
                "valid": Out(1),
                "advance": In(1),
                "restart": In(1),
                "retire": In(1),
                "bank": Out(1),
                "loading_bank": Out(1),
                "loaded": Out(2),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        index_bits = (self.depth - 1).bit_length()
        rows = 2 << index_bits
        m.submodules.memory = memory = MemoryArray(rows=rows, width=self.payload.width, apart=True)

        full = [Signal(name=f"full_{bank}") for bank in range(2)]
        last_index = [Signal(index_bits, name=f"last_index_{bank}", reset_less=True) for bank in range(2)]
        write_bank = Signal()
        write_index = Signal(index_bits)
        bank = Signal()
        index = Signal(index_bits)
        write_full = Signal()
        m.d.comb += write_full.eq((full[0] & ~write_bank) | (full[1] & write_bank))

        # Loading.
        taken = Signal()
        ends = Signal()
        m.d.comb += [
            self.i.ready.eq(~write_full),
            taken.eq(self.i.valid & ~write_full),
            ends.eq(self.i.payload.last | (write_index == self.depth - 1)),
            memory.write_enable.eq(taken),
            memory.write_address.eq(Cat(write_index, write_bank)),
            memory.write_data.eq(self.i.payload.as_value()[: self.payload.width]),
        ]
        with m.If(taken):
            m.d.sync += write_index.eq(write_index + 1)
            with m.If(ends):
                m.d.sync += [write_index.eq(0), write_bank.eq(~write_bank)]

        # Playing: the memory is read one cycle ahead, at the address of the next beat. A row that is written in that
        # cycle is in a bank that is not full, so what is read is not valid.
        next_bank = Signal()
        next_index = Signal(index_bits)
        at_end = Signal()
        m.d.comb += [
            at_end.eq((index == last_index[0]) & ~bank | (index == last_index[1]) & bank),
            next_bank.eq(bank ^ (self.advance & self.retire)),
            next_index.eq(index),
        ]
        with m.If(self.advance):
            m.d.comb += next_index.eq(index + 1)
            with m.If(at_end | self.restart | self.retire):
                m.d.comb += next_index.eq(0)
        present = Signal()
        next_full = (full[0] & ~next_bank) | (full[1] & next_bank)
        m.d.sync += [bank.eq(next_bank), index.eq(next_index), present.eq(next_full)]
        m.d.comb += [
            memory.read_address.eq(Cat(next_index, next_bank)),
            self.weights.eq(memory.read_data),
            self.valid.eq(present),
            self.bank.eq(bank),
            self.loading_bank.eq(write_bank),
            self.loaded.eq(Cat(full)),
        ]
        for number in range(2):
            with m.If(taken & ends & (write_bank == number)):
                m.d.sync += [full[number].eq(1), last_index[number].eq(write_index)]
            with m.If(self.advance & self.retire & (bank == number)):
                m.d.sync += full[number].eq(0)
        return m
