"""Files that are whole or not there: written under a temporary name and moved into place."""

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from dotforge_sim.simulator import processes

from ..json_text import json_text

__all__ = [
    "UNFINISHED",
    "OutputError",
    "data_directory",
    "make_directory",
    "read_json",
    "read_text",
    "reason",
    "umask",
    "write_bytes",
    "write_json",
    "write_text",
]


#: Ends the names of files that are being written; one is left where the process was killed.
UNFINISHED = ".unfinished"


class OutputError(Exception):
    """A file that cannot be read or written; the message is one line."""


def reason(error: OSError) -> str:
    """Return why it failed; of a tree that could not be copied, why the first file could not."""
    if isinstance(error, shutil.Error) and error.args and isinstance(error.args[0], list):
        return str(error.args[0][0][-1]).partition("] ")[2].partition(":")[0] or "cannot be copied"
    return error.strerror or str(error)


def data_directory(name: str) -> Path:
    """Find ``tb``, ``constraints`` or ``fusesoc``: inside the installed package, or at the top of a checkout.

    Raises
    ------
    OutputError
        The directory is in neither place.
    """
    package = Path(__file__).resolve().parent.parent
    for candidate in (package / "_data" / name, package.parent.parent / name):
        if candidate.is_dir():
            return candidate
    raise OutputError(f"the installation has no {name} directory")


def make_directory(path: Path) -> None:
    """Make a directory, and those that it lies in.

    Parameters
    ----------
    path : of the directory; it may be there

    Raises
    ------
    OutputError
        It cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {reason(error)}") from error


def write_text(path: Path, text: str) -> None:
    """Write a text file, atomically.

    Parameters
    ----------
    path : of the file
    text : written as UTF-8
    """
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, atomically; through a symbolic link, and straight into a device or a pipe.

    Parameters
    ----------
    path : of the file
    content : all of it

    Raises
    ------
    OutputError
        The directory does not exist or cannot be written.
    """
    if path.is_symlink():
        path = Path(os.path.realpath(path))
    temporary = None
    with processes.held():
        try:
            if path.exists() and not path.is_file() and not path.is_dir():
                path.write_bytes(content)
                return
            with tempfile.NamedTemporaryFile(
                dir=path.parent, prefix=f".{path.name}.", suffix=UNFINISHED, delete=False
            ) as file:
                temporary = file.name
                file.write(content)
            os.chmod(temporary, 0o666 & ~umask())
            os.replace(temporary, path)
        except OSError as error:
            if temporary and os.path.exists(temporary):
                os.unlink(temporary)
            raise OutputError(f"cannot write {path}: {reason(error)}") from error


def umask() -> int:
    """Return the bits that new files do not get."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_json(path: Path, value: Any) -> None:
    """Write JSON with sorted layout left to the caller, two spaces, a final newline.

    Parameters
    ----------
    path : of the file
    value : of what JSON has
    """
    write_text(path, json_text(value, indent=2) + "\n")


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

    Parameters
    ----------
    path : of the file

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
