"""How long users wait: CPU seconds and memory of commands, beside those of an older commit in one run.

Run as ``python -m dotforge.figures.performance [--against REV] [-o DIR] [TASK …]`` in a checkout. CPU seconds are those
of the command and of all that it started, and differ between machines and with what else runs; ratios of one run, in
which each task is done by the one tree and at once by the other, hardly do. Every task begins with an empty cache, but
for what it says to be done before.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np

from dotforge_sim.models import flexdpe as model
from dotforge_sim.simulator import processes

from ..console import say
from ..engines.flexdpe.choose import stored
from ..network.distribution.distribution import choose_topology
from ..outcome import end_on_error
from ..pictures import markdown
from ..registry import configure
from ..tools.process import ToolError
from .flexdpe_fit import area, fit
from .flexdpe_rtl import random_bits
from .measured import write_texts

__all__ = ["TASKS", "Task", "choices", "choices_table", "collect", "main", "table", "write"]

#: Runs a command, and tells what it and all that it waited for took: seconds, and the kilobytes of the largest process.
_MEASURE = """
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
took = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([done.returncode, done.stderr[-500:], took.ru_utime + took.ru_stime, took.ru_maxrss]))
"""


@dataclass(frozen=True)
class Task:
    """A command of ``dotforge``, measured.

    Attributes
    ----------
    arguments : of the command; ``A``, ``B`` and ``OUT`` stand for operands and for a directory
    engine : whose operands ``A`` and ``B`` are, with ``parameters``
    parameters : of the engine
    repeated : measured the second time, when the cache holds what the first one made
    anchor : CPU seconds that were measured elsewhere before, ``None`` where nobody did
    """

    arguments: tuple[str, ...]
    engine: str = ""
    parameters: tuple[str, ...] = ()
    repeated: bool = False
    anchor: float | None = None

    @property
    def command(self) -> list[str]:
        """The arguments with the parameters."""
        return [*self.arguments, *(word for each in self.parameters for word in ("-p", each))]


def _run(engine: str, *parameters: str, anchor: float | None = None) -> Task:
    return Task(("run", engine, "--a", "A", "--b", "B"), engine, parameters, anchor=anchor)


#: Name → what is measured.
TASKS: dict[str, Task] = {
    "help": Task(("--help",), anchor=0.79),
    "list": Task(("list",), anchor=0.86),
    "run-logmac": _run("logmac"),
    "run-vsquant": _run("vsquant"),
    "run-mxdot": _run("mxdot"),
    "run-bf16-32": _run("flexdpe", "lanes=32", "format=bf16", anchor=91.0),
    "run-int8-128": _run("flexdpe", "lanes=128", anchor=241.0),
    "generate-32": Task(("generate", "flexdpe", "-o", "OUT"), parameters=("lanes=32",), anchor=46.7),
    "generate-64": Task(("generate", "flexdpe", "-o", "OUT"), parameters=("lanes=64",), anchor=93.0),
    "generate-512": Task(("generate", "flexdpe", "-o", "OUT", "--no-simulate"), parameters=("lanes=512",)),
    "synth-again": Task(
        ("synth", "flexdpe", "--hierarchy", "sum"), parameters=("lanes=32",), repeated=True, anchor=11.7
    ),
}


def _measured(task: Task, tree: Path, operands: Path) -> dict[str, float]:
    """Return CPU seconds and the megabytes of the largest process."""
    with processes.scratch() as scratch:
        paths = {"A": operands / "A.npy", "OUT": scratch / "out"}
        paths["B"] = next(operands.glob("B.*"), operands)
        words = [str(paths.get(word, word)) for word in task.command]
        environment = {**os.environ, "DOTFORGE_CACHE": str(scratch / "cache")}
        environment["PYTHONPATH"] = os.pathsep.join(str(tree / name) for name in ("hw", "golden", "sim"))
        (scratch / "cache").mkdir()
        command, found = [sys.executable, "-m", "dotforge.cli", *words], []
        for _ in range(1 + task.repeated):
            found = _json([sys.executable, "-c", _MEASURE, *command], scratch, environment=environment)
            if found[0]:
                raise ToolError(f"dotforge {' '.join(words)} in {tree}: {found[1].strip()}")
    return {"cpu_seconds": round(found[2], 2), "megabytes": round(found[3] / 1024)}


def _json(command: list[str], cwd: Path, environment: dict[str, str]) -> list[Any]:
    return json.loads(_done(command, cwd=cwd, environment=environment))


def _done(command: list[str], **options: Any) -> str:
    """Return what a command printed; ToolError where it fails."""
    done = processes.run(command, **options)
    if done.returncode:
        raise ToolError(f"{' '.join(command[:4])}…: {done.stderr.strip()[-500:]}")
    return done.stdout


@contextmanager
def _checkout(root: Path, revision: str) -> Iterator[Path]:
    """Give a work tree of a commit, for a while."""
    with processes.scratch() as place:
        tree = place / "tree"
        git = ["git", "-C", str(root), "worktree"]
        made = processes.run([*git, "add", "--detach", str(tree), revision])
        if made.returncode:
            raise ToolError(f"git has no work tree of {revision}: {made.stderr.strip().splitlines()[-1]}")
        try:
            yield tree
        finally:
            processes.run([*git, "remove", "--force", str(tree)])


def collect(
    names: Sequence[str] = tuple(TASKS),
    progress: Callable[[str], None] = lambda line: None,
    *,
    against: str | None = None,
) -> dict[str, Any]:
    """Measure tasks, side by side with an older commit where one is given.

    Parameters
    ----------
    names : of :data:`TASKS`
    progress : takes a line for each task
    against : what git calls the commit

    Raises
    ------
    ToolError
        A command fails, or git has no such commit.
    """
    root = Path(__file__).parents[3]
    rows: dict[str, Any] = {name: {} for name in names}
    with processes.scratch() as scratch:
        if against is None:
            _fill(rows, {"new": root}, scratch, progress)
        else:
            with _checkout(root, against) as tree:
                _fill(rows, {"old": tree, "new": root}, scratch, progress)
    return {"against": against, "tasks": rows}


def _fill(
    rows: dict[str, Any], trees: dict[str, Path], scratch: Path, progress: Callable[[str], None]
) -> None:
    for name, row in rows.items():
        task = TASKS[name]
        operands = scratch / name
        if task.engine:
            command = [sys.executable, "-m", "dotforge.cli", "example", task.engine, "-o", str(operands)]
            command += [word for each in task.parameters for word in ("-p", each)]
            _done(command)
        for which, tree in trees.items():
            progress(f"{name}, {which}")
            row[which] = _measured(task, tree, operands)


def table(found: dict[str, Any]) -> str:
    """Return what was found as a Markdown table.

    Parameters
    ----------
    found : what :func:`collect` returns
    """
    head = [
        "task",
        "command",
        "anchor, CPU s",
        "before, CPU s",
        "after, CPU s",
        "ratio",
        "before, MB",
        "after, MB",
        "ratio",
    ]
    rows = []
    for name, row in found["tasks"].items():
        task, old, new = TASKS[name], row.get("old"), row["new"]
        cells: list[Any] = [
            name,
            f"`dotforge {' '.join(task.command)}`" + (", again" if task.repeated else ""),
        ]
        cells.append(None if task.anchor is None else f"{task.anchor:g}")
        for unit, digits in (("cpu_seconds", 2), ("megabytes", 0)):
            before = None if old is None else f"{old[unit]:.{digits}f}"
            ratio = None if old is None else f"{new[unit] / old[unit]:.2f}"
            cells += [before, f"{new[unit]:.{digits}f}", ratio]
        rows.append(cells)
    return "\n".join(markdown.table(head, rows, align="llr")) + "\n"


def choices() -> list[dict[str, Any]]:
    """Return cycles, efficiency and area of the Flex-DPE by what `optimize` says: 128³, A stationary, 80 % sparse."""
    fitted = fit([(parameters, found) for parameters, found in stored()["measured"]])
    rng = np.random.default_rng(5)
    rows, vectors = random_bits(rng, (128, 128), 80), np.ones((128, 128), bool)
    found = []
    for lanes in (64, 128):
        for aim in ("none", "throughput", "balanced", "area"):
            made = asdict(configure("flexdpe", {"lanes": lanes, "optimize": aim})[1])
            cycles, _ = model.exact(made, rows, vectors)
            area_of = {**made, "distribution": choose_topology(made["distribution"], lanes)}
            area_of["fold_change"] = area_of["fold_change"].replace("auto", "overlap")
            found.append(
                {
                    "lanes": lanes,
                    "optimize": aim,
                    "cycles": cycles.total,
                    "efficiency": round(float(rows.sum() * 128 / cycles.total / lanes), 3),
                    "transistors": round(area(fitted, area_of)),
                }
            )
    return found


def choices_table(rows: list[dict[str, Any]]) -> str:
    """Return what :func:`choices` found as a Markdown table.

    Parameters
    ----------
    rows : of it
    """
    cells = [
        [
            row["lanes"],
            row["optimize"],
            f"{row['cycles']:,}",
            f"{row['efficiency']:.3f}",
            f"{row['transistors']:,}",
        ]
        for row in rows
    ]
    head = ["lanes", "optimize", "cycles", "overall efficiency", "transistors, fitted"]
    return "\n".join(markdown.table(head, cells, align="rlr")) + "\n"


def write(directory: Path, progress: Callable[[str], None] = lambda line: None) -> list[Path]:
    """Measure this tree alone, and write the figures and their table.

    Parameters
    ----------
    directory : where they go
    progress : takes a line for each task
    """
    return _written(directory, collect(progress=progress))


def _written(directory: Path, found: dict[str, Any]) -> list[Path]:
    whole = json.dumps(found, indent=1, allow_nan=False) + "\n"
    return write_texts(
        directory, "performance", {"json": whole, "md": f"{table(found)}\n{choices_table(choices())}"}
    )


@click.command()
@click.option("--against", metavar="REV", help="Commit to measure beside this tree.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Directory to write.")
@click.argument("names", nargs=-1, metavar="[TASK]…")
def main(against: str | None, output: Path | None, names: tuple[str, ...]) -> None:
    """Measure what commands take, all tasks or some."""
    for name in names:
        if name not in TASKS:
            raise click.UsageError(f"task {name}: allowed are {', '.join(TASKS)}")
    found = collect(names or tuple(TASKS), say, against=against)
    click.echo(table(found))
    click.echo(choices_table(choices()))
    for path in _written(output, found) if output else []:
        click.echo(path)


if __name__ == "__main__":
    sys.exit(end_on_error(main))
