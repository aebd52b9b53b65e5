"""Which files of a directory a command wrote: a list of names with hashes tells them from all others.

A directory of results holds a record (``manifest.json``, ``summary.json``, …) with ``files``: relative name → sha256 of
what the last run wrote, or ``null`` for what a run that was cut short may have written. Only such files, as they were
written, are ever replaced or deleted.
"""

import contextlib
import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from .files import OutputError

__all__ = ["FILES_SCHEMA", "Files", "check", "digest", "files_of", "remove", "unchanged"]

#: Name, relative and with slashes → sha256, or ``None`` where the content is not known.
Files = Mapping[str, str | None]

#: JSON schema of ``files``.
FILES_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "what the last run wrote, and may replace: name → sha256",
    "additionalProperties": {"type": ["string", "null"], "pattern": "^[0-9a-f]{64}$"},
}


def digest(path: Path) -> str:
    """Return the sha256 of a file; of a symbolic link, of where it points to."""
    content = os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
    return hashlib.sha256(content).hexdigest()


def files_of(record: Any) -> dict[str, str | None] | None:
    """Return the list in a record, ``None`` where there is none, or one that leads out of the directory."""
    found = record.get("files") if isinstance(record, dict) else None
    if not isinstance(found, dict):
        return None
    for name, content in found.items():
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not (content is None or isinstance(content, str)):
            return None
    return found


def unchanged(directory: Path, name: str, files: Files) -> bool:
    """Tell whether a file that is there is the one that was written.

    Parameters
    ----------
    directory : that the files are in
    name : of the file, relative to the directory
    files : record: name of each file that was written → its hash
    """
    path = directory / name
    if name not in files or _is_directory(path) or _detour(directory, name) is not None:
        return False
    return files[name] is None or digest(path) == files[name]


def check(directory: Path, names: Iterable[str], files: Files, who: str) -> None:
    """Make sure that nothing but files of an earlier run would be replaced.

    Parameters
    ----------
    directory : that is written
    names : what will be written
    files : what was written
    who : the command, for messages

    Raises
    ------
    OutputError
        A file is there that was not written by an earlier run, or was changed since.
    """
    for name in names:
        path = directory / name
        if (other := _detour(directory, name)) is not None:
            raise OutputError(f"cannot write {path}: {other} is no directory")
        if not os.path.lexists(path):
            continue
        if _is_directory(path):
            raise OutputError(f"cannot write {path}: it is a directory")
        if name not in files:
            raise OutputError(f"cannot write {path}: it is there, and not from `{who}`: move it away")
        if not unchanged(directory, name, files):
            raise OutputError(f"cannot write {path}: it was changed since `{who}` wrote it: move it away")


def remove(directory: Path, names: Iterable[str], files: Files) -> None:
    """Delete files that are as they were written, and the directories that become empty by that; all others stay.

    Parameters
    ----------
    directory : that the files are in
    names : of files, relative to the directory
    files : record: name of each file that was written → its hash
    """
    for name in names:
        path = directory / name
        if os.path.lexists(path) and unchanged(directory, name, files):
            path.unlink()
            for parent in PurePosixPath(name).parents[:-1]:
                with contextlib.suppress(OSError):  # it holds something else
                    (directory / parent).rmdir()


def _is_directory(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _detour(directory: Path, name: str) -> Path | None:
    """Return what stands in the way of a name where a directory is wanted, such as a link to elsewhere."""
    for parent in reversed(PurePosixPath(name).parents[:-1]):
        path = directory / parent
        if os.path.lexists(path) and not _is_directory(path):
            return path
    return None
