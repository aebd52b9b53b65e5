"""The engines: one package each, found by looking for it, and those of other distributions by their entry points.

To know an engine's parameters no hardware is imported: that is done when one is made.
"""

import importlib
import importlib.metadata
import importlib.util
import pkgutil
from functools import cache
from pathlib import Path
from typing import Any

from .entry import Engine

__all__ = ["GROUP", "Engine", "configure", "engine", "engines", "is_directory", "is_ours", "names", "runner"]

#: Entry points of this group are engines of other distributions: ``NAME = "package"`` or ``"package:ENTRY"``.
GROUP = "dotforge.engines"


@cache
def _packages() -> dict[str, str]:
    """Return the packages of engines by name, which is that of the engine, in alphabetical order."""
    from . import engines as package  # noqa: PLC0415 - only where engines are asked for

    found = {module.name: f"{package.__name__}.{module.name}" for module in pkgutil.iter_modules(package.__path__)
             if module.ispkg}  # fmt: skip
    return dict(sorted(found.items()))


@cache
def _outside() -> dict[str, importlib.metadata.EntryPoint]:
    """Return entry points of other distributions by name; those of ours cannot be taken."""
    found = importlib.metadata.entry_points(group=GROUP)
    return {point.name: point for point in sorted(found) if point.name not in _packages()}


@cache
def _entry(name: str) -> Engine:
    if name in _outside():
        return _of_outside(_outside()[name])
    return importlib.import_module(_packages()[name]).ENGINE


def _of_outside(point: importlib.metadata.EntryPoint) -> Engine:
    from .parameters import ParameterError  # noqa: PLC0415 - as below

    owner = f"engine {point.name} of {point.dist.name if point.dist else point.value}"
    try:
        entry = point.load()
    except Exception as error:  # whatever a foreign module raises
        raise ParameterError(f"{owner} cannot be loaded: {type(error).__name__}: {error}") from error
    entry = getattr(entry, "ENGINE", entry)
    if not isinstance(entry, Engine) or entry.name != point.name:
        raise ParameterError(f"{owner}: {point.value} is not a dotforge.entry.Engine of that name")
    return entry


def names() -> list[str]:
    """Return the names of all engines, without importing any, in alphabetical order."""
    return sorted({*_packages(), *_outside()})


def engines() -> dict[str, Engine]:
    """Return every engine by name, in alphabetical order."""
    return {name: _entry(name) for name in names()}


def engine(name: str) -> Engine:
    """Return one engine.

    Raises
    ------
    ParameterError
        No engine has this name, or that of another distribution cannot be loaded.
    """
    if name not in names():
        from .parameters import ParameterError  # noqa: PLC0415 - as in the next function

        raise ParameterError(f"engine {name}: allowed are {', '.join(names())}")
    return _entry(name)


def runner(name: str) -> str | None:
    """Return the module that multiplies matrices on an engine, ``None`` where there is none."""
    module = _entry(name).runner if name in _outside() else f"dotforge_sim.run.{name}"
    return module if module and importlib.util.find_spec(module) else None


def is_ours(name: str) -> bool:
    """Tell whether an engine is one of this distribution, whose source files are known."""
    return name in _packages()


def is_directory(design: str) -> bool:
    """Tell whether what the command line calls a design is a directory, not the name of an engine."""
    path = Path(design)
    return design not in names() and (path.is_dir() or path.parent != Path())


def configure(name: str, given: dict[str, Any]) -> tuple[Engine, Any]:
    """Return an engine and its configuration with the given parameters.

    Parameters
    ----------
    name : of the engine
    given : values by name; others keep their defaults
    """
    from .parameters import make  # noqa: PLC0415 - takes time that completion does not have

    entry = engine(name)
    return entry, make(entry.config, given)
