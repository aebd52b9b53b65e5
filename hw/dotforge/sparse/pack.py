"""Packing: the values that stay, without gaps, behind those that are there already.

A value that is the r-th of its fold goes to wire r mod B, so that groups of B lanes are filled one after the
other. This is the routing of :mod:`dotforge.network.distribution.rank_control` with ranks that begin at the
number of values that are there: packing and turning are one network, log2 B columns. ::

    wires in    a . b c      keep 1 0 1 1
    there       5 values, B = 4:  ranks 5, 6, 7 of a, b, c
    wires out   . a b c
"""

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from ..arithmetic.carry import name_value
from ..block import Block
from ..network.columns import check_lanes, exchange, wires
from ..network.distribution.rank_control import below

__all__ = ["Pack"]


class Pack(Block):
    """Moves kept values to the wires of their ranks; combinational.

    Parameters
    ----------
    lanes : wires B, a power of two from 1
    width : bits of a value
    apart : the settings of the columns leave and come back, for a register that is elsewhere

    Interface attributes
    --------------------
    values : B values
    keep : those that stay
    start : rank of the first one, modulo B
    moved : the value of rank r on wire r mod B; wires without one carry any
    settings, chosen : of the columns, from ``keep`` and ``start``, and those that the values are moved with (with
        ``apart`` only)
    """

    values: Signal
    keep: Signal
    start: Signal
    moved: Signal
    settings: Signal
    chosen: Signal

    def __init__(self, lanes: int, width: int, apart: bool = False) -> None:
        self.lanes, self.width, self.apart = lanes, width, apart
        self.columns = check_lanes(lanes, least=1)
        bits = self.columns * lanes // 2
        super().__init__(
            {
                "values": In(lanes * width),
                "keep": In(lanes),
                "start": In(self.columns),
                "moved": Out(lanes * width),
                **({"settings": Out(bits), "chosen": In(bits)} if apart else {}),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        values = wires(self.values, self.width)
        # ranks[bit][block]: rank, modulo 2**bit, of the first value in a block of 2**bit wires
        ranks, counts = self._ranks(m)
        settings = []
        for bit in range(self.columns):
            select: list[Value] = []
            for block in range(self.lanes >> (bit + 1)):
                middle = Signal(bit + 1, name=f"middle_{bit}_{block}")
                m.d.comb += middle.eq(ranks[bit + 1][block] + counts[bit][2 * block])
                low, high = middle[:bit], middle[bit]
                # Bit ``bit`` of the first rank at or after the middle that is wire modulo 2**bit.
                less = below(m, f"below_{bit}_{block}", low)
                select.append(less ^ high.replicate(1 << bit))
            flat = Signal(self.lanes * self.width, name=f"column_{bit}")
            chosen: Value = name_value(m, f"select_{bit}", Cat(select))
            if self.apart:
                settings.append(chosen)
                chosen = self.chosen[bit * self.lanes // 2 : (bit + 1) * self.lanes // 2]
            of = chosen.__getitem__
            m.d.comb += flat.eq(Cat(exchange(values, bit, of, of, inverted=(True, False))))
            values = wires(flat, self.width)
        m.d.comb += self.moved.eq(Cat(values))
        if self.apart:
            m.d.comb += self.settings.eq(Cat(settings))
        return m

    def _ranks(self, m: Module) -> tuple[list[list[Value]], list[list[Value]]]:
        """Count kept values of blocks, upwards, and the ranks at which blocks begin, downwards."""
        counts: list[list[Value]] = [list(self.keep)]
        for bit in range(1, self.columns):
            below, level = counts[-1], []
            for block in range(len(below) // 2):
                count = Signal(bit + 1, name=f"count_{bit}_{block}")
                m.d.comb += count.eq(below[2 * block] + below[2 * block + 1])
                level.append(count)
            counts.append(level)
        ranks: list[list[Value]] = [[] for _ in range(self.columns + 1)]
        ranks[self.columns] = [self.start]
        for bit in reversed(range(self.columns)):
            for block, rank in enumerate(ranks[bit + 1]):
                middle = Signal(bit, name=f"rank_{bit}_{2 * block + 1}")
                m.d.comb += middle.eq(rank + counts[bit][2 * block])
                ranks[bit] += [rank[:bit], middle]
        return ranks, counts
