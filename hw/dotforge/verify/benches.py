"""Where the bench of an engine lies: among ours, or in the distribution that the engine comes with."""

import importlib.util
from pathlib import Path
from typing import Any

from ..registry import engine
from ..tools.files import OutputError, data_directory

__all__ = ["bench_directory", "bench_module"]


def bench_directory(name: str) -> Path:
    """Return the directory of ``test_NAME.py``.

    Raises
    ------
    OutputError
        The engine has no bench.
    """
    package = engine(name).bench
    if package:
        spec = importlib.util.find_spec(package)
        places = list(spec.submodule_search_locations or ()) if spec else []
        found = Path(places[0]) if places else Path(package)
    else:
        found = data_directory("tb") / name
    if not (found / f"test_{name}.py").is_file():
        raise OutputError(f"engine {name} has no bench: {found} holds no test_{name}.py")
    return found


def bench_module(manifest: dict[str, Any]) -> str:
    """Return the module of a generated engine's bench: ``test_NAME``, or that of its interface.

    An engine whose parameter ``interface`` changes all of its ports may have a bench ``test_NAME_INTERFACE``.

    Raises
    ------
    OutputError
        The engine has no bench.
    """
    name = f"test_{manifest['engine']}"
    other = f"{name}_{manifest['parameters'].get('interface', '')}"
    return other if (bench_directory(manifest["engine"]) / f"{other}.py").is_file() else name
