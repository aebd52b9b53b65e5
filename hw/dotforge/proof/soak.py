"""Random configurations of random engines on their benches, for as long as one likes.

Run as ``python -m dotforge.proof.soak --minutes 120 -o DIR``; `make soak` does so. Each run draws an engine, its
parameters, a seed and a simulator, and runs the whole bench: random data, pauses, resets. What fails is made as small
as possible, and ``DIR/failure-N.json`` holds all that it takes to see it again::

    python -m dotforge.proof.soak --replay DIR/failure-1.json

``DIR/soak.jsonl`` gets a line a run.
"""

import json
import re
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import click
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from dotforge_sim.simulator import processes
from dotforge_sim.simulator.bench import BenchFailure, BenchUnfinished

from ..console import say
from ..export.design import from_parameters
from ..outcome import end_on_error
from ..registry import names
from ..tools.files import OutputError, read_json, write_json
from ..verify.verify import verify
from .choices import parameters

__all__ = ["Outcome", "Trial", "jobs", "main", "run", "shrunk"]

#: Limit of a bench, in seconds.
LIMIT = 900


@dataclass(frozen=True)
class Trial:
    """What is run: ``simulator`` is ``verilator`` or ``icarus``."""

    engine: str
    parameters: dict[str, Any]
    seed: int
    simulator: str


@dataclass(frozen=True)
class Outcome:
    """What came of it: clock cycles and compared vectors; ``failure`` is empty where nothing is wrong.

    ``unfinished`` says why there is no verdict, where the time was over.
    """

    cycles: int
    vectors: int
    seconds: float
    failure: str
    unfinished: str = ""


def jobs(engines: tuple[str, ...], simulators: tuple[str, ...]) -> st.SearchStrategy[Trial]:
    """Return a strategy of trials.

    Parameters
    ----------
    engines, simulators : to draw from
    """
    return st.sampled_from(engines).flatmap(
        lambda engine: st.builds(
            Trial, st.just(engine), parameters(engine), st.integers(1, 1 << 30), st.sampled_from(simulators)
        )
    )


def run(trial: Trial) -> Outcome:
    """Generate, and run the bench.

    Parameters
    ----------
    trial : what is run

    Raises
    ------
    ToolMissing
        There is no such simulator here.
    """
    started = time.monotonic()
    with processes.scratch() as directory:
        vectors, failure, unfinished = 0, "", ""
        try:
            made = from_parameters(trial.engine, trial.parameters)
            found = verify(made, directory / "run", simulator=trial.simulator, seed=trial.seed, timeout=LIMIT)
            vectors = found["vectors"]
        except BenchUnfinished as error:
            unfinished = str(error)
        except BenchFailure as error:
            failure = str(error)
        except (ArithmeticError, AssertionError, LookupError, TypeError, ValueError) as error:
            # Parameters that an engine takes, and cannot be made of: a bug as any other.
            failure = f"{type(error).__name__}: {error}"
        cycles = _cycles(directory / "run" / "bench.log")
    return Outcome(cycles, vectors, round(time.monotonic() - started, 1), failure, unfinished)


