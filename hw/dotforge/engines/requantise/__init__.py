"""Post-processing of sums: the scales of activations computed on the fly, for the next vector-scaled MAC.

Source: Dally, "Hardware for Deep Learning", section "Vector Scaling" (VS-Quant, arXiv 2102.04503).
"""

from ...entry import Engine
from .config import RequantiseConfig

__all__ = ["ENGINE"]

ENGINE = Engine(
    name="requantise",
    summary="post-processing unit of VS-Quant: sums become vectors of elements with a scale computed on the fly",
    source="Dally, Hardware for Deep Learning, Vector Scaling",
    config=RequantiseConfig,
    build=f"{__name__}.clocked:build",
    facts=f"{__name__}.facts:facts",
)
