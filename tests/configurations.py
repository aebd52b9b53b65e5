"""Every engine of the registry, with the configurations of ``tests/ENGINE/configurations.py``."""

import importlib.util
from pathlib import Path
from typing import Any

from dotforge.registry import names

__all__ = ["ENGINES", "configurations", "small"]

#: Names of all engines.
ENGINES = tuple(names())


def configurations(engine: str) -> dict[str, dict[str, Any]]:
    """Return ``default``, ``small`` and ``awkward`` parameters of an engine.

    Raises
    ------
    AssertionError
        Nobody wrote the file.
    """
    path = Path(__file__).parent / engine / "configurations.py"
    assert path.is_file(), (
        f"engine {engine}: tests/{engine}/configurations.py with SMALL and AWKWARD is missing"
    )
    spec = importlib.util.spec_from_file_location(f"configurations_of_{engine}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {"default": {}, "small": module.SMALL, "awkward": module.AWKWARD}


def small(engine: str) -> dict[str, Any]:
    """Return the parameters of an engine that is built in a moment, in Icarus too."""
    return configurations(engine)["small"]
