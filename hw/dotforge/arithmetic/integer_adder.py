"""Integer adder: wraps or saturates, and tells overflow where that is wanted."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ..block import Block
from ..formats.integer import IntegerFormat
from .carry import add, name_value
from .pipeline import Cuts, enable_port

__all__ = ["IntegerAdder"]


class IntegerAdder(Block):
    """Adds two signed integers of one format. Initiation interval 1.

    Each register stage but the last cuts the carry chain: a slice of bits is added a cycle, low bits first.

    Parameters
    ----------
    format : of operands and sum
    overflow : what becomes of a sum that the format cannot hold. ``"wrap"``: it is taken modulo 2^width;
        ``"saturate"``: the largest or the smallest number
    flag : whether there is an output ``overflowed``
    pipeline : register stages, 0…8. The last holds the result
    stallable : the stages advance only while ``en`` is high; otherwise always
    operators : write carry chains as operators, for FPGA and timing-driven flows, instead of as the fewest
        gates

    Raises
    ------
    ValueError
        ``overflow`` is another word, or ``pipeline`` is out of its range.

    Interface attributes
    --------------------
    a, b : operands, two's complement
    o : their sum
    overflowed : the exact sum does not fit; only with ``flag``
    en : lets all stages advance; only with ``pipeline`` above 0 and ``stallable``
    latency : ``pipeline``
    """

    a: Signal
    b: Signal
    o: Signal
    overflowed: Signal
    en: Signal

    #: Largest ``pipeline``.
    MAX_PIPELINE = 8

    def __init__(
        self,
        format: IntegerFormat,
        *,
        overflow: str = "wrap",
        flag: bool = False,
        pipeline: int = 0,
        stallable: bool = True,
        operators: bool = False,
    ) -> None:
        if overflow not in ("wrap", "saturate"):
            raise ValueError(f"IntegerAdder: overflow is wrap or saturate, not {overflow}")
        if not 0 <= pipeline <= self.MAX_PIPELINE:
            raise ValueError(f"IntegerAdder: pipeline is 0…{self.MAX_PIPELINE}, not {pipeline}")
        self.format, self.overflow, self.flag, self.operators = format, overflow, flag, operators
        self.pipeline = self.latency = pipeline
        ports = {"a": In(format.width), "b": In(format.width), "o": Out(format.width)}
        ports |= {"overflowed": Out(1)} if flag else {}
        super().__init__(ports | enable_port(pipeline, stallable))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        stages = max(1, self.pipeline)
        cuts = Cuts(m, [f"slice_{stage}" for stage in range(self.pipeline)], getattr(self, "en", None))
        a: Value = self.a
        b: Value = self.b
        done: Value = Const(0, 0)
        carry: Value = Const(0, 1)
        width = self.format.width
        ends = [width * (stage + 1) // stages for stage in range(stages)]
        for stage, end in enumerate(ends[:-1]):
            size = end - len(done)
            part, carry = add(m, f"add_{stage}", a[:size], b[:size], carry, operators=self.operators)
            done, carry, a, b = cuts.cut(
                f"slice_{stage}", done=Cat(done, part), carry=carry, a=a[size:], b=b[size:]
            )
        part, _ = add(m, f"add_{stages - 1}", a, b, carry, operators=self.operators)
        total = name_value(m, "total", Cat(done, part))
        results: dict[str, Value] = {"result": total}
        if self.flag or self.overflow == "saturate":
            # The operands have one sign and the sum has the other.
            overflowed = name_value(m, "over", (a[-1] ^ total[-1]) & (b[-1] ^ total[-1]))
            if self.overflow == "saturate":
                # Then all bits but the sign are the sum's sign, and the sign is its complement.
                extreme = Cat(total[-1].replicate(width - 1), ~total[-1])
                results["result"] = Mux(overflowed, extreme, total)
            if self.flag:
                results["overflowed"] = overflowed
        values = cuts.cut(f"slice_{self.pipeline - 1}", **results)
        m.d.comb += self.o.eq(values[0])
        if self.flag:
            m.d.comb += self.overflowed.eq(values[1])
        return m
