"""A cache of directories on disk, shared by processes: simulators that were built once are not built again.

It lies in ``$DOTFORGE_CACHE``, else ``$XDG_CACHE_HOME/dotforge``, else ``~/.cache/dotforge``; where that
cannot be written, in the system's temporary directory. It may be deleted at any time when nothing runs.
"""

import contextlib
import getpass
import hashlib
import json
import logging
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # not on Windows; entries still appear whole, but two processes may both build one
    fcntl = None

from . import processes
from .toolchain import ToolMissing

__all__ = ["CacheError", "count", "digest", "entry", "holds", "root"]

#: In an entry, what it was made of.
_SEAL = "sealed.json"

#: Entries beyond this many are deleted, those not used for longest first.
CAPACITY = 400

_log = logging.getLogger(__name__)


class CacheError(ToolMissing):
    """The cache cannot be used; the message is one line that says why."""


def root() -> Path:
    """Return the cache directory; it exists and can be written.

    Raises
    ------
    CacheError
        The directory that was chosen cannot be written.
    """
    chosen = os.environ.get("DOTFORGE_CACHE")
    if chosen:
        directory = Path(chosen)
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        directory = Path(base) / "dotforge"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            return directory.absolute()
    except OSError as error:
        if chosen:
            raise CacheError(
                f"cannot write the cache {directory} (DOTFORGE_CACHE): {error.strerror}"
            ) from None
    directory = Path(tempfile.gettempdir()) / f"dotforge-{getpass.getuser()}"
    directory.mkdir(mode=0o700, exist_ok=True)
    return directory.absolute()


def digest(*parts: object) -> str:
    """Return a hash of some values by their ``repr``."""
    return hashlib.sha256("\0".join(map(repr, parts)).encode()).hexdigest()[:32]


def entry(name: str, make: Callable[[Path], None]) -> Path:
    """Return the directory ``name`` of the cache, made by ``make`` where it does not exist yet.

    ``make`` fills an empty scratch directory, which becomes the entry when it returns; an exception leaves
    nothing behind. Processes that want the same entry wait for the first of them.

    An entry of which a file is missing, or is not as long or as executable as it was made, is made again.

    Raises
    ------
    CacheError
        The cache cannot be written, or its file system runs no programs.
    """
    directory = root()
    wanted = directory / name
    _log.debug("cache: %s %s", "uses" if _is_whole(wanted) else "makes", wanted)
    if not _is_whole(wanted):
        with _lock(directory / f"{name}.lock"):
            if not _is_whole(wanted):
                with processes.scratch(directory, "making-") as scratch:
                    make(scratch)
                    _seal(scratch)
                    _discard(wanted, directory)
                    try:
                        scratch.rename(wanted)
                    except OSError:  # without locks another process may have been first
                        if not wanted.is_dir():
                            raise
                _drop_old(directory)
                _is_whole(wanted)  # a file system that runs no programs shows here
    with contextlib.suppress(OSError):
        os.utime(wanted)
    return wanted


def holds(name: str) -> bool:
    """Tell whether the cache has the directory ``name``."""
    return _is_whole(root() / name)


def count(start: str) -> int:
    """Return how many directories of the cache have names that begin with ``start``."""
    return sum(path.is_dir() for path in root().glob(f"{start}*"))


def _seal(directory: Path) -> None:
    """Note how long each file is, and whether it is a program."""
    files = {}
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            found = path.stat()
            files[path.relative_to(directory).as_posix()] = [
                found.st_size,
                bool(found.st_mode & stat.S_IXUSR),
            ]
    (directory / _SEAL).write_text(json.dumps(files, allow_nan=False), encoding="utf-8")


def _is_whole(directory: Path) -> bool:
    """Tell whether an entry is there and as it was made."""
    try:
        files = json.loads((directory / _SEAL).read_text(encoding="utf-8"))
        found = {name: (directory / name).stat() for name in files}
    except (OSError, ValueError):
        return False
    for name, (size, program) in files.items():
        if found[name].st_size != size or bool(found[name].st_mode & stat.S_IXUSR) != program:
            return False
        if program and not os.access(directory / name, os.X_OK):
            raise CacheError(
                f"the cache {directory.parent} is on a file system that runs no programs (noexec): set DOTFORGE_CACHE "
                "to a directory elsewhere"
            )
    return True


def _discard(entry: Path, directory: Path) -> None:
    """Take a damaged entry out of the way; who uses its files keeps them until then."""
    if entry.exists():
        with processes.scratch(directory, "making-") as grave, contextlib.suppress(OSError):
            entry.rename(grave / "old")


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    if fcntl is None:
        yield
        return
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield  # closing the file unlocks it


def _drop_old(directory: Path) -> None:
    def used(path: Path) -> float:
        try:
            return path.stat().st_mtime
        except OSError:
            return 0.0

    # Others keep directories of their own here; what entry() made has a lock beside it.
    entries = [path.with_suffix("") for path in directory.glob("*.lock") if path.with_suffix("").is_dir()]
    for path in sorted(entries, key=used, reverse=True)[CAPACITY:]:
        shutil.rmtree(path, ignore_errors=True)
        (directory / f"{path.name}.lock").unlink(missing_ok=True)
