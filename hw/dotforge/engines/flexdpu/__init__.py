"""Flex-DPU: whole sparse products, several at a time."""

from ...entry import Engine
from .config import FlexDpuConfig

__all__ = ["ENGINE"]

ENGINE = Engine(
    name="flexdpu",
    summary="flexible dot product unit: whole sparse products, accumulated in hardware, several at a time",
    source="SIGMA, sections IV-B to IV-E",
    config=FlexDpuConfig,
    build=f"{__name__}.engine:engine",
    facts=f"{__name__}.facts:facts",
    boards={"ulx3s": {"engines": 2, "lanes": 8, "groups": 1, "operators": True}},
)
