"""Parameters of the log-weight MAC and the widths that follow from them."""

from dataclasses import fields
from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from ...arithmetic.delays import ClockMhz, Device, when_auto
from ...formats.exponent import ExponentCode, parse_code
from ...formats.logarithm import is_log_code, parse_log_code
from ...parameters import Field, parameters
from .log_plan import LogPlan

__all__ = ["LogMacConfig"]


def _known_code(name: str) -> str:
    try:
        (parse_log_code if is_log_code(name) else parse_code)(name)
    except ValueError as error:
        raise ValueError(f"{error}" if is_log_code(name) else f"{error}; or log:X:Y") from None
    return name


def _log_code_or(plain: str) -> AfterValidator:
    """Accept the code of a log number, or a name that says that there is none."""

    def check(name: str) -> str:
        if name != plain:
            try:
                parse_log_code(name)
            except ValueError as error:
                raise ValueError(f"{error}; or {plain}") from None
        return name

    return AfterValidator(check)


def _unit(unit: str) -> dict[str, Any]:
    return {"unit": unit}


@parameters
class LogMacConfig:
    """Configuration of :class:`dotforge.engines.logmac.engine.LogMac`.

    Raises
    ------
    ValueError
        A parameter has no effect with the others and is not at its default.
    """

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
            description="weight code: the paper's eight values, or sign, exponent range and zero, or log numbers",
            json_schema_extra={"unit": "", "allowed": "dally3, exponent:LOW:HIGH, log:X:Y or log:X:Y:flag"},
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
        Annotated[int, Field(ge=0, le=2)] | Literal["auto"],
        Field(
            description="register stages ahead of the accumulator: after the products, and after the heap; or as "
            "clock_mhz needs",
            json_schema_extra={"unit": "cycles", "allowed": "0…2, auto"},
        ),
    ] = 0
    clock_mhz: ClockMhz = 100
    device: Device = "ecp5"
    weight_depth: Annotated[
        int,
        Field(
            ge=0,
            le=4096,
            description="beats of stationary weights a bank, two banks; 0 streams weights beside activations",
            json_schema_extra=_unit("beats"),
        ),
    ] = 0
    activation_code: Annotated[
        str,
        _log_code_or("integer"),
        Field(
            description="activations: integers, or log numbers (with log weights)",
            json_schema_extra={"unit": "", "allowed": "integer, log:X:Y or log:X:Y:flag"},
        ),
    ] = "integer"
    accumulator: Annotated[
        Literal["convert", "binned"],
        Field(
            description="log weights: convert each product, or sum in a bin a fraction and look up afterwards"
        ),
    ] = "convert"
    lookup_bits: Annotated[
        int,
        Field(
            ge=1,
            le=12,
            description="log weights: width of the lookup of 2^fraction",
            json_schema_extra=_unit("bits"),
        ),
    ] = 5
    bin_bits: Annotated[
        int,
        Field(ge=4, le=40, description="width of a bin's running sum", json_schema_extra=_unit("bits")),
    ] = 16
    log_output: Annotated[
        str,
        _log_code_or("none"),
        Field(
            description="log weights: convert sums back to log numbers",
            json_schema_extra={"unit": "", "allowed": "none, log:X:Y or log:X:Y:flag"},
        ),
    ] = "none"
    log_shift: Annotated[
        int,
        Field(
            ge=0,
            le=40,
            description="octaves that sums are scaled down by ahead of log_output",
            json_schema_extra=_unit("octaves"),
        ),
    ] = 0

    def __post_init__(self) -> None:
        if self.pipeline == "auto" and self.is_log:
            raise ValueError(f"parameter pipeline=auto: weight_code={self.weight_code} allows 0…2")
        when_auto(self)
        defaults = {field.name: field.default for field in fields(self)}
        for name, goes_with in self._without_effect().items():
            given = getattr(self, name)
            if given != defaults[name]:
                raise ValueError(
                    f"parameter {name}={given}: allowed {defaults[name]}; others go with {goes_with}"
                )

    def _without_effect(self) -> dict[str, str]:
        """Return parameters that do nothing beside these others, and what they go with."""
        found = {}
        if self.is_log:
            found["fold_sign"] = "weight_code=dally3 or exponent:LOW:HIGH"
        else:
            names = ("activation_code", "accumulator", "lookup_bits", "log_output")
            found |= dict.fromkeys(names, "weight_code=log:X:Y")
        if self.activation_code != "integer":
            found["activation_bits"] = "activation_code=integer"
        if self.accumulator == "convert":
            found["bin_bits"] = "accumulator=binned"
        if self.log_output == "none":
            found["log_shift"] = "log_output=log:X:Y"
        return found

    @property
    def idle(self) -> tuple[str, ...]:
        """Parameters without effect beside these others."""
        return (*self._without_effect(), *when_auto(self))

    @property
    def cuts(self) -> int:
        """Register stages at the places that the engine names; 0 where the clock chooses."""
        return 0 if self.pipeline == "auto" else self.pipeline

    @property
    def has_arrays(self) -> bool:
        """See :func:`dotforge.port_options.check_ports`."""
        return self.weight_depth > 0

    @property
    def joins_operands(self) -> str:
        """See :func:`dotforge.port_options.check_ports`."""
        return "weight_depth=0, fold_sign=false" if self.weight_depth or self.fold_sign else ""

    @property
    def is_log(self) -> bool:
        """Whether weights are log numbers."""
        return is_log_code(self.weight_code)

    @property
    def plan(self) -> LogPlan:
        """Formats and widths of a dot product of log numbers."""
        integers = self.activation_code == "integer"
        return LogPlan(
            lanes=self.lanes,
            weight=parse_log_code(self.weight_code),
            activation=None if integers else parse_log_code(self.activation_code),
            integer_bits=self.activation_bits if integers else 0,
            lookup_bits=self.lookup_bits,
            binned=self.accumulator == "binned",
            running_bits=self.bin_bits if self.accumulator == "binned" else self.sum_bits,
        )

    @property
    def code(self) -> ExponentCode:
        """The exponent code of the weights."""
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
