"""Parameters of the Flex-DPU.

What the hardware knows of itself is imported when it is asked: describing parameters needs none of it.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import model_validator

from ...arithmetic.multiplier_blocks import MultiplierChoice
from ...formats.choices import OperandName, SumName, sum_of
from ...parameters import Field, parameters
from ...sparse.parameters import (
    AdderPipeline,
    FlushSubnormals,
    MultiplierPipeline,
    Operators,
    PowerOfTwo,
)
from .widths import Widths

__all__ = ["FlexDpuConfig"]


def _unit(unit: str) -> dict[str, Any]:
    return {"unit": unit}


@parameters
class FlexDpuConfig(Widths):
    """Configuration of :class:`dotforge.engines.flexdpu.core.FlexDpuCore`."""

    engines: Annotated[
        int, Field(ge=1, le=128, description="Flex-DPEs", json_schema_extra=_unit("Flex-DPEs"))
    ] = 4
    lanes: Annotated[
        PowerOfTwo,
        Field(
            ge=4,
            le=512,
            description="multipliers of a Flex-DPE, a power of two",
            json_schema_extra=_unit("multipliers"),
        ),
    ] = 16
    groups: Annotated[
        int,
        Field(
            ge=0,
            le=16,
            description="jobs in progress at a time, each on neighbouring Flex-DPEs; 0 for two, or for one with "
            "one Flex-DPE",
            json_schema_extra=_unit("jobs"),
        ),
    ] = 0
    window: Annotated[
        PowerOfTwo,
        Field(
            ge=0,
            le=512,
            description="positions of a bitmap, a power of two from 2 to lanes; 0 for as many as lanes",
            json_schema_extra=_unit("positions"),
        ),
    ] = 0
    format: OperandName = "int8"
    sum_format: SumName = "auto"
    flush_subnormals: FlushSubnormals = False
    bandwidth: Annotated[
        int,
        Field(
            ge=0,
            le=16384,
            description="stationary and streaming elements a cycle that come in, all jobs together; at least a window, "
            "and a beat of stationary values; 0 for what all streams take at once",
            json_schema_extra=_unit("elements"),
        ),
    ] = 0
    accumulator_words: Annotated[
        PowerOfTwo,
        Field(
            ge=0,
            le=1 << 24,
            description="sums that the accumulator of a job holds, a power of two; 0 for 256 a bank",
            json_schema_extra=_unit("words"),
        ),
    ] = 0
    accumulator_banks: Annotated[
        PowerOfTwo,
        Field(
            ge=0,
            le=1024,
            description="banks of an accumulator, a power of two: sums that it takes a cycle at most; 0 for as many "
            "as lanes",
            json_schema_extra=_unit("banks"),
        ),
    ] = 0
    distribution: Annotated[
        Literal["auto", "multicast-benes", "crossbar"],
        Field(description="distribution network of each Flex-DPE; auto: the smaller one"),
    ] = "auto"
    route_engines: Annotated[
        int,
        Field(
            ge=1,
            le=8,
            description="folds that a Flex-DPE routes at a time",
            json_schema_extra=_unit("folds"),
        ),
    ] = 1
    route_walkers: Annotated[
        PowerOfTwo,
        Field(
            ge=1,
            le=256,
            description="loops that a route engine follows at a time, a power of two up to lanes/2",
            json_schema_extra=_unit("loops"),
        ),
    ] = 1
    row_buffer: Annotated[
        int,
        Field(
            ge=0,
            le=4096,
            description="rows that routing may be ahead of loading",
            json_schema_extra=_unit("rows"),
        ),
    ] = 64
    stationary_bandwidth: Annotated[
        PowerOfTwo,
        Field(
            ge=1,
            le=512,
            description="stationary values a beat, a power of two up to lanes",
            json_schema_extra=_unit("values"),
        ),
    ] = 4
    operators: Operators = False
    multiplier: MultiplierChoice = "logic"
    distribution_pipeline: Annotated[
        int,
        Field(
            ge=0,
            le=42,
            description="registers in a distribution network, spread evenly",
            json_schema_extra=_unit("cycles"),
        ),
    ] = 1
    multiplier_pipeline: MultiplierPipeline = 1
    adder_pipeline: AdderPipeline = 1
    row_bits: Annotated[
        int,
        Field(
            ge=2,
            le=12,
            description="width of a row's number: a job has up to 2^row_bits rows",
            json_schema_extra=_unit("bits"),
        ),
    ] = 8
    index_bits: Annotated[
        int,
        Field(
            ge=4,
            le=24,
            description="width of a vector's number: a job has up to 2^index_bits vectors",
            json_schema_extra=_unit("bits"),
        ),
    ] = 16
    tag_bits: Annotated[
        int,
        Field(ge=1, le=32, description="width of a job's tag", json_schema_extra=_unit("bits")),
    ] = 16
    interface: Annotated[
        Literal["streams", "axi"],
        Field(
            description="streams: jobs, rows, values and vectors as streams of their own; axi: packets of compressed "
            "tiles, and registers behind AXI4-Lite"
        ),
    ] = "streams"
    data_width: Annotated[
        PowerOfTwo,
        Field(
            ge=0,
            le=1024,
            description="bits of a beat of packets, a power of two from 64 on; 0 for as many as a window's values have",
            json_schema_extra=_unit("bits"),
        ),
    ] = 0
    job_queue: Annotated[
        int,
        Field(
            ge=1, le=64, description="jobs that can wait in a slot, with axi", json_schema_extra=_unit("jobs")
        ),
    ] = 8

    @property
    def has_arrays(self) -> bool:
        """See :func:`dotforge.port_options.check_ports`."""
        return True

    @model_validator(mode="after")
    def _check(self) -> Self:
        self.check_ranges(
            {
                "window": (2, self.lanes),
                "stationary_bandwidth": (1, self.lanes),
                "route_walkers": (1, self.lanes // 2),
                "accumulator_banks": (1, min(1 << self.row_bits, self.engines * self.lanes)),
                "groups": (1, self.engines),
            },
            others="engines, lanes, row_bits",
            zero=("window", "accumulator_banks", "groups"),
        )
        least = max(self.positions, self.stationary_bandwidth)
        if self.bandwidth and self.bandwidth < least:
            raise ValueError(
                f"parameter bandwidth={self.bandwidth}: allowed {least} or more with window={self.positions}, "
                f"stationary_bandwidth={self.stationary_bandwidth}; 0 for no limit"
            )
        if self.words < 2 * self.banks:
            raise ValueError(
                f"parameter accumulator_words={self.accumulator_words}: allowed {2 * self.banks} or more with "
                f"accumulator_banks={self.banks}"
            )
        sum_of(self.sum_format, self.operand, self.lanes)
        if self.sum.width < self.exact_sum.width:
            raise ValueError(
                f"parameter sum_format={self.sum_format}: allowed {self.exact_sum.width} bits or more with "
                f"lanes={self.lanes}"
            )
        if 0 < self.data_width < 64:
            raise ValueError(f"parameter data_width={self.data_width}: allowed 0, 64, 128, 256, 512, 1024")
        if self.interface == "axi" and self.tag_bits != 16:
            raise ValueError(f"parameter tag_bits={self.tag_bits}: allowed 16 with interface=axi")
        if self.interface == "axi" and self.slots > 16:
            raise ValueError(f"parameter groups={self.slots}: allowed 1…16 with interface=axi")
        if self.interface == "axi" and self.banks > 128:
            raise ValueError(f"parameter accumulator_banks={self.banks}: allowed 1…128 with interface=axi")
        self.check_arithmetic()
        return self
