"""The one table of number formats: every name that parameters, manifests and figures use finds its format here.

Each is a frozen dataclass with ``name`` and ``width`` (bits of a word); what makes hardware of them is
:mod:`dotforge.arithmetic.units`.

=======================================  ==================================================================
:class:`.integer.IntegerFormat`          ``int4``, ``int8``, …: two's complement, ``intN`` for N of 1…128;
                                         ``uintN``: unsigned
:class:`.floating.FloatFormat`           ``bf16``, ``fp16``, ``fp32``, ``fp8_e4m3``, ``fp8_e5m2``, ``fp6_e3m2``,
                                         ``fp6_e2m3``, ``fp4_e2m1``
:class:`.exponent.ExponentCode`          ``dally3``, ``exponent:LOW:HIGH``
:class:`.logarithm.LogCode`              ``log:X:Y``, ``log:X:Y:flag``
:class:`.block.Element`                  ``mxint8``, ``mxfp8_e4m3``, …, ``nvfp4``: elements that share a scale
=======================================  ==================================================================

Integers and floating point share a protocol on which datapaths of any format are built:
``product_format(other)`` is the smallest format that holds every product exactly, ``sum_format(other, terms=n)``
what n products are summed in.
"""

from .block import ELEMENTS, FP4_E2M1, FP6_E2M3, FP6_E3M2, SCALES, Element, ScaleFormat
from .exponent import ExponentCode, parse_code
from .floating import BF16, FP8_E4M3, FP8_E5M2, FP16, FP32, FloatFormat
from .integer import INT4, INT8, INT16, INT32, IntegerFormat, UnsignedFormat
from .logarithm import LogCode, is_log_code, parse_log_code

__all__ = [
    "BF16",
    "FORMATS",
    "FP8_E4M3",
    "FP8_E5M2",
    "FP16",
    "FP32",
    "INT4",
    "INT8",
    "INT16",
    "INT32",
    "AnyFormat",
    "FloatFormat",
    "Format",
    "IntegerFormat",
    "find",
    "lookup",
]

#: What datapaths of any format multiply and add.
Format = IntegerFormat | FloatFormat

AnyFormat = Format | UnsignedFormat | ExponentCode | LogCode | Element | ScaleFormat

#: name → format that datapaths multiply and add
FORMATS: dict[str, Format] = {
    entry.name: entry for entry in (INT4, INT8, INT16, INT32, BF16, FP16, FP8_E4M3, FP8_E5M2, FP32)
}

_NAMED: dict[str, AnyFormat] = {
    **{name.lower(): entry for name, entry in FORMATS.items()},
    **{entry.name.lower(): entry for entry in (FP6_E3M2, FP6_E2M3, FP4_E2M1)},
    **ELEMENTS,
    **SCALES,
}


def lookup(name: str) -> Format:
    """Return the format of that name that datapaths multiply and add; ``INTn`` is any integer width.

    Parameters
    ----------
    name : in upper or lower case

    Raises
    ------
    ValueError
        No such format has that name; the message lists those that have.
    """
    key = name.upper()
    if key in FORMATS:
        return FORMATS[key]
    width = _width(key, "INT")
    if width is not None:
        return IntegerFormat(width)
    raise ValueError(f"format is one of {', '.join(FORMATS)} or INT1…INT128, not {name}")


def find(name: str) -> AnyFormat:
    """Return the format of any kind that has that name, as manifests and parameters spell it.

    Parameters
    ----------
    name : in upper or lower case

    Raises
    ------
    ValueError
        No format has that name; the message lists what there is.
    """
    key = name.lower()
    if key in _NAMED:
        return _NAMED[key]
    for prefix, kind in (("int", IntegerFormat), ("uint", UnsignedFormat)):
        width = _width(key, prefix)
        if width is not None:
            return kind(width)
    if is_log_code(key):
        return parse_log_code(key)
    if key == "dally3" or key.startswith("exponent:"):
        return parse_code(key)
    raise ValueError(
        f"format is one of {', '.join(_NAMED)}, intN, uintN, dally3, exponent:LOW:HIGH, log:X:Y[:flag], not {name}"
    )


def _width(name: str, prefix: str) -> int | None:
    digits = name.removeprefix(prefix)
    known = name.startswith(prefix) and digits.isdecimal() and 1 <= int(digits) <= 128
    return int(digits) if known else None
