"""Crossbar: each output takes any input, the baseline of the other networks."""

from collections.abc import Sequence

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib.wiring import In, Out

from ..block import Block
from .piece import Piece, Pipeline, check_lanes, choose, wires

__all__ = ["Crossbar", "Selector"]


class Selector(Block):
    """One output of a crossbar: a tree of 2:1 multiplexers, one level for each bit of the input's number.

    Parameters
    ----------
    inputs : power of two, 2…512
    width : bits of a value
    registers : levels (0…log2(inputs) − 1, from the inputs on) that a register follows
    gated : the output can be zeroed

    Interface attributes
    --------------------
    values : inputs × width bits
    number : of the input that is taken
    occupied : low gives zero (``gated`` only)
    output : width bits
    advance : registered ones only; low holds all registers
    """

    values: Signal
    number: Signal
    occupied: Signal
    output: Signal
    advance: Signal

    def __init__(self, inputs: int, width: int, registers: Sequence[int] = (), gated: bool = False) -> None:
        self.levels, self.width, self.registers, self.gated = (
            check_lanes(inputs),
            width,
            tuple(registers),
            gated,
        )
        self.latency = len(self.registers)
        ports = {"values": In(inputs * width), "number": In(self.levels), "output": Out(width)}
        if gated:
            ports["occupied"] = In(1)
        if self.registers:
            ports["advance"] = In(1)
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pipeline = Pipeline(m, self.width, self.registers, self.advance if self.registers else None)
        values = wires(self.values, self.width)
        for level in range(self.levels):
            bit = pipeline.now(self.number[level], f"number_{level}")
            last = self.gated and level == self.levels - 1
            valid = pipeline.now(self.occupied, "occupied") if last else None
            values = [
                choose(bit, values[index + 1], values[index], valid) for index in range(0, len(values), 2)
            ]
            values = pipeline.end_column(values, "level")
        m.d.comb += self.output.eq(values[0])
        return m


class Crossbar(Piece):
    """Every map of inputs to outputs: a :class:`Selector` for each output.

    Parameters
    ----------
    lanes, width, registers : see :class:`Piece`; log2(lanes) columns

    Interface attributes
    --------------------
    settings : log2(lanes) bits an output, output 0 lowest: the number of the input that it takes
    """

    def __init__(self, lanes: int, width: int, registers: Sequence[int] = ()) -> None:
        bits = check_lanes(lanes)
        super().__init__(lanes, width, bits, lanes * bits, registers)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        outputs = []
        for lane in range(self.lanes):
            selector = Selector(self.lanes, self.width, self.registers)
            m.submodules[f"lane_{lane}"] = selector
            m.d.comb += [
                selector.values.eq(self.inputs),
                selector.number.eq(self.settings[lane * self.columns : (lane + 1) * self.columns]),
            ]
            if self.registers:
                m.d.comb += selector.advance.eq(self.advance)
            outputs.append(selector.output)
        m.d.comb += self.outputs.eq(Cat(*outputs))
        return m
