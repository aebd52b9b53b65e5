"""Records: what a command writes describes its own last run, also where that failed.

A command that writes results has a record, a JSON file (the report itself, or one beside the results)::

    with run_record("synth", path) as record:
        …                                   # read what it takes: who is refused here changes nothing
        record.start(verilog_sha256=…)      # nothing of an earlier run is left from here on
        record.content |= …                 # what is known so far
        record.end()

=============  ==========================================================================================
``record``     the command
``status``     ``ok``; ``failed``, with ``reason`` and ``command``; ``unfinished`` while it runs, and for
               ever where it was killed
``files``      of a directory: what the run wrote (see :mod:`dotforge.tools.owned`)
=============  ==========================================================================================

beside what the command reports.
"""

import contextlib
import os
import shlex
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ..json_text import json_text
from . import owned
from .files import OutputError, read_json, write_json

__all__ = ["RunRecord", "not_ok", "run_record"]


class RunRecord:
    """The record of one run.

    Parameters
    ----------
    command, path, products, names : see :func:`run_record`

    Attributes
    ----------
    content : what the record says beside how the run ended
    former : files of the run before (see :mod:`dotforge.tools.owned`), of a directory
    """

    def __init__(
        self, command: str, path: Path | None, products: Iterable[Path], names: Iterable[str] | None
    ) -> None:
        self.content: dict[str, Any] = {}
        self._command, self._path = command, path
        self._products = list(products)
        self._names = None if names is None else list(names)
        self._started = self._ended = False
        self._there = any(os.path.lexists(each) for each in (path, *self._products) if each is not None)
        self.former: dict[str, str | None] = {}

    @property
    def directory(self) -> Path:
        """Where the record lies."""
        assert self._path is not None
        return self._path.parent

    def read_former(self) -> dict[str, str | None]:
        """Read what the run before wrote into the directory.

        Raises
        ------
        OutputError
            There is a file of the record's name that no such command wrote.
        """
        if not self.former and self._path is not None and os.path.lexists(self._path):
            found: Any = None
            with contextlib.suppress(OutputError):
                found = read_json(self._path)
            files = owned.files_of(found)
            if files is None or found.get("record") != f"dotforge {self._command}":
                raise OutputError(
                    f"cannot write {self._path}: it is there, and not from `dotforge {self._command}`: move it away"
                )
            self.former = files
        return self.former

    def start(self, *, keep: Iterable[str] = (), **facts: Any) -> None:
        """Begin: what an earlier run wrote goes, and the record says that this one is not finished.

        Parameters
        ----------
        keep : names of files of an earlier run that still hold
        facts : into the record

        Raises
        ------
        OutputError
            It cannot be written, or something that is not ours stands there.
        """
        self.content |= facts
        if self._names is not None:
            try:
                self.directory.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OutputError(f"cannot write {self.directory}: {error.strerror}") from error
            self.read_former()
            owned.check(self.directory, self._names, self.former, f"dotforge {self._command}")
            self._started = True
            owned.remove(self.directory, set(self.former) - set(keep), self.former)
        else:
            for path in (self._path, *self._products):
                if path is not None and not path.absolute().parent.is_dir():
                    raise OutputError(f"cannot write {path}: its directory does not exist")
        self._started = True
        for product in self._products:
            _delete(product)
        self._write("unfinished")

    def know(self, **facts: Any) -> None:
        """Add to the record of a run that has begun, so that it says so much also where the run is killed."""
        self.content |= facts
        self._write("unfinished")

    def end(self) -> dict[str, Any]:
        """Write that the run succeeded; returns the record."""
        self._ended = True
        return self._write("ok")

    def fail(self, reason: str) -> None:
        """Write that the run failed, of which what it wrote tells more."""
        self._ended = True
        self._write("failed", reason=reason)

    def close(self) -> None:
        """Write that the run succeeded, where it has begun and that was not written yet."""
        if self._started and not self._ended:
            self.end()

    def end_failed(self, error: BaseException) -> None:
        """Write that the run failed, as far as that is possible.

        Of who asks for something that does not exist, an error whose ``refusal`` is true, a run that has not
        started leaves everything as it was, and one that has leaves a record only where one was before.
        """
        refused = isinstance(error, click.UsageError) or getattr(error, "refusal", False)
        with contextlib.suppress(OSError, OutputError):
            if not self._started:
                if refused or not self._there:
                    return
                self.start()
            for product in self._products:
                _delete(product)
            if self._there or self._names is not None or not refused:
                self._write("failed", reason=_reason(error))
            elif self._path is not None:
                _delete(self._path)

    def _write(self, status: str, **more: Any) -> dict[str, Any]:
        if status != "ok":
            more["command"] = _command_line()
        record = {"record": f"dotforge {self._command}", "status": status, **more, **self.content}
        if self._names is not None:
            there = {name: self.directory / name for name in self._names}
            record["files"] = {
                name: None if status == "unfinished" else owned.digest(path)
                for name, path in there.items()
                if status == "unfinished" or os.path.lexists(path)
            }
        if self._path is not None:
            try:
                write_json(self._path, record)
            except OutputError:
                if status == "unfinished":
                    _overwrite(self._path, record)
                raise
        return record


