"""The accumulator reads no word before it is written, whenever vectors come."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dotforge.export.design import from_parameters
from dotforge.registry import configure
from dotforge_golden import flexdpe as parts
from dotforge_sim.models import flexdpu_cycles
from dotforge_sim.models.flexdpe_plan import Plan, Side
from dotforge_sim.models.flexdpu_job import JobShape, Setup, job_of

from .benches import on_icarus

PARAMETERS: dict[str, Any] = {"engines": 2, "lanes": 4, "groups": 1, "row_bits": 4}
SHORTEST: dict[str, Any] = {"distribution_pipeline": 0, "multiplier_pipeline": 0, "window": 2}


def job(rng: np.random.Generator, setup: Setup) -> JobShape:
    """Return a job of few rows, up to six vectors, and up to eight windows of any sparsity."""
    rows, vectors = int(rng.integers(1, 7)), int(rng.integers(1, 7))
    window, size = setup.timing.window, int(rng.integers(1, 3))
    sides = []
    for count in (rows, vectors):
        bits = rng.random((count, 8 * window)) < rng.uniform(0.1, 1)
        bits[0, 0] = True
        sides.append(Side.of_bits(bits, window))
    plan = Plan(sides[0], sides[1], parts.Arithmetic(), 4 * size, window, setup.timing.bandwidth)
    return job_of(plan, (0, 0, size), setup)


def gaps(setup: Setup, jobs: int, seed: int, patch: pytest.MonkeyPatch) -> tuple[list[int], int]:
    """Return the cycles from each vector's sums to those of the same vector in the next fold, and those of waiting.

    Vectors stop for as long as a fold takes to load, and for shorter and longer.
    """
    rng = np.random.default_rng(seed)
    clock, waits, stops = 0, 0, 0
    went: dict[tuple[int, int], int] = {}
    found: list[int] = []
    add = flexdpu_cycles._Slot._add

    def grants(setup: Setup, running: list[Any], turn: int) -> list[tuple[bool, bool]]:
        nonlocal clock, stops
        clock += 1
        if not stops and rng.random() < 0.2:
            stops = int(rng.integers(1, 60))
        stops = max(0, stops - 1)
        return [(True, not stops)] * len(running)

    def watched(slot: Any, show: bool, before: Any) -> None:
        nonlocal waits
        shown = slot.pipe[-1]
        waits += slot.hazard
        if shown is not None and slot.moves:
            went[shown.fold, shown.number] = clock
            if (earlier := went.get((shown.fold - 1, shown.number))) is not None:
                found.append(clock - earlier)
        add(slot, show, before)

    patch.setattr(flexdpu_cycles, "_grants", grants)
    patch.setattr(flexdpu_cycles._Slot, "_add", watched)
    for _ in range(jobs):
        went.clear()
        flexdpu_cycles.count_jobs(setup, [job(rng, setup)])
    return found, waits


@pytest.mark.parametrize(("pipelines", "least"), [({}, 2), (SHORTEST, 3)], ids=["registers", "no registers"])
def test_integers_never_wait(pipelines: dict[str, Any], least: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A word is there two cycles after it was read; with two vectors it may be due just then."""
    setup = of(pipelines)
    found, waits = gaps(setup, 100, 1, monkeypatch)
    assert (min(found), waits) == (least, 0)
    assert len(found) > 1000


@pytest.mark.parametrize("cycles", [1, 4])
def test_floating_point_waits(cycles: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are fewer vectors than an addition takes cycles, the next fold waits for it, and no longer."""
    setup = of({"format": "bf16", "adder_pipeline": cycles})
    assert setup.accumulate == cycles
    found, waits = gaps(setup, 100, 2, monkeypatch)
    assert min(found) == cycles + 2
    assert waits >= 20


def of(chosen: dict[str, Any]) -> Setup:
    _, config = configure("flexdpu", {**PARAMETERS, **chosen})
    return Setup.of({name: getattr(config, name) for name in type(config).__dataclass_fields__})


@pytest.mark.usefixtures("icarus")
def test_a_small_accumulator(tmp_path: Path) -> None:
    """The whole bench where every word is used: four words of one bank, four rows, numbers of vectors of four bits."""
    sizes = {"row_bits": 2, "index_bits": 4, "accumulator_words": 4, "accumulator_banks": 1}
    made = from_parameters("flexdpu", {**PARAMETERS, "format": "int4", "stationary_bandwidth": 2, **sizes})
    found = on_icarus(made, tmp_path)
    assert (found.failures, found.mismatches) == (0, 0)
    assert found.vectors > 100
