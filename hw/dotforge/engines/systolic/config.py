"""Parameters of the systolic array, and the widths and times that follow from them.

What the hardware knows of itself is imported when it is asked: describing parameters needs none of it.
"""

from typing import Annotated, Any, Self

from pydantic import model_validator

from ...arithmetic.multiplier_blocks import MultiplierChoice, in_blocks
from ...formats.choices import OperandName, SumName, sum_of
from ...formats.table import FloatFormat, Format, lookup
from ...parameters import Field, parameters

__all__ = ["MOST_MULTIPLIERS", "SystolicConfig"]

#: Largest array: the 128×128 that the paper compares with, or as many in another shape.
MOST_MULTIPLIERS = 128 * 128


def _unit(unit: str) -> dict[str, Any]:
    return {"unit": unit}


@parameters
class SystolicConfig:
    """Configuration of :class:`dotforge.engines.systolic.engine.Systolic`."""

    rows: Annotated[
        int,
        Field(
            ge=1,
            le=512,
            description="products that a column adds: elements of an activation vector",
            json_schema_extra=_unit("multipliers"),
        ),
    ] = 4
    columns: Annotated[
        int,
        Field(
            ge=1,
            le=512,
            description=f"sums of an activation vector; at most {MOST_MULTIPLIERS} multipliers in all",
            json_schema_extra=_unit("multipliers"),
        ),
    ] = 4
    format: OperandName = "int8"
    sum_format: SumName = "auto"
    flush_subnormals: Annotated[
        bool, Field(description="take subnormal numbers as zeros, floating point only")
    ] = False
    double_buffer: Annotated[
        bool,
        Field(
            description="two weights a multiplier: the next fold's load while this one streams; otherwise a "
            "fold loads when the one before has left the multipliers"
        ),
    ] = True
    multiplier_pipeline: Annotated[
        int,
        Field(
            ge=0,
            le=3,
            description="registers of a multiplier, beside those at its operands; integers with 0 and "
            "adder_pipeline 1 multiply and add in one carry-save heap",
            json_schema_extra=_unit("cycles"),
        ),
    ] = 0
    adder_pipeline: Annotated[
        int,
        Field(
            ge=1,
            le=5,
            description="registers of an adder: cycles that a sum takes from row to row",
            json_schema_extra=_unit("cycles"),
        ),
    ] = 1
    operators: Annotated[
        bool,
        Field(
            description="write carry chains as operators, for FPGA and timing-driven flows, instead of as the "
            "fewest gates"
        ),
    ] = False

    multiplier: MultiplierChoice = "logic"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.rows * self.columns > MOST_MULTIPLIERS:
            raise ValueError(
                f"parameter columns={self.columns}: allowed 1…{MOST_MULTIPLIERS // self.rows} "
                f"with rows={self.rows}"
            )
        sum_of(self.sum_format, self.operand, self.rows)
        if self.flush_subnormals and not self.is_float:
            raise ValueError(f"parameter flush_subnormals=True: format={self.format} has no subnormals")
        in_blocks(self.multiplier, self.operand, self.operators)
        from ...arithmetic.float_multiplier import FloatMultiplier  # noqa: PLC0415
        from ...arithmetic.integer_multiplier import IntegerMultiplier  # noqa: PLC0415

        most = (FloatMultiplier if self.is_float else IntegerMultiplier).MAX_PIPELINE
        if self.multiplier_pipeline > most:
            raise ValueError(
                f"parameter multiplier_pipeline={self.multiplier_pipeline}: allowed 0…{most} "
                f"with format={self.format}"
            )
        return self

    @property
    def operand(self) -> Format:
        """Format of the operands."""
        return lookup(self.format)

    @property
    def in_blocks(self) -> bool:
        """Whether products are made in multiplier blocks of an FPGA."""
        return in_blocks(self.multiplier, self.operand, self.operators)

    @property
    def is_float(self) -> bool:
        """Whether operands and sums are floating point."""
        return isinstance(self.operand, FloatFormat)

    @property
    def multipliers(self) -> int:
        """Multipliers of the array."""
        return self.rows * self.columns

    def exact_sum(self, rows: int) -> Format:
        """Format in which the sum of so many rows never overflows."""
        return self.operand.sum_format(terms=rows)

    @property
    def sum(self) -> Format:
        """Format of the sums that leave."""
        return sum_of(self.sum_format, self.operand, self.rows)

    @property
    def may_overflow(self) -> bool:
        """Whether a sum may need more bits than it has."""
        return self.flagged(self.rows - 1)

    def partial_width(self, row: int) -> int:
        """Bits of the sum that leaves row ``row`` (0 at the top)."""
        return min(self.sum.width, self.exact_sum(row + 1).width)

    def flagged(self, row: int) -> bool:
        """Whether the sum that leaves row ``row`` may have overflowed."""
        return self.exact_sum(row + 1).width > self.sum.width

    @property
    def latency(self) -> int:
        """Cycles from an activation vector to its sums: down all rows, along all columns, and a multiplier."""
        return self.rows * self.adder_pipeline + self.columns + self.multiplier_pipeline

    @property
    def hold(self) -> int:
        """Cycles after the one that frees a weight register at the top left before rows may load one after the other.

        Row r, column c is freed r · ``adder_pipeline`` + c cycles later, and row r loads r cycles later. With two
        weights a multiplier what frees them is the first vector of a fold, which copies them; with one it is the
        last one, which is multiplied a cycle later.
        """
        slower = (self.rows - 1) * (self.adder_pipeline - 1)
        return max(0, slower + self.columns - (2 if self.double_buffer else 1))
