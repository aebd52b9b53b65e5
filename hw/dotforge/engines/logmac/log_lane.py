"""Lanes of log-number dot products: one product each, ready for a carry-save heap.

The logarithm of a product is the sum of the logarithms: its integer part i is a shift, its fraction f a lookup
of 2^(f/2^y). Two accumulators take it::

    convert    ±lookup[f] is one small table of sign and f, in two's complement (no +1 is left over);
               it is shifted by i, sign bits above, zeros below
    binned     ±2^i goes to the bin of f, zero to all others; the lookup comes after the sums

With an integer activation the logarithm is the weight's alone: ``convert`` multiplies the activation by the table's
value ahead of the shift, ``binned`` is the shift-add lane (:mod:`dotforge.engines.logmac.lane`) with a bin.
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib.wiring import In, Out

from ...arithmetic.carry import add
from ...arithmetic.heap import Heap
from ...arithmetic.product import add_product
from ...arithmetic.units import code_fields
from ...block import Block
from .log_plan import LogPlan

__all__ = ["LogLane", "LogProducts"]


class LogLane(Block):
    """Combinational product of a log number with a log number or an integer.

    Parameters
    ----------
    plan : formats and widths

    Interface attributes
    --------------------
    activation, weight : words
    terms : ``plan.bins`` terms of ``plan.lane_bits`` bits, that of fraction 0 low: signed, in units of
        2^−(lookup_bits − 1) (``convert``) or 1 (``binned``); with ``plan.extra_bit`` a bit to add on top of each
    """

    activation: Signal
    weight: Signal
    terms: Signal

    def __init__(self, plan: LogPlan) -> None:
        self.plan = plan
        super().__init__(
            {
                "activation": In(plan.activation_bits),
                "weight": In(plan.weight.bits),
                "terms": Out(plan.bins * plan.lane_bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        plan = self.plan
        exponent, sign, zero = code_fields(plan.weight, self.weight)
        exponent = _aligned(exponent, plan.fraction_bits - plan.weight.fraction_bits)
        if plan.activation is not None:
            other, other_sign, other_zero = code_fields(plan.activation, self.activation)
            other = _aligned(other, plan.fraction_bits - plan.activation.fraction_bits)
            width = max(len(exponent), len(other))
            total, carry = add(m, "exponent", _wide(exponent, width), _wide(other, width))
            exponent = Cat(total, carry)[: plan.exponent_bits]
            sign, zero = sign ^ other_sign, zero | other_zero
        logarithm = Signal(plan.exponent_bits)
        negative = Signal()
        nonzero = Signal()
        m.d.comb += [logarithm.eq(exponent), negative.eq(sign), nonzero.eq(~zero)]
        fraction, shift = logarithm[: plan.fraction_bits], logarithm[plan.fraction_bits :]
        if plan.binned:
            terms = self._binned(m, negative, nonzero, fraction, shift)
        else:
            terms = self._converted(m, negative, nonzero, fraction, shift)
        m.d.comb += self.terms.eq(terms)
        return m

    def _converted(self, m: Module, negative: Value, nonzero: Value, fraction: Value, shift: Value) -> Value:
        plan = self.plan
        significand = Signal(signed(plan.lookup_bits + 1))
        m.d.comb += significand.eq(_table(Cat(fraction, negative), plan.table))
        value: Value = significand
        if plan.activation is None:
            heap = Heap(plan.integer_bits + plan.lookup_bits)
            add_product(m, "product", heap, self.activation.as_signed(), significand)
            product = Signal(signed(heap.width))
            m.d.comb += product.eq(heap.compress(m)[0])
            value = product
        return _shifted(m, value, shift, plan.max_shift, nonzero)

    def _binned(self, m: Module, negative: Value, nonzero: Value, fraction: Value, shift: Value) -> Value:
        plan = self.plan
        if plan.activation is None:
            complemented = Signal(signed(plan.integer_bits))
            m.d.comb += complemented.eq(self.activation ^ negative.replicate(plan.integer_bits))
            shifted = _shifted(m, complemented, shift, plan.max_shift, Const(1, 1), fill=negative)
            term = Cat(shifted, negative)
        else:
            # ±2^i in two's complement: its bit, and for a negative one all bits above.
            places = Signal(plan.max_shift + 1)
            m.d.comb += places.eq(Cat(_is(shift, place) for place in range(plan.max_shift + 1)))
            bits: list[Value] = []
            below: Value = Const(0, 1)
            for place in range(plan.max_shift + 1):
                bits.append(places[place] | below)
                reached = Signal(name=f"negative_from_{place}")
                m.d.comb += reached.eq((places[place] & negative) | below)
                below = reached
            term = Cat(*bits, negative)
        chosen = Signal(plan.lane_bits)
        m.d.comb += chosen.eq(term)
        select = Signal(plan.bins)
        m.d.comb += select.eq(Cat(nonzero & _is(fraction, number) for number in range(plan.bins)))
        return Cat(chosen & bit.replicate(plan.lane_bits) for bit in select)


def _aligned(exponent: Value, places: int) -> Value:
    return Cat(Const(0, places), exponent)


def _is(value: Value, number: int) -> Value:
    """Compare; a comparison with 0 would be written as a logical NOT of a vector."""
    return value == number if number else ~value.any()


def _wide(value: Value, width: int) -> Value:
    return Cat(value, Const(0, width - len(value)))


def _table(index: Value, magnitudes: tuple[int, ...]) -> Value:
    """Read ±magnitude; the sign is the index's top bit."""
    values: list[Value] = [Const(value, signed(value.bit_length() + 1)) for value in magnitudes]
    width = max(map(len, values))
    values = [Const(sign * value, signed(width)) for sign in (1, -1) for value in magnitudes]
    for bit in index:
        values = [Mux(bit, high, low) for low, high in zip(values[::2], values[1::2], strict=True)]
    return values[0]


