"""Reports of the default configuration of every engine: the baseline that changes are compared with.

Run as ``python -m dotforge.reports.baseline -o DIR``; `make reports` does so into ``reports/``, and `make delta`
compares what the working tree gives with what is there.
"""

import os
import sys
from pathlib import Path
from typing import Any

import click

from ..console import say
from ..export.design import Generated, from_parameters
from ..outcome import end_on_error
from ..registry import engines
from ..synthesis.synth import synthesize
from ..synthesis.targets import target as find_target
from ..tools.files import OutputError
from ..tools.run_record import run_record

__all__ = ["TARGETS", "baseline", "hierarchy_mode", "main"]

#: Targets whose tools all come from PyPI, so that everybody gets the same figures.
TARGETS = ("cmos", "ecp5")

#: Engines of more transistors than this are measured as a sum over modules: a flat netlist of more takes minutes.
FLAT_LIMIT = 100_000

#: Engines of more transistors than this are not placed here: with the synthesis before, it takes half an hour.
PLACED_LIMIT = 600_000

#: Placements of an engine, and of one of more LUTs than this, which takes minutes for each.
SEEDS = 3
SEEDS_OF_LARGE = 1
LARGE = 3000


def hierarchy_mode(generated: Generated) -> str:
    """Return how a configuration is measured within seconds: ``flat`` if it is small, else ``sum``."""
    return _mode(_transistors(generated))


def _mode(transistors: int) -> str:
    return "flat" if transistors <= FLAT_LIMIT else "sum"


def _transistors(generated: Generated) -> int:
    return synthesize(generated, mode="sum")["totals"]["transistors"]


def baseline(name: str, directory: Path, *, jobs: int = 1) -> list[Path]:
    """Write the reports of one engine's default configuration, ``ENGINE/TARGET.json``; returns them.

    Engines beyond :data:`PLACED_LIMIT` are not placed.

    Parameters
    ----------
    name : of the engine
    directory : where the reports go
    jobs : placements at a time

    Raises
    ------
    OutputError
        A directory or a report cannot be written.
    """
    generated = from_parameters(name, {})
    transistors = _transistors(generated)
    mode = _mode(transistors)
    files = []
    for target in TARGETS:
        if "seeds" in find_target(target).uses and transistors > PLACED_LIMIT:
            say(f"{name}: no {target}, more than {PLACED_LIMIT:,} transistors")
            continue
        say(f"{name}: {target}, {mode}")
        path = directory / name / f"{target}.json"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot write {path.parent}: {error.strerror}") from error
        with run_record("synth", path) as record:
            record.start(engine=name, target=target)
            placed = "seeds" in find_target(target).uses
            unplaced: dict[str, Any] = {"seeds": 0} if placed else {}
            report = synthesize(generated, target=target, mode=mode, **unplaced)
            if placed:
                seeds = SEEDS_OF_LARGE if report["totals"]["luts"] > LARGE else SEEDS
                report = synthesize(generated, target=target, mode=mode, seeds=seeds, jobs=jobs)
            record.content = report
        files.append(path)
    return files


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
@click.argument("names", nargs=-1, metavar="[ENGINE]…")
def main(output: Path, names: tuple[str, ...]) -> None:
    """Write the reports of every engine, or of some."""
    for name in names or tuple(engines()):
        for path in baseline(name, output, jobs=os.cpu_count() or 1):
            click.echo(path)


if __name__ == "__main__":
    sys.exit(end_on_error(main))
