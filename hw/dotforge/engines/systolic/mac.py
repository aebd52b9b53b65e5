"""Multiplies and adds: the arithmetic of a processing element.

::

    weight ──────┐  multiplier_pipeline     adder_pipeline
                 × ─────────╎───────┐
    activation ──┘                  + ─────────╎───► sum, to the row below
    addend, from the row above ─────┘

Integers without a register between the two are one carry-save heap; in a multiplier block the two are apart.
"""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from ...arithmetic import units
from ...arithmetic.heap import Heap
from ...arithmetic.product import add_product
from ...block import Block
from ...formats.table import FloatFormat, IntegerFormat
from .config import SystolicConfig

__all__ = ["Mac", "sum_ports"]


def sum_ports(config: SystolicConfig, row: int) -> dict[str, Any]:
    """Return the ports of a row's sums: those from above, those down, and the enable.

    Parameters
    ----------
    config : of the engine
    row : number of the row, from 0 at the top
    """
    ports: dict[str, Any] = {"sum": Out(config.partial_width(row)), "en": In(1)}
    if row:
        ports["addend"] = In(config.partial_width(row - 1))
    if row and config.flagged(row - 1):
        ports["addend_overflow"] = In(1)
    if config.flagged(row):
        ports["overflow"] = Out(1)
    return ports


class Mac(Block):
    """Adds the product of two operands to an addend; in the top row, where there is none, it is the product.

    Integers: the sum is exact where it has the bits, and else wraps with a flag that stays set down the column.
    Floating point: the product is rounded to FP32, and so is the sum. Initiation interval 1.

    Parameters
    ----------
    config : of the engine
    row : number of the row, which decides the widths

    Interface attributes
    --------------------
    weight, activation : operands
    addend : ``config.partial_width(row - 1)`` bits, ``multiplier_pipeline`` cycles after the operands; not in row 0
    addend_overflow : it has overflowed; only where it may have
    sum : ``config.partial_width(row)`` bits, registered
    overflow : the sum, or one that it comes from, did not fit; only where that may be
    en : lets all registers advance
    latency : ``multiplier_pipeline`` + ``adder_pipeline``, from the operands; ``adder_pipeline`` from the addend
    """

    weight: Signal
    activation: Signal
    addend: Signal
    addend_overflow: Signal
    sum: Signal
    overflow: Signal
    en: Signal

    def __init__(self, config: SystolicConfig, row: int) -> None:
        self.config, self.row = config, row
        self.latency = config.multiplier_pipeline + config.adder_pipeline
        operand = In(config.operand.width)
        super().__init__({"weight": operand, "activation": operand, **sum_ports(config, row)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        heap = not config.is_float and not config.in_blocks
        if heap and (config.multiplier_pipeline, config.adder_pipeline) == (0, 1):
            exact = self._delay(m, "exact", self._heap(m), 1)
        elif self.row:
            exact = self._add(m, self._product(m))
        else:
            exact = self._delay(m, "product", self._product(m), config.adder_pipeline)
        m.d.comb += self.sum.eq(exact[: len(self.sum)])
        if config.flagged(self.row):
            above = exact[len(self.sum) - 1 :]
            before: Value = Const(0, 1)
            if self.row and config.flagged(self.row - 1):
                before = self._delay(m, "overflowed", self.addend_overflow, config.adder_pipeline)
            m.d.comb += self.overflow.eq((above.any() & ~above.all()) | before)
        return m

    @property
    def _exact_width(self) -> int:
        """Bits that hold the sum before it wraps."""
        config = self.config
        if not config.flagged(self.row):
            return config.partial_width(self.row)
        product = config.exact_sum(1).width
        return max(product, config.partial_width(self.row - 1)) + 1 if self.row else product

    def _heap(self, m: Module) -> Value:
        """Product and addend of integers in one heap."""
        heap = Heap(self._exact_width)
        operators = self.config.operators
        method = "baugh-wooley" if operators else None
        add_product(
            m, "row", heap, self.activation.as_signed(), self.weight.as_signed(), method=method, ready=1
        )
        if self.row:
            heap.add(self.addend.as_signed())
        if not operators:
            return Cat(heap.compress(m))
        first, second = heap.compress(m, rows=2)
        return (first + second)[: self._exact_width]

    def _product(self, m: Module) -> Value:
        config = self.config
        if config.in_blocks and not config.is_float:
            product = self.activation.as_signed() * self.weight.as_signed()
            return self._delay(m, "multiplied", product, config.multiplier_pipeline)
        options: dict[str, Any] = {"operators": config.operators}
        if config.is_float:
            options |= {"flush_subnormals": config.flush_subnormals, "block": config.in_blocks}
        elif config.operators:
            options["method"] = "baugh-wooley"
        m.submodules.multiplier = multiplier = units.multiplier(
            config.operand, pipeline=config.multiplier_pipeline, **options
        )
        m.d.comb += [multiplier.a.eq(self.activation), multiplier.b.eq(self.weight)]
        if config.multiplier_pipeline:
            m.d.comb += multiplier.en.eq(self.en)
        return multiplier.o

    def _add(self, m: Module, product: Value) -> Value:
        config = self.config
        options: dict[str, Any] = {"pipeline": config.adder_pipeline, "operators": config.operators}
        if isinstance(config.sum, FloatFormat):
            adder = units.adder(config.sum, flush_subnormals=config.flush_subnormals, **options)
        else:
            adder = units.adder(IntegerFormat(self._exact_width), **options)
        m.submodules.adder = adder
        width = len(adder.a)
        m.d.comb += [
            adder.a.eq(_extend(self.addend, width)),
            adder.b.eq(_extend(product, width)),
            adder.en.eq(self.en),
        ]
        return adder.o

    def _delay(self, m: Module, name: str, value: Value, cycles: int) -> Value:
        """Return the value so many cycles later."""
        for cycle in range(cycles):
            held = Signal(len(value), name=f"{name}_{cycle}", reset_less=True)
            with m.If(self.en):
                m.d.sync += held.eq(value)
            value = held
        return value


def _extend(value: Value, width: int) -> Value:
    """Sign-extend."""
    return Cat(value, value[-1].replicate(width - len(value))) if width > len(value) else value
