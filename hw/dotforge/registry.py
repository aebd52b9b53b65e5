"""The engines: one package each, found by looking for it.

To know an engine's parameters no hardware is imported: that is done when one is made.
"""

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from typing import Any

from .entry import Engine

__all__ = ["Engine", "configure", "engine", "engines", "is_directory", "names"]


@cache
def _packages() -> dict[str, str]:
    """Return the packages of engines by name, which is that of the engine, in alphabetical order."""
    from . import engines as package  # noqa: PLC0415 - only where engines are asked for

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
