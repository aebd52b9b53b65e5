"""The hardware of a format: which block multiplies, adds and converts its words, and splits a code into fields.

Formats are data (:mod:`dotforge.formats`); a datapath that takes any format asks here for its blocks.

Blocks have a public ``latency`` (= ``pipeline``), initiation interval 1, ``MAX_PIPELINE``, and with a pipeline
an input ``en`` that lets its registers advance (without it where ``stallable=False``).
"""

from typing import Any, overload

from amaranth.hdl import Value

from ..formats.exponent import ExponentCode
from ..formats.floating import FloatFormat
from ..formats.integer import IntegerFormat
from ..formats.logarithm import LogCode
from .float_adder import FloatAdder
from .float_converter import FloatConverter
from .float_multiplier import FloatMultiplier
from .integer_adder import IntegerAdder
from .integer_converter import IntegerConverter
from .integer_multiplier import IntegerMultiplier
from .small_float_adder import SmallFloatAdder

__all__ = ["adder", "code_fields", "converter", "multiplier"]

Format = IntegerFormat | FloatFormat


@overload
def multiplier(a: IntegerFormat, b: Format | None = None, **options: Any) -> IntegerMultiplier: ...
@overload
def multiplier(a: FloatFormat, b: Format | None = None, **options: Any) -> FloatMultiplier: ...
def multiplier(a: Format, b: Format | None = None, **options: Any) -> IntegerMultiplier | FloatMultiplier:
    """Return a block ``a``, ``b`` → ``o``; its attribute ``product`` is the format of ``o``.

    Products of integers come in the product format, exactly; those of floating-point numbers in FP32.

    Parameters
    ----------
    a, b : formats of the operands, of one kind; ``b`` is ``a``'s where it is not given
    options : of :class:`dotforge.arithmetic.integer_multiplier.IntegerMultiplier` or
        :class:`dotforge.arithmetic.float_multiplier.FloatMultiplier`

    Raises
    ------
    ValueError
        One is an integer format and the other is not.
    """
    _check_same_kind(a, b)
    if isinstance(a, FloatFormat):
        assert not isinstance(b, IntegerFormat)
        return FloatMultiplier(a, b, **{"product": a.sum_format(b), **options})
    assert not isinstance(b, FloatFormat)
    return IntegerMultiplier(a, b, **options)


@overload
def adder(format: IntegerFormat, **options: Any) -> IntegerAdder: ...
@overload
def adder(format: FloatFormat, **options: Any) -> FloatAdder | SmallFloatAdder: ...
def adder(format: Format, **options: Any) -> IntegerAdder | FloatAdder | SmallFloatAdder:
    """Return a block ``a``, ``b`` → ``o``, all of one format.

    Parameters
    ----------
    format : of the operands and of the sum
    options : of :class:`dotforge.arithmetic.integer_adder.IntegerAdder`,
        :class:`dotforge.arithmetic.float_adder.FloatAdder`, or without infinity
        :class:`dotforge.arithmetic.small_float_adder.SmallFloatAdder`
    """
    if isinstance(format, IntegerFormat):
        return IntegerAdder(format, **options)
    return FloatAdder(format, **options) if format.has_infinity else SmallFloatAdder(format, **options)


@overload
def converter(source: IntegerFormat, target: Format, **options: Any) -> IntegerConverter: ...
@overload
def converter(source: FloatFormat, target: Format, **options: Any) -> FloatConverter: ...
def converter(source: Format, target: Format, **options: Any) -> IntegerConverter | FloatConverter:
    """Return a block ``i`` → ``o`` from one format into another.

    Parameters
    ----------
    source, target : formats of one kind
    options : of :class:`dotforge.arithmetic.integer_converter.IntegerConverter` or
        :class:`dotforge.arithmetic.float_converter.FloatConverter`

    Raises
    ------
    ValueError
        One is an integer format and the other is not.
    """
    _check_same_kind(source, target)
    if isinstance(source, FloatFormat):
        assert isinstance(target, FloatFormat)
        return FloatConverter(source, target, **options)
    assert isinstance(target, IntegerFormat)
    return IntegerConverter(source, target, **options)


def code_fields(code: ExponentCode | LogCode, word: Value) -> tuple[Value, Value, Value]:
    """Split a word of a code into its exponent field, its sign, and a bit that is set where it stands for zero.

    Parameters
    ----------
    code : what the word means; the exponent of an exponential weight code is a shift of 0 … ``max_shift`` bits
    word : ``code.bits`` wide, unsigned
    """
    if isinstance(code, LogCode):
        exponent, sign = word[: code.field_bits], word[code.field_bits]
        return exponent, sign, word[-1] if code.zero_flag else ~exponent.any()
    shift, negative = word[: code.shift_bits], word[code.shift_bits]
    if code.zero_is_negative_low:
        return shift, negative, negative & ~shift.any()
    return shift, negative, shift > code.max_shift


def _check_same_kind(format: Format, other: Format | None) -> None:
    if other is not None and type(other) is not type(format):
        kind = "integers" if isinstance(format, IntegerFormat) else "floating-point formats"
        raise ValueError(f"{format.name} goes together with {kind}, not with {other.name}")
