"""Parameters of the vector-scaled MAC and the widths that follow from them."""

from typing import Annotated, Any, ClassVar, Literal

from ...arithmetic.delays import ClockMhz, Device, Multiplier, when_auto
from ...parameters import Field, parameters

__all__ = ["VSQuantConfig", "round_scale_product"]


def _bits(low: int, high: int, description: str) -> Any:
    return Field(ge=low, le=high, description=description, json_schema_extra={"unit": "bits"})


def round_scale_product(product: int, dropped: int, rounding: str) -> int:
    """Return a scale product without its ``dropped`` low bits, rounded ``half_up`` or ``half_even``.

    Parameters
    ----------
    product : 0 or more
    rounding : one of the two
    """
    if not dropped:
        return product
    if rounding == "half_up":
        return (product + (1 << (dropped - 1))) >> dropped
    kept, rest = product >> dropped, product & ((1 << dropped) - 1)
    half = 1 << (dropped - 1)
    return kept + (rest > half or (rest == half and bool(kept & 1)))


@parameters
class VSQuantConfig:
    """Configuration of :class:`dotforge.engines.vsquant.engine.VSQuant`.

    Raises
    ------
    ValueError
        ``scale_product_bits`` is more than the bits of both scales; the elements of a cycle are neither a
        part nor a multiple of a vector; or ``vector`` or ``lanes`` does not go with 2:4 sparsity.
    """

    vector: Annotated[
        int,
        Field(
            ge=16,
            le=64,
            description="elements that share a scale; with 2:4 sparsity, zeros included",
            json_schema_extra={"unit": "elements"},
        ),
    ] = 16
    lanes: Annotated[
        int,
        Field(
            ge=1,
            le=256,
            description="products a cycle: part of a vector, or several vectors",
            json_schema_extra={"unit": "products"},
        ),
    ] = 16
    weight_bits: Annotated[int, _bits(2, 8, "width of a weight, two's complement")] = 4
    activation_bits: Annotated[int, _bits(2, 8, "width of an activation, two's complement")] = 4
    weight_scale_bits: Annotated[int, _bits(2, 10, "width of a weight vector's scale, unsigned")] = 4
    activation_scale_bits: Annotated[int, _bits(2, 10, "width of an activation vector's scale, unsigned")] = 4
    scale_product_bits: Annotated[
        int, _bits(0, 20, "bits that the product of two scales is rounded to; 0 keeps all")
    ] = 4
    scale_rounding: Annotated[
        Literal["half_up", "half_even"],
        Field(description="how a scale product halfway between two rounds"),
    ] = "half_up"
    sum_bits: Annotated[int, _bits(8, 48, "width of the running sum")] = 24
    overflow: Annotated[
        Literal["wrap", "saturate"],
        Field(description="what a sum that does not fit becomes; the sticky flag is set by either"),
    ] = "wrap"
    gate: Annotated[
        bool,
        Field(description="keep the multipliers of a vector still while its rounded scale product is zero"),
    ] = False
    sparsity: Annotated[
        Literal["none", "2:4"],
        Field(
            description="2:4: two weights of every four are stored, each with the 2-bit index of its place"
        ),
    ] = "none"
    pipeline: Annotated[
        Annotated[int, Field(ge=0, le=3)] | Literal["auto"],
        Field(
            description="register stages ahead of the accumulator: after the block sums, before the "
            "multipliers, and after the scaling; or as clock_mhz needs",
            json_schema_extra={"unit": "cycles", "allowed": "0…3, auto"},
        ),
    ] = 0
    clock_mhz: ClockMhz = 100
    device: Device = "ecp5"
    multiplier: Multiplier = "logic"

    #: See :func:`dotforge.port_options.check_ports`.
    joins_operands: ClassVar[str] = ""

    def __post_init__(self) -> None:
        when_auto(self)
        scales = self.weight_scale_bits + self.activation_scale_bits
        if self.scale_product_bits > scales:
            raise ValueError(
                f"parameter scale_product_bits={self.scale_product_bits}: allowed 0…{scales}, the bits of both "
                "scales"
            )
        if self.sparsity == "2:4":
            if self.vector % 4:
                raise ValueError(f"parameter vector={self.vector}: 2:4 sparsity allows multiples of 4")
            if self.lanes % 2:
                raise ValueError(f"parameter lanes={self.lanes}: 2:4 sparsity allows even numbers")
        if self.vector % self.positions and self.positions % self.vector:
            raise ValueError(
                f"parameter lanes={self.lanes}: {self.positions} elements a cycle are neither a part nor a "
                f"multiple of vector={self.vector}"
            )

    @property
    def cuts(self) -> int:
        """Register stages at the places that the engine names; 0 where the clock chooses."""
        return 0 if self.pipeline == "auto" else self.pipeline

    @property
    def expansion(self) -> int:
        """Elements of a dot product that a lane covers: 2 with 2:4 sparsity, where every other weight is zero."""
        return 2 if self.sparsity == "2:4" else 1

    @property
    def positions(self) -> int:
        """Elements of a dot product in a beat."""
        return self.lanes * self.expansion

    @property
    def groups(self) -> int:
        """Vectors in a beat: 1, or more where a beat holds several."""
        return max(1, self.positions // self.vector)

    @property
    def beats(self) -> int:
        """Beats in a vector: 1, or more where a vector takes several."""
        return max(1, self.vector // self.positions)

    @property
    def group_lanes(self) -> int:
        """Products that a vector adds a cycle."""
        return self.lanes // self.groups

    @property
    def block_bits(self) -> int:
        """Width of a vector's sum of products, exactly.

        The largest one is positive: every product that of the two most negative elements.
        """
        largest = self.vector // self.expansion << (self.weight_bits + self.activation_bits - 2)
        return largest.bit_length() + 1

    @property
    def scale_position(self) -> int:
        """Bits that rounding drops from a scale product: sums are in units of 2^``scale_position``."""
        scales = self.weight_scale_bits + self.activation_scale_bits
        return scales - self.scale_product_bits if self.scale_product_bits else 0

    @property
    def largest_scale(self) -> int:
        """The largest rounded scale product; rounding up may take it to 2^``scale_product_bits``."""
        product = (2**self.weight_scale_bits - 1) * (2**self.activation_scale_bits - 1)
        return round_scale_product(product, self.scale_position, self.scale_rounding)

    @property
    def scale_bits(self) -> int:
        """Width of a rounded scale product, exactly."""
        return self.largest_scale.bit_length()

    @property
    def largest_update(self) -> int:
        """Largest magnitude that one beat adds to the running sum."""
        block = self.vector // self.expansion << (self.weight_bits + self.activation_bits - 2)
        return self.groups * block * self.largest_scale

    @property
    def exact_bits(self) -> int:
        """Width of running sum plus one beat, exactly."""
        return ((1 << (self.sum_bits - 1)) + self.largest_update).bit_length() + 1
