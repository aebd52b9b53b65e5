"""Vector-scaled integer MAC (VS-Quant): a dot product of short integer vectors, each with a scale of its own.

Source: Dally, "Hardware for Deep Learning", section "Vector Scaling" (VS-Quant, arXiv 2102.04503).
"""

from ...entry import Engine
from .config import VSQuantConfig

__all__ = ["ENGINE"]

ENGINE = Engine(
    name="vsquant",
    summary="vector-scaled integer MAC (VS-Quant): short vectors of integers with a scale each",
    source="Dally, Hardware for Deep Learning, Vector Scaling",
    config=VSQuantConfig,
    build=f"{__name__}.clocked:build",
    facts=f"{__name__}.facts:facts",
)
