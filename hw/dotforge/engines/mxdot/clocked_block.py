"""Sum of a block's products in a datapath of stages: lanes and a tree of carry chains.

::

    a ──┬─ significand ──┬── multiply ── shift left ── complement ──►┌────────┐
    b ──┴─ exponent ─────┴──────── add ─────┘              │         │ tree   ├──► block sum
        └─ sign ─────────────────── xor ───────────────────┴ carry ─►└────────┘

As :class:`dotforge.engines.mxdot.product.ElementProduct` multiplies, a row of multiplexers a level.
"""

from amaranth.hdl import Cat, Const, Mux, Value

from ...arithmetic.staged_product import multiply
from ...arithmetic.stages import Stages, Timed
from ...formats.block import Element
from .config import MXDotConfig
from .product import product_bits

__all__ = ["less_one", "staged_block"]


def less_one(field: Value) -> Value:
    """Return an exponent field less one, and 0 for 0: the borrow stops at the lowest one.

    Parameters
    ----------
    field : of any width
    """
    bits: list[Value] = []
    borrow: Value = field.any()
    for index in range(len(field)):
        bits.append(field[index] ^ borrow)
        borrow = ~field[index] & borrow
    return Cat(*bits)


class _Operand:
    """A finite element's code taken apart: sign, significand and shift."""

    def __init__(self, stages: Stages, name: str, element: Element, code: Timed) -> None:
        assert element.float
        mantissa, bits = element.float.mantissa_bits, element.largest_shift.bit_length()
        self.sign = stages.logic(f"{name}_sign", 0, lambda value: value[-1], code)
        self.significand = stages.logic(
            f"{name}_significand", 1, lambda value: Cat(value[:mantissa], value[mantissa:-1].any()), code
        )
        self.shift = stages.logic(f"{name}_shift", 1, lambda v: less_one(v[mantissa:-1])[:bits], code)


def _significands(stages: Stages, name: str, a: Timed, b: Timed) -> Timed:
    """Product of two significands, unsigned."""
    bits = len(a) + len(b)
    if bits <= 4:  # a table a bit

        def small(x: Value, y: Value) -> Value:
            return ((x & y[0].replicate(2)) + Cat(Const(0, 1), x & y[1].replicate(2)))[:4]

        return stages.logic(f"{name}_significand", 1, small, a, b)
    whole, _, _ = multiply(stages, f"{name}_significand", a, b)
    return stages.logic(f"{name}_unsigned", 0, lambda value: value.as_unsigned()[:bits], whole)


def _places(stages: Stages, name: str, a: Timed, b: Timed, largest: int) -> Timed:
    """Sum of two shifts."""
    width = largest.bit_length()
    if len(a) + len(b) <= 4:
        return stages.logic(f"{name}_places", 1, lambda x, y: (x + y)[:width], a, b)
    total = stages.add(f"{name}_sum_of_places", a, b, width + 1)
    return stages.logic(f"{name}_places", 0, lambda value: value.as_unsigned()[:width], total)


def _product(stages: Stages, name: str, config: MXDotConfig, a: _Operand, b: _Operand) -> tuple[Timed, Timed]:
    """Product of two elements, complemented where it is negative; and whether it is."""
    width = product_bits(config.activation_format, config.weight_format)
    product = _significands(stages, name, a.significand, b.significand)
    largest = config.activation.largest_shift + config.weight.largest_shift
    places = _places(stages, name, a.shift, b.shift, largest)
    for row in range(len(places)):

        def shifted(value: Value, places: Value, row: int = row) -> Value:
            far = Cat(Const(0, 1 << row), value)[:width]
            return Mux(places[row], far, Cat(value, Const(0, len(far) - len(value)))[: len(far)])

        product = stages.logic(f"{name}_by_{1 << row}", 1, shifted, product, places)
    negative = stages.logic(f"{name}_negative", 1, lambda x, y: x ^ y, a.sign, b.sign)

    def complemented(value: Value, negative: Value) -> Value:
        full = Cat(value, Const(0, max(0, width - len(value))))[:width]
        return Cat(full ^ negative.replicate(width), negative).as_signed()

    # No level of its own: a table of the last row has an input left.
    return stages.logic(f"{name}_complemented", 0, complemented, product, negative), negative


def staged_block(stages: Stages, config: MXDotConfig, given: dict[str, Timed]) -> Timed:
    """Return the sum of a block's products, exactly, in units of 2^``config.unit``; of the block's last beat.

    Parameters
    ----------
    stages : where it is made
    config : of the engine, whose elements are finite numbers
    given : ``activations``, ``weights``, ``starts`` (the beat begins a block) and ``valid``
    """
    terms: list[tuple[Timed, int, int]] = []
    carries: list[Timed] = []
    largest = config.activation.largest * config.weight.largest
    for lane in range(config.lanes):
        operands: list[_Operand] = []
        for name, element in (("activations", config.activation), ("weights", config.weight)):

            def word(value: Value, lane: int = lane, width: int = element.width) -> Value:
                return value.word_select(lane, width)

            code = stages.logic(f"{name}_{lane}", 0, word, given[name])
            operands.append(_Operand(stages, f"lane_{lane}_{name}", element, code))
        product, negative = _product(stages, f"lane_{lane}", config, *operands)
        terms.append((product, -largest - 1, largest))
        carries.append(negative)
    total, left = stages.tree("sum", terms, carries)
    if left:
        zero = stages.given("sum_zero", Const(0, 1))
        total = stages.add("sum_last", total, zero, config.block_bits, left[0])
    if config.beats > 1:
        total = stages.running("partial", total, given["starts"], given["valid"], config.block_bits)
    return total
