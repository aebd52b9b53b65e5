"""Figures of the Flex-DPU: cycles beside the paper's model, products on the RTL, area beside Flex-DPEs, time to write.

python -m dotforge.figures.flexdpu DIR [--only efficiency]
"""

import time
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from dotforge_golden import flexdpe as golden
from dotforge_sim.models import exact, nothing_stationary
from dotforge_sim.models import flexdpu as model
from dotforge_sim.models.flexdpe_plan import Plan, Side
from dotforge_sim.models.flexdpu_job import Setup
from dotforge_sim.models.operands import of_gemm
from dotforge_sim.models.paper import Sigma
from dotforge_sim.models.workloads import Gemm, paper_workloads
from dotforge_sim.run.flexdpu_jobs import Job, inputs, result_beats, returned
from dotforge_sim.simulator.streams import Simulator

from ..export.design import from_parameters
from ..pictures import markdown
from ..registry import configure
from .flexdpe_rtl import generation, generation_table
from .flexdpu_area import area_table, areas
from .parts import Part, PartedFigure, Progress, Rows

__all__ = ["FIGURE", "collect", "main", "table", "write"]

#: The configuration of the figures, the paper's machine, and the one that runs on the RTL.
LARGE_NAME = "engines=4, lanes=32, groups=1, accumulator_words=65536"
LARGE: dict[str, Any] = {"engines": 4, "lanes": 32, "groups": 1, "accumulator_words": 65536}
PAPERS: dict[str, Any] = {
    "engines": 128,
    "lanes": 128,
    "groups": 1,
    "row_bits": 12,
    "accumulator_banks": 1024,
    "accumulator_words": 1 << 24,
    "stationary_bandwidth": 128,
}
SMALLER: dict[str, Any] = {"engines": 4, "lanes": 16, "groups": 2, "accumulator_words": 16384}


def _bits(rng: np.random.Generator, shape: tuple[int, int], sparsity: int) -> np.ndarray:
    size = shape[0] * shape[1]
    return rng.permutation(size).reshape(shape) >= round(size * sparsity / 100)


def _parameters(chosen: dict[str, Any]) -> dict[str, Any]:
    _, config = configure("flexdpu", chosen)
    return {name: getattr(config, name) for name in type(config).__dataclass_fields__}


def efficiency(progress: Progress) -> Rows:
    """Count 256³ with A 80 % and B 30 % sparse, A stationary, beside the paper's model at the same bandwidth."""
    rng = np.random.default_rng(1)
    a, b = _bits(rng, (256, 256), 80), _bits(rng, (256, 256), 30)
    macs = int(a.sum(axis=0) @ b.sum(axis=1))
    gemm = of_gemm(Gemm("", 256, 256, 256, Fraction(2, 10), Fraction(7, 10)))
    found = []
    for bandwidth, given in ((0, False), (0, True), (32, False), (32, True)):
        parameters = _parameters({**LARGE, "bandwidth": bandwidth, "stationary_bandwidth": 32})
        progress(f"efficiency, bandwidth={bandwidth}, REGOR {'given' if given else 'in hardware'}")
        plan = Plan(Side.of_bits(a, 32), Side.of_bits(b.T, 32), golden.Arithmetic(), 128, 32, 32)
        (taken,) = model.exact(parameters, [(plan, (0, 0, 4))], given_regor=given)
        paper = Sigma(multipliers=128, bandwidth=32, streaming="limited").count(gemm, "a").total
        found.append(
            {
                "bandwidth": Setup.of(parameters).elements,
                "given_regor": given,
                "folds": plan.folds,
                "cycles": taken.cycles.total,
                "stalls": taken.stalls,
                "efficiency": macs / (taken.cycles.total * 128),
                "paper": paper,
                "share": paper / taken.cycles.total,
            }
        )
    return found


def rtl(progress: Progress) -> Rows:
    """Run products on the RTL: one on all Flex-DPEs, and two on half of them each, alone and side by side."""
    progress("rtl")
    made = from_parameters("flexdpu", SMALLER)
    simulator = Simulator(made.verilog, made.manifest)
    rng = np.random.default_rng(1)
    whole = _job(rng, 128, 50, 0, 0, 4)
    left, right = _job(rng, 128, 50, 0, 0, 2), _job(rng, 112, 50, 1, 2, 2)
    found = []
    for name, jobs in (("one", [whole]), ("left", [left]), ("right", [right]), ("both", [left, right])):
        progress(f"rtl, {name}")
        started = time.monotonic()
        outputs = simulator.run(
            inputs(simulator, made.manifest["parameters"], jobs, given_regor=False),
            expect=result_beats(jobs, 16),
        )
        expected = model.exact(
            made.manifest["parameters"], [(job.plan, (job.slot, job.first, job.size)) for job in jobs]
        )
        for job, one, taken in zip(jobs, returned(simulator, outputs, jobs), expected, strict=True):
            gaps = np.diff(one.accepted) - 1
            found.append(
                {
                    "run": name,
                    "group": [job.first, job.size],
                    "folds": job.plan.folds,
                    "cycles": one.last - one.first + 1,
                    "model": taken.cycles.total,
                    "wrong": int(np.count_nonzero(one.sums != _product(job))) + one.wrong,
                    "idle": int(gaps.sum()),
                    "cycles_per_second": outputs.cycles / outputs.seconds,
                    "seconds": time.monotonic() - started,
                    "sha256": made.manifest["verilog_sha256"],
                }
            )
    return found


