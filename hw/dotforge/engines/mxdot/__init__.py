"""Dot products of block formats: OCP Microscaling (MX) and NVFP4, small numbers that share a scale.

Sources: OCP Microscaling Formats (MX) Specification 1.0; NVIDIA's description of NVFP4 (blocks of 16 E2M1
elements, an E4M3 scale each, an FP32 scale for the tensor).
"""

from ...entry import Engine
from .config import MXDotConfig

__all__ = ["ENGINE"]

ENGINE = Engine(
    name="mxdot",
    summary="dot products of block formats: OCP MX (MXINT8, MXFP8, MXFP6, MXFP4) and NVFP4, summed in FP32",
    source="OCP Microscaling Formats (MX) Specification 1.0; NVFP4",
    config=MXDotConfig,
    build=f"{__name__}.clocked:build",
    facts=f"{__name__}.facts:facts",
)
