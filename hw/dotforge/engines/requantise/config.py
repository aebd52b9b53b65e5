"""Parameters of the post-processing unit and the widths that follow from them."""

from typing import Annotated, Any, Literal

from ...parameters import Field, parameters

__all__ = ["RequantiseConfig"]


def _bits(low: int, high: int, description: str) -> Any:
    return Field(ge=low, le=high, description=description, json_schema_extra={"unit": "bits"})


@parameters
class RequantiseConfig:
    """Configuration of :class:`dotforge.engines.requantise.engine.Requantise`."""

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
        return self.scale_bits + 3 + self.vector * self.element_bits
