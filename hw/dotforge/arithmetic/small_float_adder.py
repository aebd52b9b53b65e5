"""Adder of floating-point formats that have no infinity, such as FP8 E4M3.

::

    a ── widen ──┐
                 add, with infinities ── narrow ── o
    b ── widen ──┘

A format of one exponent bit more and the same fraction holds every number and every sum that does not have to be
rounded, and rounds the others at the same place (a sum of two numbers that is subnormal is exact). So the sum is
rounded once, by the adder, and the conversion back only limits it.
"""

from amaranth.hdl import Module, Signal
from amaranth.lib.wiring import In, Out

from ..block import Block
from ..formats.floating import FloatFormat
from .float_adder import FloatAdder
from .float_converter import FloatConverter
from .pipeline import enable_port

__all__ = ["SmallFloatAdder"]


class SmallFloatAdder(Block):
    """Adds two numbers of a format without infinity and rounds to nearest, ties to even.

    Initiation interval 1.

    Parameters
    ----------
    format : a format without infinity
    overflow : what becomes of a sum that rounds to more than the largest number. ``"saturate"``: the largest
        number of its sign; ``"special"``: NaN, or the largest number where there is no NaN
    flush_subnormals : operands with exponent field zero count as zero of their sign, and a sum whose
        magnitude is above zero and below the smallest normal number becomes zero of its sign
    pipeline : register stages, 0…5; those of :class:`dotforge.arithmetic.float_adder.FloatAdder`, with the
        last one behind the conversion
    stallable : the stages advance only while ``en`` is high; otherwise always
    operators : write carry chains as operators, for FPGA and timing-driven flows, instead of as the fewest
        gates

    Raises
    ------
    ValueError
        The format has infinity, ``overflow`` is another word, or ``pipeline`` is out of its range.

    Interface attributes
    --------------------
    a, b : operands
    o : their sum
    en : lets all stages advance; only with ``pipeline`` above 0 and ``stallable``
    latency : ``pipeline``
    """

    a: Signal
    b: Signal
    o: Signal
    en: Signal

    #: Largest ``pipeline``.
    MAX_PIPELINE = FloatAdder.MAX_PIPELINE

    def __init__(
        self,
        format: FloatFormat,
        *,
        overflow: str = "saturate",
        flush_subnormals: bool = False,
        pipeline: int = 0,
        stallable: bool = True,
        operators: bool = False,
    ) -> None:
        if format.has_infinity:
            raise ValueError(f"SmallFloatAdder: format has no infinity, unlike {format.name}")
        if overflow not in ("saturate", "special"):
            raise ValueError(f"SmallFloatAdder: overflow is saturate or special, not {overflow}")
        if not 0 <= pipeline <= self.MAX_PIPELINE:
            raise ValueError(f"SmallFloatAdder: pipeline is 0…{self.MAX_PIPELINE}, not {pipeline}")
        self.format, self.overflow, self.stallable = format, overflow, stallable
        self.flush_subnormals, self.operators = flush_subnormals, operators
        self.pipeline = self.latency = pipeline
        exponent_bits = format.exponent_bits + 1
        #: Format of the addition.
        self.wide = FloatFormat(
            f"E{exponent_bits}M{format.mantissa_bits}", exponent_bits, format.mantissa_bits
        )
        ports = {"a": In(format.width), "b": In(format.width), "o": Out(format.width)}
        super().__init__(ports | enable_port(pipeline, stallable))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        flush, operators = self.flush_subnormals, self.operators
        stages = max(0, self.pipeline - 1)
        m.submodules.adder = adder = FloatAdder(
            self.wide, pipeline=stages, stallable=self.stallable, operators=operators
        )
        for name in ("a", "b"):
            widen = FloatConverter(self.format, self.wide, flush_subnormals=flush, operators=operators)
            m.submodules[f"widen_{name}"] = widen
            m.d.comb += [widen.i.eq(getattr(self, name)), getattr(adder, name).eq(widen.o)]
        m.submodules.narrow = narrow = FloatConverter(
            self.wide,
            self.format,
            overflow=self.overflow,
            flush_subnormals=flush,
            pipeline=min(1, self.pipeline),
            stallable=self.stallable,
            operators=operators,
        )
        m.d.comb += [narrow.i.eq(adder.o), self.o.eq(narrow.o)]
        if stages and self.stallable:
            m.d.comb += adder.en.eq(self.en)
        if self.pipeline and self.stallable:
            m.d.comb += narrow.en.eq(self.en)
        return m
