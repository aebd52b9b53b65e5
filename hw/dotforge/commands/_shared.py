"""Options and output that commands share."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from click.shell_completion import CompletionItem
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from ..parameters import describe
from ..registry import engines

__all__ = [
    "design_argument",
    "engine_argument",
    "json_option",
    "parameter_option",
    "print_json",
    "progress",
    "say",
    "table",
]


class _EngineName(click.ParamType):
    name = "engine"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        return [CompletionItem(name) for name in engines() if name.startswith(incomplete)]


class _Assignment(click.ParamType):
    """``name=value``; the value may hold ``=``."""

    name = "k=v"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        name, equals, text = str(value).partition("=")
        if not equals or not name:
            self.fail(f"{value!r} is not of the form name=value", param, ctx)
        return name, text

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        # Up to a -p that has no value yet, click has not told arguments from the rest.
        given = [ctx.params.get("engine"), ctx.params.get("design"), ctx.info_name, *ctx.args]
        name = next((word for word in given if word in engines()), None)
        if name is None:
            return []
        rows = describe(engines()[name].config)
        return [
            CompletionItem(f"{row['name']}=", help=row["help"])
            for row in rows
            if row["name"].startswith(incomplete)
        ]


def engine_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add an argument ENGINE."""
    return click.argument("engine", type=_EngineName())(function)


def design_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add an argument that is a generated directory or an engine."""
    return click.argument("design", type=_EngineName(), metavar="DIR|ENGINE")(function)


def parameter_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``-p name=value``, as a dictionary."""

    def collect(
        ctx: click.Context, param: click.Parameter, value: tuple[tuple[str, str], ...]
    ) -> dict[str, str]:
        names = [name for name, _ in value]
        for name in names:
            if names.count(name) > 1:
                raise click.UsageError(f"parameter {name} is given {names.count(name)} times", ctx)
        return dict(value)

    return click.option(
        "-p",
        "parameters",
        type=_Assignment(),
        multiple=True,
        callback=collect,
        help="A parameter of the engine, name=value; `dotforge list` names them. Repeatable.",
    )(function)


def json_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--json``: print JSON on standard output and nothing else."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")(function)


def print_json(value: Any) -> None:
    """Print JSON on standard output."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def say(message: str) -> None:
    """Print a line about progress on standard error."""
    click.echo(message, err=True)


def table(columns: list[str], rows: list[list[Any]]) -> None:
    """Print a table on standard output, as wide as it needs to be where nobody watches."""
    console = Console(width=None if sys.stdout.isatty() else 200, highlight=False)
    grid = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        grid.add_row(*("" if cell is None else str(cell) for cell in row))
    console.print(grid)


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show how far long work is: a bar on a terminal, a line every tenth elsewhere."""
    if sys.stderr.isatty():
        bar = Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(), console=Console(stderr=True),
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
