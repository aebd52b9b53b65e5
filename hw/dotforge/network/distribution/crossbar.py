"""Crossbar: each output takes any input, the baseline of the other networks."""

from collections.abc import Sequence

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from ...block import Block
from ..columns import Piece, Pipeline, check_lanes, choose, wires

__all__ = ["Crossbar", "Selector", "select_lanes"]


class Selector(Block):
    """One output of a crossbar: a tree of 2:1 multiplexers, one level for each bit of the input's number.

    Parameters
    ----------
    inputs : power of two, 2…512
    width : bits of a value
    registers : levels (0…log2(inputs) − 1, from the inputs on) that a register follows
    gated : the output can be zeroed
    stallable : with a port ``advance``

    Interface attributes
    --------------------
    values : inputs × width bits
    number : of the input that is taken; each bit is for the vector that is at its level
    occupied : low gives zero (``gated`` only); for the vector at the last level
    output : width bits
    advance : registered, stallable ones only; low holds all registers
    """

    values: Signal
    number: Signal
    occupied: Signal
    output: Signal
    advance: Signal

    def __init__(
        self,
        inputs: int,
        width: int,
        registers: Sequence[int] = (),
        gated: bool = False,
        stallable: bool = True,
    ) -> None:
        self.levels, self.width, self.gated = check_lanes(inputs), width, gated
        self.registers, self.latency = tuple(registers), len(registers)
        self.stallable = stallable and bool(registers)
        ports = {"values": In(inputs * width), "number": In(self.levels), "output": Out(width)}
        if gated:
            ports["occupied"] = In(1)
        if self.stallable:
            ports["advance"] = In(1)
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pipeline = Pipeline(m, self.width, self.registers, self.advance if self.stallable else None)
        values = wires(self.values, self.width)
        for level in range(self.levels):
            valid = self.occupied if self.gated and level == self.levels - 1 else None
            values = [
                choose(self.number[level], values[index + 1], values[index], valid)
                for index in range(0, len(values), 2)
            ]
            values = pipeline.end_column(values, "level")
        m.d.comb += self.output.eq(values[0])
        return m


def select_lanes(
    m: Module,
    values: Value,
    numbers: Sequence[Value],
    registers: Sequence[int] = (),
    advance: Value | None = None,
    occupied: Value | None = None,
) -> Value:
    """Return one output a lane.

    Parameters
    ----------
    values : all inputs
    numbers : for each level, one bit a lane: of the number of the input that the lane takes
    registers, advance : of each :class:`Selector`
    occupied : one bit a lane, low gives zero
    m : module that gets the logic
    """
    width = len(values) >> len(numbers)
    outputs = []
    for lane in range(len(numbers[0])):
        selector = Selector(
            1 << len(numbers), width, registers, occupied is not None, stallable=advance is not None
        )
        m.submodules[f"lane_{lane}"] = selector
        m.d.comb += [
            selector.values.eq(values),
            selector.number.eq(Cat(bits[lane] for bits in numbers)),
        ]
        if occupied is not None:
            m.d.comb += selector.occupied.eq(occupied[lane])
        if advance is not None and selector.stallable:
            m.d.comb += selector.advance.eq(advance)
        outputs.append(selector.output)
    return Cat(*outputs)


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
        pipeline = self.pipeline(m)
        numbers = []
        for bit in range(self.columns):
            numbers.append(pipeline.now(self.settings[bit :: self.columns], f"numbers_{bit}"))
            pipeline.skip_column()
        outputs = select_lanes(m, self.inputs, numbers, self.registers, pipeline.advance)
        m.d.comb += self.outputs.eq(outputs)
        return m
