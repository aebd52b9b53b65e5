"""Flex-DPE: sparse matrices in, exact sums out."""

from ...entry import Engine
from .config import FlexDpeConfig

__all__ = ["ENGINE"]

ENGINE = Engine(
    name="flexdpe",
    summary="flexible dot product engine: sparse matrices in, exact sums of any row length out",
    source="SIGMA, section IV",
    config=FlexDpeConfig,
    build=f"{__name__}.engine:FlexDpe",
    facts=f"{__name__}.facts:facts",
)
