"""Conversion between floating-point formats.

::

    i ── significand ── normalize ── align ── round ── limit ── o
      └─ exponent ── rebias ──────────────────┘

Stages that a pair of formats does not need are left out: subnormals are normalized only if the target may
have them as normal numbers, numbers are aligned only if the target may have them as subnormal ones, and
rounded only if bits are lost.
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ..block import Block
from ..formats.floating import FloatFormat
from .carry import add_constant, at_least, increment, name_value, subtract
from .float_fields import Fields, unpack
from .pipeline import Cuts, enable_port
from .shifter import align, normalize

__all__ = ["FloatConverter"]

_CUTS: tuple[tuple[str, ...], ...] = ((), ("round",), ("align", "round"))


class FloatConverter(Block):
    """Converts a floating-point number to another format, rounding to nearest, ties to even.

    Subnormals, signed zeros, infinities and NaN are kept where the target has them; every NaN result is the
    target's canonical one. A NaN becomes a zero of its sign in a format without. Initiation interval 1.

    Parameters
    ----------
    source, target : formats
    overflow : what becomes of a number that rounds to more than the target's largest, and of infinity.
        ``"saturate"``: the largest number of its sign; ``"special"``: infinity, or NaN where the target has
        no infinity, or the largest number where it has neither. By default special where the target has
        infinity, and saturate elsewhere
    flush_subnormals : operands with exponent field zero count as zero of their sign; a result whose exact
        magnitude is above zero and below the target's smallest normal number becomes zero of its sign
    pipeline : register stages, 0…2. The last holds the result
    stallable : the stages advance only while ``en`` is high; otherwise always
    operators : write carry chains as operators, for FPGA and timing-driven flows, instead of as the fewest
        gates

    Raises
    ------
    ValueError
        ``overflow`` is another word, or ``pipeline`` is out of its range.

    Interface attributes
    --------------------
    i : number in the source format
    o : number in the target format
    en : lets all stages advance; only with ``pipeline`` above 0 and ``stallable``
    latency : ``pipeline``
    """

    i: Signal
    o: Signal
    en: Signal

    #: Largest ``pipeline``.
    MAX_PIPELINE = len(_CUTS) - 1

    def __init__(
        self,
        source: FloatFormat,
        target: FloatFormat,
        *,
        overflow: str | None = None,
        flush_subnormals: bool = False,
        pipeline: int = 0,
        stallable: bool = True,
        operators: bool = False,
    ) -> None:
        overflow = overflow or ("special" if target.has_infinity else "saturate")
        if overflow not in ("saturate", "special"):
            raise ValueError(f"FloatConverter: overflow is saturate or special, not {overflow}")
        if not 0 <= pipeline <= self.MAX_PIPELINE:
            raise ValueError(f"FloatConverter: pipeline is 0…{self.MAX_PIPELINE}, not {pipeline}")
        self.source, self.target, self.overflow = source, target, overflow
        self.flush_subnormals, self.operators = flush_subnormals, operators
        self.pipeline = self.latency = pipeline
        ports = {"i": In(source.width), "o": Out(target.width)}
        super().__init__(ports | enable_port(pipeline, stallable))
        self._rebias = target.bias - source.bias

    def elaborate(self, platform: object) -> Module:
        m = Module()
        cuts = Cuts(m, _CUTS[self.pipeline], getattr(self, "en", None))
        fields = unpack(m, "i", self.source, self.i)
        window, sticky, field = self._align(m, fields)
        infinite = fields.special & ~fields.nan
        window, sticky, field, infinite, nan, sign = cuts.cut(
            "align",
            window=window,
            sticky=sticky,
            field=field,
            infinite=infinite,
            nan=fields.nan,
            sign=fields.sign,
        )
        code = Cat(window[1:-1], field)
        if self.source.mantissa_bits > self.target.mantissa_bits or self._may_align():
            up = name_value(m, "round_up", window[0] & (sticky | window[1]))
            code, _ = increment(m, "round", code, up, operators=self.operators)
            code = name_value(m, "rounded", code)
        result = self._limit(m, code, infinite, nan, sign)
        m.d.comb += self.o.eq(*cuts.cut("round", result=result))
        return m

    # A subnormal of the source is zero in the target, or the two formats have the same exponents, or it has
    # to be normalized.

    def _may_normalize(self) -> bool:
        if self.flush_subnormals or not self._rebias:
            return False
        largest = -self.source.bias + 1  # power of two that all subnormals are below
        return largest >= self.target.smallest_exponent

    def _may_align(self) -> bool:
        return not self.flush_subnormals and self._smallest_field() < 1

    def _smallest_field(self) -> int:
        """Exponent field in the target, had it no limit, of the source's smallest number that matters."""
        if not self._rebias:
            return 1
        return 1 + self._rebias - (self.source.mantissa_bits if self._may_normalize() else 0)

    def _align(self, m: Module, fields: Fields) -> tuple[Value, Value, Value]:
        """Return leading bit, fraction and one bit more; whether anything is below; the exponent field."""
        source, target = self.source, self.target
        significand: Value = Cat(fields.fraction, fields.normal)
        highest = source.exponent_mask + self._rebias
        width = (
            max((~self._smallest_field()).bit_length(), highest.bit_length(), target.exponent_bits + 1) + 1
        )
        exponent = Cat(fields.exponent, Const(0, width))[:width]
        if self._rebias and not self.flush_subnormals:  # a subnormal's exponent field counts as 1
            exponent = Cat(exponent[0] | ~fields.normal, exponent[1:])
        exponent = add_constant(m, "exponent", exponent, self._rebias)
        if self._may_normalize():
            rows = source.mantissa_bits.bit_length()
            significand, shift = normalize(m, "normalize", significand, rows)
            exponent, _ = subtract(m, "normal", exponent, shift, operators=self.operators)
            exponent = name_value(m, "normal_exponent", exponent)

        surplus = len(significand) - (target.mantissa_bits + 2)
        window = significand[surplus:] if surplus > 0 else Cat(Const(0, -surplus), significand)
        sticky: Value = significand[:surplus].any() if surplus > 0 else Const(0, 1)
        if not self._rebias:
            if self.flush_subnormals:
                window = window & fields.normal.replicate(len(window))
                sticky = sticky & fields.normal
            return window, sticky, exponent[:-1]

        # Below the smallest normal number; without a leading one there is only zero left.
        below = name_value(m, "below", exponent[-1] | ~exponent.any())
        if self._may_align():
            rows = len(window).bit_length()
            places = add_constant(m, "places", name_value(m, "complement", ~exponent), 2)
            out = name_value(m, "shifted_out", places[rows:].any())
            amount = name_value(m, "amount", (places[:rows] | out.replicate(rows)) & below.replicate(rows))
            window, lost = align(m, "align", window, amount)
            sticky = sticky | lost
        live = name_value(m, "live", significand[-1] & ~below)
        if self.flush_subnormals:
            window = window & live.replicate(len(window))
        return window, sticky, exponent[:-1] & live.replicate(width - 1)

    def _limit(self, m: Module, code: Value, infinite: Value, nan: Value, sign: Value) -> Value:
        """Replace what the target cannot hold."""
        target = self.target
        over = infinite | (at_least(m, "over", code, target.largest + 1) & ~nan)
        code = code[: target.width - 1]
        if self.overflow == "special" and target.specials == "nan":
            nan = nan | over
        else:
            limit = target.infinity if self.overflow == "special" and target.has_infinity else target.largest
            code = _force(code, name_value(m, "limited", over), limit)
        nan = name_value(m, "invalid", nan)
        return Cat(
            _force(code, nan, target.nan if target.has_nan else 0), sign & ~nan if target.has_nan else sign
        )


def _force(code: Value, chosen: Value, constant: int) -> Value:
    """Return the constant where ``chosen``, else the code."""
    mask = Const(constant, len(code))
    return Mux(chosen, mask, code)
