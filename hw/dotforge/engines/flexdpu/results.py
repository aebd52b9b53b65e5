"""Results leave: block of rows after block of rows, each with all vectors, as soon as nothing more is added to them.

In a job's last window rows below the first one of the fold that is added are finished, so most results leave while the
last folds stream.
"""

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ...block import Block
from ...network.turned_tables import read, turn
from .config import FlexDpuConfig

__all__ = ["Results", "result_layout"]


def result_layout(config: FlexDpuConfig) -> data.StructLayout:
    """Return a beat of results."""
    return data.StructLayout(
        {
            "values": config.banks * config.sum.width,
            "valid": config.banks,
            "vector": config.index_bits,
            "block": config.row_bits,
            "tag": config.tag_bits,
            "last": 1,
        }
    )


class Results(Block):
    """Reads the accumulator.

    Parameters
    ----------
    config : of the engine

    Interface attributes
    --------------------
    running : a job is
    rows, vectors, blocks, tag : of the job
    begun : a bit a row: it has a sum; others are zero
    row, final : of the fold that is added: its first row; it is of the last window
    added : all of the job is
    address, words : of the accumulator's second reader
    results : stream of :func:`result_layout`
    done : the last beat leaves at the end of this cycle
    """

    running: Signal
    rows: Signal
    vectors: Signal
    blocks: Signal
    tag: Signal
    begun: Signal
    row: Signal
    final: Signal
    added: Signal
    address: Signal
    words: Signal
    results: Any
    done: Signal

    def __init__(self, config: FlexDpuConfig) -> None:
        self.config = config
        self.bank_bits = (config.banks - 1).bit_length()
        self.block_bits = config.row_bits + 1 - self.bank_bits
        super().__init__(
            {
                "running": In(1),
                "rows": In(config.row_bits + 1),
                "vectors": In(config.index_bits + 1),
                "blocks": In(self.block_bits),
                "tag": In(config.tag_bits),
                "begun": In(1 << config.row_bits),
                "row": In(config.row_bits),
                "final": In(1),
                "added": In(1),
                "address": Out((config.depth - 1).bit_length()),
                "words": In(config.banks * config.sum.width),
                "results": Out(stream.Signature(result_layout(config))),
                "done": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config, payload = self.config, self.results.payload
        finished = self._finished(m)
        block = Signal(self.block_bits)
        vector = Signal(config.index_bits)
        address = Signal(len(self.address))
        present = Signal()
        moves = Signal()
        ends_block = Signal()
        ends_job = Signal()
        next_block = Signal(self.block_bits)
        following = Signal(len(self.address))
        m.d.comb += [
            moves.eq(present & self.results.ready),
            ends_block.eq(vector + 1 == self.vectors),
            ends_job.eq(ends_block & (block + 1 == self.blocks)),
            self.done.eq(moves & ends_job),
            next_block.eq(block + (moves & ends_block)),
            # The memory is read a cycle ahead, at what is shown then.
            following.eq(Mux(moves, Mux(ends_block, next_block, address + self.blocks), address)),
            self.address.eq(following),
        ]
        m.d.sync += [
            block.eq(Mux(self.done, 0, next_block)),
            vector.eq(Mux(moves, Mux(ends_block, 0, vector + 1), vector)),
            address.eq(Mux(self.done, 0, following)),
            # What is shown stays, whatever becomes of the job.
            present.eq((present & ~moves) | (self.running & ~self.done & (next_block < finished))),
        ]
        width = config.sum.width
        first = Signal(config.row_bits + 1)
        bits = config.row_bits - self.bank_bits
        begun = [
            read(m, f"begun_{bank}", turn(Cat(self.begun[bank :: config.banks])), block[:bits])
            if bits
            else self.begun[bank]
            for bank in range(config.banks)
        ]
        valid = Signal(config.banks)
        m.d.comb += [
            first.eq(block << self.bank_bits),
            valid.eq(Cat(first + bank < self.rows for bank in range(config.banks))),
            self.results.valid.eq(present),
            payload.values.eq(
                Cat(
                    self.words.word_select(bank, width) & (begun[bank] & valid[bank]).replicate(width)
                    for bank in range(config.banks)
                )
            ),
            payload.valid.eq(valid),
            payload.vector.eq(vector),
            payload.block.eq(block),
            payload.tag.eq(self.tag),
            payload.last.eq(ends_job),
        ]
        return m

    def _finished(self, m: Module) -> Signal:
        """Return how many blocks nothing is added to any more, and nothing that was is on its way."""
        below = Signal(self.block_bits)
        seen = Signal(self.block_bits)
        finished = Signal(self.block_bits)
        # What is taken in the cycle before reaches the words so many cycles later.
        cycles = self.config.accumulate_latency + 2
        steady = Signal(range(cycles + 1))
        m.d.comb += below.eq(Mux(self.added, self.blocks, Mux(self.final, self.row[self.bank_bits :], seen)))
        m.d.sync += [
            seen.eq(Mux(self.running, below, 0)),
            steady.eq(Mux(below != seen, 0, Mux(steady == cycles, steady, steady + 1))),
            finished.eq(Mux(self.running, Mux((steady == cycles) & (below == seen), seen, finished), 0)),
        ]
        return finished
