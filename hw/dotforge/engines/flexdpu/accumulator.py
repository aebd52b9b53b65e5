"""The accumulator of a job: sums of a vector, a round a cycle, are added to those that are there.

::

    row r          bank r mod banks
    word           vector · blocks + r div banks,  blocks = ceil(rows / banks)

    wires ─► bank ─► ▌ ─► + ◄─ read        write, a cycle later (floating point: when the adder is done)

All rows of a round are in different banks. A word is written ``accumulate_latency`` + 1 cycles after it was read, and
can be read again in the cycle behind that. Only the next fold reads it again, when it comes back to the vector:

- With one vector, not before the sums of the fold before are shown and the vector has passed lanes and reduction
  network, which takes longer than an addition.
- With several, as many cycles later as there are vectors, if the last one of a fold and the first one of the next
  follow each other, as they do when a fold's first vector came long before its others. So integers never wait: two
  cycles are enough for them. Floating point waits (``hazard``) where there are fewer vectors than an addition takes.

A second reader gives results while others are still added.
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ...arithmetic.carry import add, name_value
from ...block import Block
from ...memory import MemoryArray
from ...network.distribution.rank_control import below
from ...network.reduction.parts import ReductionAdder, register
from .collect import summation
from .config import FlexDpuConfig

__all__ = ["Accumulator"]


class Accumulator(Block):
    """Banks, adders, and the order in which vectors come.

    Parameters
    ----------
    config : of the engine

    Interface attributes
    --------------------
    blocks : of the job
    words, valid, fresh : a bank each: a sum; there is one; it is the first of its row
    row : of the round's first sum
    take : the round goes in at the end of this cycle; only without ``hazard``
    vector_ends, fold_ends : it is the last of its vector; that is the last of its fold
    hazard : a word of the vector that is due is still being added to
    overflow : a sum did not fit in the cycle
    address, results : of the other reader, ``results`` a cycle behind
    latency : from a round to its words, as the other reader sees them
    """

    blocks: Signal
    words: Signal
    valid: Signal
    fresh: Signal
    row: Signal
    take: Signal
    vector_ends: Signal
    fold_ends: Signal
    hazard: Signal
    overflow: Signal
    address: Signal
    results: Signal

    def __init__(self, config: FlexDpuConfig) -> None:
        self.config = config
        self.latency = config.accumulate_latency + 2
        banks, width = config.banks, config.sum.width
        self.address_bits = (config.depth - 1).bit_length()
        self.bank_bits = (banks - 1).bit_length()
        super().__init__(
            {
                "blocks": In(config.row_bits + 1 - self.bank_bits),
                "words": In(banks * config.exact_sum.width),
                "valid": In(banks),
                "fresh": In(banks),
                "row": In(config.row_bits),
                "take": In(1),
                "vector_ends": In(1),
                "fold_ends": In(1),
                "hazard": Out(1),
                "overflow": Out(1),
                "address": In(self.address_bits),
                "results": Out(banks * width),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config, bits, banks = self.config, self.address_bits, self.config.banks
        base = Signal(bits)  # word of the vector's first block
        ends = self.take & self.vector_ends
        m.d.sync += base.eq(Mux(ends, Mux(self.fold_ends, 0, base + self.blocks), base))
        self._interlock(m, base, ends)
        # The rows of a round are in two blocks at most: that of its first row, and the next one.
        here = Signal(bits)
        behind = Signal(bits)
        m.d.comb += [here.eq(base + self.row[self.bank_bits :]), behind.eq(here + 1)]
        moved = Signal(banks)
        if self.bank_bits:
            m.d.comb += moved.eq(below(m, "row_below", self.row[: self.bank_bits]))
        valid: Value = self.valid & self.take.replicate(banks)
        where: Value = Cat(here, behind, moved)
        for cycle in range(config.accumulate_latency + 1):
            valid = register(m, valid, f"valid_{cycle}", None, reset_less=False)
            where = register(m, where, f"where_{cycle}", None)
        words = register(m, self.words, "words_in", None)
        fresh = register(m, self.fresh, "fresh_in", None)
        results, overflows = [], []
        for bank in range(banks):
            shared = []
            for reader in range(2):
                m.submodules[f"bank_{bank}_{reader}"] = memory = MemoryArray(
                    rows=config.depth, width=config.sum.width
                )
                shared.append(memory)
            read = Mux(moved[bank], behind, here)
            word = words.word_select(bank, config.exact_sum.width)
            total, overflow = self._added(m, bank, word, fresh[bank], shared[0].read_data)
            overflows.append(overflow & valid[bank])
            write = Mux(where[2 * bits + bank], where[bits : 2 * bits], where[:bits])
            for memory in shared:
                m.d.comb += [
                    memory.write_enable.eq(valid[bank]),
                    memory.write_address.eq(write),
                    memory.write_data.eq(total),
                ]
            m.d.comb += [shared[0].read_address.eq(read), shared[1].read_address.eq(self.address)]
            results.append(shared[1].read_data)
        m.d.comb += [self.results.eq(Cat(results)), self.overflow.eq(Cat(overflows).any())]
        return m

    def _interlock(self, m: Module, base: Value, ends: Value) -> None:
        """Let a vector wait while that of the fold before is still being added to."""
        if not self.config.accumulate_latency:
            return
        turn = Signal()  # changes with each fold
        m.d.sync += turn.eq(turn ^ (ends & self.fold_ends))
        # What is being added to. In the first cycle after it came it is never the vector that is due.
        held = register(m, Cat(self.take, turn, base), "held", None, reset_less=False)
        clashes: list[Value] = []
        for cycle in range(self.config.accumulate_latency):
            held = register(m, held, f"held_{cycle}", None, reset_less=False)
            clashes.append(held[0] & (held[1] != turn) & (held[2:] == base))
        m.d.comb += self.hazard.eq(Cat(clashes).any())

    def _added(self, m: Module, bank: int, word: Value, fresh: Value, before: Value) -> tuple[Value, Value]:
        """Return a bank's new word, and whether it did not fit."""
        config, width = self.config, self.config.sum.width
        if config.is_float:
            adds = summation(config)
            m.submodules[f"adder_{bank}"] = adder = ReductionAdder(adds, width, width, width)
            m.d.comb += [
                adder.a.eq(Mux(fresh, Const(adds.neutral(width), width), before)),
                adder.b.eq(word),
                adder.enable.eq(1),
            ]
            return adder.o, Const(0, 1)
        wide = name_value(m, f"wide_{bank}", Cat(word, word[-1].replicate(width - len(word))))
        old = name_value(m, f"old_{bank}", before & (~fresh).replicate(width))
        total, _ = add(m, f"total_{bank}", old, wide, operators=config.operators)
        return total, (old[-1] == wide[-1]) & (total[-1] != old[-1])
