"""What the three reduction networks are built from: adders, link registers, selectors, comparators.

Each is a block, so that an area report has a line for each.
"""

from dataclasses import dataclass
from itertools import pairwise

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ...arithmetic import units
from ...arithmetic.float_adder import FloatAdder
from ...arithmetic.integer_adder import IntegerAdder
from ...arithmetic.small_float_adder import SmallFloatAdder
from ...block import Block
from ...formats.table import INT32, FloatFormat, Format, IntegerFormat

__all__ = [
    "Delay",
    "Gate",
    "Joins",
    "ReductionAdder",
    "Select",
    "Summation",
    "enable_port",
    "register",
]


@dataclass(frozen=True)
class Summation:
    """How values are added.

    Parameters
    ----------
    format : of the sums; integers add modulo 2^width, floating point rounds to nearest even at every addition
    input_width : bits of an input; integers may be narrower than the sum and are sign-extended
    depth : cycles of an adder: 1…5 in floating point, 1…8 for integers
    flush_subnormals : floating point only, as in :class:`dotforge.arithmetic.float_adder.FloatAdder`
    stallable : whether registers have an enable
    operators : write carry chains as operators, for FPGA and timing-driven flows, instead of as the fewest
        gates

    Raises
    ------
    ValueError
        ``depth`` or ``input_width`` is out of its range, or ``flush_subnormals`` is set for integers.
    """

    format: Format = INT32
    input_width: int = 32
    depth: int = 1
    flush_subnormals: bool = False
    stallable: bool = False
    operators: bool = False

    def __post_init__(self) -> None:
        most = FloatAdder.MAX_PIPELINE if self.is_float else IntegerAdder.MAX_PIPELINE
        if not 1 <= self.depth <= most:
            raise ValueError(f"adder_depth is 1…{most} cycles, not {self.depth}")
        if isinstance(self.format, FloatFormat):
            if self.input_width != self.format.width:
                raise ValueError(f"input_width of {self.format.name} sums is {self.format.width}")
        elif not 1 <= self.input_width <= self.format.width:
            raise ValueError(f"input_width is 1…{self.format.width} bits, not {self.input_width}")
        elif self.flush_subnormals:
            raise ValueError("flush_subnormals is for floating point")

    @property
    def is_float(self) -> bool:
        """Whether the sums are floating point."""
        return isinstance(self.format, FloatFormat)

    @property
    def width(self) -> int:
        """Bits of a sum."""
        return self.format.width

    def partial_width(self, terms: int) -> int:
        """Bits that hold every sum of ``terms`` inputs, or all of a sum's bits where those are fewer."""
        if self.is_float:
            return self.width
        return min(self.width, self.input_width + (terms - 1).bit_length())

    def adder(self, width: int, depth: int | None = None) -> FloatAdder | SmallFloatAdder | IntegerAdder:
        """Return an adder of ``depth`` cycles; of integers, one of ``width`` bits."""
        options = {"stallable": self.stallable, "operators": self.operators}
        depth = self.depth if depth is None else depth
        if isinstance(self.format, FloatFormat):
            return units.adder(self.format, flush_subnormals=self.flush_subnormals, pipeline=depth, **options)
        return units.adder(IntegerFormat(width), pipeline=depth, **options)

    def neutral(self, width: int) -> int:
        """Return what added to x gives x: zero, or −0 in floating point (+0 would turn −0 into +0)."""
        return 1 << (width - 1) if self.is_float else 0

    def extend(self, value: Value, width: int) -> Value:
        """Sign-extend an integer to ``width`` bits.

        Parameters
        ----------
        value : no wider than ``width``, two's complement
        """
        missing = width - len(value)
        return Cat(value, value[-1].replicate(missing)) if missing else value


