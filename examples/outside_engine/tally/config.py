"""The parameters."""

from typing import Annotated

from dotforge.parameters import Field, parameters

__all__ = ["TallyConfig"]


@parameters
class TallyConfig:
    """Configuration of the engine."""

    bits: Annotated[
        int, Field(ge=2, le=16, description="width of a value", json_schema_extra={"unit": "bits"})
    ] = 8
