"""Benches on other forms of a design: what targets make of it, and registers that start with anything.

Run as ``python -m dotforge.proof.variants -o FILE [ENGINE …]``; `make variants` does so for every engine at its small
configuration. Netlists are those of :mod:`dotforge.synthesis.gates`. The Verilog without initial values runs on a
simulator of four states, with unknown inputs while valid is low, and on one of two, whose registers start with random
values, from :data:`SEEDS`. What needs a program or library that is not here is skipped, and the record says so.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

import dotforge_golden
from dotforge_sim.simulator import bench, processes
from dotforge_sim.simulator.bench import BenchFailure, BenchUnfinished
from dotforge_sim.simulator.compilation import SimulatorError
from dotforge_sim.simulator.toolchain import ToolMissing

from ..console import say
from ..export.design import Generated, from_parameters
from ..outcome import end_on_error
from ..registry import names as engines
from ..synthesis.gates import MODELLED, gates
from ..synthesis.targets import TargetError
from ..tools.files import data_directory, read_json, write_json
from ..tools.process import ToolError
from ..verify.benches import bench_directory, bench_module
from .subjects import configurations

__all__ = ["SEEDS", "VARIANTS", "Run", "main", "runs", "tried"]

#: Seeds of random starts, and of the benches on them.
SEEDS = (1, 2, 3, 4, 5)

#: Netlists by target, registers unknown, registers at random.
VARIANTS = (*MODELLED, "unknown", "random")


@dataclass(frozen=True)
class Run:
    """A bench on a form of a design: ``cells`` of a netlist, ``skipped`` says what it would need."""

    variant: str
    seed: int
    tests: int = 0
    vectors: int = 0
    cells: int = 0
    failure: str = ""
    skipped: str = ""

    @property
    def told(self) -> str:
        """Return what came of it, in a few words."""
        found = self.failure or self.skipped or f"{self.tests} tests, {self.vectors} vectors"
        return f"{self.variant}, seed {self.seed}: {found}"


def runs(
    engine: str,
    parameters: dict[str, Any],
    variants: Sequence[str] = VARIANTS,
    *,
    seeds: Sequence[int] = SEEDS,
    only: str = "",
    timeout: float = 3600,
) -> Iterator[Run]:
    """Run the bench of an engine on forms of it; yields what came of each.

    Parameters
    ----------
    engine, parameters : what is generated
    variants : of :data:`VARIANTS`
    seeds : of random starts; all else has the first of them
    only : pattern of names of tests (default: all of them)
    timeout : seconds of each run
    """
    whole = from_parameters(engine, parameters)
    for variant in variants:
        try:
            if variant in MODELLED:
                made = gates(whole, variant)
                design, cells = Generated(made.verilog, whole.manifest), sum(made.cells.values())
            else:
                design, cells = from_parameters(engine, {**parameters, "initial_values": False}), 0
            for seed in seeds if variant == "random" else seeds[:1]:
                yield tried(design, variant, seed, cells=cells, only=only, timeout=timeout)
        except (TargetError, ToolMissing) as missing:
            yield Run(variant, seeds[0], skipped=str(missing))
        except (SimulatorError, ToolError) as error:
            yield Run(variant, seeds[0], failure=str(error))


def tried(
    design: Generated, variant: str, seed: int, *, cells: int = 0, only: str = "", timeout: float = 3600
) -> Run:
    """Run the bench once.

    Parameters
    ----------
    design : what is simulated, with the manifest of its engine
    variant : of :data:`VARIANTS`: how registers start
    seed : of the bench, and of registers that start at random
    cells : of a netlist
    only : pattern of names of tests (default: all of them)
    timeout : seconds

    Raises
    ------
    ToolMissing
        There is no such simulator here.
    """
    environment = {"DOTFORGE_BENCH_UNKNOWN": "1"} if variant == "unknown" else {}
    environment |= {"COCOTB_TEST_FILTER": only} if only else {}
    with processes.scratch() as directory:
        write_json(directory / "manifest.json", design.manifest)
        try:
            found = bench.run(
                design.verilog,
                design.top,
                bench_directory(design.engine),
                bench_module(design.manifest),
                build_dir=directory / "run",
                simulator="icarus" if variant == "unknown" else "verilator",
                manifest=directory / "manifest.json",
                python_path=[data_directory("tb") / "support", Path(dotforge_golden.__file__).parent.parent],
                env=environment,
                seed=seed,
                timeout_seconds=timeout,
                random_start=variant == "random",
            )
        except BenchUnfinished as unfinished:
            return Run(variant, seed, cells=cells, failure=f"unfinished: {unfinished}")
        except BenchFailure as failure:
            return Run(variant, seed, cells=cells, failure=str(failure))
    return Run(variant, seed, found.tests, found.vectors, cells)


def _record(path: Path) -> list[dict[str, Any]]:
    return read_json(path) if path.is_file() else []


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="file of the record")
@click.option("--variant", "variants", type=click.Choice(VARIANTS), multiple=True, help="(default: all)")
@click.argument("names", nargs=-1, metavar="[ENGINE]…")
def main(output: Path, variants: tuple[str, ...], names: tuple[str, ...]) -> int:
    """Run the benches of engines of that name, or of all, on forms of them; ends with 1 where one fails.

    What the file holds of the same Verilog is not run again.
    """
    for name in names:
        if name not in engines():
            raise click.UsageError(f"engine {name}: allowed are {', '.join(engines())}")
    failed = False
    for engine in names or engines():
        parameters = configurations(engine)[engine]
        facts = from_parameters(engine, parameters).manifest
        head = {"engine": engine, "verilog_sha256": facts["verilog_sha256"]}
        for variant in variants or VARIANTS:
            key = {**head, "variant": variant}
            known = [each for each in _record(output) if {**each, **key} == each]
            if known and not any(run["failure"] or run["skipped"] for each in known for run in each["runs"]):
                continue
            found = []
            for run in runs(engine, parameters, [variant]):
                say(f"{engine}: {run.told}")
                found.append(vars(run))
                failed |= bool(run.failure)
            others = [
                each for each in _record(output) if (each["engine"], each["variant"]) != (engine, variant)
            ]
            write_json(output, [*others, {**key, "parameters": parameters, "runs": found}])
    return int(failed)


if __name__ == "__main__":
    sys.exit(end_on_error(main))
