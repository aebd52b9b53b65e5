"""The engine as it is generated."""

from ...stream.axi import StreamBlock
from .axi_engine import FlexDpuAxi
from .config import FlexDpuConfig
from .core import FlexDpuCore

__all__ = ["engine"]


def engine(config: FlexDpuConfig) -> StreamBlock:
    """Return the engine of a configuration."""
    return FlexDpuAxi(config) if config.interface == "axi" else FlexDpuCore(config)
