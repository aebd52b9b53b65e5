"""Benches on mutants: who is noticed, by which test.

A process of the simulator runs one mutant after the other. One that kills its simulator is noticed, too, and the next
process goes on behind it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from dotforge_sim.simulator import bench, processes
from dotforge_sim.simulator.bench import BenchFailure

from ..tools.files import data_directory
from .subjects import Subject

__all__ = ["TrialError", "trial"]

#: Limit of a process, in seconds.
_LIMIT = 3600


class TrialError(BenchFailure):
    """The bench does not pass on the design as it is, or does not begin; one line."""


def trial(
    subject: Subject, verilog: str, numbers: Sequence[int], seed: int, told: Callable[[int, str | None], None]
) -> None:
    """Run the bench on mutants.

    Parameters
    ----------
    subject : whose bench runs
    verilog : with the port ``mutsel``
    numbers : of the mutants; 0 is the design as it is
    seed : of the bench
    told : called with each mutant and the test that failed on it, ``None`` where all passed

    Raises
    ------
    TrialError
        The bench fails on the design as it is, or a process ended before any of its mutants began.
    """
    left = list(numbers)
    while left:
        with processes.scratch() as directory:
            done, ended = _process(subject, verilog, left, seed, directory)
        if not done:
            raise TrialError(f"{subject.name}: the bench does not begin: {ended}")
        if done.get(0) is not None:
            raise TrialError(f"{subject.name}: the bench fails on the design without a mutant: {done[0]}")
        for number, killed_by in done.items():
            told(number, killed_by)
        left = [number for number in left if number not in done]


def _process(
    subject: Subject, verilog: str, numbers: Sequence[int], seed: int, directory: Path
) -> tuple[Mapping[int, str | None], str]:
    """Return what came of each mutant that ended, or ended the process, and why the process failed."""
    log = directory / "mutants.jsonl"
    manifest = None
    if subject.manifest is not None:
        manifest = directory / "manifest.json"
        manifest.write_text(json.dumps(subject.manifest, allow_nan=False), encoding="utf-8")
    ended = "it ended well"
    try:
        bench.run(
            verilog,
            subject.top,
            data_directory("tb") / "mutation",
            "mutants",
            build_dir=directory / "run",
            parameters=None if subject.manifest is not None else subject.parameters,
            manifest=manifest,
            python_path=subject.python_path,
            env={
                "DOTFORGE_BENCH": subject.bench,
                "DOTFORGE_MUTANTS": json.dumps(list(numbers), allow_nan=False),
                "DOTFORGE_MUTANTS_LOG": str(log),
                "COCOTB_LOG_LEVEL": "CRITICAL",
            },
            seed=seed,
            timeout_seconds=_LIMIT,
        )
    except BenchFailure as failure:
        ended = str(failure)
    lines = log.read_text(encoding="utf-8").splitlines() if log.is_file() else []
    found = [json.loads(line) for line in lines]
    done: dict[int, str | None] = {line["mutant"]: line["killed_by"] for line in found if "killed_by" in line}
    if found and (last := found[-1]["mutant"]) not in done:
        done[last] = "the simulator did not survive it"
    return done, ended
