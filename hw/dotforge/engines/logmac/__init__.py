"""Log-weight MAC: a weight that is a power of two turns multiply-add into shift-and-add.

Source: Dally, "Core operations" (3-bit exponential weights, 4-bit activations, 16-bit running sum).
"""

from ...entry import Engine
from .config import LogMacConfig

__all__ = ["ENGINE"]

ENGINE = Engine(
    name="logmac",
    summary="log-weight MAC: exponential weights turn multiply-add into shift-and-add; log numbers too",
    source="Dally, Core operations",
    config=LogMacConfig,
    build=f"{__name__}.engine:build",
    facts=f"{__name__}.facts:facts",
)
