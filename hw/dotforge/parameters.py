"""Engine parameters: frozen dataclasses whose fields carry unit, range and help, and strings to values."""

from dataclasses import fields
from functools import cache
from typing import Any, TypeVar, dataclass_transform, get_args, get_type_hints

from annotated_types import Ge, Le
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from .port_options import PORT_OPTIONS, check_ports

__all__ = ["Field", "ParameterError", "allowed", "as_given", "describe", "make", "parameters"]

_Config = TypeVar("_Config")


@dataclass_transform(frozen_default=True, kw_only_default=True)
def parameters(config: type[_Config]) -> type[_Config]:
    """Make a class an engine's configuration: a frozen dataclass that checks what it is given.

    Every engine has :data:`dotforge.port_options.PORT_OPTIONS` too.
    """
    for name, (annotation, default) in PORT_OPTIONS.items():
        config.__annotations__[name] = annotation
        setattr(config, name, default)
    inner = getattr(config, "__post_init__", None)

    def __post_init__(self: Any) -> None:
        if inner is not None:
            inner(self)
        check_ports(self)

    config.__post_init__ = __post_init__  # pyright: ignore[reportAttributeAccessIssue] - as above
    made: Any = dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))(config)
    return made


class ParameterError(ValueError):
    """A parameter that does not exist or has a value that is not allowed; the message is one line."""

    #: A command that ends so has not run (see :mod:`dotforge.tools.run_record`).
    refusal = True


def make(config: type, given: dict[str, Any]) -> Any:
    """Build a configuration from names and values (strings as typed by a user, or of the right type).

    Parameters
    ----------
    config : class of the configuration
    given : values by name; others keep their defaults

    Raises
    ------
    ParameterError
        Naming the parameter, what was given and what is allowed.
    """
    known = {field.name for field in fields(config)}
    for name, value in given.items():
        if name not in known:
            raise ParameterError(
                f"parameter {name}={as_given(value)}: allowed are {', '.join(sorted(known))}"
            )
        if isinstance(value, bool) and _metadata(config, name).get("type") != "boolean":
            # To Python `True` is the number 1.
            raise ParameterError(f"parameter {name}={as_given(value)}: allowed {allowed(config, name)}")
    try:
        return config(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        if name in known:
            raise ParameterError(
                f"parameter {name}={as_given(given[name])}: {_reason(config, name, first)}"
            ) from None
        raise ParameterError(str(first.get("ctx", {}).get("error", first["msg"]))) from None


def _reason(config: type, name: str, error: Any) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    return f"allowed {allowed(config, name)}"


@cache
def _annotations(config: type) -> dict[str, Any]:
    return get_type_hints(config, include_extras=True)


@cache
def _metadata(config: type, name: str) -> dict[str, Any]:
    annotation = _annotations(config)[name]
    schema = TypeAdapter(annotation).json_schema()
    # A range that stands behind a validator of the parameter's own is checked, but left out of the schema.
    for field in get_args(annotation):
        for limit in getattr(field, "metadata", ()):
            if isinstance(limit, Ge):
                schema.setdefault("minimum", limit.ge)
            elif isinstance(limit, Le):
                schema.setdefault("maximum", limit.le)
    return schema


def allowed(config: type, name: str) -> str:
    """Say in words which values a parameter takes: a range, a list of choices, or a type.

    Parameters
    ----------
    config : class of the configuration
    name : of the parameter
    """
    schema = _metadata(config, name)
    if "allowed" in schema:
        return str(schema["allowed"])
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    if schema.get("type") == "boolean":
        return "true, false"
    if schema.get("type") == "integer":
        return ("auto, " if schema.get("automatic") else "") + f"{schema['minimum']}…{schema['maximum']}"
    return str(schema.get("type", ""))


def as_given(value: Any) -> str:
    """Return the value of a parameter as ``-p`` takes it.

    Parameters
    ----------
    value : of a parameter
    """
    return str(value).lower() if isinstance(value, bool) else str(value)


def describe(config: type) -> list[dict[str, Any]]:
    """List parameters as name, type, unit, allowed values, default and help.

    A number that may be ``auto`` has that as its default: what it is depends on others.
    """
    rows = []
    for field in fields(config):
        schema = _metadata(config, field.name)
        rows.append(
            {
                "name": field.name,
                "type": schema.get("type", "string"),
                "unit": schema.get("unit", ""),
                "allowed": allowed(config, field.name),
                "default": "auto" if schema.get("automatic") else field.default,
                "help": schema.get("description", ""),
            }
        )
    return rows
