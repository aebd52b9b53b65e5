"""Normalization of floating-point products, in three forms.

Where subnormals are flushed, one place; where every product is a normal number of the result's format, to the
left; else in both directions (see :mod:`dotforge.arithmetic.float_multiplier`).
"""

from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Module, Mux, Value

from ..formats.floating import FloatFormat
from .carry import at_least, increment, name_value, subtract
from .leading_zeros import leading_zeros
from .shifter import normalize, read_window

__all__ = ["Normalized", "Normalizer", "Product"]


@dataclass
class Product:
    """What is known after the multiplication: ``biased`` is the sum of exponents, as a form wants it.

    In the form ``"same"`` it is the sum of the fields, the carry of the significands' product included if it is
    ``joined``.
    """

    significand: Value
    biased: Value
    special: Value
    nan: Value
    nonzero: Value


@dataclass
class Normalized:
    """``window`` is leading bit, fraction and first bit below it; ``infinite`` results have it cleared."""

    window: Value
    sticky: Value
    field: Value
    live: Value
    infinite: Value
    invalid: Value


@dataclass(frozen=True)
class Normalizer:
    """The form that a pair of formats and a result's format need.

    Parameters
    ----------
    a, b : formats of the operands
    product : format of the result
    flush : subnormals count as zero
    operators : write carry chains as operators
    joined : in the form ``"same"`` the sum of the exponents has the carry of the significands in it
    """

    a: FloatFormat
    b: FloatFormat
    product: FloatFormat
    flush: bool
    operators: bool
    joined: bool = False

    @property
    def bits(self) -> int:
        """Bits of the product of the significands."""
        return self.a.mantissa_bits + self.b.mantissa_bits + 2

    @property
    def precision(self) -> int:
        """Bits of the result's significand."""
        return self.product.mantissa_bits + 1

    @property
    def rebias(self) -> int:
        """Exponent field of a product in [1, 2) minus the sum of the operands' fields."""
        return self.product.bias - self.a.bias - self.b.bias

    @property
    def sums(self) -> range:
        """Sums of the operands' exponent fields."""
        return range(2, self.a.exponent_mask + self.b.exponent_mask + 1)

    @property
    def exponent_width(self) -> int:
        """Bits of a two's complement exponent, from the smallest sum to one above the largest result's."""
        lowest, highest = self.sums[0] + self.rebias - 1, self.sums[-1] + self.rebias + 2
        return max((~lowest).bit_length(), highest.bit_length(), self.product.exponent_bits) + 1

    @property
    def form(self) -> str:
        """``"one"`` place, also with the ``"same"`` bias everywhere; to the ``"left"``; or in ``"both"`` directions."""
        if self.flush:
            same = {self.a.exponent_bits, self.b.exponent_bits, self.product.exponent_bits}
            return "same" if len(same) == 1 and self.product.exponent_bits > 2 else "one"
        # The smallest product has its only bit at the bottom.
        return "left" if self.rebias >= self.bits - 3 else "both"

    def __call__(self, m: Module, product: Product) -> Normalized:
        """Normalize a product."""
        forms = {
            "one": self._normalize_one,
            "same": self._normalize_same,
            "left": self._normalize_left,
            "both": self._normalize_both,
        }
        return forms[self.form](m, product)

    def _normalize_same(self, m: Module, product: Product) -> Normalized:
        """Subnormals flushed, and one bias: the field is the sum of fields and carry, minus 2^(n − 1) − 1.

        With n bits a field, that is 1 or more if the sum is 2^(n − 1) or more, and too large from
        2^n + 2^(n − 1) − 2 on.
        """
        carried, total = product.significand[-1], product.biased
        if not self.joined:
            total, _ = increment(m, "total", total, carried, operators=self.operators)
            total = name_value(m, "total", total)
        half = self.product.exponent_bits - 1
        over = name_value(m, "over", total[half + 1] & (total[half] | total[1:half].all()))
        live = name_value(m, "live", product.nonzero & (total[half + 1] | total[half]))
        infinite = name_value(m, "infinite", over | product.special)
        # One gate a bit chooses the place, and nothing of what is infinite or zero.
        shown = name_value(m, "shown", live & ~infinite)
        near, far = name_value(m, "near", shown & ~carried), name_value(m, "far", shown & carried)
        value = product.significand
        moved = Cat(Const(0, 1), value)
        places = [(far & value[at]) | (near & moved[at]) for at in range(self.bits)]
        window, sticky = self._read(Cat(*places))
        invalid = product.nan | (product.special & ~product.nonzero)
        field = self._less_bias(m, total[: half + 1])
        return Normalized(window, sticky, field, live, infinite, invalid)

    def _less_bias(self, m: Module, total: Value) -> Value:
        """Return ``total − (2^(n − 1) − 1)`` modulo 2^n, for its n bits: one more, and the top bit inverted."""
        if self.operators:
            more = name_value(m, "one_more", (total + 1)[: len(total)])
            return Cat(more[:-1], ~more[-1])
        bits, zero = [~total[0]], ~total[0]  # whether any bit so far is zero
        for index in range(1, len(total) - 1):
            bits.append(~(total[index] ^ zero))
            zero = name_value(m, f"field_zero_{index}", ~total[index] | zero)
        return Cat(*bits, total[-1] ^ zero)

    def _normalize_one(self, m: Module, product: Product) -> Normalized:
        """Subnormals flushed: the product is in [1, 4)."""
        carried = product.significand[-1]
        field, _ = increment(m, "field", product.biased, carried, operators=self.operators)
        field = name_value(m, "normal_field", field)
        live = name_value(m, "live", product.nonzero & ~field[-1] & field.any())
        over = at_least(m, "over", field[:-1], self.product.exponent_mask) & live
        infinite = name_value(m, "infinite", over | product.special)
        shown = name_value(m, "shown", live & ~infinite)
        significand = Mux(carried, product.significand, product.significand << 1)[: self.bits]
        window, sticky = self._read(significand & shown.replicate(self.bits))
        invalid = product.nan | (product.special & ~product.nonzero)
        return Normalized(window, sticky, field[: self.product.exponent_bits], live, infinite, invalid)

    def _normalize_left(self, m: Module, product: Product) -> Normalized:
        """Every product is a normal number of the result's format."""
        rows = (self.bits - 1).bit_length()
        significand, shift = normalize(m, "normalize", product.significand, rows)
        field, _ = subtract(m, "field", product.biased, shift, operators=self.operators)
        field = name_value(m, "normal_field", field)
        live = significand[-1]
        over = at_least(m, "over", field[:-1], self.product.exponent_mask) & live
        if self.sums[-1] + self.rebias + 1 < self.product.exponent_mask:
            over = Const(0, 1)
        infinite = name_value(m, "infinite", over | product.special)
        window, sticky = self._read(significand & (~infinite).replicate(self.bits))
        invalid = product.nan | (product.special & ~live)
        return Normalized(window, sticky, field[: self.product.exponent_bits], live, infinite, invalid)

    def _read(self, significand: Value) -> tuple[Value, Value]:
        """Return the window at the top of a significand, and whether anything is below it."""
        below = self.bits - self.precision - 1
        if below >= 0:
            return significand[below:], significand[:below].any()
        return Cat(Const(0, -below), significand), Const(0, 1)

    def _normalize_both(self, m: Module, product: Product) -> Normalized:
        """Leading zeros out to the left, subnormal results to the right: ``biased`` is the limit.

        Places count from the second highest bit of the product, which is the leading one of two small
        significands; a carried product goes −1 place.
        """
        bits, precision = self.bits, self.precision
        a, b = self.a, self.b
        carried, limit = product.significand[-1], product.biased
        # Two subnormal operands give a normal result only if the exponents reach so far.
        deepest = bits - 1 if self.rebias >= 0 else max(a.mantissa_bits, b.mantissa_bits) + 1
        zeros, nonzero = leading_zeros(m, "zeros", product.significand[bits - 1 - deepest : -1])
        nonzero = name_value(m, "nonzero", nonzero | carried)
        below = limit[-1]
        rest, borrow = subtract(
            m, "rest", limit[:-1], zeros & (~carried).replicate(len(zeros)), operators=self.operators
        )
        rest = name_value(m, "rest", rest)
        normal = name_value(m, "normal", ~below & ~borrow)
        # field = rest + 1 + carried
        high, _ = increment(m, "field", rest[1:], rest[0] | carried, operators=self.operators)
        field = name_value(m, "normal_field", Cat(~(rest[0] ^ carried), high))
        over = at_least(m, "over", field, self.product.exponent_mask) & normal
        if max(a.exponent_mask, b.exponent_mask) + 1 + self.rebias >= self.product.exponent_mask:
            over = over & nonzero
        infinite = name_value(m, "infinite", over | product.special)

        rows = len(zeros)
        places = name_value(m, "places", Mux(normal, zeros | carried.replicate(rows), limit[:rows]))
        distances = self._distances(m, limit, rows, carried, infinite)
        window, sticky = read_window(
            m, "window", product.significand, places, distances, top=bits - 2, width=precision + 1
        )
        invalid = name_value(m, "invalid", product.nan | (product.special & ~nonzero))
        exponent = field[: self.product.exponent_bits]
        return Normalized(window, sticky, exponent, window[-1], infinite, invalid)

    def _distances(
        self, m: Module, limit: Value, rows: int, carried: Value, infinite: Value
    ) -> dict[int, Value]:
        """Return, for each multiple of 2^rows places, whether the result is read there."""
        below = limit[-1]
        lowest = self.sums[0] + self.rebias - 1
        bits = max((~lowest).bit_length(), rows + 1)  # of a negative limit, its sign not counted
        distances: dict[int, Value] = {0: ~below & ~carried}
        distance = -1
        # The last one holds the place where the top bit is the first below the window.
        while distance == -1 or (
            (-distance - 1) << rows <= self.precision and (distance + 1) << rows > lowest
        ):
            chosen = below & (limit[rows:bits] == distance % (1 << (bits - rows)))
            distances[distance] = chosen | (~below & carried) if distance == -1 else chosen
            distance -= 1
        largest = min(self.a.exponent_mask, self.b.exponent_mask)
        above = {0, -1} if largest + 1 + self.rebias - 1 >= 0 else distances  # where infinite operands are
        for distance, chosen in distances.items():
            shown = chosen & ~infinite if distance in above else chosen
            distances[distance] = name_value(m, f"distance_{-distance << rows}", shown)
        return distances
