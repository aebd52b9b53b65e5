"""Floating-point multiplier of small formats into a larger one, exact where the result fits.

::

    a ─┬─ exponents ── add ──────────┬── limit ──┬── exponent ──┐
    b ─┴─ significands ── product ── leading ── shift ── round ─┴── o
                          carry-save  zeros

A product of normal numbers needs one place of normalization; that is all that is left when subnormals are
flushed. With subnormals there are three more cases, and one shifter for all of them: a subnormal operand
leaves leading zeros, which go out to the left; a subnormal result moves to the right, as far as its
exponent is below the smallest; and both at once are a shift by the exponent alone. So the places to shift
are the smaller of the number of leading zeros and the exponent above the smallest one, which may be
negative.

The shifter moves left only: the low bits of the number of places, in two's complement, drive
multiplexers, and its high bits choose at which distance the result is read. Two things fall out of that:
a result that is infinite, and one too small for the last place, choose no distance at all, so that their
fraction is zero without a gate a bit; and the top bit that is read tells whether the result is normal.
"""

from collections.abc import Callable
from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ..block import Block
from ..float_format import FP32, FloatFormat
from .carry import add, add_constant, at_least, increment, name_value, subtract
from .float_fields import unpack
from .heap import Heap
from .leading_zeros import leading_zeros
from .pipeline import Cuts, enable_port
from .shifter import normalize, read_window

__all__ = ["FloatMultiplier"]

# Places of the register stages for each depth; the last stage is the result.
_CUTS: tuple[tuple[str, ...], ...] = (
    (),
    ("round",),
    ("product", "round"),
    ("product", "normalize", "round"),
)


@dataclass
class _Product:
    """What is known after the multiplication: ``biased`` is the sum of exponents, as a path wants it."""

    significand: Value
    biased: Value
    special: Value
    nan: Value
    nonzero: Value


@dataclass
class _Normalized:
    """``window`` is leading bit, fraction and first bit below it; ``infinite`` results have it cleared."""

    window: Value
    sticky: Value
    field: Value
    live: Value
    infinite: Value
    invalid: Value


