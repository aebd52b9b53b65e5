"""Random schedules on the RTL: every result is golden's, and every cycle the model's."""

from typing import Any

import numpy as np
import pytest

from dotforge_golden import flexdpu as golden
from dotforge_sim.models import flexdpu as model
from dotforge_sim.models.cycles import Cycles
from dotforge_sim.models.flexdpu_job import Setup, folds_of, job_of
from dotforge_sim.run.flexdpu_jobs import with_rows

from .schedules import as_bits, built, draw, golden_sums, run_jobs

TWO: dict[str, Any] = {"engines": 4, "lanes": 4, "groups": 2, "row_bits": 5}

OTHERS: list[dict[str, Any]] = [
    {"engines": 1, "lanes": 16, "groups": 1, "row_bits": 6, "row_buffer": 8},
    {
        "engines": 4, "lanes": 4, "groups": 3, "row_bits": 5, "format": "bf16", "bandwidth": 5, "row_buffer": 4,
        "accumulator_banks": 8, "distribution_pipeline": 3, "adder_pipeline": 2,
    },
    {
        "engines": 3, "lanes": 8, "groups": 2, "row_bits": 5, "distribution_pipeline": 5, "route_engines": 2,
        "bandwidth": 8, "stationary_bandwidth": 8, "accumulator_banks": 2, "multiplier_pipeline": 0,
    },
    {"engines": 2, "lanes": 16, "groups": 2, "window": 8, "row_bits": 6, "accumulator_banks": 32},
]  # fmt: skip


def check(parameters: dict[str, Any], seeds: range) -> None:
    design, simulator = built(tuple(parameters.items()))
    compared = 0
    for seed in seeds:
        rng = np.random.default_rng(seed)
        drawn = draw(rng, design.parameters)
        given = bool(seed % 2)
        found, start = run_jobs(simulator, design.parameters, drawn, given_regor=given)
        places = [(job.plan, (job.slot, job.first, job.size)) for job, _, _ in drawn]
        expected = model.exact(design.parameters, places, given_regor=given, phase=start)
        for one, taken, each in zip(found, expected, drawn, strict=True):
            assert not one.wrong, f"seed {seed}"
            assert np.array_equal(as_bits(one.sums), golden_sums(design.parameters, each)), f"seed {seed}"
            assert (one.first - start, one.last - start) == (taken.first, taken.last), f"seed {seed}"
            assert len(one.accepted) == taken.streamed, f"seed {seed}"
            if taken.streamed:
                cycles = Cycles()
                cycles.count(one.first, one.accepted, one.last)
                assert cycles == taken.cycles, f"seed {seed}"
            compared += 1
    assert compared >= len(seeds)


def test_random_schedules() -> None:
    check(TWO, range(24))


@pytest.mark.slow
@pytest.mark.parametrize("parameters", [TWO, *OTHERS], ids=str)
def test_many_random_schedules(parameters: dict[str, Any]) -> None:
    check(parameters, range(100, 160))


@pytest.mark.slow
@pytest.mark.parametrize("parameters", [TWO, OTHERS[1]], ids=str)
def test_pauses(parameters: dict[str, Any]) -> None:
    """Streams that stall, all at random, change no result."""
    design, simulator = built(tuple(parameters.items()))
    for seed in range(40):
        drawn = draw(np.random.default_rng(seed), design.parameters)
        found, _ = run_jobs(
            simulator,
            design.parameters,
            drawn,
            given_regor=False,
            valid_gap=0.4,
            ready_gap=0.4,
            seed=seed + 1,
        )
        for one, each in zip(found, drawn, strict=True):
            assert not one.wrong
            assert np.array_equal(as_bits(one.sums), golden_sums(design.parameters, each)), f"seed {seed}"


def test_folds_and_rounds_are_golden() -> None:
    parameters = built(tuple(TWO.items()))[0].parameters
    setup = Setup.of(parameters)
    compared = 0
    for seed in range(30):
        for job, _, _ in draw(np.random.default_rng(seed), parameters):
            made = job_of(job.plan, (job.slot, job.first, job.size), setup)
            for banks in (1, 2, 4, 16):
                folds = folds_of(made.windows, setup.timing.lanes, job.size, banks)
                wanted = [
                    golden.rounds(with_rows(part, fold), setup.timing.lanes, banks).count
                    for part in (job.plan.part(window) for window in job.plan.windows.tolist())
                    for fold in part.folds
                ]
                assert [fold.rounds for fold in folds] == wanted, f"seed {seed}, {banks} banks"
                compared += len(wanted)
    assert compared > 500