def _job(rng: np.random.Generator, side: int, sparsity: int, slot: int, first: int, size: int) -> Job:
    sides = []
    for share in (sparsity, 30):
        bits = _bits(rng, (side, side), share)
        rows, inner = np.nonzero(bits)
        values = rng.integers(1, 128, len(rows)) * rng.choice([-1, 1], len(rows))
        sides.append(Side.of(side, rows, inner, values, 16))
    plan = Plan(sides[0], sides[1], golden.Arithmetic(), 16 * size, 16, 4)
    return Job(plan, slot, first, size, slot + 1)


def _product(job: Job) -> np.ndarray:
    found = []
    for side in (job.plan.rows, job.plan.vectors):
        windows = np.repeat(side.windows, np.diff(side.starts))
        dense = np.zeros((side.count, 128), np.int64)
        dense[side.rows, windows * 16 + side.positions] = side.values
        found.append(dense)
    return found[0] @ found[1].T


def dataflows(progress: Progress) -> Rows:
    """Count the paper's products, 80 and 30 % sparse, with one operand stationary and with none."""
    progress("dataflows")
    parameters = _parameters(PAPERS)
    found = []
    for gemm in paper_workloads():
        product = of_gemm(replace(gemm, density_a=Fraction(2, 10), density_b=Fraction(7, 10)))
        held = exact.exact("flexdpu", parameters, product)
        streamed = nothing_stationary.count(product, 128 * 128)
        vectors = product.n if held.stationary == "a" else product.m
        density = Fraction(7, 10) if held.stationary == "a" else Fraction(2, 10)
        elements = held.held + held.folds * vectors * 128 * density
        found.append(
            {
                "name": f"{gemm.m}-{gemm.n}-{gemm.k}",
                "stationary": held.stationary,
                "cycles": held.total,
                "elements": float(elements / held.total),
                "streamed": streamed.total,
                "streamed_elements": nothing_stationary.bandwidth(128 * 128),
            }
        )
    return found


def _efficiency_table(rows: Rows) -> list[str]:
    head = ["elements a cycle", "REGOR", "folds", "cycles", "efficiency", "paper's model, cycles", "ratio"]
    body = [
        [
            f"{row['bandwidth']:,}" if row["bandwidth"] else "not limited",
            "given" if row["given_regor"] else "in hardware",
            f"{row['folds']:,}",
            f"{row['cycles']:,}",
            f"{row['efficiency']:.3f}",
            f"{row['paper']:,}",
            f"{row['share']:.3f}",
        ]
        for row in rows
    ]
    title = "256³, A 80 % and B 30 % sparse, A stationary, four Flex-DPEs of 32 lanes, routing in hardware:"
    return [title, "", *markdown.table(head, body)]


def _rtl_table(rows: Rows) -> list[str]:
    head = ["run", "Flex-DPEs", "folds", "cycles", "of the model", "wrong", "idle", "cycles a CPU second"]
    body = [
        [
            row["run"],
            f"{row['group'][0]}…{sum(row['group']) - 1}",
            f"{row['folds']:,}",
            f"{row['cycles']:,}",
            f"{row['model']:,}",
            f"{row['wrong']:,}",
            f"{row['idle']:,}",
            f"{row['cycles_per_second']:,.0f}",
        ]
        for row in rows
    ]
    title = (
        "A 50 % and B 30 % sparse on the RTL of four Flex-DPEs of 16 lanes, bandwidth not limited (40 elements a cycle "
        "for two jobs); idle: cycles without a vector from the first one to the last:"
    )
    return [title, "", *markdown.table(head, body)]


def _dataflow_table(rows: Rows) -> list[str]:
    head = [
        "M-N-K",
        "stationary",
        "cycles",
        "elements a cycle",
        "nothing stationary, cycles",
        "elements a cycle",
    ]
    body = [
        [
            row["name"],
            row["stationary"].upper(),
            f"{row['cycles']:,}",
            f"{row['elements']:,.0f}",
            f"{row['streamed']:,}",
            f"{row['streamed_elements']:,}",
        ]
        for row in rows
    ]
    title = "The paper's products, A 80 % and B 30 % sparse, 128 Flex-DPEs of 128 lanes, the better operand stationary:"
    return [title, "", *markdown.table(head, body)]


FIGURE = PartedFigure(
    "flexdpu",
    {
        "efficiency": Part(efficiency, _efficiency_table),
        "rtl": Part(rtl, _rtl_table),
        "areas": Part(areas, area_table),
        "generation": Part(
            lambda progress: generation(progress, "flexdpu", {LARGE_NAME: LARGE}),
            generation_table,
        ),
        "dataflows": Part(dataflows, _dataflow_table),
    },
)
collect, table, write = FIGURE.collect, FIGURE.table, FIGURE.write
main = FIGURE.command()

if __name__ == "__main__":
    main()
