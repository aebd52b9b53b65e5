"""Integer multiplier: partial products, one carry-save heap, a final adder."""

from amaranth.hdl import Module, Signal, Value
from amaranth.lib.wiring import In, Out

from ..block import Block
from ..formats.integer import IntegerFormat
from .carry import name_value
from .heap import Heap
from .pipeline import Cuts, enable_port
from .product import METHODS, add_product, smaller_method

__all__ = ["IntegerMultiplier"]

# Places of the register stages for each depth; the last stage is the result.
_CUTS: tuple[tuple[str, ...], ...] = ((), ("sum",), ("heap", "sum"))


class IntegerMultiplier(Block):
    """Multiplies two signed integers, exactly unless ``product`` is narrower; then modulo 2^width.

    Initiation interval 1.

    Parameters
    ----------
    a_format, b_format : formats of the operands; ``b_format`` defaults to ``a_format``
    product : format of the result; default, and at most, the one that holds every product
    method : how partial products are made, one of :data:`dotforge.arithmetic.product.METHODS` (default: the
        smaller one for these widths)
    pipeline : register stages, 0…2: the last holds the result, the one before the carry-save pair that the
        final adder adds
    stallable : the stages advance only while ``en`` is high; otherwise always
    operators : write the final adder as an operator, for FPGA and timing-driven flows, instead of as the
        fewest gates
    block : write the product as an operator, for a multiplier block of an FPGA; both registers are behind it then

    Raises
    ------
    ValueError
        ``product`` is wider than the exact product, ``method`` is unknown, or ``pipeline`` is out of its
        range.

    Interface attributes
    --------------------
    a, b : operands, two's complement
    o : their product, two's complement
    en : lets all stages advance; only with ``pipeline`` above 0 and ``stallable``
    latency : ``pipeline``
    """

    a: Signal
    b: Signal
    o: Signal
    en: Signal

    #: Largest ``pipeline``.
    MAX_PIPELINE = len(_CUTS) - 1

    def __init__(
        self,
        a_format: IntegerFormat,
        b_format: IntegerFormat | None = None,
        *,
        product: IntegerFormat | None = None,
        method: str | None = None,
        pipeline: int = 0,
        stallable: bool = True,
        operators: bool = False,
        block: bool = False,
    ) -> None:
        exact = a_format.product_format(b_format)
        if product is not None and product.width > exact.width:
            raise ValueError(f"IntegerMultiplier: product is at most {exact.name}, not {product.name}")
        if method not in (None, *METHODS):
            raise ValueError(f"IntegerMultiplier: method is one of {', '.join(METHODS)}, not {method}")
        if not 0 <= pipeline <= self.MAX_PIPELINE:
            raise ValueError(f"IntegerMultiplier: pipeline is 0…{self.MAX_PIPELINE}, not {pipeline}")
        self.a_format, self.b_format, self.product = a_format, b_format or a_format, product or exact
        self.method = method or smaller_method(self.a_format.width, self.b_format.width)
        self.pipeline = self.latency = pipeline
        self.operators, self.block = operators, block
        ports = {"a": In(a_format.width), "b": In(self.b_format.width), "o": Out(self.product.width)}
        super().__init__(ports | enable_port(pipeline, stallable))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        cuts = Cuts(m, _CUTS[self.pipeline], getattr(self, "en", None))
        if self.block:
            product = (self.a.as_signed() * self.b.as_signed())[: self.product.width]
            (product,) = cuts.cut("heap", product=name_value(m, "product", product))
            m.d.comb += self.o.eq(*cuts.cut("sum", result=product))
            return m
        heap = Heap(self.product.width)
        add_product(m, "row", heap, self.a.as_signed(), self.b.as_signed(), method=self.method)
        result: Value
        if self.pipeline < self.MAX_PIPELINE and not self.operators:
            (result,) = heap.compress(m, name="product")
        else:
            first, second = heap.compress(m, rows=2, name="product")
            first, second = cuts.cut("heap", first=first, second=second)
            result = self._add(m, first, second)
        m.d.comb += self.o.eq(*cuts.cut("sum", result=name_value(m, "total", result)))
        return m

    def _add(self, m: Module, first: Value, second: Value) -> Value:
        if self.operators:
            return (first + second)[: len(self.o)]
        heap = Heap(len(self.o))
        heap.add(first)
        heap.add(second)
        return heap.compress(m, name="final")[0]
