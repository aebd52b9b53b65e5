"""Conversion between integer formats: sign extension, truncation, saturation."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ..block import Block
from ..formats.integer import IntegerFormat
from .carry import name_value
from .pipeline import Cuts, enable_port

__all__ = ["IntegerConverter"]


class IntegerConverter(Block):
    """Converts a signed integer to another width. Initiation interval 1.

    Parameters
    ----------
    source, target : formats
    overflow : what becomes of a number that the target cannot hold. ``"saturate"``: the largest or the
        smallest number of the target; ``"wrap"``: it is taken modulo 2^width
    pipeline : register stages, 0 or 1
    stallable : the stages advance only while ``en`` is high; otherwise always

    Raises
    ------
    ValueError
        ``overflow`` is another word, or ``pipeline`` is out of its range.

    Interface attributes
    --------------------
    i : number in the source format
    o : number in the target format
    en : lets the stage advance; only with ``pipeline`` 1 and ``stallable``
    latency : ``pipeline``
    """

    i: Signal
    o: Signal
    en: Signal

    #: Largest ``pipeline``.
    MAX_PIPELINE = 1

    def __init__(
        self,
        source: IntegerFormat,
        target: IntegerFormat,
        *,
        overflow: str = "saturate",
        pipeline: int = 0,
        stallable: bool = True,
    ) -> None:
        if overflow not in ("saturate", "wrap"):
            raise ValueError(f"IntegerConverter: overflow is saturate or wrap, not {overflow}")
        if not 0 <= pipeline <= self.MAX_PIPELINE:
            raise ValueError(f"IntegerConverter: pipeline is 0…{self.MAX_PIPELINE}, not {pipeline}")
        self.source, self.target, self.overflow = source, target, overflow
        self.pipeline = self.latency = pipeline
        ports = {"i": In(source.width), "o": Out(target.width)}
        super().__init__(ports | enable_port(pipeline, stallable))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        cuts = Cuts(m, ("convert",) if self.pipeline else (), getattr(self, "en", None))
        m.d.comb += self.o.eq(*cuts.cut("convert", result=self._convert(m)))
        return m

    def _convert(self, m: Module) -> Value:
        sign, surplus = self.i[-1], self.source.width - self.target.width
        if surplus <= 0:
            return Cat(self.i, sign.replicate(-surplus))
        low = self.i[: self.target.width]
        if self.overflow == "wrap":
            return low
        # A number fits if the bits above the target's sign are all equal to it.
        above = self.i[self.target.width - 1 : -1]
        over = name_value(m, "over", (above ^ sign.replicate(len(above))).any())
        return Mux(over, Cat((~sign).replicate(self.target.width - 1), sign), low)
