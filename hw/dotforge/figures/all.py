"""All tables and plots of the documentation: every module of this package that has ``write``, one after the other.

Run as ``python -m dotforge.figures.all -o DIR [NAME …]``.
"""

import importlib
import pkgutil
import sys
from pathlib import Path
from typing import Any

import click

from .. import figures as package
from ..console import say
from ..outcome import end_on_error

__all__ = ["figures", "main"]


def figures() -> dict[str, Any]:
    """Return the modules that write figures, by what they are about."""
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    modules = {name: importlib.import_module(f"{package.__name__}.{name}") for name in names if name != "all"}
    return {name: module for name, module in modules.items() if hasattr(module, "write")}


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
@click.argument("names", nargs=-1, metavar="[NAME]…")
def main(output: Path, names: tuple[str, ...]) -> None:
    """Write the figures of that name, or all."""
    known = figures()
    for name in names:
        if name not in known:
            raise click.UsageError(f"figure {name}: allowed are {', '.join(known)}")
    for name in names or known:
        say(f"figures of {name}")
        for path in known[name].write(output, say):
            click.echo(path)


if __name__ == "__main__":
    sys.exit(end_on_error(main))