class FloatMultiplier(Block):
    """Multiplies two floating-point numbers into a format, rounding to nearest, ties to even.

    Subnormal operands and results, signed zeros, infinities and NaN follow IEEE 754-2019; every NaN result is
    the canonical one of the product format. Initiation interval 1.

    Parameters
    ----------
    a_format, b_format : formats of the operands; ``b_format`` defaults to ``a_format``
    product : format of the result, one with IEEE specials. FP32 holds all products of FP16, FP8_E4M3 and
        FP8_E5M2 exactly, and those of BF16 that are neither subnormal nor infinite in it
    flush_subnormals : operands with exponent field zero count as zero of their sign; a result whose exact
        magnitude is above zero and below the smallest normal number becomes zero of its sign
    pipeline : register stages, 0…3. The last holds the result
    stallable : the stages advance only while ``en`` is high; otherwise always
    operators : write carry chains as operators, for FPGA and timing-driven flows, instead of as the fewest
        gates

    Interface attributes
    --------------------
    a, b : operands
    o : their product
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
        a_format: FloatFormat,
        b_format: FloatFormat | None = None,
        *,
        product: FloatFormat = FP32,
        flush_subnormals: bool = False,
        pipeline: int = 0,
        stallable: bool = True,
        operators: bool = False,
    ) -> None:
        if product.specials != "ieee":
            raise ValueError(f"FloatMultiplier: product has IEEE 754 specials, unlike {product.name}")
        if not 0 <= pipeline <= self.MAX_PIPELINE:
            raise ValueError(f"FloatMultiplier: pipeline is 0…{self.MAX_PIPELINE}, not {pipeline}")
        self.a_format, self.b_format, self.product = a_format, b_format or a_format, product
        self.flush_subnormals, self.operators = flush_subnormals, operators
        self.pipeline = self.latency = pipeline
        ports = {"a": In(self.a_format.width), "b": In(self.b_format.width), "o": Out(product.width)}
        super().__init__(ports | enable_port(pipeline, stallable))
        a, b = self.a_format, self.b_format
        #: Bits of the product of the significands, and of the result's significand.
        self._bits = a.mantissa_bits + b.mantissa_bits + 2
        self._precision = product.mantissa_bits + 1
        #: Exponent field of a product in [1, 2) minus the sum of the operands' fields.
        self._rebias = product.bias - a.bias - b.bias
        self._sums = range(2, a.exponent_mask + b.exponent_mask + 1)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        cuts = Cuts(m, _CUTS[self.pipeline], getattr(self, "en", None))
        path = self._path()
        product, sign = self._multiply(m, path)
        values = cuts.cut("product", **vars(product))
        (sign,) = cuts.cut("product", sign=sign)
        normalized = path(m, _Product(*values))
        values = cuts.cut("normalize", **vars(normalized))
        (sign,) = cuts.cut("normalize", sign=sign)
        fraction, field, invalid = self._round(m, _Normalized(*values))
        result = Cat(fraction[:-1], fraction[-1] | invalid, field, sign & ~invalid)
        m.d.comb += self.o.eq(*cuts.cut("round", result=result))
        return m

    def _path(self) -> Callable[[Module, _Product], _Normalized]:
        if self.flush_subnormals:
            return self._normalize_one
        # The smallest product has its only bit at the bottom.
        exact = self._rebias >= self._bits - 3
        return self._normalize_left if exact else self._normalize_both

    # -- multiply -----------------------------------------------------------------------------------------

    def _multiply(self, m: Module, path: object) -> tuple[_Product, Value]:
        a = unpack(m, "a", self.a_format, self.a)
        b = unpack(m, "b", self.b_format, self.b)
        flush = self.flush_subnormals
        hidden_a, hidden_b = (Const(1, 1), Const(1, 1)) if flush else (a.normal, b.normal)
        significand = self._significands(m, Cat(a.fraction, hidden_a), Cat(b.fraction, hidden_b))

        # A subnormal's exponent field counts as 1. Each path wants its own constant added to the sum.
        constant = self._rebias + (1 if path == self._normalize_left else 0 if flush else -1)
        least_a, least_b, carry = a.exponent, b.exponent, Const(0, 1)
        if flush:
            carry = Const(constant & 1, 1)
            constant -= constant & 1
        elif path == self._normalize_both and 1 + self._rebias < -self._precision - 1:
            carry = ~(a.normal & b.normal)  # two subnormals make zero, whatever their exponents
        else:
            least_a = Cat(a.exponent[0] | ~a.normal, a.exponent[1:])
            least_b = Cat(b.exponent[0] | ~b.normal, b.exponent[1:])
        width = max(len(least_a), len(least_b))
        least_a, least_b = _extend(least_a, width), _extend(least_b, width)
        total, carry = add(m, "exponents", least_a, least_b, carry, operators=self.operators)
        biased = add_constant(m, "biased", _extend(Cat(total, carry), self._exponent_width()), constant)
        product = _Product(
            significand,
            biased,
            name_value(m, "special", a.special | b.special),
            name_value(m, "nan", a.nan | b.nan),
            name_value(m, "nonzero", a.normal & b.normal) if flush else Const(0, 0),
        )
        return product, name_value(m, "sign", a.sign ^ b.sign)

    def _exponent_width(self) -> int:
        """Bits of a two's complement exponent, from the smallest sum to one above the largest result's."""
        lowest, highest = self._sums[0] + self._rebias - 1, self._sums[-1] + self._rebias + 2
        return max((~lowest).bit_length(), highest.bit_length(), self.product.exponent_bits) + 1

    def _significands(self, m: Module, a: Value, b: Value) -> Value:
        heap = Heap(self._bits)
        for row in range(len(b)):
            for column in range(len(a)):
                heap.add_bit(a[column] & b[row], row + column, ready=row)
        if self.operators:
            first, second = heap.compress(m, rows=2, name="product")
            return name_value(m, "significand", (first + second)[: self._bits])
        (product,) = heap.compress(m, name="product")
        return name_value(m, "significand", product)

    # -- normalize ----------------------------------------------------------------------------------------

    def _normalize_one(self, m: Module, product: _Product) -> _Normalized:
        """Subnormals flushed: the product is in [1, 4)."""
        carried = product.significand[-1]
        field, _ = increment(m, "field", product.biased, carried, operators=self.operators)
        field = name_value(m, "normal_field", field)
        live = name_value(m, "live", product.nonzero & ~field[-1] & field.any())
        over = at_least(m, "over", field[:-1], self.product.exponent_mask) & live
        infinite = name_value(m, "infinite", over | product.special)
        shown = name_value(m, "shown", live & ~infinite)
        significand = Mux(carried, product.significand, product.significand << 1)[: self._bits]
        window, sticky = self._read(significand & shown.replicate(self._bits))
        invalid = product.nan | (product.special & ~product.nonzero)
        return _Normalized(window, sticky, field[: self.product.exponent_bits], live, infinite, invalid)

    def _normalize_left(self, m: Module, product: _Product) -> _Normalized:
        """Every product is a normal number of the result's format."""
        rows = (self._bits - 1).bit_length()
        significand, shift = normalize(m, "normalize", product.significand, rows)
        field, _ = subtract(m, "field", product.biased, shift, operators=self.operators)
        field = name_value(m, "normal_field", field)
        live = significand[-1]
        over = at_least(m, "over", field[:-1], self.product.exponent_mask) & live
        if self._sums[-1] + self._rebias + 1 < self.product.exponent_mask:
            over = Const(0, 1)
        infinite = name_value(m, "infinite", over | product.special)
        window, sticky = self._read(significand & (~infinite).replicate(self._bits))
        invalid = product.nan | (product.special & ~live)
        return _Normalized(window, sticky, field[: self.product.exponent_bits], live, infinite, invalid)

    def _read(self, significand: Value) -> tuple[Value, Value]:
        """Return the window at the top of a significand, and whether anything is below it."""
        below = self._bits - self._precision - 1
        if below >= 0:
            return significand[below:], significand[:below].any()
        return Cat(Const(0, -below), significand), Const(0, 1)

    def _normalize_both(self, m: Module, product: _Product) -> _Normalized:
        """Leading zeros out to the left, subnormal results to the right: ``biased`` is the limit.

        Places count from the second highest bit of the product, which is the leading one of two small
        significands; a carried product goes −1 place.
        """
        bits, precision = self._bits, self._precision
        a, b = self.a_format, self.b_format
        carried, limit = product.significand[-1], product.biased
        # Two subnormal operands give a normal result only if the exponents reach so far.
        deepest = bits - 1 if self._rebias >= 0 else max(a.mantissa_bits, b.mantissa_bits) + 1
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
        if max(a.exponent_mask, b.exponent_mask) + 1 + self._rebias >= self.product.exponent_mask:
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
        return _Normalized(window, sticky, exponent, window[-1], infinite, invalid)

    def _distances(
        self, m: Module, limit: Value, rows: int, carried: Value, infinite: Value
    ) -> dict[int, Value]:
        """Return, for each multiple of 2^rows places, whether the result is read there."""
        below = limit[-1]
        lowest = self._sums[0] + self._rebias - 1
        bits = max((~lowest).bit_length(), rows + 1)  # of a negative limit, its sign not counted
        distances: dict[int, Value] = {0: ~below & ~carried}
        distance = -1
        # The last one holds the place where the top bit is the first below the window.
        while distance == -1 or (
            (-distance - 1) << rows <= self._precision and (distance + 1) << rows > lowest
        ):
            chosen = below & (limit[rows:bits] == distance % (1 << (bits - rows)))
            distances[distance] = chosen | (~below & carried) if distance == -1 else chosen
            distance -= 1
        largest = min(self.a_format.exponent_mask, self.b_format.exponent_mask)
        above = {0, -1} if largest + 1 + self._rebias - 1 >= 0 else distances  # where infinite operands are
        for distance, chosen in distances.items():
            shown = chosen & ~infinite if distance in above else chosen
            distances[distance] = name_value(m, f"distance_{-distance << rows}", shown)
        return distances

    # -- round --------------------------------------------------------------------------------------------

    def _round(self, m: Module, n: _Normalized) -> tuple[Value, Value, Value]:
        """Return fraction and exponent field of the result, and whether it is NaN."""
        fraction, field = n.window[1:-1], n.field & n.live.replicate(len(n.field))
        special = n.infinite.replicate(len(field))
        bits, precision = self._bits, self._precision
        if bits <= precision and self._path() != self._normalize_both:
            return fraction, field | special, n.invalid
        up = name_value(m, "round_up", n.window[0] & (n.sticky | fraction[0]))
        if bits < precision:
            # Only a subnormal result is rounded, its leading bit is below bit bits − 1 then.
            low, carry = increment(m, "round", fraction[: bits - 1], up, operators=self.operators)
            return Cat(low, fraction[bits - 1] | carry, fraction[bits:]), field | special, n.invalid
        rounded, carry = increment(m, "round", fraction, up, operators=self.operators)
        field, _ = increment(m, "rounded_field", field, carry, operators=self.operators)
        return rounded, field | special, n.invalid


def _extend(value: Value, width: int) -> Value:
    return Cat(value, Const(0, width - len(value)))
