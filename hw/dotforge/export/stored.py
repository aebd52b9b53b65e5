"""Designs that were made before: Verilog and manifest on disk, by parameters and by the sources that make them.

To write the Verilog of a large engine takes seconds, and whoever verifies, runs and synthesizes one asks for it each
time. What is kept is named by all that it depends on: parameters, every source file of the packages, and the tools.
Only the program ``dotforge`` uses it (:func:`use`). In a process where modules may have been changed after they were
read, as tests do on purpose, files do not tell what a design is.
"""

import hashlib
import importlib.metadata
import importlib.util
import json
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from dotforge_sim.simulator import cache as disk

from ..registry import configure, is_ours
from ..tools import yosys
from .comments import code_sha256

__all__ = ["Stored", "find", "in_use", "source_digest", "use"]

_PACKAGES = ("dotforge", "dotforge_golden")

_used = False

#: Verilog and manifest.
Stored = tuple[str, dict[str, Any]]


def use() -> None:
    """Let this process take designs from the cache, and keep those that it makes."""
    global _used  # noqa: PLW0603 - of the process
    _used = True


def in_use() -> bool:
    """Return whether this process keeps what it makes."""
    return _used


@cache
def source_digest(*packages: str) -> str:
    """Return a hash of all source files of some packages.

    Parameters
    ----------
    packages : names (default: those that designs are made by)
    """
    found = hashlib.sha256()
    for package in packages or _PACKAGES:
        spec = importlib.util.find_spec(package)
        assert spec is not None
        assert spec.origin is not None
        root = Path(spec.origin).parent
        for path in sorted(root.rglob("*.py")):
            found.update(f"{package}/{path.relative_to(root)}\0".encode())
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def find(engine: str, parameters: dict[str, Any], name: str | None, make: Callable[[], Stored]) -> Stored:
    """Return a design that was made before, or make it.

    Parameters
    ----------
    engine : name in the registry; designs of other distributions are always made
    parameters : name → value or text
    name : of the top module (default: the engine's)
    make : makes it

    Raises
    ------
    ParameterError
        An unknown engine or parameter, or a value that is not allowed.
    """
    if not _used or not is_ours(engine):
        return make()
    _, config = configure(engine, parameters)
    tools = [f"{package} {importlib.metadata.version(package)}" for package in ("amaranth", "dotforge")]
    key = disk.digest(engine, asdict(config), name, source_digest(), tools, yosys.version(yosys.installed()))

    def write(directory: Path) -> None:
        verilog, manifest = make()
        (directory / "design.v").write_text(verilog, encoding="utf-8")
        (directory / "manifest.json").write_text(json.dumps(manifest, allow_nan=False), encoding="utf-8")

    try:
        kept = disk.entry(f"design-{key}", write)
        verilog = (kept / "design.v").read_text(encoding="utf-8")
        manifest = json.loads((kept / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, disk.CacheError):
        return make()
    whole = code_sha256(verilog) == manifest.get("verilog_sha256")
    return (verilog, manifest) if whole else make()
