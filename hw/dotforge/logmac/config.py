"""Parameters of the log-weight MAC and the widths that follow from them."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from ..parameters import Field, parameters
from .code import ExponentCode, parse_code

__all__ = ["LogMacConfig"]


def _known_code(name: str) -> str:
    parse_code(name)
    return name


def _unit(unit: str) -> dict[str, Any]:
    return {"unit": unit}


@parameters
class LogMacConfig:
    """Configuration of :class:`dotforge.logmac.engine.LogMac`."""

    lanes: Annotated[
        int, Field(ge=1, le=256, description="products a cycle", json_schema_extra=_unit("products"))
    ] = 16
    activation_bits: Annotated[
        int,
        Field(
            ge=2,
            le=8,
            description="width of an activation, two's complement",
            json_schema_extra=_unit("bits"),
        ),
    ] = 4
    weight_code: Annotated[
        str,
        AfterValidator(_known_code),
        Field(
            description="weight code: the paper's eight values, or sign, exponent range and zero",
            json_schema_extra={"unit": "", "allowed": "dally3, or exponent:LOW:HIGH"},
        ),
    ] = "dally3"
    sum_bits: Annotated[
        int, Field(ge=4, le=48, description="width of the running sum", json_schema_extra=_unit("bits"))
    ] = 16
    overflow: Annotated[
        Literal["wrap", "saturate"],
        Field(description="what a sum that does not fit becomes; the sticky flag is set by either"),
    ] = "wrap"
    fold_sign: Annotated[
        bool,
        Field(description="take the +1 of all complements from a precomputed bias"),
    ] = False
    pipeline: Annotated[
        int,
        Field(
            ge=0,
            le=2,
            description="register stages ahead of the accumulator: after the products, and after the heap",
            json_schema_extra=_unit("cycles"),
        ),
    ] = 0
    weight_depth: Annotated[
        int,
        Field(
            ge=0,
            le=4096,
            description="beats of stationary weights a bank, two banks; 0 streams weights beside activations",
            json_schema_extra=_unit("beats"),
        ),
    ] = 0

    @property
    def code(self) -> ExponentCode:
        """The weight code itself."""
        return parse_code(self.weight_code)

    @property
    def product_bits(self) -> int:
        """Width of a shifted activation."""
        return self.activation_bits + self.code.max_shift

    @property
    def exact_bits(self) -> int:
        """Width of running sum plus one beat of products, exactly.

        A lane contributes at most 2^(activation_bits − 1 + max_shift) in magnitude.
        """
        lanes_bits = (self.lanes << (self.product_bits - 1)).bit_length() + 1
        return max(self.sum_bits, lanes_bits) + 1
