"""Parameters of the Flex-DPE and the widths that follow from them.

What the hardware knows of itself is imported when it is asked: describing parameters needs none of it.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import model_validator
from pydantic_core import ArgsKwargs

from ...arithmetic.multiplier_blocks import MultiplierChoice
from ...formats.choices import OperandName, SumName, sum_of
from ...parameters import Field, parameters
from ...sparse.parameters import (
    AdderPipeline,
    FlushSubnormals,
    MultiplierPipeline,
    Operators,
    PowerOfTwo,
    SparseWidths,
)

__all__ = ["FlexDpeConfig"]


def _unit(unit: str) -> dict[str, Any]:
    return {"unit": unit}


def _chosen(unit: str) -> dict[str, Any]:
    """Return what is known of a number that ``auto`` stands for, too."""
    return {"unit": unit, "automatic": True}


@parameters
class FlexDpeConfig(SparseWidths):
    """Configuration of :class:`dotforge.engines.flexdpe.engine.FlexDpe`."""

    lanes: Annotated[
        PowerOfTwo,
        Field(
            ge=4, le=512, description="multipliers, a power of two", json_schema_extra=_unit("multipliers")
        ),
    ] = 16
    window: Annotated[
        PowerOfTwo,
        Field(
            ge=0,
            le=512,
            description="positions of a bitmap, a power of two from 2 to lanes; 0 for as many as lanes",
            json_schema_extra=_chosen("positions"),
        ),
    ] = 0
    format: OperandName = "int8"
    optimize: Annotated[
        Literal["none", "throughput", "balanced", "area"],
        Field(
            description="what auto stands for in window, distribution, route_engines, route_walkers, row_buffer, "
            "stationary_bandwidth and fold_change, from measured area and counted cycles of products of reference: the "
            "fewest cycles, the least area times cycles, or the least area; none: as many positions as lanes, the "
            "smaller network, one engine with one walker, no rows, 4 values, and overlap in a FAN"
        ),
    ] = "balanced"
    sum_format: SumName = "auto"
    flush_subnormals: FlushSubnormals = False
    reduction: Annotated[Literal["fan", "linear", "art"], Field(description="reduction network")] = "fan"
    fold_change: Annotated[
        Literal["auto", "overlap", "drain"],
        Field(
            description="overlap: two folds share the FAN, no cycle is lost, and all sums of a vector leave "
            "together; drain: a fold leaves first, and sums leave when they are complete"
        ),
    ] = "auto"
    distribution: Annotated[
        Literal["auto", "multicast-benes", "crossbar"],
        Field(description="distribution network"),
    ] = "auto"
    host_routes: Annotated[
        bool, Field(description="take the settings of each fold from a stream instead of routing in hardware")
    ] = False
    route_engines: Annotated[
        int,
        Field(ge=1, le=8, description="folds that are routed at a time", json_schema_extra=_chosen("folds")),
    ] = 1
    route_walkers: Annotated[
        PowerOfTwo,
        Field(
            ge=1,
            le=256,
            description="loops that a route engine follows at a time, a power of two up to lanes/2",
            json_schema_extra=_chosen("loops"),
        ),
    ] = 1
    row_buffer: Annotated[
        int,
        Field(
            ge=0,
            le=4096,
            description="rows that routing may be ahead of loading",
            json_schema_extra=_chosen("rows"),
        ),
    ] = 0
    stationary_bandwidth: Annotated[
        PowerOfTwo,
        Field(
            ge=1,
            le=512,
            description="stationary values a beat, a power of two up to lanes",
            json_schema_extra=_chosen("values"),
        ),
    ] = 4
    control_pipeline: Annotated[
        bool,
        Field(
            description="registers in the controller, for a high clock rate; loading takes a few cycles longer"
        ),
    ] = False
    operators: Operators = False
    multiplier: MultiplierChoice = "logic"
    distribution_pipeline: Annotated[
        int,
        Field(
            ge=0,
            le=42,
            description="registers in the distribution network, spread evenly, or placed for a high clock rate "
            "if there are as many as that takes",
            json_schema_extra=_unit("cycles"),
        ),
    ] = 1
    multiplier_pipeline: MultiplierPipeline = 1
    adder_pipeline: AdderPipeline = 1
    row_bits: Annotated[
        int, Field(ge=1, le=32, description="width of a row id", json_schema_extra=_unit("bits"))
    ] = 16
    index_bits: Annotated[
        int,
        Field(
            ge=4, le=32, description="width of a vector's index, modulo that", json_schema_extra=_unit("bits")
        ),
    ] = 16

    @model_validator(mode="before")
    @classmethod
    def _choose(cls, data: Any) -> Any:
        """Fill in what `optimize` chooses; whatever is wrong with the rest is said by who checks it."""
        if not isinstance(data, ArgsKwargs) or data.args:
            return data
        from .choose import NUMBERS, choose, is_known  # noqa: PLC0415

        given = {
            name: value
            for name, value in (data.kwargs or {}).items()
            if not (name in NUMBERS and value == "auto")
        }
        optimize, lanes = given.get("optimize", "balanced"), str(given.get("lanes", 16))
        format_name = given.get("format", "int8")
        if not is_known(optimize, lanes, format_name):
            return ArgsKwargs((), given)
        wanted = dict(given)
        if given.get("reduction", "fan") != "fan" and given.get("fold_change", "auto") == "auto":
            wanted["fold_change"] = "drain"
        return ArgsKwargs((), given | choose(optimize, int(lanes), format_name, wanted))

    @model_validator(mode="after")
    def _check(self) -> Self:
        self.check_ranges(
            {
                "window": (2, self.lanes),
                "stationary_bandwidth": (1, self.lanes),
                "route_walkers": (1, self.lanes // 2),
            },
            others="lanes",
            zero=("window",),
        )
        sum_of(self.sum_format, self.operand, self.lanes)
        if self.fold_change == "overlap" and self.reduction != "fan":
            raise ValueError(f"parameter fold_change=overlap: allowed drain with reduction={self.reduction}")
        self.check_arithmetic()
        return self

    @property
    def has_arrays(self) -> bool:
        """See :func:`dotforge.port_options.check_ports`."""
        return not self.host_routes and self.row_buffer > 0

    @property
    def may_overflow(self) -> bool:
        """Whether a sum may need more bits than the sums that leave have."""
        return self.sum.width < self.exact_sum.width

    @property
    def sum_latency(self) -> int:
        """Cycles from the products of a vector to the last of its sums."""
        levels = self.lanes if self.reduction == "linear" else (self.lanes - 1).bit_length()
        return levels * self.adder_pipeline

    @property
    def output_bitmap(self) -> bool:
        """Whether it is told which sums have any product of two values: always."""
        return True

    @property
    def overlaps(self) -> bool:
        """Whether two folds may be in the reduction network at a time."""
        return self.fold_change == "overlap" or (self.fold_change == "auto" and self.reduction == "fan")

    @property
    def distribution_registers(self) -> tuple[int, ...]:
        """Columns of the distribution network that a register follows."""
        from ...network.distribution.distribution import distribution_columns, evenly, fast  # noqa: PLC0415

        places = fast(self.topology, self.lanes, self.positions)
        if len(places) == self.distribution_pipeline:
            return places
        columns = distribution_columns(self.topology, self.lanes, self.positions)
        return evenly(self.distribution_pipeline, columns)

    @property
    def load_cycles(self) -> int:
        """Cycles from the first beat of bitmaps to the first vector: of a window with one row, which is full.

        REGOR comes in one beat, and nothing that loads pauses.
        """
        from ...network.routing.engine import route_cycles  # noqa: PLC0415

        registers = self.control_pipeline
        values = -(-self.positions // self.stationary_bandwidth) + 5 + 7 * registers
        if self.host_routes:
            return max(values, self.setting_rows + 1)
        values += 3 * (self.row_buffer > 0)
        if self.topology == "crossbar":
            return max(values, self.lanes + 5 + 2 * registers)
        return max(values, self.lanes + route_cycles(self.lanes, self.route_walkers) + 4 + 2 * registers)

    @property
    def setting_rows(self) -> int:
        """Rows of a fold's settings of the distribution network."""
        from ...network.distribution.settings import setting_rows  # noqa: PLC0415

        return setting_rows(self.topology, self.lanes, self.positions)
