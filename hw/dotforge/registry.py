"""The engines: one package each, found by looking for it."""

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from .parameters import ParameterError, make
from .stream.axi import AxiStream, StreamBlock

__all__ = ["Engine", "configure", "engine", "engines"]


@dataclass(frozen=True)
class Engine:
    """An entry of the registry: the ``ENGINE`` of a package's ``engine`` module.

    The golden model, the runner and the bench are found by the same name: ``dotforge_golden.NAME``,
    ``dotforge_sim.run.NAME``, ``tb/NAME/``.

    Parameters
    ----------
    name : as on the command line, and of the top module
    summary : one line
    source : paper and section
    config : dataclass of parameters
    build : makes the engine from a configuration
    """

    name: str
    summary: str
    source: str
    config: type
    build: Callable[[Any], StreamBlock]

    def top(self, config: Any) -> AxiStream:
        """Return the engine with AXI-Stream ports."""
        return AxiStream(self.build(config))


@cache
def engines() -> dict[str, Engine]:
    """Return every engine by name, in alphabetical order."""
    from . import engines as package  # noqa: PLC0415 - engines name their entries by this module

    found = {}
    for module in pkgutil.iter_modules(package.__path__):
        name = f"{package.__name__}.{module.name}.engine"
        if module.ispkg and importlib.util.find_spec(name):
            entry: Engine = importlib.import_module(name).ENGINE
            found[entry.name] = entry
    return dict(sorted(found.items()))


def engine(name: str) -> Engine:
    """Return one engine.

    Raises
    ------
    ParameterError
        No engine has this name.
    """
    if name not in engines():
        raise ParameterError(f"engine {name}: allowed are {', '.join(engines())}")
    return engines()[name]


def configure(name: str, given: dict[str, Any]) -> tuple[Engine, Any]:
    """Return an engine and its configuration with the given parameters."""
    entry = engine(name)
    return entry, make(entry.config, given)
