"""The engines: one package each, found by looking for it.

To know an engine's parameters no hardware is imported: that is done when one is made.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .stream.axi import AxiStream, StreamBlock

__all__ = ["Engine", "configure", "engine", "engines", "is_directory", "names"]


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


@cache
def _packages() -> dict[str, str]:
    """Return the packages of engines by name, which is that of the engine, in alphabetical order."""
    from . import engines as package  # noqa: PLC0415 - engines name their entries by this module

    found = {module.name: f"{package.__name__}.{module.name}" for module in pkgutil.iter_modules(package.__path__)
             if module.ispkg}  # fmt: skip
    return dict(sorted(found.items()))


@cache
def _entry(package: str) -> Engine:
    module = importlib.import_module(package)
    return module.ENGINE if hasattr(module, "ENGINE") else importlib.import_module(f"{package}.engine").ENGINE


def names() -> list[str]:
    """Return the names of all engines, without importing any."""
    return list(_packages())


def engines() -> dict[str, Engine]:
    """Return every engine by name, in alphabetical order."""
    return {name: _entry(package) for name, package in _packages().items()}


def engine(name: str) -> Engine:
    """Return one engine.

    Raises
    ------
    ParameterError
        No engine has this name.
    """
    if name not in _packages():
        from .parameters import ParameterError  # noqa: PLC0415 - as in the next function

        raise ParameterError(f"engine {name}: allowed are {', '.join(names())}")
    return _entry(_packages()[name])


def is_directory(design: str) -> bool:
    """Tell whether what the command line calls a design is a directory, not the name of an engine."""
    path = Path(design)
    return design not in _packages() and (path.is_dir() or path.parent != Path())


def configure(name: str, given: dict[str, Any]) -> tuple[Engine, Any]:
    """Return an engine and its configuration with the given parameters."""
    from .parameters import make  # noqa: PLC0415 - takes time that completion does not have

    entry = engine(name)
    return entry, make(entry.config, given)
