"""Weight-stationary systolic array: the baseline that SIGMA compares its Flex-DPE with.

Source: 004_cc286613ada5888f (SIGMA), sections III-C, IV-A2 ("Spatio-Temporal Reduction") and VI-A.
"""

from ...entry import Engine
from .config import SystolicConfig

__all__ = ["ENGINE"]

ENGINE = Engine(
    name="systolic",
    summary="weight-stationary systolic array: dense matrices, what SIGMA is measured against",
    source="SIGMA, sections III-C and IV-A2",
    config=SystolicConfig,
    build=f"{__name__}.engine:Systolic",
    facts=f"{__name__}.facts:facts",
)
