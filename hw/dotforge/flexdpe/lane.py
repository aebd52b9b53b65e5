"""A lane: the multiplier and its gate."""

from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib.wiring import In, Out

from ..block import Block
from ..formats import FloatFormat, lookup

__all__ = ["Lane"]


class Lane(Block):
    """Multiplies the stationary value by what streams in, or gives +0.

    Without a useful value both operands are zero, so that neither a negative zero nor a NaN comes of a
    stationary value that is not asked for, and nothing switches behind the gate.

    Parameters
    ----------
    format : name of the operands' format
    flush_subnormals : floating point only
    pipeline : registers of the multiplier
    operators : see :mod:`dotforge.arithmetic.carry`; integers are then multiplied by the method that is faster
        on an FPGA

    Interface attributes
    --------------------
    stationary, value : operands
    useful : there is a value; without it ``value`` is zero
    product : in the product format, or FP32
    en : lets the registers advance; only with ``pipeline`` above 0
    latency : ``pipeline``; initiation interval 1
    """

    stationary: Signal
    value: Signal
    useful: Signal
    product: Signal
    en: Signal

    def __init__(self, format: str, flush_subnormals: bool, pipeline: int, operators: bool = False) -> None:
        self.operand, self.flush_subnormals = lookup(format), flush_subnormals
        self.pipeline = self.latency = pipeline
        self.operators = operators
        width = self.operand.width
        product = self.operand.sum_format() if self._is_float else self.operand.product_format()
        ports: dict[str, Any] = {
            "stationary": In(width),
            "value": In(width),
            "useful": In(1),
            "product": Out(product.width),
        }
        super().__init__(ports | ({"en": In(1)} if pipeline else {}))

    @property
    def _is_float(self) -> bool:
        return isinstance(self.operand, FloatFormat)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        options: dict[str, Any] = {"operators": self.operators}
        if self._is_float:
            options["flush_subnormals"] = self.flush_subnormals
        elif self.operators:
            options["method"] = "baugh-wooley"
        m.submodules.multiplier = multiplier = self.operand.multiplier(pipeline=self.pipeline, **options)
        m.d.comb += [
            multiplier.a.eq(self.stationary & self.useful.replicate(self.operand.width)),
            multiplier.b.eq(self.value),
            self.product.eq(multiplier.o),
        ]
        if self.pipeline:
            m.d.comb += multiplier.en.eq(self.en)
        return m