def _shifted(
    m: Module, value: Value, shift: Value, max_shift: int, keep: Value, *, fill: Value | None = None
) -> Value:
    """Shift left with ``fill`` below and the sign above; zero unless ``keep``, gated in the last stage."""
    fill = Const(0, 1) if fill is None else fill
    full = len(value) + max_shift
    stages = [stage for stage in range(len(shift)) if 1 << stage <= max_shift]
    for stage in stages:
        amount = 1 << stage
        reach = min(len(value) + amount, full)
        low = Cat(value, value[-1].replicate(reach - len(value)))
        high = Cat(fill.replicate(amount), value)[:reach]
        gate: Value = keep if stage == stages[-1] else Const(1, 1)
        select = Signal(name=f"by_{amount}")
        select_not = Signal(name=f"by_less_than_{amount}")
        m.d.comb += [select.eq(shift[stage] & gate), select_not.eq(~shift[stage] & gate)]
        result = Signal(signed(reach), name=f"shifted_{amount}")
        m.d.comb += result.eq((low & select_not.replicate(reach)) | (high & select.replicate(reach)))
        value = result
    return value if stages else Mux(keep, value, 0)


class LogProducts(Block):
    """``lanes`` products, combinational.

    Interface attributes
    --------------------
    activations, weights : all lanes, lane 0 in the low bits
    products : for each running sum, that of fraction 0 low, ``lanes`` terms of ``plan.lane_bits`` bits
    """

    activations: Signal
    weights: Signal
    products: Signal

    def __init__(self, plan: LogPlan) -> None:
        self.plan = plan
        super().__init__(
            {
                "activations": In(plan.lanes * plan.activation_bits),
                "weights": In(plan.lanes * plan.weight.bits),
                "products": Out(plan.bins * plan.lanes * plan.lane_bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        plan = self.plan
        terms: list[Value] = []
        for index in range(plan.lanes):
            m.submodules[f"lane_{index}"] = lane = LogLane(plan)
            m.d.comb += [
                lane.activation.eq(self.activations.word_select(index, plan.activation_bits)),
                lane.weight.eq(self.weights.word_select(index, plan.weight.bits)),
            ]
            terms.append(lane.terms)
        m.d.comb += self.products.eq(
            Cat(term.word_select(number, plan.lane_bits) for number in range(plan.bins) for term in terms)
        )
        return m
