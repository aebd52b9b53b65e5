"""Benches of the Flex-DPU on Icarus, which is built in a moment, and parts of them."""

from pathlib import Path

import dotforge_golden
from dotforge.export.design import Generated
from dotforge.tools.files import write_json
from dotforge.verify.benches import bench_module
from dotforge_sim.simulator import bench

__all__ = ["on_icarus"]

TB = Path(__file__).parents[2] / "tb"


def on_icarus(
    made: Generated,
    directory: Path,
    *,
    tests: str = "",
    client: str = "",
    golden: Path | None = None,
    seed: int = 1,
) -> bench.BenchResult:
    """Run the bench.

    Parameters
    ----------
    made : a Flex-DPU
    directory : where files go
    tests : a pattern of names of tests; none for all
    client : that drives packets and registers, ``cocotbext`` or ours
    golden : directory of another golden model
    seed : of all random numbers
    """
    directory.mkdir(exist_ok=True)
    manifest = directory / "manifest.json"
    write_json(manifest, made.manifest)
    return bench.run(
        made.verilog,
        made.top,
        TB / "flexdpu",
        bench_module(made.manifest),
        build_dir=directory,
        simulator="icarus",
        manifest=manifest,
        python_path=[TB / "support", (golden or Path(dotforge_golden.__file__).parent).parent],
        env={"COCOTB_TEST_FILTER": tests, "DOTFORGE_BENCH_CLIENT": client},
        seed=seed,
    )
