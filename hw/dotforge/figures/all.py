"""All tables and plots of the documentation: every module of this package that has ``write``, one after the other.

Run as ``python -m dotforge.figures.all -o DIR [NAME …]``. Beside a figure is ``NAME.netlists.json``: the netlists that
it holds for, by sha256 of their Verilog, and what each one costs. Both, in ``docs/figures``, are what tests compare the
documentation with.
"""

import importlib
import json
import pkgutil
import sys
from pathlib import Path
from typing import Any

import click

from .. import figures as package
from ..console import say
from ..outcome import end_on_error
from ..tools.files import write_text
from .measured import recorded

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
        with recorded() as netlists:
            paths = known[name].write(output, say)
        if netlists:
            paths.append(output / f"{name}.netlists.json")
            text = json.dumps(netlists, indent=0, sort_keys=True, allow_nan=False)
            write_text(paths[-1], f"{text}\n")
        for path in paths:
            click.echo(path)


if __name__ == "__main__":
    sys.exit(end_on_error(main))
