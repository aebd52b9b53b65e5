# amaranth: UnusedElaboratable=no
"""The cocotb benches of the three networks on their exported Verilog."""

import dataclasses
import shutil
from pathlib import Path

import pytest

from dotforge.export.verilog import convert
from dotforge_sim.simulator import bench

from .reduction import make

TB = Path(__file__).parents[2] / "tb"


def run(kind: str, lanes: int, sum_format: str, directory: Path, simulator: str) -> bench.BenchResult:
    block, network = make(kind, lanes, sum_format, tag_width=4)
    design = convert(block, name=kind)
    return bench.run(
        design.verilog,
        design.top,
        TB / kind,
        f"test_{kind}",
        build_dir=directory,
        simulator=simulator,
        parameters=dataclasses.asdict(network),
        seed=lanes,
    )


@pytest.mark.parametrize(
    ("kind", "lanes", "sum_format"),
    [
        *(
            pytest.param(kind, lanes, sum_format, marks=pytest.mark.slow)
            if (kind, lanes, sum_format) != ("fan", 4, "INT32")
            else (kind, lanes, sum_format)
            for kind in ("fan", "linear", "art")
            for lanes in (4, 32, 64)
            for sum_format in ("INT32", "FP32")
        ),
    ],
)
def test_verilator(kind: str, lanes: int, sum_format: str, tmp_path: Path) -> None:
    result = run(kind, lanes, sum_format, tmp_path, "verilator")
    assert (result.tests, result.failures, result.mismatches) == (3, 0, 0)
    assert result.vectors > 300


@pytest.mark.parametrize("kind", ["fan", "linear", "art"])
@pytest.mark.parametrize("sum_format", ["INT32", pytest.param("FP32", marks=pytest.mark.slow)])
def test_icarus(kind: str, sum_format: str, tmp_path: Path) -> None:
    if shutil.which("iverilog") is None:
        pytest.skip("skipped: needs iverilog")
    result = run(kind, 4, sum_format, tmp_path, "icarus")
    assert (result.tests, result.failures, result.mismatches) == (3, 0, 0)
    assert result.vectors > 300
