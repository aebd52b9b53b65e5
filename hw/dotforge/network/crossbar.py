"""Crossbar: each output takes any input, the baseline of the other networks."""

from collections.abc import Sequence

from amaranth.hdl import Cat, Module, Value

from .piece import Piece, Wires, check_lanes, choose, wires

__all__ = ["Crossbar", "select_column"]


def select_column(candidates: list[Wires], selects: list[Value], valid: Value | None = None) -> list[Wires]:
    """Halve the candidates of every output by one bit of its number; zero where ``valid`` is low."""
    return [
        [
            choose(select, values[index + 1], values[index], None if valid is None else valid[lane])
            for index in range(0, len(values), 2)
        ]
        for lane, (values, select) in enumerate(zip(candidates, selects, strict=True))
    ]


class Crossbar(Piece):
    """Every map of inputs to outputs: a tree of 2:1 multiplexers for each output.

    Parameters
    ----------
    lanes, width, registers : see :class:`Piece`; one column

    Interface attributes
    --------------------
    settings : log2(lanes) bits an output, output 0 lowest: the number of the input that it takes
    """

    def __init__(self, lanes: int, width: int, registers: Sequence[int] = ()) -> None:
        super().__init__(lanes, width, 1, lanes * check_lanes(lanes), registers)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pipeline = self.pipeline(m)
        bits = check_lanes(self.lanes)
        numbers = [self.settings[lane * bits : (lane + 1) * bits] for lane in range(self.lanes)]
        values = [list(wires(self.inputs, self.width)) for _ in range(self.lanes)]
        for bit in range(bits):
            values = select_column(values, [number[bit] for number in numbers])
        m.d.comb += self.outputs.eq(Cat(*pipeline.end_column([only for (only,) in values], "column")))
        return m
