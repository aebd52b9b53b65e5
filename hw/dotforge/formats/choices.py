"""How an engine's parameters name the format of its operands and of its sums."""

from typing import Annotated

from pydantic import AfterValidator, Field

from .floating import FloatFormat
from .integer import IntegerFormat
from .table import Format, lookup

__all__ = ["OPERANDS", "OperandName", "SumName", "sum_of"]

#: Formats of operands.
OPERANDS = ("int4", "int8", "int16", "bf16", "fp16", "fp8_e4m3", "fp8_e5m2")


def _operand(name: str) -> str:
    if name.lower() not in OPERANDS:
        raise ValueError(f"allowed {', '.join(OPERANDS)}")
    return name.lower()


def _sum(name: str) -> str:
    name = name.lower()
    digits = name[3:] if name.startswith("int") and name[3:].isdecimal() else "0"
    if name not in ("auto", "exact", "fp32") and not 4 <= int(digits) <= 64:
        raise ValueError("allowed auto, exact, fp32, int4…int64")
    return name


#: A parameter that names a format of operands.
OperandName = Annotated[
    str,
    AfterValidator(_operand),
    Field(description="of operands", json_schema_extra={"unit": "", "allowed": ", ".join(OPERANDS)}),
]

#: A parameter that names a format of sums, or how it follows from the operands.
SumName = Annotated[
    str,
    AfterValidator(_sum),
    Field(
        description="of sums; auto: FP32, or INT32 and wider where that could overflow; exact: the fewest "
        "bits that never overflow; a given integer that overflows wraps and sets a flag",
        json_schema_extra={"unit": "", "allowed": "auto, exact, fp32, int4…int64"},
    ),
]


def sum_of(name: str, operand: Format, terms: int) -> Format:
    """Return the format that a :data:`SumName` stands for.

    Parameters
    ----------
    name : ``auto``, ``exact``, ``fp32`` or an integer format
    operand : of both operands of a product
    terms : products in a sum

    Raises
    ------
    ValueError
        The operands are floating point and the sums would not be, or the other way round.
    """
    is_float = isinstance(operand, FloatFormat)
    if name not in ("auto", "exact") and is_float != (name == "fp32"):
        raise ValueError(f"parameter sum_format={name}: not a sum of format={operand.name.lower()}")
    exact = operand.sum_format(terms=terms)
    if is_float or name == "exact":
        return exact
    return IntegerFormat(max(32, exact.width)) if name == "auto" else lookup(name)