def _cycles(log: Path) -> int:
    """Return the clock cycles of all tests from the last line of cocotb's table: the benches' clock takes 10 ns."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    found = re.findall(r"\*\* TESTS=\d+ PASS=\d+ FAIL=\d+ SKIP=\d+\s+([\d.]+)", text)
    return round(float(found[-1]) / 10) if found else 0


def shrunk(trial: Trial, seconds: float) -> Iterator[Trial]:
    """Yield smaller and smaller trials that fail: parameters at their defaults, or nearer to their least.

    Parameters
    ----------
    trial : one that fails
    seconds : after which no other is tried
    """
    end = time.monotonic() + seconds
    smaller = True
    while smaller:
        smaller = False
        for each in _simpler(trial):
            if time.monotonic() > end:
                return
            if run(each).failure:
                trial, smaller = each, True
                yield each
                break


def _simpler(trial: Trial) -> Iterator[Trial]:
    given = trial.parameters
    for name in given:
        yield replace(trial, parameters={key: value for key, value in given.items() if key != name})
    for name, value in given.items():
        if isinstance(value, int) and not isinstance(value, bool) and value > 1:
            yield replace(trial, parameters={**given, name: value // 2})
            yield replace(trial, parameters={**given, name: value - 1})


def _soak(directory: Path, first: int, minutes: float, engines: tuple[str, ...]) -> int:
    """Run trials until the time is over; returns how many failed."""
    directory.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + 60 * minutes
    failed, round_ = 0, 0
    simulators = (
        ("verilator", "verilator", "verilator", "icarus") if shutil.which("iverilog") else ("verilator",)
    )

    def one(trial: Trial) -> None:
        nonlocal failed
        if time.monotonic() > end:
            return
        found = run(trial)
        line = {**asdict(trial), **asdict(found)}
        with (directory / "soak.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(line, allow_nan=False) + "\n")
        verdict = found.failure or found.unfinished or "passed"
        say(f"{trial.engine} {trial.parameters} seed {trial.seed} {trial.simulator}: {verdict}")
        if found.failure:
            failed += 1
            path = next(
                path for n in range(1, 10**6) if not (path := directory / f"failure-{n}.json").exists()
            )
            write_json(path, line)
            say(f"reproducer: {path}")
            for smaller in shrunk(trial, min(600.0, 60 * minutes / 4)):
                write_json(path, {**asdict(smaller), "failure": found.failure})

    while time.monotonic() < end:
        soaked = settings(
            max_examples=5,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        )(seed(first + round_)(given(jobs(engines, simulators))(one)))
        soaked()  # pyright: ignore[reportCallIssue] - Hypothesis gives it its argument
        round_ += 1
    return failed


def summary(directory: Path) -> list[dict[str, Any]]:
    """Return runs, configurations, cycles, vectors, what did not end and what failed of each engine in ``soak.jsonl``.

    Parameters
    ----------
    directory : of a soak

    Raises
    ------
    OutputError
        There is none.
    """
    path = directory / "soak.jsonl"
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except OSError as error:
        raise OutputError(f"cannot read {path}: {error.strerror}") from error
    found = []
    for engine in sorted({line["engine"] for line in lines}):
        own = [line for line in lines if line["engine"] == engine]
        found.append(
            {
                "engine": engine,
                "runs": len(own),
                "configurations": len(
                    {json.dumps(each["parameters"], sort_keys=True, allow_nan=False) for each in own}
                ),
                "cycles": sum(each["cycles"] for each in own),
                "vectors": sum(each["vectors"] for each in own),
                "unfinished": sum(bool(each["unfinished"]) for each in own),
                "failures": sum(bool(each["failure"]) for each in own),
            }
        )
    return found


def _replayed(path: Path) -> int:
    told = read_json(path)
    try:
        trial = Trial(told["engine"], told["parameters"], told["seed"], told["simulator"])
    except (KeyError, TypeError):
        raise OutputError(f"{path} is no reproducer of a soak") from None
    found = run(trial)
    click.echo(
        found.failure or found.unfinished or f"passed: {found.vectors} vectors in {found.cycles} cycles"
    )
    return int(bool(found.failure))


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), help="directory of log and failures")
@click.option("--minutes", type=click.FloatRange(0, min_open=True), default=120.0, show_default=True)
@click.option("--seed", "first", type=click.IntRange(0), default=1, show_default=True)
@click.option("--replay", type=click.Path(path_type=Path), help="run a failure again")
@click.argument("engines", nargs=-1, metavar="[ENGINE]…")
def main(
    output: Path | None, minutes: float, first: int, replay: Path | None, engines: tuple[str, ...]
) -> int:
    """Run benches of random configurations; ends with 1 where any failed."""
    if (output is None) == (replay is None):
        raise click.UsageError("one of --output and --replay is needed")
    if replay is not None:
        return _replayed(replay)
    assert output is not None
    for name in engines:
        if name not in names():
            raise click.UsageError(f"engine {name}: allowed are {', '.join(names())}")
    say(f"seed {first}")
    failed = _soak(output, first, minutes, engines or tuple(names()))
    for row in summary(output):
        click.echo(", ".join(f"{key} {value}" for key, value in row.items()))
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(end_on_error(main))
