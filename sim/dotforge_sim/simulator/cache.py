"""A cache of directories on disk, shared by processes: simulators that were built once are not built again.

It lies in ``$DOTFORGE_CACHE``, else ``$XDG_CACHE_HOME/dotforge``, else ``~/.cache/dotforge``; where that
cannot be written, in the system's temporary directory. It may be deleted at any time when nothing runs.
"""

import contextlib
import getpass
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from . import processes

try:
    import fcntl
except ImportError:  # not on Windows; entries still appear whole, but two processes may both build one
    fcntl = None

__all__ = ["digest", "entry", "root"]

#: Entries beyond this many are deleted, those not used for longest first.
CAPACITY = 400


def root() -> Path:
    """Return the cache directory; it exists and can be written."""
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
    except OSError:
        if chosen:
            raise
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
    """
    directory = root()
    wanted = directory / name
    if not wanted.is_dir():
        with _lock(directory / f"{name}.lock"):
            if not wanted.is_dir():
                with processes.scratch(directory, "making-") as scratch:
                    make(scratch)
                    try:
                        scratch.rename(wanted)
                    except OSError:  # without locks another process may have been first
                        if not wanted.is_dir():
                            raise
                _drop_old(directory)
    with contextlib.suppress(OSError):
        os.utime(wanted)
    return wanted


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
