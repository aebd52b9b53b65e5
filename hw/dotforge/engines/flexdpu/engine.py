"""The engine as it is generated."""

from .config import FlexDpuConfig
from .core import FlexDpuCore

__all__ = ["engine"]


def engine(config: FlexDpuConfig) -> FlexDpuCore:
    """Return the engine of a configuration."""
    return FlexDpuCore(config)
