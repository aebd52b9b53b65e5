"""A generated directory: written whole or not at all, and in place, among files of others that are left alone."""

import contextlib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dotforge_sim.simulator import processes

from . import owned
from .files import OutputError, read_json, reason, umask, write_json

__all__ = ["check_directory", "write_directory"]

_MANIFEST = "manifest.json"
_WHO = "dotforge generate"

#: Begins the name of the directory in which all is made before any of it is moved to where it belongs.
_STAGING = ".dotforge-staging-"
_LEFT = re.compile(re.escape(_STAGING) + "[0-9a-f]{16}")


@contextmanager
def write_directory(path: Path) -> Iterator[Path]:
    """Fill a directory, in place: a mount point, a symbolic link to a directory and ``.`` will do.

    The block fills a directory of its own, ``manifest.json`` included, to which the list of files with their hashes
    is added. Then files that the last run wrote are replaced, or deleted where there is no new one. One that was
    changed since is kept where there is no new one, and else an error, as is a foreign file in the place of a new
    one. Where there is an error, nothing has changed.

    Raises
    ------
    OutputError
        It cannot be written, or holds something else.
    """
    check_directory(path)
    place = Path(os.path.realpath(path))
    try:
        made = _make(place)
        try:
            with processes.scratch(place, _STAGING) as staging:
                staging.chmod(0o777 & ~umask())
                yield staging
                described = _listed(staging)
                former = _former(path, place)
                owned.check(path, described["files"], former, _WHO)
                with processes.held():
                    _move(staging, place, described, former)
        except BaseException:
            for directory in made:
                with contextlib.suppress(OSError):  # something is in it by now
                    directory.rmdir()
            raise
    except OSError as error:
        raise OutputError(f"cannot write {path}: {reason(error)}") from error


def check_directory(path: Path) -> None:
    """Make sure that :func:`write_directory` would take a directory: what comes before that may take long.

    Raises
    ------
    OutputError
        It cannot be made or written, or holds what was not generated.
    """
    place = there = Path(os.path.realpath(path))
    while not there.exists():
        there = there.parent
    if not there.is_dir():
        raise OutputError(f"cannot write {path}: {'it' if there == place else there} is a file")
    if not os.access(there, os.W_OK | os.X_OK):
        raise OutputError(f"cannot write {path}: Permission denied")
    _former(path, place)


def _make(place: Path) -> list[Path]:
    """Make a directory and those that it lies in; returns those that were made, the innermost first."""
    made = [each for each in (place, *place.parents) if not each.exists()]
    place.mkdir(parents=True, exist_ok=True)
    return made


def _listed(staging: Path) -> dict[str, Any]:
    """Add the list of files to the manifest; returns the manifest."""
    files = {
        path.relative_to(staging).as_posix(): owned.digest(path)
        for path in staging.rglob("*")
        if path.is_file() and path != staging / _MANIFEST
    }
    described = _sealed(read_json(staging / _MANIFEST), files)
    write_json(staging / _MANIFEST, described)
    return described


def _sealed(described: dict[str, Any], files: owned.Files) -> dict[str, Any]:
    """Return a manifest with a list of files, of which it is one: its hash is that of all but this entry."""
    listed = {**described, "files": {name: files[name] for name in sorted(files) if name != _MANIFEST}}
    listed["files"][_MANIFEST] = hashlib.sha256(
        json.dumps(listed, sort_keys=True, allow_nan=False).encode()
    ).hexdigest()
    return listed


def _former(path: Path, place: Path) -> dict[str, str | None]:
    """Return what the last run wrote.

    Raises
    ------
    OutputError
        There is something, and no list of it.
    """
    manifest = place / _MANIFEST
    if os.path.lexists(manifest):
        described: Any = None
        files = None
        with contextlib.suppress(OutputError):
            described = read_json(manifest)
            files = owned.files_of(described)
        if files is None or described != _sealed(described, files):
            raise OutputError(
                f"cannot write {path}: its {_MANIFEST} is not from `{_WHO}`, or was changed since"
            )
        return files | {_MANIFEST: owned.digest(manifest)}
    if place.is_dir() and any(_counts(each.name) for each in place.iterdir()):
        raise OutputError(f"cannot write {path}: the directory is not empty and was not generated")
    return {}


def _counts(name: str) -> bool:
    """Tell whether a directory that holds this is not empty: file systems have something of their own."""
    return name != "lost+found" and not _LEFT.fullmatch(name)


def _move(staging: Path, place: Path, described: dict[str, Any], former: owned.Files) -> None:
    """Move everything into place, the manifest last, and delete what is not part of it any more."""
    names = list(described["files"])
    # Where this is cut short, all of it is known to be ours.
    ours = {name: None for name in (*former, *names) if name in names or owned.unchanged(place, name, former)}
    write_json(place / _MANIFEST, _sealed(described, ours))
    owned.remove(place, ours.keys() - set(names), ours)
    for name in sorted(names, key=lambda name: name == _MANIFEST):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(staging / name, place / name)
    for left in place.iterdir():
        if _LEFT.fullmatch(left.name) and left.name != staging.name:
            shutil.rmtree(left, ignore_errors=True)
