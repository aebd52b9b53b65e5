"""How many random mutants of a design its bench notices.

Run as ``python -m dotforge.proof.mutate -o DIR [NAME …]``; `make mutate` does so for every engine and two networks.
What was found is ``DIR/NAME.json``, a mutant at a time: a run that is interrupted goes on where it was, as long as
design, bench and seed are the same.

Of the mutants that the bench does not notice, those are left out that a comparison with the design (:mod:`.miter`)
shows to change nothing; the kill rate is that of the others.
"""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

import dotforge_golden

from ..console import say
from ..export.comments import code
from ..outcome import end_on_error
from ..tools import source, yosys
from ..tools.files import data_directory, read_json, write_json
from .miter import compare
from .mutants import Mutants, mutants
from .subjects import Subject, names, subject
from .trial import trial

__all__ = ["DEPTH", "Count", "counted", "main", "mutate"]

#: Cycles of the bounded comparison, and seconds of each of its two searches.
DEPTH, SECONDS = 40, 20


@dataclass(frozen=True)
class Count:
    """What came of all mutants.

    Attributes
    ----------
    mutants : all of them
    same : shown to change nothing, ever
    bounded : shown to change nothing in :data:`DEPTH` cycles
    killed : noticed by the bench
    survivors : the others: number, module, kind, verdict
    """

    mutants: int
    same: int
    bounded: int
    killed: int
    survivors: tuple[dict[str, Any], ...]

    @property
    def rate(self) -> float:
        """Return the part of those not shown to change nothing that the bench notices."""
        rest = self.mutants - self.same - self.bounded
        return self.killed / rest if rest else 1.0


def counted(record: dict[str, Any]) -> Count:
    """Count what a finished record holds.

    Parameters
    ----------
    record : of :func:`mutate`
    """
    alive = [found for found in record["mutants"] if found["killed_by"] is None]
    same = sum(found["verdict"] == "proven" for found in alive)
    bounded = sum(found["verdict"].startswith("none") for found in alive)
    survivors = tuple(found for found in alive if found["verdict"].startswith(("differs", "undecided")))
    return Count(len(record["mutants"]), same, bounded, len(record["mutants"]) - len(alive), survivors)


def mutate(what: Subject, path: Path, *, count: int, seed: int, jobs: int = 1) -> dict[str, Any]:
    """Try so many mutants of a design; returns the record, which is also written.

    Parameters
    ----------
    what : the design and its bench
    path : of the record; one of the same design, bench, seed and count is gone on with
    count : of mutants
    seed : of the choice of mutants, and of the bench
    jobs : processes at a time

    Raises
    ------
    TrialError, BenchFailure
        The bench fails on the design without a mutant.
    ToolError, OutputError
        A tool failed, or the record cannot be written.
    """
    made = mutants(what.verilog, what.top, count, seed)
    record = _begun(what, made, path, seed)
    found = {each["number"]: each for each in record["mutants"]}
    lock = threading.Lock()

    def keep(number: int, **facts: Any) -> None:
        with lock:
            if number:
                found[number].update(facts, tried=True)
                write_json(path, record)

    left = [number for number, each in found.items() if not each["tried"]]
    if left:
        say(f"{what.name}: {len(made.members) - len(left)} of {len(made.members)} mutants done, seed {seed}")
        shares = [[0, *left[index::jobs]] for index in range(min(jobs, len(left)))]

        def run(share: list[int]) -> None:
            trial(what, made.verilog, share, seed, lambda number, test: keep(number, killed_by=test))

        with ThreadPoolExecutor(len(shares)) as pool:
            list(pool.map(run, shares))
    alive = [each["number"] for each in found.values() if each["killed_by"] is None and not each["verdict"]]

    def judge(number: int) -> None:
        mutant = made.members[number - 1]
        keep(number, verdict=compare(what, made.flat, mutant, seconds=SECONDS, depth=DEPTH))

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(judge, alive))
    return record


def _begun(what: Subject, made: Mutants, path: Path, seed: int) -> dict[str, Any]:
    """Return what is known of these mutants, or a new record."""
    bench = [what.directory, data_directory("tb") / "support", data_directory("tb") / "mutation"]
    head = {
        "subject": what.name,
        "parameters": what.parameters,
        "verilog_sha256": source.digest(code(what.verilog)),
        "bench": source.bench(*bench, Path(dotforge_golden.__file__).parent),
        "yosys": yosys.version(yosys.installed()),
        "seed": seed,
        "count": len(made.members),
    }
    if path.is_file():
        old = read_json(path)
        if {key: old.get(key) for key in head} == head:
            return old
    members = [
        {
            "number": mutant.number,
            "module": mutant.module,
            "kind": mutant.kind,
            "tried": False,
            "killed_by": None,
            "verdict": "",
        }
        for mutant in made.members
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    return {**head, "mutants": members}


@click.command()
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="directory of the records"
)
@click.option("--mutants", "count", type=click.IntRange(1, 65_535), default=200, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="processes at a time")
@click.option(
    "--least", type=click.FloatRange(0, 100), default=98.0, show_default=True, help="kill rate, in %"
)
@click.argument("subjects", nargs=-1, metavar="[NAME]…")
def main(output: Path, count: int, seed: int, jobs: int, least: float, subjects: tuple[str, ...]) -> int:
    """Try mutants of the subjects of that name, or of all; ends with 1 where a kill rate is too low."""
    known = names()
    for name in subjects:
        if name not in known:
            raise click.UsageError(f"subject {name}: allowed are {', '.join(known)}")
    low = False
    for name in subjects or known:
        record = mutate(subject(name), output / f"{name}.json", count=count, seed=seed, jobs=jobs)
        found = counted(record)
        low |= 100 * found.rate < least
        click.echo(
            f"{name}: {found.mutants} mutants (seed {seed}), {found.same} proven to change nothing, {found.bounded} "
            f"to change nothing in {DEPTH} cycles, {found.killed} killed: {100 * found.rate:.1f} %"
        )
        for each in sorted(found.survivors, key=lambda each: each["module"]):
            click.echo(f"  {each['module']}: mutant {each['number']}, {each['kind']}: {each['verdict']}")
    return int(low)


if __name__ == "__main__":
    sys.exit(end_on_error(main))
