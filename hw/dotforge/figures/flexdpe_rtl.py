"""What of a Flex-DPE's figures is measured on its Verilog: time to write it, and products that run on it."""

import resource
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from dotforge_sim.models import flexdpe as flexdpe_model
from dotforge_sim.run import flexdpe
from dotforge_sim.run.gemm import Design, RunResult
from dotforge_sim.simulator.streams import Simulator

from ..engines.flexdpe.presets import PUBLISHED
from ..export.comments import code
from ..export.design import Generated, from_parameters
from ..pictures import markdown
from .parts import Progress, Rows

__all__ = [
    "generation",
    "generation_table",
    "interval",
    "interval_line",
    "random_bits",
    "rtl",
    "rtl_table",
]


def random_bits(rng: np.random.Generator, shape: tuple[int, int], sparsity: int) -> np.ndarray:
    """Return a bitmap with that percentage of zeros, exactly.

    Parameters
    ----------
    rng : generator of random numbers
    shape : rows and columns
    sparsity : percent of zeros, 0…100
    """
    size = shape[0] * shape[1]
    return (rng.permutation(size).reshape(shape) >= round(size * sparsity / 100)).astype(bool)


def _seconds() -> tuple[float, float]:
    """Return CPU seconds, those of tools that were run included, and wall seconds."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used), time.monotonic()


def _timed(work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    before = _seconds()
    found = work()
    cpu, wall = (after - start for after, start in zip(_seconds(), before, strict=True))
    return found, {"cpu_seconds": cpu, "wall_seconds": wall}


def generation(progress: Progress, engine: str, designs: Mapping[str, dict[str, Any]]) -> Rows:
    """Measure the time that Verilog takes, nothing kept from before.

    Parameters
    ----------
    progress : takes a line for each design
    engine : its name
    designs : parameters by name
    """
    rows = []
    for name, parameters in designs.items():
        progress(f"Verilog of {name}")
        made, seconds = _timed(lambda p=parameters: from_parameters(engine, p))
        rows.append(
            {
                "name": name,
                "sha256": made.manifest["verilog_sha256"],
                "characters": len(code(made.verilog)),
                **seconds,
            }
        )
    return rows


def _run(made: Generated, a: np.ndarray, b: np.ndarray, regor: str = "hardware") -> RunResult:
    options = flexdpe.Options(stationary="a", regor=regor)
    return flexdpe.run(Design(made.verilog, made.manifest), a, b, options, lambda *_: None)


def interval(progress: Progress) -> dict[str, Any]:
    """Measure the initiation interval on the RTL: 1000 vectors, 10 folds."""
    progress("initiation interval")
    made = from_parameters("flexdpe", PUBLISHED["int8-16"])
    lanes = PUBLISHED["int8-16"]["lanes"]
    rng = np.random.default_rng(5)
    a, b = rng.integers(1, 100, (10, lanes)), rng.integers(1, 100, (lanes, 1000))
    found = _run(made, a, b).statistics
    between = found["cycles"]["total"] - found["cycles"]["add"]
    first = flexdpe_model.exact(made.manifest["parameters"], a[:1] != 0, b.T != 0)[0]
    return {
        "sha256": made.manifest["verilog_sha256"],
        "vectors": found["folds"] * 1000,
        "folds": found["folds"],
        "mismatches": found["mismatches"],
        "interval": (between - first.loading) / (found["folds"] * 1000),
    }


def rtl(progress: Progress) -> Rows:
    """Run 128³ on the RTL of 128 lanes, A 80 % sparse: cycles beside the model's, and how fast that runs."""
    size = PUBLISHED["int8-128"]["lanes"]
    rng = np.random.default_rng(5)
    a, b = (
        rng.integers(1, 128, (size, size))
        * rng.choice([-1, 1], (size, size))
        * random_bits(rng, (size, size), zeros)
        for zeros in (80, 0)
    )
    useful = int(((a != 0).astype(int) @ (b != 0).astype(int)).sum())
    rows = []
    for name, given in (("all in hardware", False), ("routes and REGOR given", True)):
        progress(f"RTL of int8-128, {name}")
        made = from_parameters("flexdpe", PUBLISHED["int8-128"] | {"host_routes": given})
        _, compiled = _timed(lambda made=made: Simulator(made.verilog, made.manifest))
        run = _run(made, a, b, "given" if given else "hardware")
        found = run.statistics
        model = flexdpe_model.exact(made.manifest["parameters"], a != 0, b.T != 0, given_regor=given)[0]
        simulated = found["simulation"]
        rows.append(
            {
                "name": name,
                "sha256": made.manifest["verilog_sha256"],
                "folds": found["folds"],
                "cycles": found["cycles"]["total"],
                "model": model.total,
                "efficiency": useful / (found["cycles"]["total"] * size),
                "wrong": int(np.count_nonzero(run.c != a @ b)) + found["mismatches"],
                "compile_seconds": compiled["cpu_seconds"],
                "simulated_cycles": simulated["cycles"],
                "cycles_per_second": simulated["cycles"] / simulated["cpu_seconds"],
            }
        )
    return rows


def generation_table(rows: Rows) -> list[str]:
    """Return the lines of a Markdown table."""
    return [
        "Time to write Verilog, in CPU seconds (those of Yosys included) and on the clock:",
        "",
        *markdown.table(
            ["configuration", "CPU s", "wall s", "characters", "sha256"],
            [
                [
                    row["name"],
                    f"{row['cpu_seconds']:.1f}",
                    f"{row['wall_seconds']:.1f}",
                    f"{row['characters']:,}",
                    row["sha256"][:12],
                ]
                for row in rows
            ],
            align="lrrrl",
        ),
    ]


def interval_line(found: dict[str, Any]) -> list[str]:
    """Return a sentence."""
    return [
        f"Initiation interval on the RTL of `int8-16`, {found['vectors']:,} vectors in {found['folds']} folds: "
        f"{found['interval']:.2f} cycles a vector, {found['mismatches']} mismatches "
        f"(Verilog sha256 {found['sha256'][:16]}…)."
    ]


def rtl_table(rows: Rows) -> list[str]:
    """Return the lines of a Markdown table."""
    head = [
        *("", "folds", "cycles", "of the model", "efficiency", "wrong results"),
        *("cycles a CPU second", "to compile, CPU s", "sha256"),
    ]
    return [
        "128³ on the RTL of `int8-128`, A 80 % sparse and stationary, B dense:",
        "",
        *markdown.table(
            head,
            [
                [
                    row["name"],
                    row["folds"],
                    f"{row['cycles']:,}",
                    f"{row['model']:,}",
                    f"{row['efficiency']:.3f}",
                    row["wrong"],
                    f"{row['cycles_per_second']:,.0f}",
                    f"{row['compile_seconds']:.0f}",
                    row["sha256"][:12],
                ]
                for row in rows
            ],
            align="lrrrrrrrl",
        ),
    ]
