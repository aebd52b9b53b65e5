"""CrossbarNetwork: Expand and a crossbar, the baseline of the other distribution networks."""

from collections.abc import Sequence

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib.wiring import In, Out

from ..block import Block
from .crossbar import Selector
from .expand import expand_column
from .piece import Pipeline, check_lanes, wires
from .ranks import RankControl

__all__ = ["CrossbarNetwork", "crossbar_columns"]


def crossbar_columns(window: int) -> int:
    """Return the number of columns: one that counts, those of Expand, one a bit of a position."""
    return 1 + 2 * check_lanes(window)


class CrossbarNetwork(Block):
    """Expand, then a multiplexer tree for each lane.

    Parameters
    ----------
    lanes, window : powers of two from 2
    width : bits of a value
    registers : columns that a register follows, see :func:`crossbar_columns`

    Interface attributes
    --------------------
    values, bitmap : window values, compressed, and their places
    numbers : log2(window) bits a lane, its position
    occupied : lanes bits; the others give zero
    outputs : lanes values
    advance : registered networks only; low holds all registers
    """

    values: Signal
    bitmap: Signal
    numbers: Signal
    occupied: Signal
    outputs: Signal
    advance: Signal

    def __init__(self, lanes: int, window: int, width: int, registers: Sequence[int] = ()) -> None:
        self.lanes, self.window, self.width, self.registers = lanes, window, width, tuple(registers)
        self.latency = len(self.registers)
        ports = {
            "values": In(window * width),
            "bitmap": In(window),
            "numbers": In(lanes * check_lanes(window)),
            "occupied": In(lanes),
            "outputs": Out(lanes * width),
        }
        if self.registers:
            ports["advance"] = In(1)
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        line = Pipeline(m, self.width, self.registers, self.advance if self.registers else None)
        depth = check_lanes(self.window)
        m.submodules.ranks = ranks = RankControl(self.window)
        m.d.comb += ranks.mask.eq(self.bitmap)
        values = line.end_column(wires(self.values, self.width), "counted")
        for bit in reversed(range(depth)):
            select = line.now(ranks.settings(bit), "select")
            if bit:
                values = expand_column(values, bit, select)
            else:
                values = expand_column(values, bit, select, line.now(self.bitmap, "bitmap"))
            values = line.end_column(values, "expanded")
        numbers, occupied = line.now(self.numbers, "numbers"), line.now(self.occupied, "occupied")
        registers = tuple(column - line.column for column in self.registers if column >= line.column)
        window, outputs = Cat(*values), []
        for lane in range(self.lanes):
            selector = Selector(self.window, self.width, registers, gated=True)
            m.submodules[f"lane_{lane}"] = selector
            m.d.comb += [
                selector.values.eq(window),
                selector.number.eq(numbers[lane * depth : (lane + 1) * depth]),
                selector.occupied.eq(occupied[lane]),
            ]
            if registers:
                m.d.comb += selector.advance.eq(self.advance)
            outputs.append(selector.output)
        m.d.comb += self.outputs.eq(Cat(*outputs))
        return m
