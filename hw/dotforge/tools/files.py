"""Files that are whole or not there: written under a temporary name and moved into place."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dotforge_sim.simulator import processes

__all__ = [
    "OutputError",
    "data_directory",
    "read_json",
    "read_text",
    "reason",
    "write_bytes",
    "write_directory",
    "write_json",
    "write_text",
]


class OutputError(Exception):
    """A file that cannot be read or written; the message is one line."""


def reason(error: OSError) -> str:
    """Return why it failed; of a tree that could not be copied, why the first file could not."""
    if isinstance(error, shutil.Error) and error.args and isinstance(error.args[0], list):
        return str(error.args[0][0][-1]).partition("] ")[2].partition(":")[0] or "cannot be copied"
    return error.strerror or str(error)


def data_directory(name: str) -> Path:
    """Find ``tb`` or ``constraints``: inside the installed package, or at the top of a checkout."""
    package = Path(__file__).resolve().parent.parent
    for candidate in (package / "_data" / name, package.parent.parent / name):
        if candidate.is_dir():
            return candidate
    raise OutputError(f"the installation has no {name} directory")


def write_text(path: Path, text: str) -> None:
    """Write a text file, atomically."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, atomically.

    Raises
    ------
    OutputError
        The directory does not exist or cannot be written.
    """
    temporary = None
    with processes.held():
        try:
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
                temporary = file.name
                file.write(content)
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, path)
        except OSError as error:
            if temporary and os.path.exists(temporary):
                os.unlink(temporary)
            raise OutputError(f"cannot write {path}: {reason(error)}") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_json(path: Path, value: Any) -> None:
    """Write JSON with sorted layout left to the caller, two spaces, a final newline."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises
    ------
    OutputError
        The file is missing or is not JSON, or has a key twice in one object.
    """
    text = read_text(path, "JSON")
    try:
        return json.loads(text, object_pairs_hook=_once)
    except ValueError as error:
        raise OutputError(f"{path} is not JSON: {error}") from error


def read_text(path: Path, kind: str = "text") -> str:
    """Read UTF-8, with or without a byte order mark.

    Raises
    ------
    OutputError
        The file is missing or is something else than ``kind``.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise OutputError(f"cannot read {path}: {reason(error)}") from error
    except UnicodeDecodeError as error:
        raise OutputError(f"{path} is not {kind}: {error}") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object whose keys differ: of two values for one key Python silently takes the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(
            f"key {next(name for name in names if names.count(name) > 1)!r} is there more than once"
        )
    return found


@contextmanager
def write_directory(path: Path) -> Iterator[Path]:
    """Fill a new directory and move it into place.

    What an earlier run wrote into ``path`` is replaced; anything else there is an error.
    """
    if path.exists() and not path.is_dir():
        raise OutputError(f"cannot write {path}: it is a file")
    if path.is_dir() and any(path.iterdir()) and not (path / "manifest.json").is_file():
        raise OutputError(f"cannot write {path}: the directory is not empty and was not generated")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with processes.scratch(path.parent, f".{path.name}.") as temporary:
            temporary.chmod(0o777 & ~_umask())
            yield temporary
            with processes.held():
                if path.is_dir():
                    with processes.scratch(path.parent, f".{path.name}.") as old:
                        path.rename(old / "old")
                        temporary.rename(path)
                else:
                    temporary.rename(path)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {reason(error)}") from error
