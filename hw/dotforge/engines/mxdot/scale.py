"""The scales of two blocks as one: an exponent, for NVFP4 a significand, and whether it is NaN."""

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from ...arithmetic.baugh_wooley import add_product
from ...arithmetic.carry import add, name_value
from ...arithmetic.heap import Heap
from ...block import Block

__all__ = ["PowerScale", "SmallFloatScale"]


class PowerScale(Block):
    """Adds the exponents of two E8M0 scales, combinational (OCP MX, section 5.4.1: 0xFF is NaN).

    Interface attributes
    --------------------
    weight, activation : E8M0 codes, 2^(code − 127)
    exponent : their sum, in units of 2^(−254); of no meaning where ``nan``
    nan : one of them is NaN
    """

    weight: Signal
    activation: Signal
    exponent: Signal
    nan: Signal

    def __init__(self) -> None:
        super().__init__({"weight": In(8), "activation": In(8), "exponent": Out(9), "nan": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        total, carry = add(m, "exponents", self.weight, self.activation)
        m.d.comb += [
            self.exponent.eq(Cat(total, carry)),
            self.nan.eq(self.weight.all() | self.activation.all()),
        ]
        return m


class SmallFloatScale(Block):
    """Multiplies two unsigned E4M3 scales exactly, combinational (all ones is NaN).

    Interface attributes
    --------------------
    weight, activation : E4M3 codes without the sign, 7 bits
    significand : product of the significands, 8 bits; 0 where a scale is 0
    exponent : power of two of the significand's unit, counted from 2^−18
    nan : one of them is NaN
    """

    weight: Signal
    activation: Signal
    significand: Signal
    exponent: Signal
    nan: Signal

    def __init__(self) -> None:
        super().__init__(
            {
                "weight": In(7),
                "activation": In(7),
                "significand": Out(8),
                "exponent": Out(5),
                "nan": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        significands: list[Value] = []
        exponents: list[Value] = []
        for name, code in (("weight", self.weight), ("activation", self.activation)):
            field = code[3:]
            borrow: Value = name_value(m, f"normal_{name}", field.any())
            significands.append(Cat(code[:3], borrow))
            bits: list[Value] = []
            for index in range(4):  # the field less one, and 0 for 0 (subnormals)
                bits.append(field[index] ^ borrow)
                borrow = name_value(m, f"borrow_{name}_{index}", ~field[index] & borrow)
            exponents.append(Cat(*bits))
        heap = Heap(8)
        add_product(heap, significands[0], significands[1])
        (significand,) = heap.compress(m)
        total, carry = add(m, "exponents", exponents[0], exponents[1])
        m.d.comb += [
            self.significand.eq(significand),
            self.exponent.eq(Cat(total, carry)),
            self.nan.eq(self.weight.all() | self.activation.all()),
        ]
        return m
