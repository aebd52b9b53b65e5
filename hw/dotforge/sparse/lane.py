"""A lane: the multiplier and its gate."""

from typing import Any

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from ..arithmetic import units
from ..arithmetic.float_multiplier import FloatMultiplier
from ..arithmetic.integer_multiplier import IntegerMultiplier
from ..block import Block
from ..formats.table import FloatFormat, Format, lookup
from ..network.reduction.parts import register

__all__ = ["Lane", "most_pipeline"]


def most_pipeline(operand: Format) -> int:
    """Return the most registers that a multiplier of a format has places for."""
    return (FloatMultiplier if isinstance(operand, FloatFormat) else IntegerMultiplier).MAX_PIPELINE


class Lane(Block):
    """Multiplies the stationary value by what streams in, or gives +0.

    Without a useful value both operands are zero, so that neither a negative zero nor a NaN comes of a
    stationary value that is not asked for, and nothing switches behind the gate.

    Parameters
    ----------
    format : name of the operands' format
    flush_subnormals : floating point only
    pipeline : registers of the multiplier; one more than it has places for is at its operands
    operators : see :mod:`dotforge.arithmetic.carry`; integers are then multiplied by the method that is faster
        on an FPGA
    block : multiply in a multiplier block of an FPGA

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

    def __init__(
        self, format: str, flush_subnormals: bool, pipeline: int, operators: bool = False, block: bool = False
    ) -> None:
        self.operand, self.flush_subnormals = lookup(format), flush_subnormals
        self.pipeline = self.latency = pipeline
        self.operators, self.block = operators, block
        #: Registers at the operands, where there are more than a multiplier has places for.
        self.ahead = max(0, pipeline - most_pipeline(self.operand))
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
        options: dict[str, Any] = {"operators": self.operators, "block": self.block}
        if self._is_float:
            options["flush_subnormals"] = self.flush_subnormals
        elif self.operators:
            options["method"] = "baugh-wooley"
        inner = self.pipeline - self.ahead
        m.submodules.multiplier = multiplier = units.multiplier(self.operand, pipeline=inner, **options)
        operands: Value = Cat(self.stationary & self.useful.replicate(self.operand.width), self.value)
        for number in range(self.ahead):
            operands = register(m, operands, f"operands_{number}", self.en)
        m.d.comb += [
            Cat(multiplier.a, multiplier.b).eq(operands),
            self.product.eq(multiplier.o),
        ]
        if inner:
            m.d.comb += multiplier.en.eq(self.en)
        return m
