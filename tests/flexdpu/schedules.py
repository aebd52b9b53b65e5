"""Random jobs on the RTL of the Flex-DPU."""

from functools import cache
from typing import Any

import numpy as np

from dotforge.export.design import from_parameters
from dotforge_golden import flexdpe as parts
from dotforge_golden import flexdpu as golden
from dotforge_golden.formats import lookup
from dotforge_sim.models.flexdpe_plan import Plan, Side
from dotforge_sim.models.flexdpu_shape import Shape
from dotforge_sim.run.flexdpu_jobs import Job, Returned, inputs, result_beats, returned
from dotforge_sim.run.gemm import Design
from dotforge_sim.simulator.streams import Simulator

__all__ = ["Ran", "built", "draw", "golden_sums", "run_jobs"]

#: What a job is made of: itself, and its operands.
Drawn = tuple[Job, np.ndarray, np.ndarray]
Ran = tuple[list[Returned], int]


@cache
def built(parameters: tuple[tuple[str, Any], ...]) -> tuple[Design, Simulator]:
    """Return an engine and its simulator."""
    made = from_parameters("flexdpu", dict(parameters))
    return Design(made.verilog, made.manifest), Simulator(made.verilog, made.manifest)


def matrix(rng: np.random.Generator, shape: tuple[int, int], format: str, density: float) -> np.ndarray:
    """Return values of a format, or its codes, with so many zeros."""
    if format.startswith("int"):
        half = 1 << int(format[3:]) - 1
        values = rng.integers(-half, half, shape)
    else:
        values = lookup(format.upper()).encode(rng.normal(size=shape) * 2.0 ** rng.integers(-8, 9, shape))
    return np.where(rng.random(shape) < density, values, 0)


def draw(
    rng: np.random.Generator, parameters: dict[str, Any], *, most_jobs: int = 3, largest: int = 25
) -> list[Drawn]:
    """Return one to three jobs that have anything to multiply: any slot, group, shape and sparsity."""
    shape = Shape.of(parameters)
    found: list[Drawn] = []
    while not found:
        for tag in range(int(rng.integers(1, most_jobs + 1))):
            size = int(rng.integers(1, shape.engines + 1))
            rows, k, vectors = (int(each) for each in rng.integers(1, largest, 3))
            rows = min(rows, shape.most_rows)
            vectors = min(vectors, shape.depth // -(-rows // shape.banks))
            both = [
                matrix(rng, (count, k), parameters["format"], rng.uniform(0.02, 1))
                for count in (rows, vectors)
            ]
            arithmetic = parts.Arithmetic(parameters["format"], parameters["flush_subnormals"])
            sides = [_side(each, arithmetic, shape.window) for each in both]
            plan = Plan(sides[0], sides[1], arithmetic, shape.lanes * size, shape.window, shape.bandwidth)
            first = int(rng.integers(shape.engines - size + 1))
            job = Job(plan, int(rng.integers(shape.slots)), first, size, 256 * tag + 7)
            if len(plan.windows):
                found.append((job, both[0], both[1]))
    return found


def _side(values: np.ndarray, arithmetic: parts.Arithmetic, window: int) -> Side:
    rows, inner = np.nonzero(arithmetic.nonzero(values))
    return Side.of(len(values), rows, inner, values[rows, inner], window)


def golden_sums(parameters: dict[str, Any], drawn: Drawn) -> np.ndarray:
    """Return what golden gives for a job, floating point as bits."""
    job, rows, vectors = drawn
    shape = Shape.of(parameters)
    found = golden.product(
        rows,
        vectors,
        lanes=shape.lanes,
        window=shape.window,
        engines=job.size,
        arithmetic=job.plan.arithmetic,
        accumulator_bits=32,
    )
    return found.view(np.uint32) if found.dtype == np.float32 else found


def run_jobs(
    simulator: Simulator, parameters: dict[str, Any], drawn: list[Drawn], *, given_regor: bool, **options: Any
) -> Ran:
    """Return what came for each job, and the cycle in which the first one was taken."""
    jobs = [job for job, _, _ in drawn]
    outputs = simulator.run(
        inputs(simulator, parameters, jobs, given_regor=given_regor),
        expect=result_beats(jobs, Shape.of(parameters).banks),
        idle_limit=3000,
        **options,
    )
    assert not any(outputs.ports[f"error_{slot}"] for slot in range(Shape.of(parameters).slots))
    start = min(int(outputs.accepted[f"jobs_{job.slot}"][0]) for job in jobs)
    return returned(simulator, outputs, jobs), start


def as_bits(sums: np.ndarray) -> np.ndarray:
    """Return floating-point sums as bits."""
    return sums.view(np.uint32) if sums.dtype == np.float32 else sums
