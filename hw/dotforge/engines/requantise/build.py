"""Which engine a configuration is."""

from .clocked import build as build_integers
from .config import RequantiseConfig
from .engine import Requantise
from .nvfp4_engine import Nvfp4Requantise

__all__ = ["build"]


def build(config: RequantiseConfig) -> Requantise | Nvfp4Requantise:
    """Return the engine of a configuration.

    Parameters
    ----------
    config : see :class:`dotforge.engines.requantise.config.RequantiseConfig`
    """
    return Nvfp4Requantise(config) if config.is_nvfp4 else build_integers(config)
