"""Random schedules on the RTL: every result is golden's, and every cycle the model's."""

import time
from typing import Any

import numpy as np
import pytest
import scipy.sparse

from dotforge_golden import flexdpe as parts
from dotforge_golden import flexdpu as golden
from dotforge_sim.models import flexdpu as model
from dotforge_sim.models import flexdpu_estimate
from dotforge_sim.models.cycles import Cycles
from dotforge_sim.models.flexdpe_plan import Plan, Side
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


PAPER = [
    (128, 2048, 4096), (320, 3072, 4096), (1632, 36548, 1024), (2048, 4096, 32), (1024, 16, 500000),
    (35, 8457, 2560), (31999, 1024, 84), (84, 1024, 4096), (2048, 1, 128), (256, 256, 2048),
]  # fmt: skip


def test_estimate() -> None:
    """Within 3 % of the exact count of other matrices with these densities, where sums do not wait for banks."""
    parameters = dict(built(tuple(TWO.items()))[0].parameters)
    parameters |= {"lanes": 16, "groups": 1, "row_bits": 8, "accumulator_words": 1 << 20, "row_buffer": 32}
    rng = np.random.default_rng(2)
    for number in range(4):
        rows, k, vectors = (int(each) for each in rng.integers(60, 200, 3))
        densities = rng.uniform(0.6, 1), rng.uniform(0.05, 1)
        bits = [rng.random((count, k)) < each for count, each in zip((rows, vectors), densities, strict=True)]
        plan = Plan(Side.of_bits(bits[0], 16), Side.of_bits(bits[1], 16), parts.Arithmetic(), 64, 16, 4)
        (taken,) = model.exact(parameters, [(plan, (0, 0, 4))])
        measured = float(bits[0].mean()), float(bits[1].mean())
        guess = flexdpu_estimate.of_densities(parameters, (rows, k, vectors), measured, seed=number)
        assert guess.cycles.total == pytest.approx(taken.cycles.total, rel=0.03)
        sparse = [scipy.sparse.csc_array(each) for each in bits]
        counted = flexdpu_estimate.of_matrices(parameters, *sparse)
        assert counted.folds == plan.folds
        assert counted.cycles.total == pytest.approx(taken.cycles.total, rel=0.03)


def test_estimate_of_the_papers_workloads() -> None:
    """128 Flex-DPEs of 128 lanes, in no time."""
    parameters = built(tuple(TWO.items()))[0].parameters | {
        "engines": 128, "lanes": 128, "groups": 1, "row_bits": 12, "accumulator_banks": 1024,
        "accumulator_words": 1 << 24, "stationary_bandwidth": 128,
    }  # fmt: skip
    for m, n, k in PAPER:
        started = time.process_time()
        found = flexdpu_estimate.of_densities(parameters, (m, k, n), (0.2, 0.7), seed=1)
        assert time.process_time() - started < 2
        assert found.folds >= 0.19 * (1 - 0.3**n) * 0.9 * m * k / 128**2
        assert found.cycles.streaming >= found.folds * min(n, 1000) // 2
