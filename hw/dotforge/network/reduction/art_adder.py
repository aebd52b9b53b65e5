"""The three-input adder of ART."""

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from ...block import Block
from .parts import Delay, Gate, Summation, enable_port

__all__ = ["ThreeInputAdder", "gated"]


class ThreeInputAdder(Block):
    """``(a + b) + c`` of those operands that are used, after ``summation.depth`` cycles.

    Floating point: two adders, the first with the earlier half of the cycles; both round. Integers: a row of
    full adders, then one adder, all in one module.

    Parameters
    ----------
    summation : how values are added
    width, o_width : bits of the operands and of the result

    Interface attributes
    --------------------
    a, b, c : operands
    use_a, use_b, use_c : an operand that is not used counts as neutral
    o : sum
    """

    a: Signal
    b: Signal
    c: Signal
    use_a: Signal
    use_b: Signal
    use_c: Signal
    o: Signal
    enable: Signal

    def __init__(self, summation: Summation, width: int, o_width: int) -> None:
        self.summation = summation
        self.latency = summation.depth
        ports = {name: In(width) for name in "abc"} | {f"use_{name}": In(1) for name in "abc"}
        super().__init__({**ports, "o": Out(o_width), **enable_port(summation.stallable)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        if self.summation.is_float:
            self._float(m)
        else:
            self._integer(m)
        return m

    def _float(self, m: Module) -> None:
        summation, width = self.summation, len(self.a)
        early = summation.depth // 2
        a, b, third = (
            gated(m, name, value, use, summation)
            for name, value, use in (
                ("a", self.a, self.use_a),
                ("b", self.b, self.use_b),
                ("c", self.c, self.use_c),
            )
        )
        m.submodules.first = first = summation.adder(width, early)
        m.submodules.second = second = summation.adder(width, summation.depth - early)
        if early:
            m.submodules.third = waits = Delay(width, early, summation.stallable)
            m.d.comb += waits.i.eq(third)
            third = waits.o
            if summation.stallable:
                m.d.comb += [waits.enable.eq(self.enable), first.en.eq(self.enable)]
        m.d.comb += [first.a.eq(a), first.b.eq(b), second.a.eq(first.o), second.b.eq(third)]
        m.d.comb += self.o.eq(second.o)
        if summation.stallable:
            m.d.comb += second.en.eq(self.enable)

    def _integer(self, m: Module) -> None:
        width = len(self.o)
        operands = [
            self.summation.extend(value & use.replicate(len(value)), width)
            for value, use in ((self.a, self.use_a), (self.b, self.use_b), (self.c, self.use_c))
        ]
        sums = Signal(width)
        carries = Signal(width)
        a, b, c = operands
        m.submodules.adder = adder = self.summation.adder(width)
        m.d.comb += [
            sums.eq(a ^ b ^ c),
            carries.eq(Cat(Const(0, 1), ((a & b) | (c & (a ^ b)))[:-1])),
            adder.a.eq(sums),
            adder.b.eq(carries),
            self.o.eq(adder.o),
        ]
        if self.summation.stallable:
            m.d.comb += adder.en.eq(self.enable)


def gated(m: Module, name: str, value: Value, use: Value, summation: Summation) -> Value:
    """Return an operand, or what adds nothing where it is not used.

    Parameters
    ----------
    m : module that gets the logic
    name : stem of the names of its signals
    value : the operand
    use : one bit: it is used
    summation : how values are added
    """
    m.submodules[f"gate_{name}"] = gate = Gate(len(value), summation.neutral(len(value)))
    m.d.comb += [gate.i.eq(value), gate.keep.eq(use)]
    return gate.o
