"""From the sums of a Flex-DPE to wires, one a row: joined over the boundary, a round at a time.

::

    slots of the Flex-DPE     . a . b . . c d      d goes over to the Flex-DPE on the right: its first sum joins
    round                       1   1     2 2      marked at a and c
    wires of round 1          b . . . . . . a      a's row is 7, b's is 8: row mod lanes

Rows of a round in a Flex-DPE follow each other, so one butterfly packs and turns them: :mod:`dotforge.sparse.pack`.

Source: 004_cc286613ada5888f (SIGMA), section IV-B: several Flex-DPEs that work at one GEMM.
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ...arithmetic.carry import add, name_value
from ...block import Block
from ...network.columns import wires
from ...network.distribution.rank_control import below
from ...network.reduction.parts import ReductionAdder, Summation, register
from ...network.turned_tables import any_of
from ...sparse.count import prefix
from ...sparse.pack import Pack
from .config import FlexDpuConfig

__all__ = ["Collect", "summation"]


def summation(config: FlexDpuConfig) -> Summation:
    """Return how sums of a configuration are added, floating point."""
    return Summation(
        config.exact_sum,
        config.exact_sum.width,
        config.adder_pipeline,
        config.flush_subnormals,
        stallable=True,
        operators=config.operators,
    )


class Collect(Block):
    """Joins, chooses a round, and packs.

    Rounds go over Flex-DPEs: a chain tells each whether the round began on its left, and whether the next one did.

    Parameters
    ----------
    config : of the engine

    Interface attributes
    --------------------
    sums, sum_valid, shows, ends, continued : of the Flex-DPE's reduction network
    first_sum : of the run that goes on from the left, to the Flex-DPE there
    right_sum, right_continues : the same of the Flex-DPE on the right, if it is of the group
    words : of the runs that end in the lanes: row, mark, fresh; of the fold that is shown
    begun_left, ended_left, some_left : on the left, in the group: the round began; the next round begins; a sum of the
        round is there
    begun, ended, some : the same, here or on the left
    step : the next round is shown in the next cycle
    advance : the next vector is
    shown, last : a vector is there; it is the last of its fold
    row : of the first sum of the round here
    here : there is one
    wires : of sum, fresh, valid each; the sum of row r is on wire r mod lanes
    wrapped : a bit a wire: its row is a multiple of lanes behind that of the first sum
    """

    sums: Signal
    sum_valid: Signal
    shows: Signal
    ends: Signal
    continued: Signal
    first_sum: Signal
    right_sum: Signal
    right_continues: Signal
    words: Signal
    begun_left: Signal
    ended_left: Signal
    some_left: Signal
    begun: Signal
    ended: Signal
    some: Signal
    step: Signal
    advance: Signal
    shown: Signal
    last: Signal
    row: Signal
    here: Signal
    wires: Signal
    wrapped: Signal

    def __init__(self, config: FlexDpuConfig) -> None:
        self.config = config
        self.latency = config.join_latency
        lanes, width = config.lanes, config.exact_sum.width
        super().__init__(
            {
                "sums": In(lanes * width),
                "sum_valid": In(lanes),
                "shows": In(1),
                "ends": In(1),
                "continued": In(1),
                "first_sum": Out(width),
                "right_sum": In(width),
                "right_continues": In(1),
                "words": In(lanes * (config.row_bits + 2)),
                "begun_left": In(1),
                "ended_left": In(1),
                "some_left": In(1),
                "begun": Out(1),
                "ended": Out(1),
                "some": Out(1),
                "step": In(1),
                "advance": In(1),
                "shown": Out(1),
                "last": Out(1),
                "row": Out(config.row_bits),
                "here": Out(1),
                "wires": Out(lanes * (width + 2)),
                "wrapped": Out(lanes),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config, lanes, width = self.config, self.config.lanes, self.config.exact_sum.width
        sums = wires(self.sums, width)
        # A run that goes on from the left is joined there.
        first = self._lowest(m, "first", self.sum_valid)
        kept: Value = name_value(m, "kept", self.sum_valid & ~(first & self.continued.replicate(lanes)))
        m.d.comb += self.first_sum.eq(
            any_of(
                m, "first_of", [value & bit.replicate(width) for value, bit in zip(sums, first, strict=True)]
            )
        )
        joined = self._joined(m, sums[-1])
        waiting: Value = Cat(*sums[:-1])
        shown: Value = self.shows
        last: Value = self.ends
        for cycle in range(self.latency):
            waiting = register(m, waiting, f"waiting_{cycle}", self.advance)
            kept = register(m, kept, f"kept_{cycle}", self.advance)
            shown = register(m, shown, f"shown_{cycle}", self.advance, reset_less=False)
            last = register(m, last, f"last_{cycle}", self.advance)
        m.d.comb += [self.shown.eq(shown), self.last.eq(last)]
        words = wires(self.words, config.row_bits + 2)
        kept = name_value(m, "kept_shown", kept & shown.replicate(lanes))
        emitted = self._round(m, kept, Cat(word[config.row_bits] for word in words))
        chosen = self._lowest(m, "chosen", emitted)
        rows = [word[:-2] & bit.replicate(config.row_bits) for word, bit in zip(words, chosen, strict=True)]
        m.d.comb += [
            self.row.eq(any_of(m, "row_of", rows)),
            self.here.eq(emitted.any()),
            self.some.eq(self.some_left | self.here),
        ]
        m.submodules.pack = pack = Pack(lanes, width + 2)
        values = [*wires(waiting, width), joined]
        m.d.comb += [
            pack.values.eq(
                Cat(
                    Cat(value, word[-1], bit) for value, word, bit in zip(values, words, emitted, strict=True)
                )
            ),
            pack.keep.eq(emitted),
            pack.start.eq(self.row),
            self.wires.eq(pack.moved),
            self.wrapped.eq(below(m, "row_below", self.row[: (lanes - 1).bit_length()])),
        ]
        return m

    def _lowest(self, m: Module, name: str, bits: Value) -> Value:
        """Return the lowest set bit of a vector alone."""
        some = prefix(m, f"{name}_some", bits, lambda a, b: a | b)
        return name_value(m, name, bits & ~Cat(Const(0, 1), some[:-1]))

    def _joined(self, m: Module, left: Value) -> Value:
        """Return the sum of the last lane with that of the Flex-DPE on the right, if the row goes on there."""
        config = self.config
        goes_on = self.right_continues.replicate(len(left))
        if not config.is_float:
            right = name_value(m, "right", self.right_sum & goes_on)
            total, _ = add(m, "joined", name_value(m, "left", left), right, operators=config.operators)
            return total
        adds = summation(config)
        m.submodules.join = adder = ReductionAdder(adds, len(left), len(left), len(left))
        neutral = Const(adds.neutral(len(left)), len(left))
        m.d.comb += [
            adder.a.eq(left),
            adder.b.eq(Mux(self.right_continues, self.right_sum, neutral)),
            adder.enable.eq(self.advance),
        ]
        return adder.o

    def _round(self, m: Module, kept: Value, marks: Value) -> Value:
        """Return the sums of the round that is due."""
        lanes = self.config.lanes
        left = Signal(lanes, init=(1 << lanes) - 1)  # slots of this round and of later ones
        due = name_value(m, "due", kept & marks & left)
        begun = prefix(m, "begun_at", due, lambda a, b: a | b)
        begun = name_value(m, "begun_by", begun | self.begun_left.replicate(lanes))
        again = name_value(m, "again", due & Cat(self.begun_left, begun[:-1]))
        ended = prefix(m, "ended_at", again, lambda a, b: a | b)
        ended = name_value(m, "ended_by", ended | self.ended_left.replicate(lanes))
        m.d.comb += [self.begun.eq(begun[-1]), self.ended.eq(ended[-1])]
        everything = self.advance.replicate(lanes)
        m.d.sync += left.eq(everything | Mux(self.step, ended, left))
        return name_value(m, "emitted", kept & begun & ~ended)
