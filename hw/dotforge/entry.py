"""What the registry knows of an engine."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .stream.axi import AxiStream, StreamBlock

__all__ = ["Engine"]


@dataclass(frozen=True)
class Engine:
    """An entry of the registry: the ``ENGINE`` of a package, or of its ``engine`` module.

    The golden model, the runner and the bench are found by the same name: ``dotforge_golden.NAME``,
    ``dotforge_sim.run.NAME``, ``tb/NAME/``.

    Parameters
    ----------
    name : as on the command line, and of the top module
    summary : one line
    source : paper and section
    config : dataclass of parameters
    build : makes the engine from a configuration; or ``module:name`` of what does, imported when it is used
    """

    name: str
    summary: str
    source: str
    config: type
    build: "Callable[[Any], StreamBlock] | str"

    def block(self, config: Any) -> "StreamBlock":
        """Return the engine of a configuration."""
        if not isinstance(self.build, str):
            return self.build(config)
        module, _, name = self.build.partition(":")
        return getattr(importlib.import_module(module), name)(config)

    def top(self, config: Any) -> "AxiStream":
        """Return the engine with AXI-Stream ports."""
        from .stream.axi import AxiStream  # noqa: PLC0415 - hardware

        return AxiStream(self.block(config))
