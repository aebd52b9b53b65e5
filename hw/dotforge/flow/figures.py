"""All tables and plots of the documentation: every ``figures_*`` module of this package, one after the other.

Run as ``python -m dotforge.flow.figures -o DIR [NAME …]``.
"""

import importlib
import pkgutil
import sys
from pathlib import Path
from typing import Any

import click

from .. import flow
from ..console import say
from ..outcome import end_on_error

__all__ = ["figures", "main"]


def figures() -> dict[str, Any]:
    """Return the modules that write figures, by what they are about."""
    names = sorted(module.name for module in pkgutil.iter_modules(flow.__path__))
    return {
        name.removeprefix("figures_"): importlib.import_module(f"{flow.__name__}.{name}")
        for name in names
        if name.startswith("figures_")
    }


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
