"""Named inputs of a model: TOML files in which every value carries its unit and where it comes from."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, ValidationError

from .errors import ModelError

__all__ = ["Parameter", "Parameters", "load", "values"]


class Parameter(BaseModel):
    """One input.

    Attributes
    ----------
    value : in the unit
    unit : empty for counts and ratios
    source : a document and a place in it, or ``assumption:`` and a reason
    low, high : what else is defensible, where that was looked at
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float
    unit: str = ""
    source: str
    low: float | None = None
    high: float | None = None


Parameters = Mapping[str, Parameter]


@cache
def load(name: str) -> Parameters:
    """Read ``data/NAME.toml`` of this package.

    Raises
    ------
    ModelError
        The file is not such a list.
    """
    text = (files("dotforge_sim.models") / "data" / f"{name}.toml").read_text(encoding="utf-8")
    try:
        return {key: Parameter.model_validate(row) for key, row in tomllib.loads(text).items()}
    except ValidationError as error:
        raise ModelError(f"{name}.toml: {error.errors()[0]['loc']}: {error.errors()[0]['msg']}") from None


def values(parameters: Parameters, **changed: float) -> dict[str, float]:
    """Return name → value, with some of them changed.

    Raises
    ------
    ModelError
        A name is unknown.
    """
    unknown = sorted(set(changed) - set(parameters))
    if unknown:
        raise ModelError(f"parameter {unknown[0]}: allowed are {', '.join(sorted(parameters))}")
    return {name: parameter.value for name, parameter in parameters.items()} | changed
