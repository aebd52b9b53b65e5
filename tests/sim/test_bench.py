"""Running cocotb benches: results are believed only where something was proved."""

import json
import shutil
from pathlib import Path

import pytest

from dotforge_sim.simulator import bench
from dotforge_sim.simulator.native import SimulatorError

from . import designs

HERE = Path(__file__).parent
SUPPORT = HERE.parents[1] / "tb" / "support"


@pytest.fixture(params=bench.SIMULATORS)
def simulator(request):
    if request.param == "icarus" and shutil.which("iverilog") is None:
        pytest.skip("skipped: needs iverilog")
    return request.param


def run(verilog, directory, only="sums_match", *, simulator="verilator", **more):
    directory.mkdir(exist_ok=True)
    (directory / "manifest.json").write_text(json.dumps(designs.manifest()))
    return bench.run(
        verilog,
        "adder",
        HERE / "bench",
        "adder_bench",
        build_dir=directory,
        simulator=simulator,
        parameters={"count": 300},
        manifest=directory / "manifest.json",
        env={"COCOTB_TEST_FILTER": only},
        python_path=[SUPPORT],
        **more,
    )


def test_passes(simulator, tmp_path):
    result = run(designs.adder(), tmp_path / "build", simulator=simulator, results_xml=tmp_path / "junit.xml")
    assert (result.tests, result.failures, result.vectors, result.mismatches) == (1, 0, 300, 0)
    assert (tmp_path / "junit.xml").read_text() == result.results_xml.read_text()
    assert simulator in result.simulator.lower()


@pytest.mark.parametrize("name", designs.mutations())
def test_mutations_fail(name, simulator, tmp_path):
    with pytest.raises(bench.BenchFailure) as failure:
        run(designs.mutations()[name], tmp_path, simulator=simulator, timeout_seconds=60)
    print(name, failure.value)


@pytest.mark.parametrize(
    ("only", "message"),
    [
        ("counts_nothing", "no vector was compared"),
        ("always_fails", "always_fails failed: .*on purpose"),
        ("no_such_test", "no test ran|left no result"),
    ],
)
def test_proves_nothing(only, message, simulator, tmp_path):
    with pytest.raises(bench.BenchFailure, match=message):
        run(designs.adder(), tmp_path, only, simulator=simulator)


def test_skipped_is_not_passed(simulator, tmp_path):
    with pytest.raises(bench.BenchFailure, match="no test ran") as failure:
        bench.run(
            designs.adder(), "adder", HERE / "bench", "skipped_bench", build_dir=tmp_path, simulator=simulator
        )
    assert failure.value.result is not None
    assert failure.value.result.skipped == 1


def test_a_simulator_that_dies(simulator, tmp_path):
    with pytest.raises(bench.BenchUnfinished, match="the simulator was killed by SIGKILL"):
        run(designs.adder(), tmp_path, "dies", simulator=simulator)


def test_nothing_of_a_former_run_survives(tmp_path):
    run(designs.adder(), tmp_path)
    with pytest.raises(SimulatorError):
        run("module adder(", tmp_path)
    assert not (tmp_path / "results.xml").exists()
    assert not (tmp_path / "vectors.json").exists()


def test_hang_ends(tmp_path):
    with pytest.raises(bench.BenchUnfinished, match="did not end within 3 s; its log is"):
        run(designs.adder(), tmp_path, "never_ends", timeout_seconds=3)


def test_spaces_in_every_path(simulator, tmp_path):
    build = tmp_path / "a b" / "c d"
    build.mkdir(parents=True)
    (build / "manifest.json").write_text(json.dumps(designs.manifest()))
    shutil.copytree(HERE / "bench", tmp_path / "my benches" / "adder")
    shutil.copytree(SUPPORT, tmp_path / "my benches" / "support")
    result = bench.run(
        designs.adder(),
        "adder",
        tmp_path / "my benches" / "adder",
        "adder_bench",
        build_dir=build,
        simulator=simulator,
        parameters={"count": 50},
        manifest=build / "manifest.json",
        env={"COCOTB_TEST_FILTER": "sums_match"},
    )
    assert result.vectors == 50


def test_waves(simulator, tmp_path):
    run(designs.adder(), tmp_path, simulator=simulator, waves=True)
    assert any(tmp_path.glob("*.vcd")) or any(tmp_path.glob("*.fst"))


def test_wrong_arguments(tmp_path):
    with pytest.raises(ValueError, match="simulator: 'vcs' is not one of verilator, icarus"):
        run(designs.adder(), tmp_path, simulator="vcs")
    with pytest.raises(FileNotFoundError, match=r"there is no bench .*no_bench\.py"):
        bench.run("", "adder", HERE / "bench", "no_bench", build_dir=tmp_path)