def register(m: Module, value: Value, name: str, enable: Value | None, *, reset_less: bool = True) -> Signal:
    """Return ``value`` one cycle later (later still while ``enable`` is low).

    Parameters
    ----------
    m : module that gets the logic
    name : of the register
    reset_less : without reset
    """
    stage = Signal(len(value), name=name, reset_less=reset_less)
    if enable is None:
        m.d.sync += stage.eq(value)
    else:
        with m.If(enable):
            m.d.sync += stage.eq(value)
    return stage


def enable_port(stallable: bool) -> dict:
    """Return the port that freezes a stallable block."""
    return {"enable": In(1)} if stallable else {}


class Delay(Block):
    """A link register: ``width`` bits, ``depth`` cycles later.

    Interface attributes
    --------------------
    i, o : ``width`` bits
    enable : registers load while high; only if ``stallable``
    """

    i: Signal
    o: Signal
    enable: Signal

    def __init__(self, width: int, depth: int, stallable: bool) -> None:
        self.stallable = stallable
        self.latency = depth
        super().__init__({"i": In(width), "o": Out(width), **enable_port(stallable)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        value: Value = self.i
        for stage in range(self.latency):
            value = register(m, value, f"stage_{stage}", self.enable if self.stallable else None)
        m.d.comb += self.o.eq(value)
        return m


class Select(Block):
    """``o = pick ? a : b``, ``width`` bits, combinational."""

    a: Signal
    b: Signal
    pick: Signal
    o: Signal

    def __init__(self, width: int) -> None:
        super().__init__({"a": In(width), "b": In(width), "pick": In(1), "o": Out(width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.o.eq(Mux(self.pick, self.a, self.b))
        return m


class Gate(Block):
    """``o = keep ? i : neutral``, combinational: ANDs, and one OR where the neutral element is −0.

    Parameters
    ----------
    width : bits
    neutral : constant that stands for nothing
    """

    i: Signal
    keep: Signal
    o: Signal

    def __init__(self, width: int, neutral: int) -> None:
        self.neutral = neutral
        super().__init__({"i": In(width), "keep": In(1), "o": Out(width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        width = len(self.i)
        neutral = Const(self.neutral, width)
        keep = self.keep.replicate(width)
        m.d.comb += self.o.eq((self.i & keep) | (neutral & ~keep))
        return m


class ReductionAdder(Block):
    """``a + b`` after ``summation.depth`` cycles: the adder of every network, its output registered.

    Parameters
    ----------
    summation : how values are added
    a_width, b_width, o_width : bits; integers are sign-extended to ``o_width`` and added modulo 2^o_width
    """

    a: Signal
    b: Signal
    o: Signal
    enable: Signal

    def __init__(self, summation: Summation, a_width: int, b_width: int, o_width: int) -> None:
        self.summation = summation
        self.latency = summation.depth
        ports = {"a": In(a_width), "b": In(b_width), "o": Out(o_width)}
        super().__init__({**ports, **enable_port(summation.stallable)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        summation, width = self.summation, len(self.o)
        m.submodules.adder = adder = summation.adder(width)
        m.d.comb += [
            adder.a.eq(summation.extend(self.a, width)),
            adder.b.eq(summation.extend(self.b, width)),
            self.o.eq(adder.o),
        ]
        if summation.stallable:
            m.d.comb += adder.en.eq(self.enable)
        return m


class Joins(Block):
    """The vecID comparators: bit i tells whether lanes i and i+1 belong to one run.

    Source: 004_cc286613ada5888f, section IV-A2 and Fig. 6c, ``vecID[adderID] == vecID[adderID+1]``.

    Parameters
    ----------
    lanes : of the network
    id_width : bits of a vecID
    """

    vec_ids: Signal
    joins: Signal

    def __init__(self, lanes: int, id_width: int) -> None:
        self.lanes = lanes
        self.id_width = id_width
        super().__init__({"vec_ids": In(lanes * id_width), "joins": Out(lanes - 1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        ids = [self.vec_ids.word_select(lane, self.id_width) for lane in range(self.lanes)]
        m.d.comb += self.joins.eq(Cat(left == right for left, right in pairwise(ids)))
        return m
