"""Fixed point times a power of two, rounded once to FP32.

::

    value ── |·| ── align right ── normalize left ── round ── o
                       ▲ if subnormal  ▲ limit        ▲
    exponent ──────────┴───────────────┴──────────────┘
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib.wiring import In, Out

from ...arithmetic.carry import add_constant, at_least, increment, name_value, subtract
from ...arithmetic.shifter import align, normalize
from ...block import Block
from ...formats.floating import FP32

__all__ = ["FixedToFloat"]

#: Bits of a significand and the place below it, where rounding is decided.
_WINDOW = FP32.mantissa_bits + 2


class FixedToFloat(Block):
    """Rounds value · 2^(lowest + exponent) to FP32: to nearest, ties to even, with subnormals; combinational.

    What is too large becomes infinity. Zero is +0; a negative number that is too small becomes −0. What cannot
    happen for the given range of exponents takes no hardware.

    Parameters
    ----------
    width : bits of the value, two's complement; its magnitude is below 2^(width − 1)
    exponent_bits : width of the exponent
    lowest, highest : power of two of the value's unit at exponent 0, and the largest there is

    Interface attributes
    --------------------
    value : the number
    exponent : unsigned, 0…highest − lowest
    nan, rises, falls : the result is NaN (before all others), +infinity, −infinity, whatever the value
    o : FP32; NaN is 0x7FC00000
    """

    value: Signal
    exponent: Signal
    nan: Signal
    rises: Signal
    falls: Signal
    o: Signal

    def __init__(self, *, width: int, exponent_bits: int, lowest: int, highest: int) -> None:
        self.width, self.lowest, self.highest = width, lowest, highest
        self.exponent_bits = exponent_bits
        super().__init__(
            {
                "value": In(signed(width)),
                "exponent": In(exponent_bits),
                **dict.fromkeys(("nan", "rises", "falls"), In(1)),
                "o": Out(32),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        bits = self.width - 1
        total = max(bits, _WINDOW)
        # With no place shifted the field is `top`, plus the exponent: that of the highest bit.
        top = self.lowest + bits - 1 + FP32.bias
        highest = top + self.highest - self.lowest
        field_bits = 1 + max(highest + 1, 1 - top).bit_length()

        sign = name_value(m, "sign", self.value[-1])
        magnitude, _ = increment(m, "magnitude", self.value[:-1] ^ sign.replicate(bits), sign)
        magnitude = name_value(m, "magnitude", Cat(Const(0, total - bits), magnitude))
        wide = Cat(self.exponent, Const(0, max(0, field_bits - self.exponent_bits)))[:field_bits]
        least = add_constant(m, "least", wide, top - 1)  # the field less one: the places that may go left
        below = least[-1] if top < 1 else Const(0, 1)

        sticky: Value = Const(0, 1)
        if top < 1:
            magnitude, sticky = self._align(m, magnitude, least, 1 - top)
        rows = (total - 1).bit_length()
        limit = None
        if top - (1 << rows) < 0:
            limit = name_value(m, "limit", least[:-1] & (~below).replicate(field_bits - 1))
            limit = Cat(limit, Const(0, max(0, rows - len(limit))))
        normal, shift = normalize(m, "normalize", magnitude, rows, limit=limit)
        base, _ = subtract(m, "base", limit if limit is not None else least, shift)
        base = name_value(m, "base", base)
        leading = normal[-1]

        # The field of a number with a leading one is base + 1, that of a subnormal or of zero is 0.
        fraction = normal[total - _WINDOW + 1 : -1]
        guard, rest = normal[total - _WINDOW], normal[: total - _WINDOW].any() | sticky
        up = name_value(m, "round_up", guard & (rest | fraction[0]))
        rounded, carry = increment(m, "round", fraction, up)
        # base + 1 of a leading one, and the carry out of the fraction: it is one of a subnormal, too.
        field, _ = increment(m, "field", base & leading.replicate(len(base)), leading)
        field, _ = increment(m, "rounded_field", name_value(m, "field", field), carry)
        field = name_value(m, "exponent_field", field)
        over = at_least(m, "over", field, FP32.exponent_mask) if highest + 1 >= FP32.exponent_mask else 0
        infinite = name_value(m, "infinite", over | self.rises | self.falls)
        special = name_value(m, "special", infinite | self.nan)
        field = Cat(field, Const(0, max(0, 8 - len(field))))[:8]
        # The value is of no meaning where an input was infinite: then its sign is, too.
        negative = Mux(self.rises | self.falls, self.falls, sign) & ~self.nan
        rounded = rounded & (~special).replicate(len(rounded))
        m.d.comb += self.o.eq(
            Cat(rounded[:-1], rounded[-1] | self.nan, field | special.replicate(8), negative)
        )
        return m

    def _align(self, m: Module, magnitude: Value, least: Value, farthest: int) -> tuple[Value, Value]:
        """Shift right by −least where that is positive; all places beyond the width are one."""
        below = least[-1]
        rows = min(farthest, len(magnitude)).bit_length()
        negated, _ = increment(m, "negated", ~least[:-1], Const(1, 1))
        negated = name_value(m, "negated", negated)
        beyond = negated[rows:].any()
        amount = (negated[:rows] | beyond.replicate(rows)) & below.replicate(rows)
        return align(m, "align", magnitude, name_value(m, "amount", amount))
