"""Parameters that engines of sparse matrices share, with what follows from them and what is not allowed.

What the hardware knows of itself is imported when it is asked: describing parameters needs none of it.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator

from ..arithmetic.multiplier_blocks import in_blocks
from ..formats.choices import sum_of
from ..formats.table import FloatFormat, Format, IntegerFormat, lookup
from ..parameters import Field

__all__ = [
    "AdderPipeline",
    "FlushSubnormals",
    "MultiplierPipeline",
    "Operators",
    "PowerOfTwo",
    "SparseWidths",
]


def _power_of_two(value: int) -> int:
    if value & (value - 1):
        raise ValueError(f"allowed powers of two, not {value}")
    return value


#: A parameter that is a power of two, or 0.
PowerOfTwo = Annotated[int, AfterValidator(_power_of_two)]

FlushSubnormals = Annotated[bool, Field(description="take subnormal numbers as zeros, floating point only")]

Operators = Annotated[
    bool,
    Field(
        description="write carry chains as operators, for FPGA and timing-driven flows, instead of as the "
        "fewest gates"
    ),
]

MultiplierPipeline = Annotated[
    int,
    Field(
        ge=0,
        le=4,
        description="registers of a multiplier; with the most, also at its operands",
        json_schema_extra={"unit": "cycles"},
    ),
]

AdderPipeline = Annotated[
    int, Field(ge=1, le=4, description="registers of an adder", json_schema_extra={"unit": "cycles"})
]


class SparseWidths:
    """What a configuration with these parameters has beside them."""

    lanes: int
    window: int
    format: str
    sum_format: str
    flush_subnormals: bool
    distribution: Literal["auto", "multicast-benes", "crossbar"]
    distribution_pipeline: int
    operators: bool
    multiplier: Literal["auto", "logic", "dsp"]
    multiplier_pipeline: int

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
    def positions(self) -> int:
        """Positions of a bitmap."""
        return self.window or self.lanes

    @property
    def product(self) -> Format:
        """Format of the products."""
        if isinstance(self.operand, IntegerFormat):
            return self.operand.product_format()
        return self.operand.sum_format()

    @property
    def exact_sum(self) -> Format:
        """Format in which a reduction network adds: nothing overflows in it."""
        return self.operand.sum_format(terms=self.lanes)

    @property
    def sum(self) -> Format:
        """Format of the sums that leave."""
        return sum_of(self.sum_format, self.operand, self.lanes)

    @property
    def topology(self) -> str:
        """Distribution network that ``distribution`` stands for."""
        from ..network.distribution.distribution import choose_topology  # noqa: PLC0415

        return choose_topology(self.distribution, self.lanes)

    def check_ranges(self, ranges: Mapping[str, tuple[int, int]], others: str, zero: tuple[str, ...]) -> None:
        """Refuse what other parameters do not allow.

        Parameters
        ----------
        ranges : parameter → least and most
        others : names of the parameters that these follow from, as in ``lanes, row_bits``
        zero : parameters that 0 stands for a value of

        Raises
        ------
        ValueError
            One is not in its range.
        """
        for name, (least, most) in ranges.items():
            value = getattr(self, name)
            if not least <= value <= most and not (name in zero and value == 0):
                given = ", ".join(f"{each}={getattr(self, each)}" for each in others.split(", "))
                raise ValueError(f"parameter {name}={value}: allowed {least}…{most} with {given}")

    def check_arithmetic(self) -> None:
        """Refuse what the format of the operands or the distribution network does not allow.

        Raises
        ------
        ValueError
            There are no such subnormals, registers or multiplier blocks.
        """
        in_blocks(self.multiplier, self.operand, self.operators)
        if self.flush_subnormals and not self.is_float:
            raise ValueError(f"parameter flush_subnormals=True: format={self.format} has no subnormals")
        from ..network.distribution.distribution import distribution_columns  # noqa: PLC0415
        from .lane import most_pipeline  # noqa: PLC0415

        most = most_pipeline(self.operand) + 1
        if self.multiplier_pipeline > most:
            raise ValueError(
                f"parameter multiplier_pipeline={self.multiplier_pipeline}: allowed 0…{most} "
                f"with format={self.format}"
            )
        columns = distribution_columns(self.topology, self.lanes, self.positions)
        if self.distribution_pipeline > columns:
            raise ValueError(
                f"parameter distribution_pipeline={self.distribution_pipeline}: allowed 0…{columns} here"
            )
