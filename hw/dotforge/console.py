"""What people read: lines, tables and progress on a terminal, and JSON for machines.

Whatever a user or a file brought is shown as it is: nothing in it is taken for markup or for the name of an emoji.
"""

import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import click

from .json_text import json_text

__all__ = [
    "be_quiet",
    "be_verbose",
    "is_quiet",
    "is_verbose",
    "print_json",
    "printed",
    "progress",
    "say",
    "table",
]

_quiet: ContextVar[bool] = ContextVar("quiet", default=False)

#: Names of the loggers that tell what ``--verbose`` shows.
_LOGGERS = ("dotforge", "dotforge_sim")

#: Columns of a table where nobody watches, so that no line of it is broken.
_WIDE = 200


def print_json(value: Any) -> None:
    """Print JSON on standard output."""
    click.echo(json_text(value, indent=2))


def be_quiet(quiet: bool) -> None:
    """Let nothing be said about progress from here on, or let it be said again.

    Parameters
    ----------
    quiet : whether results and errors are all that is printed
    """
    _quiet.set(quiet)


def is_quiet() -> bool:
    """Tell whether nothing is said about progress."""
    return _quiet.get()


def be_verbose(verbose: bool) -> None:
    """Let every program that is started be told on standard error, and what the caches had; or no longer.

    Parameters
    ----------
    verbose : whether it is told
    """
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        for handler in [each for each in logger.handlers if isinstance(each, _Lines)]:
            logger.removeHandler(handler)
        logger.setLevel(logging.DEBUG if verbose else logging.NOTSET)
        if verbose:
            logger.addHandler(_Lines())
        logger.propagate = not verbose


def is_verbose() -> bool:
    """Tell whether programs and caches are told."""
    return any(isinstance(each, _Lines) for each in logging.getLogger(_LOGGERS[0]).handlers)


class _Lines(logging.Handler):
    """Prints what is logged on standard error, with the seconds since the start."""

    def __init__(self) -> None:
        super().__init__()
        self._start = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record."""
        text = self.format(record)
        click.echo(f"[{time.monotonic() - self._start:7.2f} s] {text}", err=True)


def say(message: str) -> None:
    """Print a line about progress on standard error."""
    if not _quiet.get():
        click.echo(message, err=True)


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print a table on standard output, as wide as it needs to be where nobody watches.

    Parameters
    ----------
    columns : headings
    rows : a cell a column each; ``None`` is an empty one
    """
    from rich.console import Console  # noqa: PLC0415 - whoever asks for help does not wait for it
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(
        width=None if sys.stdout.isatty() else _WIDE, highlight=False, markup=False, emoji=False
    )
    grid = Table(box=None, header_style="bold", pad_edge=False)
    for heading in columns:
        grid.add_column(Text(heading))
    for row in rows:
        grid.add_row(*(Text(printed(cell)) for cell in row))
    console.print(grid)


def printed(cell: Any) -> str:
    """Return a value as text: true and false as the command line takes them, nothing for ``None``."""
    if isinstance(cell, bool):
        return str(cell).lower()
    return "" if cell is None else str(cell)


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show how far long work is: a bar and what is left on a terminal, a line every tenth elsewhere.

    Parameters
    ----------
    what : is done, as in ``logmac: streamed beats``

    Yields
    ------
    A function that is told how much is done, and of how much.
    """
    if _quiet.get():
        yield lambda done, total: None
        return
    if sys.stderr.isatty():
        from rich.console import Console  # noqa: PLC0415
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        bar = Progress(
            TextColumn("{task.description}", markup=False), BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn(), TextColumn("left"),
            TimeRemainingColumn(), console=Console(stderr=True),
        )  # fmt: skip
        with bar:
            task = bar.add_task(what, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
        return
    told = -1

    def tell(done: int, total: int) -> None:
        nonlocal told
        tenth = done * 10 // max(1, total)
        if tenth > told:
            told = tenth
            say(f"{what}: {done} of {total}")

    yield tell
