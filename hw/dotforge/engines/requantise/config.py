"""Parameters of the post-processing unit and the widths that follow from them."""

from typing import Annotated, Any, Literal

from ...arithmetic.delays import ClockMhz, Device, when_auto
from ...parameters import Field, parameters

__all__ = ["RequantiseConfig"]


def _bits(low: int, high: int, description: str) -> Any:
    return Field(ge=low, le=high, description=description, json_schema_extra={"unit": "bits"})


@parameters
class RequantiseConfig:
    """Configuration of :class:`dotforge.engines.requantise.engine.Requantise`.

    Raises
    ------
    ValueError
        ``clock_mhz`` or ``device`` is given without ``pipeline=auto``.
    """

    vector: Annotated[
        int,
        Field(
            ge=16, le=64, description="elements that share a scale", json_schema_extra={"unit": "elements"}
        ),
    ] = 16
    sum_bits: Annotated[int, _bits(8, 48, "width of a sum, two's complement")] = 24
    element_bits: Annotated[int, _bits(2, 8, "width of an element, two's complement")] = 4
    scale_bits: Annotated[int, _bits(2, 10, "width of a vector's scale, unsigned")] = 4
    unit_bits: Annotated[int, _bits(1, 32, "width of the second-level scale in units of a sum")] = 16
    scale_rounding: Annotated[
        Literal["nearest", "ceil"],
        Field(
            description="how a vector's scale becomes an integer: nearest, half up, or up, so that nothing clips"
        ),
    ] = "nearest"
    pipeline: Annotated[
        Annotated[int, Field(ge=0, le=0)] | Literal["auto"],
        Field(
            description="registers at the loops only, or as clock_mhz needs",
            json_schema_extra={"unit": "cycles", "allowed": "0, auto"},
        ),
    ] = 0
    clock_mhz: ClockMhz = 100
    device: Device = "ecp5"

    def __post_init__(self) -> None:
        when_auto(self)

    @property
    def magnitude_bits(self) -> int:
        """Bits of an element's magnitude."""
        return self.element_bits - 1

    @property
    def remainder_bits(self) -> int:
        """Width of twice the largest magnitude of a sum, 2^sum_bits."""
        return self.sum_bits + 1

    @property
    def step_bits(self) -> int:
        """Width of an element's step, scale · unit."""
        return self.scale_bits + self.unit_bits

    @property
    def divisor_bits(self) -> int:
        """Width of the largest divisor: a step, or the unit times the largest element, before it is shifted down."""
        return self.step_bits + self.magnitude_bits

    @property
    def period(self) -> int:
        """Cycles a vector keeps the divider busy."""
        return self.scale_bits + (4 if self.pipeline == "auto" else 3) + self.vector * self.element_bits
