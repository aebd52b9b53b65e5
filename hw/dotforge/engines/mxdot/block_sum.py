"""Exact sum of products in fixed point: the heart of the engine, and the bare unit that figures are about.

With n negative products of P bits, complemented, the sum is

    Σ magnitude + n · (1 − 2^P)

so the signs of all lanes are counted and the count enters the heap twice, instead of two bits a lane.
"""

from amaranth.hdl import Cat, Module, Signal, Value, signed
from amaranth.lib.wiring import In, Out

from ...arithmetic.carry import name_value
from ...arithmetic.heap import Heap
from ...arithmetic.product import add_product
from ...block import Block
from ...formats.block import ELEMENTS
from .product import ElementProduct

__all__ = ["BlockSum", "ElementMac"]


class BlockSum(Block):
    """Sum of products and an addend, combinational, modulo ``2**width``.

    Parameters
    ----------
    lanes : number of products
    weight, activation : names of block formats
    width : bits of the sum and of the addend
    addend : whether there is an addend

    Interface attributes
    --------------------
    weights, activations : codes of all lanes, lane 0 in the low bits
    addend : added to the products
    total : the sum in units of the two formats' smallest numbers
    nan, rises, falls : some product is NaN, +infinity, −infinity; ``nan`` also where infinities meet. Always
        0 where no format has such codes
    """

    weights: Signal
    activations: Signal
    addend: Signal
    total: Signal
    nan: Signal
    rises: Signal
    falls: Signal

    def __init__(self, *, lanes: int, weight: str, activation: str, width: int, addend: bool) -> None:
        self.lanes, self.weight, self.activation = lanes, weight, activation
        self.width, self.has_addend = width, addend
        ports = {
            "weights": In(lanes * ELEMENTS[weight].width),
            "activations": In(lanes * ELEMENTS[activation].width),
            "total": Out(signed(width)),
            **dict.fromkeys(("nan", "rises", "falls"), Out(1)),
        }
        if addend:
            ports["addend"] = In(signed(width))
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        heap = Heap(self.width)
        if ELEMENTS[self.weight].float or ELEMENTS[self.activation].float:
            self._add_lanes(m, heap)
        else:
            for lane in range(self.lanes):
                weight = self.weights.word_select(lane, 8).as_signed()
                activation = self.activations.word_select(lane, 8).as_signed()
                add_product(m, f"lane_{lane}", heap, activation, weight, ready=1)
        if self.has_addend:
            heap.add(self.addend.as_unsigned())  # as wide as the heap: its sign bit needs no special care
        m.d.comb += self.total.eq(heap.compress(m)[0])
        return m

    def _add_lanes(self, m: Module, heap: Heap) -> None:
        count = Heap(self.lanes.bit_length())
        flags: dict[str, list[Value]] = {"nan": [], "rises": [], "falls": []}
        bits = 0
        for lane in range(self.lanes):
            product = ElementProduct(a=self.weight, b=self.activation)
            m.submodules[f"lane_{lane}"] = product
            m.d.comb += [
                product.a.eq(self.weights.word_select(lane, len(product.a))),
                product.b.eq(self.activations.word_select(lane, len(product.b))),
            ]
            heap.add(product.magnitude, ready=2)
            count.add_bit(product.negative, 0)
            bits = product.width
            if "nan" in product.signature.members:
                flags["nan"].append(product.nan)
            if "infinite" in product.signature.members:
                flags["rises"].append(product.infinite & ~product.negative)
                flags["falls"].append(product.infinite & product.negative)
        negatives = name_value(m, "negatives", count.compress(m, name="count")[0])
        heap.add(negatives, ready=5)
        heap.add(~negatives, shift=bits, ready=5)  # −n = ~n + 1 − 2^(bits of n)
        heap.add_constant((1 - (1 << len(negatives))) << bits)
        rises, falls = Cat(flags["rises"]).any(), Cat(flags["falls"]).any()
        m.d.comb += [
            self.rises.eq(rises),
            self.falls.eq(falls),
            self.nan.eq(Cat(flags["nan"]).any() | (self.rises & self.falls)),
        ]


class ElementMac(Block):
    """The bare unit that the transistor figures are about: exact products into a fixed-point running sum.

    Adds modulo ``2**sum_bits`` in units of the two formats' smallest numbers; it has no scales, operand registers
    or clear (the engine has them). Initiation interval 1, latency 1.

    Parameters
    ----------
    lanes : products a cycle
    weight, activation : names of block formats
    sum_bits : width of the running sum
    """

    weights: Signal
    activations: Signal
    sum: Signal
    latency = 1

    def __init__(self, *, lanes: int, weight: str, activation: str, sum_bits: int) -> None:
        self.lanes, self.weight, self.activation, self.sum_bits = lanes, weight, activation, sum_bits
        super().__init__(
            {
                "weights": In(lanes * ELEMENTS[weight].width),
                "activations": In(lanes * ELEMENTS[activation].width),
                "sum": Out(signed(sum_bits)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        running = Signal(signed(self.sum_bits), reset_less=True)
        m.submodules.block = block = BlockSum(
            lanes=self.lanes,
            weight=self.weight,
            activation=self.activation,
            width=self.sum_bits,
            addend=True,
        )
        m.d.comb += [
            block.weights.eq(self.weights),
            block.activations.eq(self.activations),
            block.addend.eq(running),
            self.sum.eq(running),
        ]
        m.d.sync += running.eq(block.total)
        return m
