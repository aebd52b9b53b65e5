"""Fields of a floating-point operand, and what its exponent says about it."""

from dataclasses import dataclass

from amaranth.hdl import Const, Module, Value

from ..formats.floating import FloatFormat
from .carry import name_value

__all__ = ["Fields", "unpack"]


@dataclass(frozen=True)
class Fields:
    """An operand in parts.

    Attributes
    ----------
    sign, exponent, fraction : the three fields
    normal : the exponent field is not zero, so the hidden bit is one
    special : infinity or NaN
    nan : NaN
    """

    sign: Value
    exponent: Value
    fraction: Value
    normal: Value
    special: Value
    nan: Value


def unpack(m: Module, name: str, format: FloatFormat, value: Value) -> Fields:
    """Take an operand apart; ``name`` is the end of the names of the signals that ``m`` gets.

    Parameters
    ----------
    format : of the operand
    value : its encoding
    """
    fraction, exponent = value[: format.mantissa_bits], value[format.mantissa_bits : -1]
    normal = name_value(m, f"normal_{name}", exponent.any())
    special: Value = Const(0, 1)
    nan: Value = Const(0, 1)
    if format.specials == "ieee":
        special = name_value(m, f"special_{name}", exponent.all())
        nan = name_value(m, f"nan_{name}", special & fraction.any())
    elif format.specials == "nan":
        special = nan = name_value(m, f"nan_{name}", exponent.all() & fraction.all())
    return Fields(value[-1], exponent, fraction, normal, special, nan)
