"""Golden vectors of Flex-DPEs whose pauses decide which sums share a beat: what is promised is compared."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dotforge.delivery.verilog_bench import verilog_bench
from dotforge.export.design import Generated, from_parameters
from dotforge.tools.files import data_directory
from dotforge.verify.recording import record
from dotforge.verify.vectors import vectors
from dotforge_sim.simulator import bench
from dotforge_sim.simulator.bench import BenchFailure

from ..configurations import small

REGROUPS = [
    {"reduction": "linear"},
    pytest.param({"reduction": "art"}, marks=pytest.mark.slow),
    pytest.param({"fold_change": "drain"}, marks=pytest.mark.slow),
]


def made(parameters: dict[str, Any]) -> tuple[Generated, dict[str, Any]]:
    generated = from_parameters("flexdpe", {**small("flexdpe"), "initial_values": False, **parameters})
    assert [stream["name"] for stream in generated.manifest["streams"] if stream.get("regroups")] == ["sums"]
    return generated, vectors(generated, record(generated))


def replayed(generated: Generated, golden: dict[str, Any], directory: Path) -> int:
    """Run the bench of golden vectors, which is what `make vectors` does; return how much it compared."""
    (directory / "manifest.json").write_text(json.dumps(generated.manifest))
    (directory / "vectors.json").write_text(json.dumps(golden))
    return bench.run(
        generated.verilog,
        generated.top,
        data_directory("tb") / "vectors",
        "test_vectors",
        build_dir=directory / "build",
        simulator="icarus",
        manifest=directory / "manifest.json",
        env={"DOTFORGE_VECTORS": str(directory / "vectors.json")},
    ).vectors


def simulated(generated: Generated, golden: dict[str, Any], directory: Path, *more: str) -> str:
    """Run the Verilog test bench; return what it printed."""
    (directory / "design.v").write_text(generated.verilog)
    (directory / "bench.v").write_text(verilog_bench(generated, golden))
    build = ["iverilog", "-g2012", "-o", "bench.vvp", "design.v", "bench.v"]
    subprocess.run(build, cwd=directory, check=True, capture_output=True)
    run = ["vvp", "-n", "bench.vvp", *more]
    done = subprocess.run(run, cwd=directory, capture_output=True, text=True, check=False, timeout=600)
    return done.stdout + done.stderr


def spoiled(golden: dict[str, Any], bit: int) -> dict[str, Any]:
    """Return golden vectors with a bit of a sum turned where the first slot holds one."""
    wrong = json.loads(json.dumps(golden))
    beat = next(beat for beat in wrong["outputs"]["sums"] if int(beat[2], 16) >> bit & 1)
    beat[0] = f"{int(beat[0], 16) ^ 1 << bit:x}"
    return wrong


@pytest.mark.usefixtures("icarus")
@pytest.mark.parametrize("parameters", REGROUPS, ids=str)
def test_golden_vectors_under_pauses(parameters: dict[str, Any], tmp_path: Path) -> None:
    generated, golden = made(parameters)
    beats = len(golden["outputs"]["sums"])
    assert replayed(generated, golden, tmp_path) >= 4 * beats
    shutil.rmtree(tmp_path / "build")
    with pytest.raises(BenchFailure, match=r"sums, valid\[0\], item"):
        replayed(generated, spoiled(golden, 0), tmp_path)


@pytest.mark.usefixtures("icarus")
@pytest.mark.parametrize("parameters", REGROUPS, ids=str)
def test_verilog_bench_under_pauses(parameters: dict[str, Any], tmp_path: Path) -> None:
    generated, golden = made(parameters)
    for arguments in ((), ("+pauses",)):
        said = simulated(generated, golden, tmp_path, *arguments)
        assert re.search(r"PASS flexdpe: \d+ beats compared", said), said[-500:]
    assert "valid_0: item" in simulated(generated, spoiled(golden, 0), tmp_path, "+pauses")
    early = json.loads(json.dumps(golden))
    first = next(beat for beat in early["outputs"]["sums"] if beat[1])
    first[1] = 0
    assert "FATAL" in simulated(generated, early, tmp_path)
