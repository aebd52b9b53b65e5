"""CrossbarNetwork: Expand and a crossbar, the baseline of the other distribution networks."""

from collections.abc import Sequence

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from ...block import Block
from ..columns import Pipeline, check_lanes, wires
from .crossbar import select_lanes
from .expand import expand_column
from .rank_control import RankControl

__all__ = ["CrossbarNetwork", "crossbar_columns"]


def crossbar_columns(window: int) -> int:
    """Return the number of columns: two that count, those of Expand, one a bit of a position."""
    return 2 + 2 * check_lanes(window)


class CrossbarNetwork(Block):
    """Expand, then a multiplexer tree for each lane.

    Parameters
    ----------
    lanes, window : powers of two from 2
    width : bits of a value
    registers : columns that a register follows, see :func:`crossbar_columns`
    stallable : with a port ``advance``

    Interface attributes
    --------------------
    values, bitmap : window values, compressed, and their places
    numbers : log2(window) bits a lane, its position; prepared, and in use after a ``swap``
    occupied : lanes bits, likewise; the others give zero
    swap : vectors after the one that enters in this cycle, if any, have the settings that are prepared now
    settled : the last swap has been everywhere, so ``numbers`` and ``occupied`` may change
    outputs : lanes values
    advance : registered, stallable networks only; low holds all registers
    """

    values: Signal
    bitmap: Signal
    numbers: Signal
    occupied: Signal
    swap: Signal
    settled: Signal
    outputs: Signal
    advance: Signal

    def __init__(
        self, lanes: int, window: int, width: int, registers: Sequence[int] = (), stallable: bool = True
    ) -> None:
        self.lanes, self.window, self.width, self.registers = lanes, window, width, tuple(registers)
        self.latency, self.stallable = len(self.registers), stallable and bool(self.registers)
        ports = {
            "values": In(window * width),
            "bitmap": In(window),
            "numbers": In(lanes * check_lanes(window)),
            "occupied": In(lanes),
            "swap": In(1),
            "settled": Out(1),
            "outputs": Out(lanes * width),
        }
        if self.stallable:
            ports["advance"] = In(1)
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        advance = self.advance if self.stallable else None
        line = Pipeline(m, self.width, self.registers, advance, self.swap)
        depth = check_lanes(self.window)
        # In the first column blocks are counted, in the second the settings of Expand follow from that.
        m.submodules.ranks = ranks = RankControl(
            self.window, registers=(1,) if 0 in self.registers else (), stallable=self.stallable
        )
        m.d.comb += ranks.mask.eq(self.bitmap)
        if ranks.stallable:
            m.d.comb += ranks.advance.eq(self.advance)
        values = wires(self.values, self.width)
        for _ in range(2):
            values = line.end_column(values, "counted")
        for bit in reversed(range(depth)):
            select = line.now(ranks.settings(bit), "select", 1)
            if bit:
                values = expand_column(values, bit, select)
            else:
                values = expand_column(values, bit, select, line.now(self.bitmap, "bitmap"))
            values = line.end_column(values, "expanded")
        numbers: list[Value] = []  # a bit of all lanes, in use at the level that it is for
        occupied: Value | None = None
        for bit in range(depth):
            numbers.append(line.in_use(Cat(self.numbers[bit::depth]), f"numbers_{bit}"))
            if bit == depth - 1:
                occupied = line.in_use(self.occupied, "occupied")
            line.skip_column()
        registers = [column - 2 - depth for column in self.registers if column > depth + 1]
        outputs = select_lanes(m, Cat(*values), numbers, registers, advance, occupied)
        m.d.comb += [self.outputs.eq(outputs), self.settled.eq(line.settled())]
        return m
