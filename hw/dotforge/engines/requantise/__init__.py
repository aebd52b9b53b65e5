"""Post-processing of sums: the scales of activations computed on the fly, for the next vector-scaled MAC.

Source: Dally, "Hardware for Deep Learning", section "Vector Scaling" (VS-Quant, arXiv 2102.04503).
"""

from ...entry import Engine
from .config import RequantiseConfig

__all__ = ["ENGINE"]

ENGINE = Engine(
    name="requantise",
    summary="post-processing unit: sums become vectors of VS-Quant or NVFP4 with a scale computed on the fly",
    source="Dally, Hardware for Deep Learning, Vector Scaling",
    config=RequantiseConfig,
    build=f"{__name__}.build:build",
    facts=f"{__name__}.facts:facts",
)
