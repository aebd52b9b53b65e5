"""Parameters of the post-processing unit and the widths that follow from them."""

from dataclasses import fields
from typing import Annotated, Any, Literal

from ...arithmetic.delays import ClockMhz, Device, when_auto
from ...parameters import Field, parameters

__all__ = ["NVFP4_SCALE_BITS", "RequantiseConfig"]

#: Bits of NVFP4's largest block scale, 448, in units of its smallest one, 2^-9.
NVFP4_SCALE_BITS = 18


def _bits(low: int, high: int, description: str) -> Any:
    return Field(ge=low, le=high, description=description, json_schema_extra={"unit": "bits"})


@parameters
class RequantiseConfig:
    """Configuration of :class:`dotforge.engines.requantise.engine.Requantise`.

    Raises
    ------
    ValueError
        A parameter has no effect with the others and is not at its default.
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
    format: Annotated[
        Literal["vsquant", "nvfp4"],
        Field(description="what sums become: integers with an integer scale, or E2M1 with a scale in E4M3"),
    ] = "vsquant"
    scale_search: Annotated[
        Literal["none", "four_over_six"],
        Field(
            description="nvfp4: the largest magnitude becomes 6, or 6 or 4, whichever leaves less squared error"
        ),
    ] = "none"

    def __post_init__(self) -> None:
        when_auto(self)
        defaults = {field.name: field.default for field in fields(self)}
        for name in self._of_other_formats():
            given = getattr(self, name)
            if given != defaults[name]:
                other = "vsquant" if self.is_nvfp4 else "nvfp4"
                raise ValueError(
                    f"parameter {name}={given}: allowed {defaults[name]}; others go with format={other}"
                )

    def _of_other_formats(self) -> tuple[str, ...]:
        if self.is_nvfp4:
            return ("vector", "element_bits", "scale_bits", "scale_rounding", "pipeline")
        return ("scale_search",)

    @property
    def idle(self) -> tuple[str, ...]:
        """Parameters without effect beside these others."""
        return (*self._of_other_formats(), *when_auto(self))

    @property
    def is_nvfp4(self) -> bool:
        """Whether sums become NVFP4."""
        return self.format == "nvfp4"

    @property
    def passes(self) -> int:
        """Scales that are tried for a vector, one after the other."""
        return 2 if self.scale_search == "four_over_six" else 1

    @property
    def has_arrays(self) -> bool:
        """See :func:`dotforge.port_options.check_ports`."""
        return True

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
        if self.is_nvfp4:  # a pass: the scale, a load, the elements; a search ends with a comparison
            return 1 + self.passes * (NVFP4_SCALE_BITS + 3 + self.vector * 8) + (self.passes - 1)
        return self.scale_bits + (4 if self.pipeline == "auto" else 3) + self.vector * self.element_bits
