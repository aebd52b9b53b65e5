"""Arguments and options that commands share."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from ..registry import engine, is_directory, names

__all__ = [
    "OPERAND",
    "LazyChoice",
    "Real",
    "design_argument",
    "design_files",
    "engine_argument",
    "json_option",
    "parameter_option",
    "sentence",
]

#: What a file of an operand may be.
OPERAND = (
    ".npy, .npz, .safetensors, .onnx or .csv, as FILE[:NAME][.T][[ROWS, COLUMNS]], such as "
    "model.safetensors:layer.0.weight.T[0:384, 0:64]"
)


def sentence(text: str) -> str:
    """Return a summary as a sentence; capitals inside of it stay."""
    return f"{text[:1].upper()}{text[1:]}."


class LazyChoice(click.Choice):
    """One of some names that are asked for when they are needed: what knows them takes time to import."""

    def __init__(self, names: Callable[[], Sequence[str]]) -> None:
        self._names = names
        self.case_sensitive = True

    @property
    def choices(self) -> Sequence[str]:  # pyright: ignore[reportIncompatibleVariableOverride] - not stored
        """Return the names."""
        return tuple(self._names())


class _EngineName(click.ParamType):
    name = "engine"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        return [CompletionItem(name) for name in names() if name.startswith(incomplete)]


class Real(click.FloatRange):
    """A number within a range; NaN, which is neither below nor above one, is refused as any other is."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse NaN and infinities of ``value``; ``param`` and ``ctx`` are for the message."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a number in the range {self._describe_range()}.", param, ctx)
        return number


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
        name = next((word for word in given if word in names()), None)
        if name is None:
            return []
        from ..parameters import describe  # noqa: PLC0415

        rows = describe(engine(name).config)
        return [
            CompletionItem(f"{row['name']}=", help=row["help"])
            for row in rows
            if row["name"].startswith(incomplete)
        ]


def engine_argument(
    function: Callable[..., Any] | None = None, *, required: bool = True
) -> Callable[..., Any]:
    """Add an argument ENGINE.

    Parameters
    ----------
    function : command that gets the argument
    required : whether it must be given
    """
    add = click.argument("engine", type=_EngineName(), required=required)
    return add if function is None else add(function)


def design_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add an argument that is a generated directory or an engine."""
    return click.argument("design", type=_EngineName(), metavar="DIR|ENGINE")(function)


def design_files(design: str) -> list[Path]:
    """Return the files of a generated directory that commands read; none of an engine."""
    here = Path(design)
    return [here / "manifest.json", *here.glob("*.v")] if is_directory(design) else []


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
