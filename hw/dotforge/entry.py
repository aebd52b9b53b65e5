"""What the registry knows of an engine."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .facts import Facts
    from .stream.axi import AxiStream, StreamBlock

__all__ = ["Engine"]


@dataclass(frozen=True)
class Engine:
    """An entry of the registry: the ``ENGINE`` of a package.

    The golden model, the runner and the bench are found by the same name: ``dotforge_golden.NAME``,
    ``dotforge_sim.run.NAME``, ``tb/NAME/``. A package outside of dotforge names an entry point of its engine's name
    in the group ``dotforge.engines``, and says where its bench and its runner are.

    Parameters
    ----------
    name : as on the command line, and of the top module
    summary : one line
    source : paper and section
    config : dataclass of parameters
    build : makes the engine from a configuration; or ``module:name`` of what does, imported when it is used
    bench : package whose directory holds the cocotb bench ``test_NAME.py`` (default: ``tb/NAME/``)
    runner : module that multiplies matrices (default: ``dotforge_sim.run.NAME``)
    boards : board → parameters of its self-test that are not the engine's defaults, where these are too large for it
    facts : tells of a configuration what :mod:`dotforge.facts` lists, or ``module:name`` of what does
    """

    name: str
    summary: str
    source: str
    config: type
    build: "Callable[[Any], StreamBlock] | str"
    facts: "Callable[[Any], Facts] | str" = "dotforge.facts:no_facts"
    bench: str = ""
    runner: str = ""
    boards: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def block(self, config: Any) -> "StreamBlock":
        """Return the engine of a configuration."""
        return _named(self.build)(config)

    def told(self, config: Any) -> "Facts":
        """Return what the engine tells of a configuration beyond its streams."""
        return _named(self.facts)(config)

    def top(self, config: Any) -> "AxiStream":
        """Return the engine with AXI-Stream ports."""
        from .stream.outside import outside  # noqa: PLC0415 - hardware

        return outside(self.block(config), config)


def _named(maker: Callable[[Any], Any] | str) -> Callable[[Any], Any]:
    """Return a function, which may be given as ``module:name``."""
    if not isinstance(maker, str):
        return maker
    module, _, name = maker.partition(":")
    return getattr(importlib.import_module(module), name)
