"""Joins the two streams and counts the beats of a block: the control of vector scaling, as it is.

A block is a vector whose scale has another format, so :class:`dotforge.vsquant.control.VectorControl` serves here.
"""

from ..vsquant.control import VectorControl
from .config import MXDotConfig

__all__ = ["VectorControl", "control"]


def control(config: MXDotConfig) -> VectorControl:
    """Return the control of an engine with this configuration."""
    return VectorControl(beats=config.beats)
