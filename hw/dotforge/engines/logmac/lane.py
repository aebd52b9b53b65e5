"""One lane of the shift-add MAC: an activation times a power of two, ready for a carry-save heap.

Negating is complementing and adding one. Both forms complement first and shift then; they differ in the one::

    plain    x = ~a, all ones or a      the shift fills with the sign, and the +1 is a bit of its own,
             product = x << e           ``negative``

    folded   x = ~a or a                the shift fills with zeros, and the 2^e that is missing under a
             product = x << e, or 0     negative weight is known ahead: it is in the bias

A zero weight in the plain form makes x all ones, −1, which the +1 cancels: no gate masks the product.
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib.wiring import In, Out

from ...arithmetic.units import code_fields
from ...block import Block
from ...formats.exponent import ExponentCode

__all__ = ["ShiftAddLane"]


class ShiftAddLane(Block):
    """Combinational shift-add product.

    Parameters
    ----------
    activation_bits : width A of the activation
    code : weight code
    fold_sign : make the folded form

    Interface attributes
    --------------------
    activation : two's complement
    weight : ``code.bits`` bits
    product : signed, A + max_shift bits, in units of 2^low
    negative : plain form only: add this bit to the product
    """

    activation: Signal
    weight: Signal
    product: Signal
    negative: Signal

    def __init__(self, *, activation_bits: int, code: ExponentCode, fold_sign: bool) -> None:
        self.activation_bits, self.code, self.fold_sign = activation_bits, code, fold_sign
        width = activation_bits + code.max_shift
        ports = {
            "activation": In(signed(activation_bits)),
            "weight": In(code.bits),
            "product": Out(signed(width)),
        }
        if not fold_sign:
            ports["negative"] = Out(1)
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shift, negative, zero = code_fields(self.code, self.weight)
        a = self.activation.as_unsigned()
        if self.fold_sign:
            complemented = Signal(signed(self.activation_bits))
            m.d.comb += complemented.eq(a ^ negative.replicate(self.activation_bits))
            m.d.comb += self.product.eq(self._shifted(m, complemented, shift, Const(0, 1), ~zero))
        else:
            fill = negative | zero
            # a where the weight is positive, ~a where it is negative, all ones where it is zero.
            ones_if_zero = Cat(~((bit & negative & ~zero) | (~bit & ~fill)) for bit in a)
            extended = Signal(signed(self.activation_bits))
            m.d.comb += extended.eq(ones_if_zero)
            m.d.comb += self.product.eq(self._shifted(m, extended, shift, fill, Const(1, 1)))
            m.d.comb += self.negative.eq(fill)
        return m

    def _shifted(self, m: Module, value: Value, shift: Value, fill: Value, keep: Value) -> Value:
        """Shift left by ``shift`` bits with ``fill`` below; zero unless ``keep``, gated in the last stage."""
        stages = [stage for stage in range(len(shift)) if (1 << stage) <= self.code.max_shift]
        for stage in stages:
            amount = 1 << stage
            reach = min(len(value) + amount, self.activation_bits + self.code.max_shift)
            low = Cat(value, value[-1].replicate(reach - len(value)))
            high = Cat(fill.replicate(amount), value)[:reach]
            select, select_not = shift[stage], ~shift[stage]
            if stage == stages[-1]:
                select, select_not = select & keep, select_not & keep
            result = Signal(signed(reach), name=f"shifted_{amount}")
            m.d.comb += result.eq((low & select_not.replicate(reach)) | (high & select.replicate(reach)))
            value = result
        return value if stages else Mux(keep, value, 0)