@contextmanager
def run_record(
    command: str,
    path: Path | None,
    *,
    products: Iterable[Path] = (),
    names: Iterable[str] | None = None,
    inputs: Iterable[Path] = (),
) -> Iterator[RunRecord]:
    """Keep the record of a run; see above.

    Parameters
    ----------
    command : as in ``dotforge COMMAND``
    path : of the record; ``None`` writes none
    products : other files that the user named, which hold what a successful run makes
    names : of the files that it may write into the directory of the record, which must not be anybody else's
    inputs : what the run reads; none of them may be written

    Raises
    ------
    OutputError
        Two of the files are one.
    """
    outputs = [each for each in (path, *products) if each is not None]
    taken = list(inputs)
    for output in outputs:
        if any(_same(output, other) for other in taken):
            raise OutputError(f"cannot write {output}: the command reads or writes it as something else")
        taken.append(output)
    record = RunRecord(command, path, products, names)
    try:
        yield record
    except BaseException as error:
        record.end_failed(error)
        raise
    record.close()


def not_ok(record: Any) -> str:
    """Return in words how the run of a record did not succeed, nothing where it did, or where it is no record."""
    if not isinstance(record, dict) or "record" not in record:
        return ""
    status = record.get("status")
    if status == "ok":
        return ""
    if status == "failed":
        return f"failed: {record.get('reason', 'no reason is given')}"
    return "did not end"


def _reason(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt | click.exceptions.Abort):
        return "interrupted"
    text = error.format_message() if isinstance(error, click.ClickException) else str(error)
    return " ".join(text.split()) or type(error).__name__


def _command_line() -> str | None:
    """Return what the user typed, ``None`` where Python calls."""
    context = click.get_current_context(silent=True)
    return shlex.join([context.find_root().info_name or "", *sys.argv[1:]]) if context else None


def _same(first: Path, second: Path) -> bool:
    return os.path.realpath(first) == os.path.realpath(second)


def _overwrite(path: Path, record: dict[str, Any]) -> None:
    """Put the record over an older one, which takes no space of a full disk, or delete that."""
    text = json_text(record).encode()
    with contextlib.suppress(OSError):
        if path.is_file() and len(text) <= path.stat().st_size:
            with path.open("r+b") as file:
                file.write(text)
                file.truncate()
            return
    with contextlib.suppress(OSError):
        _delete(path)


def _delete(path: Path) -> None:
    """Delete what is a file; a device or a pipe stays."""
    if path.is_file():
        Path(os.path.realpath(path)).unlink()
