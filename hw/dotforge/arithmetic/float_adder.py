"""Floating-point adder: IEEE 754 round to nearest even, every special case, one path.

::

    a ─┬─ compare ── swap ─┬─ larger  ────────────────┐
    b ─┘  magnitudes       └─ smaller ── align ── ± ──┴── add ── normalize ── round ── o
                             exponents ── difference ┘      └─ exponent ─────────┘

Where an ordinary single-path adder spends area and this one does not:

* Magnitudes are compared before the swap, so the difference is never negative: no second complement, no zero
  detection. The sign enters the comparison as its carry, so that x + (−x) takes the positive sign by itself.
* The carry of the sum is the top bit of the normalizer, so there is no row of multiplexers for a right shift,
  and the exponent of the larger operand is the limit of the left shift that makes subnormal results come out.
* When an operand is infinity or NaN the larger one is sent to the aligner instead, which shifts it out
  completely: the sticky bit then tells NaN from infinity, without another OR over a fraction.
* The exponent difference takes its operand bits from a ⊕ b, which does not care which one is larger.
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ..block import Block
from ..formats.floating import FP32, FloatFormat
from .carry import add, increment, less_than, name_value, subtract
from .pipeline import Cuts, enable_port
from .shifter import align, normalize

__all__ = ["FloatAdder"]

# Places of the register stages for each depth. The last stage is the result; inner stages are where the
# remaining path is halved (area form: compare 31, align 10, add 26, normalize 30, round 31 gates deep).
_CUTS: tuple[tuple[str, ...], ...] = (
    (),
    ("round",),
    ("add", "round"),
    ("align", "normalize", "round"),
    ("align", "add", "normalize", "round"),
    ("swap", "align", "add", "normalize", "round"),
)


class FloatAdder(Block):
    """Adds two floating-point numbers and rounds to nearest, ties to even.

    Subnormals, signed zeros (x + (−x) = +0, −0 + −0 = −0), infinities and NaN follow IEEE 754-2019; every NaN
    result is the format's canonical one. Initiation interval 1.

    Parameters
    ----------
    format : a format with IEEE specials, such as FP32, FP16, BF16 or FP8_E5M2
    flush_subnormals : operands with exponent field zero count as zero of their sign; a result whose magnitude
        is above zero and below the smallest normal number becomes zero of its sign. (Such a sum is always
        exact, so it does not matter whether that is judged before or after rounding.)
    pipeline : register stages, 0…5. The last holds the result
    stallable : the stages advance only while ``en`` is high; otherwise always
    operators : write carry chains as operators, for FPGA and timing-driven flows, instead of as the fewest
        gates

    Raises
    ------
    ValueError
        The format has no IEEE specials or too few exponent bits for its fraction, or ``pipeline`` is out of
        its range.

    Interface attributes
    --------------------
    a, b : operands
    o : their sum
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
        format: FloatFormat = FP32,
        *,
        flush_subnormals: bool = False,
        pipeline: int = 0,
        stallable: bool = True,
        operators: bool = False,
    ) -> None:
        if format.specials != "ieee":
            raise ValueError(f"FloatAdder: format has IEEE 754 specials, unlike {format.name}")
        if format.exponent_bits < _align_rows(format):
            raise ValueError(f"FloatAdder: {format.name} has too few exponent bits for its fraction")
        if not 0 <= pipeline <= self.MAX_PIPELINE:
            raise ValueError(f"FloatAdder: pipeline is 0…{self.MAX_PIPELINE}, not {pipeline}")
        self.format, self.flush_subnormals = format, flush_subnormals
        self.pipeline = self.latency = pipeline
        self.operators = operators
        ports = {"a": In(format.width), "b": In(format.width), "o": Out(format.width)}
        super().__init__(ports | enable_port(pipeline, stallable))

    def elaborate(self, platform: object) -> Module:  # noqa: PLR0915
        m = Module()
        cuts = Cuts(m, _CUTS[self.pipeline], getattr(self, "en", None))
        fraction_bits, exponent_bits = self.format.mantissa_bits, self.format.exponent_bits
        flush = self.flush_subnormals

        # -- swap: exponent and hidden bit of the larger, both fractions, distance ----------------------
        magnitude_a, sign_a = self.a[:-1], self.a[-1]
        magnitude_b, sign_b = self.b[:-1], self.b[-1]
        exponent_a, exponent_b = magnitude_a[fraction_bits:], magnitude_b[fraction_bits:]
        # A tie goes to the positive operand.
        swap = less_than(m, "less", magnitude_a, magnitude_b, sign_a, operators=self.operators)
        subtracted = name_value(m, "subtracted", sign_a ^ sign_b)
        sign = name_value(m, "sign", Mux(swap, sign_b, sign_a))
        exponent = name_value(m, "exponent", Mux(swap, exponent_b, exponent_a))
        special = name_value(m, "special", exponent.all())
        normal_a, normal_b = (
            name_value(m, "normal_a", exponent_a.any()),
            name_value(m, "normal_b", exponent_b.any()),
        )
        hidden = name_value(m, "hidden", normal_a | normal_b)
        hidden_small = name_value(m, "hidden_small", normal_a & normal_b & ~special)
        zero_small = name_value(m, "zero_small", ~(normal_a & normal_b) & ~special) if flush else Const(0, 1)
        swap_fractions = name_value(m, "swap_fractions", swap ^ special)
        fraction_a, fraction_b = magnitude_a[:fraction_bits], magnitude_b[:fraction_bits]
        large = name_value(m, "fraction_large", Mux(swap_fractions, fraction_b, fraction_a))
        small = name_value(m, "fraction_small", Mux(swap_fractions, fraction_a, fraction_b))
        differ = name_value(m, "differ", exponent_a ^ exponent_b)
        # A subnormal's exponent counts as 1, which is one less to shift.
        distance = self._distance(m, exponent, differ, normal_a ^ normal_b)
        rows = _align_rows(self.format)
        out = name_value(m, "shifted_out", distance[rows:].any() | special | zero_small)
        amount = name_value(m, "amount", distance[:rows] | out.replicate(rows))
        # Opposite infinities; of no meaning unless special.
        cancelled = name_value(m, "cancelled", subtracted & ~differ.any())
        if flush:
            sign = name_value(m, "flushed_sign", sign & (hidden | ~subtracted))
        large, small, hidden, hidden_small, amount = cuts.cut(
            "swap",
            fraction_large=large,
            fraction_small=small,
            hidden=hidden,
            hidden_small=hidden_small,
            amount=amount,
        )
        zero_small, exponent, special, sign, subtracted, cancelled = cuts.cut(
            "swap",
            zero_small=zero_small,
            exponent=exponent,
            special=special,
            sign=sign,
            subtracted=subtracted,
            cancelled=cancelled,
        )

        # -- align: two places more than the significand, and sticky ------------------------------------
        aligned, sticky = align(m, "align", Cat(Const(0, 2), small, hidden_small), amount)
        invalid = name_value(m, "invalid", special & (sticky | cancelled))
        if flush:
            sticky = name_value(m, "flushed_sticky", sticky & ~zero_small)
        aligned, sticky, invalid, large, hidden, exponent, special, sign, subtracted = cuts.cut(
            "align",
            aligned=aligned,
            sticky=sticky,
            invalid=invalid,
            fraction_large=large,
            hidden=hidden,
            exponent=exponent,
            special=special,
            sign=sign,
            subtracted=subtracted,
        )

        # -- add: carry, significand, two places, sticky ------------------------------------------------
        addend = name_value(m, "addend", aligned ^ subtracted.replicate(len(aligned)))
        # A subtracted sticky bit borrows, which is the same as not adding the complement's one.
        total, carry = self._add(m, Cat(large, hidden), addend, subtracted & ~sticky)
        carried = name_value(m, "carried", carry & ~subtracted)
        total = name_value(m, "total", Cat(sticky, total, carried))
        least = name_value(m, "least", exponent | (0 if flush else ~hidden))
        infinite = name_value(m, "infinite", exponent[1:].all() & (exponent[0] | carried))
        total, least, infinite, special, invalid, sign = cuts.cut(
            "add", total=total, least=least, infinite=infinite, special=special, invalid=invalid, sign=sign
        )

        # -- normalize: the exponent is what the limit leaves -------------------------------------------
        # Places to go: at most down to the first of the two places; sticky and the other are zero by then.
        count_bits = (fraction_bits + 2).bit_length()
        normal, shift = normalize(
            m, "normalize", total, count_bits, limit=None if flush else least, exact_tail=2
        )
        base, under = subtract(m, "base", least, shift, operators=self.operators)
        leading = normal[-1]
        # Without a leading one the exponent field is 0: zero, or subnormal (then base is 0 already).
        live = name_value(m, "live", leading & ~under) if flush else leading
        base = name_value(m, "live_base", base & live.replicate(exponent_bits))
        up = name_value(m, "round_up", normal[3] & (normal[0] | normal[1] | normal[2] | normal[4]))
        fraction = name_value(m, "fraction", normal[4:-1])
        blank = name_value(m, "blank", infinite | ~live) if flush else infinite
        fraction, up, live, base, blank, special, invalid, sign = cuts.cut(
            "normalize",
            fraction=fraction,
            up=up,
            live=live,
            base=base,
            blank=blank,
            special=special,
            invalid=invalid,
            sign=sign,
        )

        # -- round: a carry out of the fraction is the next exponent -------------------------------------
        rounded, carry = increment(m, "round", fraction, up, operators=self.operators)
        field = self._field(m, base, live, carry) | special.replicate(exponent_bits)
        rounded = rounded & ~blank.replicate(fraction_bits)
        result = Cat(rounded[:-1], rounded[-1] | invalid, field, sign & ~invalid)
        m.d.comb += self.o.eq(*cuts.cut("round", result=result))
        return m

    def _distance(self, m: Module, larger: Value, differ: Value, borrow: Value) -> Value:
        """Return larger − smaller − borrow, given larger and larger ⊕ smaller."""
        if self.operators:
            return name_value(m, "distance", (larger - (larger ^ differ) - borrow)[: len(larger)])
        bits = []
        for index in range(len(larger)):
            bits.append(differ[index] ^ borrow)
            borrow = name_value(m, f"distance_borrow_{index}", Mux(differ[index], ~larger[index], borrow))
        return name_value(m, "distance", Cat(*bits))

    def _add(self, m: Module, large: Value, addend: Value, carry: Value) -> tuple[Value, Value]:
        """Add the larger significand to an addend that reaches two places below it."""
        if self.operators:
            return add(m, "add", Cat(Const(0, 2), large), addend, carry, operators=True)
        low, carry = increment(m, "add_low", addend[:2], carry)
        high, carry = add(m, "add", large, addend[2:], carry)
        return Cat(low, high), carry

    def _field(self, m: Module, base: Value, live: Value, carry: Value) -> Value:
        """Return base + live + carry."""
        if self.operators:
            return name_value(m, "field", (base + live + carry)[: len(base)])
        low, carry = add(m, "field_low", base[:1], live, carry)
        high, _ = increment(m, "field", base[1:], carry)
        return Cat(low, high)


def _align_rows(format: FloatFormat) -> int:
    """Bits of a shift that can move significand and two more places out completely."""
    return (format.mantissa_bits + 3).bit_length()
