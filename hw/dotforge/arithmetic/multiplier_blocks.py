"""When products are left to the multiplier blocks of an FPGA.

A product for a block is an operator in the Verilog, which the flow maps; one in logic has none, so that no flow takes a
block that was not asked for. Of how many bits on flows take blocks by themselves differs: every family of
:mod:`dotforge.synthesis.targets` that has blocks takes one for 8 × 8 bits, with a sign or without.
"""

from typing import Annotated, Literal

from ..formats.table import FloatFormat, Format
from ..parameters import Field

__all__ = ["LEAST_BITS", "MultiplierChoice", "in_blocks", "multiplied_bits"]

#: Bits of both operands from which on every flow maps a product to a block.
LEAST_BITS = 8

MultiplierChoice = Annotated[
    Literal["auto", "logic", "dsp"],
    Field(
        description="multiply integers and significands in logic, or as operators that an FPGA flow maps to multiplier "
        f"blocks; auto: blocks with operators=true and {LEAST_BITS} bits or more"
    ),
]


def multiplied_bits(operand: Format) -> int:
    """Return the bits that a multiplier of a format multiplies: an integer, or a significand."""
    return operand.mantissa_bits + 1 if isinstance(operand, FloatFormat) else operand.width


def in_blocks(choice: str, operand: Format, operators: bool) -> bool:
    """Tell whether products are made in multiplier blocks.

    Parameters
    ----------
    choice : one of :data:`MultiplierChoice`
    operand : format of both operands
    operators : carry chains are operators, as FPGAs want them

    Raises
    ------
    ValueError
        Blocks are asked for, and no flow is sure to use them for significands as short as those.
    """
    bits = multiplied_bits(operand)
    if choice == "dsp" and isinstance(operand, FloatFormat) and bits < LEAST_BITS:
        raise ValueError(
            f"parameter multiplier=dsp: format={operand.name.lower()} allows auto, logic; flows map significands of "
            f"{LEAST_BITS} bits or more to blocks, not of {bits}"
        )
    return choice == "dsp" or (choice == "auto" and operators and bits >= LEAST_BITS)
