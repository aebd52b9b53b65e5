"""Arguments and options that commands share."""

import functools
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from ..console import be_quiet, be_verbose, is_quiet, is_verbose, print_json
from ..registry import engine, is_directory, names

__all__ = [
    "JSON_OPTION",
    "OPERAND",
    "JsonPlace",
    "LazyChoice",
    "Real",
    "design_argument",
    "design_files",
    "engine_argument",
    "json_option",
    "loudness",
    "parameter_option",
    "sentence",
    "with_loudness",
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


class JsonPlace:
    """Where ``--json`` goes: nowhere, to standard output, or to a file.

    Parameters
    ----------
    path : as given; None: the option was not; ``-``: standard output
    """

    def __init__(self, path: Path | None) -> None:
        self.given = path is not None
        self.printed = str(path) == "-"
        self.file = None if self.printed else path

    def tells(self, value: Any) -> bool:
        """Print JSON, or write it; returns whether it was printed, so that nothing else is to be.

        Parameters
        ----------
        value : what the command found
        """
        if self.file is not None:
            from ..tools.files import write_json  # noqa: PLC0415

            write_json(self.file, value)
        if self.printed:
            print_json(value)
        return self.printed


class _JsonFile(click.Path):
    """A file; not the argument that stands behind a ``--json`` without one."""

    name = "file"

    def __init__(self) -> None:
        super().__init__(path_type=Path, dir_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse what is an engine's name or a generated directory."""
        if str(value) in names() or Path(value).is_dir():
            self.fail(
                f"{value} is no file to write: `--json -` prints, and --json may stand last", param, ctx
            )
        return super().convert(value, param, ctx)


#: What ``--json`` is, of any command.
JSON_OPTION: dict[str, Any] = {"type": _JsonFile(), "is_flag": False, "flag_value": "-", "metavar": "[FILE]"}


def json_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--json [FILE]``: the function gets a :class:`JsonPlace` as ``as_json``.

    A file is the result of this run alone: it is not an input, and where the command fails there is none.
    """

    @functools.wraps(function)
    def told(*arguments: Any, as_json: Path | None, **given: Any) -> Any:
        from ..tools.run_record import run_record  # noqa: PLC0415

        place = JsonPlace(as_json)
        used = [Path(value) for value in given.values() if isinstance(value, Path | str)]
        name = click.get_current_context().info_name or ""
        with run_record(name, None, products=[place.file] if place.file else [], inputs=used):
            return function(*arguments, as_json=place, **given)

    return click.option(
        "--json", "as_json", help="Print JSON instead of a table, or write it to FILE.", **JSON_OPTION
    )(told)


def _be(context: click.Context, option: click.Parameter, wanted: bool) -> None:
    """Set how much is said: by an option of dotforge, or of a command."""
    if not wanted or context.resilient_parsing:
        return
    be_quiet(option.name == "quiet" or is_quiet())
    be_verbose(option.name == "verbose" or is_verbose())
    if is_quiet() and is_verbose():
        raise click.UsageError("one of --quiet and --verbose is allowed", context)


def loudness() -> list[click.Parameter]:
    """Return the options that say how much is said."""
    kept: dict[str, Any] = {"is_flag": True, "expose_value": False, "callback": _be}
    return [
        click.Option(["-q", "--quiet"], help="Print results and errors, and nothing about progress.", **kept),
        click.Option(
            ["-v", "--verbose"],
            help="Print the programs that are started, how long they take, and what is found in caches.",
            **kept,
        ),
    ]


def with_loudness(command: click.Command) -> click.Command:
    """Give a command the options of :func:`loudness`, which dotforge has too, for those who think of them late.

    Parameters
    ----------
    command : that may have them already
    """
    known = {option.name for option in command.params}
    command.params += [option for option in loudness() if option.name not in known]
    return command
