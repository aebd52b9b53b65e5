"""A generated engine: made from parameters, or read back from the directory that ``generate`` wrote."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema

from ..registry import configure
from ..tools.files import OutputError, read_json
from .comments import code_sha256
from .manifest import SCHEMA, manifest
from .verilog import convert

__all__ = ["Generated", "from_parameters", "load"]


@dataclass(frozen=True)
class Generated:
    """Verilog text and its manifest."""

    verilog: str
    manifest: dict[str, Any]

    @property
    def engine(self) -> str:
        """Name of the engine."""
        return self.manifest["engine"]

    @property
    def top(self) -> str:
        """Name of the top module."""
        return self.manifest["top"]


def from_parameters(engine: str, parameters: dict[str, Any], *, name: str | None = None) -> Generated:
    """Make an engine.

    Parameters
    ----------
    engine : name in the registry
    parameters : name → value or text
    name : of the top module (default: the engine's)

    Raises
    ------
    ParameterError
        An unknown engine or parameter, or a value that is not allowed.
    """
    entry, config = configure(engine, parameters)
    top = entry.top(config)
    design = convert(
        top, name=name or entry.name, initial_values=config.initial_values, storage=config.storage
    )
    return Generated(design.verilog, manifest(entry, config, top, design))


def load(directory: Path) -> Generated:
    """Read what ``generate`` wrote.

    Raises
    ------
    OutputError
        The manifest or the Verilog is missing, is not valid, or the two do not belong together.
    """
    described = read_json(directory / "manifest.json")
    try:
        jsonschema.validate(described, SCHEMA)
    except jsonschema.ValidationError as error:
        where = "/".join(map(str, error.absolute_path)) or "top level"
        raise OutputError(
            f"{directory / 'manifest.json'} is not a manifest: {where}: {error.message}"
        ) from None
    path = directory / described["verilog"]
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise OutputError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise OutputError(f"{path} was changed: it is not UTF-8") from None
    found = code_sha256(text)
    if found != described["verilog_sha256"]:
        raise OutputError(
            f"{path} was changed: sha256 {found[:12]}…, manifest {described['verilog_sha256'][:12]}…"
        )
    # What lies beside the Verilog is no matter of the design.
    described.pop("files", None)
    return Generated(text, described)
