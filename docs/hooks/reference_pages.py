"""Pages of reference: commands from the command line, Python from docstrings, findings from their scripts."""

import html
import importlib
import pkgutil
import re
from pathlib import Path

import click

from dotforge.cli import cli
from dotforge.pictures.markdown import table

__all__ = ["commands", "findings", "front_door", "golden", "hardware", "models"]


#: Options of every command.
_EVERYWHERE = {"--help", "--quiet", "--verbose"}


def commands() -> str:
    """Return every command with its arguments and options."""
    context = click.Context(cli, info_name="dotforge")
    lines = [
        "# Commands",
        "",
        cli.help or "",
        "",
        "[Exit codes, and what is printed](exit_codes.md); [what reports hold](../reports.md). "
        "`-q`, `--quiet` and `-v`, `--verbose` go with every command.",
        "",
    ]
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        lines += _command(command, context, name, 2)
    return "\n".join(lines)


def _command(command: click.Command, parent: click.Context, name: str, level: int) -> list[str]:
    context = click.Context(command, parent=parent, info_name=name)
    pieces = " ".join(command.collect_usage_pieces(context))
    text = re.sub(r"\s+", " ", (command.help or "").replace("\b", "")).strip()
    lines = [f"{'#' * level} {context.command_path}", "", f"`{context.command_path} {pieces}`", "", text, ""]
    rows = []
    for option in command.get_params(context):
        record = option.get_help_record(context)
        if record is not None and record[1] and not _EVERYWHERE & {*option.opts}:
            rows.append([f"<code>{html.escape(record[0]).replace('|', '&#124;')}</code>", record[1]])
    if rows:
        lines += [*table(["option", "meaning"], rows, align="l"), ""]
    epilog = re.sub(r"\s+", " ", (command.epilog or "").replace("\b", "")).strip()
    if epilog:
        lines += [f"*{epilog.replace('*', '')}*", ""]
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            inner = command.get_command(context, each)
            if inner is not None:
                lines += _command(inner, context, each, level + 1)
    return lines


def front_door() -> str:
    """Return the page of ``import dotforge``."""
    wanted = (
        "dotforge.engine",
        "dotforge.load",
        "dotforge.front_door.ConfiguredEngine",
        "dotforge_sim.run.gemm",
    )
    return _page("Python: the front door", "What the commands do, from Python.", wanted)


def _page(title: str, text: str, names: tuple[str, ...]) -> str:
    return "\n".join([f"# {title}", "", text, "", *(line for name in names for line in (f"::: {name}", ""))])


def _modules(package: str) -> tuple[str, ...]:
    """Return the modules of a package that say what is public."""
    found = []
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
        if not module.ispkg and getattr(importlib.import_module(module.name), "__all__", None):
            found.append(module.name)
    return tuple(found)


def golden() -> str:
    """Return the golden models."""
    return _page(
        "Python: golden models",
        "`dotforge_golden` is NumPy alone; it is written from the papers and knows no hardware.",
        _modules("dotforge_golden"),
    )


def models() -> str:
    """Return the models around engines."""
    return _page(
        "Python: models around the engines",
        "What `dotforge estimate`, `metadata`, `energy`, `roofline` and `system` compute; [figures](../models.md).",
        _modules("dotforge_sim.models"),
    )


def hardware() -> str:
    """Return blocks that are used on their own."""
    packages = ("arithmetic", "network.distribution", "network.reduction", "network.routing", "stream")
    modules = tuple(name for each in packages for name in _modules(f"dotforge.{each}"))
    return _page(
        "Python: arithmetic, networks and streams",
        "Amaranth components that are usable without an engine; [formats](../formats.md) know no hardware.",
        modules,
    )


def findings(directory: Path) -> str:
    """Return what the scripts of findings show, in the order of their README.

    Parameters
    ----------
    directory : with README.md and the scripts
    """
    text = (directory / "README.md").read_text(encoding="utf-8")
    lines = ["# Findings", "", text.split("\n\n")[1].replace("\n", " "), ""]
    listed = set()
    for line in text.splitlines():
        found = re.match(r"- `(\w+)\.sh`: (.*)", line)
        if found:
            name = found[1]
            listed.add(name)
            lines += [
                f"### {found[2]}",
                "",
                _head(directory / f"{name}.sh"),
                "",
                f"`bash findings/{name}.sh`",
                "",
            ]
        elif line and not line.startswith(("#", "Where", "does", "says", "was")) and len(line.split()) < 7:
            lines += [f"## {line}", ""]
    missing = {path.stem for path in directory.glob("*.sh")} - listed
    if missing:
        raise LookupError(f"findings/README.md does not list {', '.join(sorted(missing))}")
    return "\n".join(lines)


def _head(script: Path) -> str:
    comment = []
    for line in script.read_text(encoding="utf-8").splitlines()[1:]:
        if not line.startswith("#"):
            break
        comment.append(line.removeprefix("#").strip())
    return " ".join(comment)
