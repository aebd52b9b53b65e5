"""Sweeps as tests need them: jobs, and a runner that makes reports at once."""

from collections.abc import Generator, Sequence
from typing import Any

from dotforge.reports.sweep_jobs import Job, grid, jobs
from dotforge.synthesis.targets import Settings

from .reports import report

SETTINGS = Settings()


def some(**axes: list[str]) -> list[Job]:
    return jobs("logmac", grid(axes), "cmos", SETTINGS, skip=False)[0]


class Runner:
    """Makes reports at once; ``fail`` names the lanes that fail, ``stop`` ends after so many jobs."""

    def __init__(self, fail: Sequence[int] = (), stop: int | None = None) -> None:
        self.ran: list[int] = []
        self.fail, self.stop = fail, stop

    def __call__(self, waiting: Sequence[Job]) -> Generator[tuple[Job, dict[str, Any]], None, None]:
        for job in waiting:
            if self.stop is not None and len(self.ran) == self.stop:
                raise KeyboardInterrupt
            lanes = job.parameters["lanes"]
            self.ran.append(lanes)
            if lanes in self.fail:
                yield job, {"error": "Yosys (pyosys): ERROR: on purpose"}
            else:
                made = report(engine="logmac", totals={"transistors": 100 * lanes})
                yield job, {"report": {**made, "parameters": job.parameters}}


def quiet(done: int, total: int) -> None:
    assert 0 <= done <= total
