"""Parameters of the block-format dot product and the widths that follow from them."""

from typing import Annotated, ClassVar, Literal

from ...arithmetic.delays import ClockMhz, Device, when_auto
from ...formats.block import ELEMENTS, Element
from ...parameters import Field, parameters

__all__ = ["BlockFormat", "MXDotConfig"]

BlockFormat = Literal[
    "mxint8", "mxfp8_e4m3", "mxfp8_e5m2", "mxfp6_e3m2", "mxfp6_e2m3", "mxfp4", "nvfp4"
]  # the keys of ELEMENTS


@parameters
class MXDotConfig:
    """Configuration of :class:`dotforge.engines.mxdot.engine.MXDot`.

    Raises
    ------
    ValueError
        Only one of the formats is ``nvfp4``, ``lanes`` is no divisor of the block, or ``pipeline=auto`` and
        ``accumulation=wide`` are not together, or not with MXFP4 or NVFP4.
    """

    weight_format: Annotated[
        BlockFormat,
        Field(description="block format of the weights: OCP MX, blocks of 32, or NVFP4, blocks of 16"),
    ] = "mxfp4"
    activation_format: Annotated[
        BlockFormat,
        Field(description="block format of the activations; nvfp4 goes with itself only"),
    ] = "mxfp4"
    lanes: Annotated[
        int,
        Field(
            ge=1,
            le=32,
            description="products a cycle: a whole block, or a part of it",
            json_schema_extra={"unit": "products"},
        ),
    ] = 16
    pipeline: Annotated[
        Annotated[int, Field(ge=0, le=3)] | Literal["auto"],
        Field(
            description="register stages ahead of the accumulator: after the block sum, before the "
            "multipliers, and after the rounding to FP32; or as clock_mhz needs, with accumulation=wide",
            json_schema_extra={"unit": "cycles", "allowed": "0…3, auto"},
        ),
    ] = 0
    clock_mhz: ClockMhz = 100
    device: Device = "ecp5"
    accumulation: Annotated[
        Literal["fp32", "wide"],
        Field(
            description="blocks add up in FP32, in order; or in fixed point, exactly (NVFP4) or in a window (MX), "
            "rounded once, with pipeline=auto"
        ),
    ] = "fp32"

    #: See :func:`dotforge.port_options.check_ports`.
    joins_operands: ClassVar[str] = ""

    def __post_init__(self) -> None:
        if (self.weight_format == "nvfp4") != (self.activation_format == "nvfp4"):
            raise ValueError(
                f"parameter activation_format={self.activation_format}: weights of {self.weight_format} allow "
                + ("nvfp4" if self.weight_format == "nvfp4" else "formats that start with mx")
            )
        if self.block % self.lanes:
            raise ValueError(
                f"parameter lanes={self.lanes}: blocks of {self.block} elements allow its divisors"
            )
        if (self.accumulation == "wide") != (self.pipeline == "auto"):
            raise ValueError(
                "parameter pipeline=auto: allowed 0…3; auto goes with accumulation=wide"
                if self.pipeline == "auto"
                else "parameter accumulation=wide: allowed fp32; wide goes with pipeline=auto"
            )
        if self.accumulation == "wide":
            for name, element in (("weight_format", self.weight), ("activation_format", self.activation)):
                if element.name not in ("mxfp4", "nvfp4"):
                    raise ValueError(
                        f"parameter {name}={element.name}: accumulation=wide allows mxfp4 and nvfp4"
                    )
        when_auto(self)

    @property
    def cuts(self) -> int:
        """Register stages at the places that the engine names; 0 where the clock chooses."""
        return 0 if self.pipeline == "auto" else self.pipeline

    @property
    def weight(self) -> Element:
        """Element of a weight."""
        return ELEMENTS[self.weight_format]

    @property
    def activation(self) -> Element:
        """Element of an activation."""
        return ELEMENTS[self.activation_format]

    @property
    def block(self) -> int:
        """Elements that share a scale."""
        return self.weight.block

    @property
    def beats(self) -> int:
        """Beats of a block."""
        return self.block // self.lanes

    @property
    def unit(self) -> int:
        """Power of two of a block sum's least significant bit."""
        return self.weight.unit + self.activation.unit

    @property
    def block_bits(self) -> int:
        """Width of a block's sum of products, exactly, two's complement."""
        largest = self.block * self.weight.largest * self.activation.largest
        return largest.bit_length() + 1

    @property
    def scaled_bits(self) -> int:
        """Width of a block sum times the significands of its scales (1 of powers of two)."""
        if self.weight.scale == "e8m0":
            return self.block_bits
        largest = self.block * self.weight.largest * self.activation.largest * 15 * 15
        return largest.bit_length() + 1

    @property
    def exponent_bits(self) -> int:
        """Width of the sum of the scales' exponents."""
        return 9 if self.weight.scale == "e8m0" else 5

    @property
    def exponents(self) -> range:
        """Powers of two that a scaled block sum can be in units of, from the sum of exponents 0 on."""
        if self.weight.scale == "e8m0":  # two exponents of −127…127
            return range(self.unit - 254, self.unit + 254 + 1)
        return range(self.unit - 18, self.unit - 18 + 28 + 1)  # two of −9…5: 2^−9 · 1…15 · 2^(0…14)

    @property
    def scale_bits(self) -> int:
        """Bits of a scale."""
        return 8 if self.weight.scale == "e8m0" else 7
