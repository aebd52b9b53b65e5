"""Product of two elements, exactly, as bits for a carry-save heap.

::

    a ──┬─ significand ──┬── multiply ── shift left ── complement ── magnitude
    b ──┴─ exponent ─────┴──────── add ─────┘              │
        └─ sign ─────────────────── xor ───────────────────┴──────── negative

A negative product is complemented, not negated: what is missing, a 1 in the last place and the weight of the
sign, depends on the sign only and is added once for all lanes (see :mod:`dotforge.engines.mxdot.block_sum`).
"""

from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Module, Signal, Value, signed
from amaranth.lib.wiring import In, Out

from ...arithmetic.carry import add, increment, name_value
from ...arithmetic.float_fields import unpack
from ...arithmetic.heap import Heap
from ...arithmetic.shifter import shift_left
from ...block import Block
from ...formats.block import ELEMENTS, Element

__all__ = ["ElementLane", "ElementProduct", "product_bits"]


def product_bits(a: str, b: str) -> int:
    """Bits of the largest product of two formats, in units of the product of their smallest numbers.

    Parameters
    ----------
    a : name of a format
    b : name of the other one
    """
    return (ELEMENTS[a].largest * ELEMENTS[b].largest).bit_length()


@dataclass
class _Operand:
    sign: Value
    significand: Value
    shift: Value  # no bits for integers
    nonzero: Value
    nan: Value
    infinite: Value


class ElementProduct(Block):
    """Multiplies two elements, combinational.

    Parameters
    ----------
    a, b : names of block formats, keys of :data:`dotforge.formats.block.ELEMENTS`

    Interface attributes
    --------------------
    a, b : codes
    magnitude : |a · b| in units of 2^(unit of a + unit of b), complemented where ``negative``; ``width`` bits.
        Of no meaning where an operand is NaN or infinite
    negative : signs differ (also of a zero)
    nan : a is NaN, b is NaN, or infinity times zero; only where a format has NaN
    infinite : the product is infinite, with the sign ``negative``; only where a format has infinities
    """

    a: Signal
    b: Signal
    magnitude: Signal
    negative: Signal
    nan: Signal
    infinite: Signal

    def __init__(self, *, a: str, b: str) -> None:
        self.a_element, self.b_element = ELEMENTS[a], ELEMENTS[b]
        #: Bits of the largest product.
        self.width = product_bits(a, b)
        ports = {
            "a": In(self.a_element.width),
            "b": In(self.b_element.width),
            "magnitude": Out(self.width),
            "negative": Out(1),
        }
        elements = (self.a_element, self.b_element)
        if any(element.has_nan for element in elements):
            ports["nan"] = Out(1)
        if any(element.has_infinity for element in elements):
            ports["infinite"] = Out(1)
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        a = _take_apart(m, "a", self.a_element, self.a)
        b = _take_apart(m, "b", self.b_element, self.b)
        heap = Heap(len(a.significand) + len(b.significand))
        for row in range(len(b.significand)):
            for column in range(len(a.significand)):
                heap.add_bit(a.significand[column] & b.significand[row], row + column, ready=row)
        (product,) = heap.compress(m, name="product")
        product = name_value(m, "significand", product)
        shift = self._shift(m, a, b)
        shifted = shift_left(m, "shift", product, shift) if len(shift) else product
        shifted = Cat(shifted, Const(0, max(0, self.width - len(shifted))))[: self.width]
        m.d.comb += [
            self.negative.eq(a.sign ^ b.sign),
            self.magnitude.eq(shifted ^ self.negative.replicate(self.width)),
        ]
        if "nan" in self.signature.members:
            invalid = (a.infinite & ~b.nonzero) | (b.infinite & ~a.nonzero)
            m.d.comb += self.nan.eq(a.nan | b.nan | invalid)
        if "infinite" in self.signature.members:
            m.d.comb += self.infinite.eq(a.infinite | b.infinite)
        return m

    def _shift(self, m: Module, a: _Operand, b: _Operand) -> Value:
        """Sum of the operands' shifts, as wide as the largest of finite numbers needs."""
        if not len(a.shift) or not len(b.shift):
            return a.shift if len(a.shift) else b.shift
        width = max(len(a.shift), len(b.shift))
        wide = [Cat(shift, Const(0, width - len(shift))) for shift in (a.shift, b.shift)]
        total, carry = add(m, "shifts", *wide)
        largest = self.a_element.largest_shift + self.b_element.largest_shift
        return name_value(m, "places", Cat(total, carry)[: largest.bit_length()])


class ElementLane(Block):
    """Multiplies two elements into a signed number, combinational: a multiply lane on its own, for figures.

    Parameters
    ----------
    a, b : names of block formats without NaN

    Raises
    ------
    ValueError
        One of the formats has NaN.

    Interface attributes
    --------------------
    a, b : codes
    product : a · b in units of 2^(unit of a + unit of b), two's complement
    """

    a: Signal
    b: Signal
    product: Signal

    def __init__(self, *, a: str, b: str) -> None:
        self.names = a, b
        if ELEMENTS[a].has_nan or ELEMENTS[b].has_nan:
            raise ValueError(f"ElementLane: a product of {a} and {b} may be NaN")
        width = product_bits(a, b) + 1
        super().__init__(
            {"a": In(ELEMENTS[a].width), "b": In(ELEMENTS[b].width), "product": Out(signed(width))}
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.product = product = ElementProduct(a=self.names[0], b=self.names[1])
        m.d.comb += [product.a.eq(self.a), product.b.eq(self.b)]
        negated, carry = increment(m, "negated", product.magnitude, product.negative)
        m.d.comb += self.product.eq(Cat(negated, product.negative & ~carry))  # there is no −0
        return m


def _take_apart(m: Module, name: str, element: Element, code: Value) -> _Operand:
    none = Const(0, 1)
    if element.float is None:
        sign = code[-1]
        flipped = name_value(m, f"flipped_{name}", code ^ sign.replicate(len(code)))
        magnitude, _ = increment(m, f"magnitude_{name}", flipped, sign)
        magnitude = name_value(m, f"magnitude_{name}", magnitude)
        return _Operand(sign, magnitude, Const(0, 0), magnitude.any(), none, none)
    fields = unpack(m, name, element.float, code)
    exponent = fields.exponent
    # The exponent less one, and 0 for 0 (subnormals): the borrow stops at the lowest one.
    bits: list[Value] = []
    borrow: Value = fields.normal
    for index in range(len(exponent)):
        bits.append(exponent[index] ^ borrow)
        borrow = name_value(m, f"borrow_{name}_{index}", ~exponent[index] & borrow)
    infinite = none
    if element.has_infinity:
        infinite = name_value(m, f"infinite_{name}", fields.special & ~fields.nan)
    return _Operand(
        fields.sign,
        Cat(fields.fraction, fields.normal),
        name_value(m, f"shift_{name}", Cat(*bits)),
        name_value(m, f"nonzero_{name}", code[:-1].any()),
        fields.nan,
        infinite,
    )
