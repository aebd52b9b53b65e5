"""Every bench, and the compiled runner, fail on every engine whose outputs break a rule of streams."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dotforge_golden
from dotforge.export.design import Generated, from_parameters
from dotforge.tools.files import data_directory
from dotforge.verify.recording import record
from dotforge.verify.vectors import vectors
from dotforge_sim.simulator import bench
from dotforge_sim.simulator.bench import BenchFailure, BenchResult
from dotforge_sim.simulator.streams import Beats, Simulator, StreamError

from ..configurations import ENGINES, small
from .stream_mutants import CHOICE, MUTANTS, broken, of

#: The test that has pauses on every side.
PAUSES = r"/idle=0\.[1-9]\d*/backpressure=0\.[1-9]"


def bench_of(generated: Generated, directory: Path, simulator: str = "icarus", **more: Any) -> BenchResult:
    """Run an engine's bench with pauses, on Icarus, which builds in a moment."""
    (directory / "manifest.json").write_text(json.dumps(generated.manifest))
    return bench.run(
        generated.verilog,
        generated.top,
        data_directory("tb") / generated.engine,
        f"test_{generated.engine}",
        build_dir=directory,
        simulator=simulator,
        manifest=directory / "manifest.json",
        python_path=[Path(dotforge_golden.__file__).parent.parent],
        env={"COCOTB_TEST_FILTER": PAUSES},
        **more,
    )


def pairs() -> list[Any]:
    """Return engine and mutant; by default each engine has one, another one each."""
    found = []
    for index, engine in enumerate(ENGINES):
        for number, mutant in enumerate(mutants := of(engine)):
            default = number == index % len(mutants)
            found.append(pytest.param(engine, mutant, marks=() if default else pytest.mark.slow))
    return found


@pytest.mark.usefixtures("icarus")
@pytest.mark.parametrize(("engine", "mutant"), pairs())
def test_benches_see_broken_streams(engine: str, mutant: str, tmp_path: Path) -> None:
    generated = from_parameters(engine, small(engine))
    with pytest.raises(BenchFailure, match=r"tvalid|tdata|tlast") as failure:
        bench_of(broken(generated, mutant), tmp_path)
    print(failure.value)


@pytest.mark.parametrize("mutant", ["tlast waits for tready", "tvalid waits for tready"])
def test_the_default_simulator_sees_broken_streams(mutant: str, tmp_path: Path) -> None:
    """Without Icarus, too, something shows that benches can fail."""
    generated = from_parameters("requantise", small("requantise"))
    with pytest.raises(BenchFailure, match=r"tvalid|tdata|tlast"):
        bench_of(broken(generated, mutant), tmp_path, "verilator")


@pytest.mark.slow
@pytest.mark.usefixtures("icarus")
@pytest.mark.parametrize("engine", ENGINES)
def test_the_wrapper_alone_breaks_nothing(engine: str, tmp_path: Path) -> None:
    assert bench_of(broken(from_parameters(engine, small(engine)), ""), tmp_path).vectors


@pytest.mark.parametrize(
    "engine",
    [name if name == "requantise" else pytest.param(name, marks=pytest.mark.slow) for name in ENGINES],
)
def test_the_compiled_runner_sees_broken_streams(engine: str) -> None:
    """The golden vectors of the bench, with pauses, through all mutants in one simulator."""
    generated = from_parameters(engine, small(engine))
    golden = vectors(generated, record(generated))
    wrapped = broken(generated)
    simulator = Simulator(wrapped.verilog, wrapped.manifest)
    widths = {stream["name"]: -(-stream["tdata_width"] // 8) for stream in generated.manifest["streams"]}
    beats = {
        name: Beats(
            np.frombuffer(
                b"".join(int(data, 16).to_bytes(widths[name], "little") for data, *_ in given), np.uint8
            ).reshape(-1, widths[name]),
            np.array([bool(last) for _, last, *_ in given]),
        )
        for name, given in golden["inputs"].items()
    }
    # Beats of some engines are merged by stalls, and cut vectors have more behind them: any number is taken.
    expect = {
        name: len(given)
        for name, given in golden["outputs"].items()
        if golden["complete"] and not golden.get("regroups", {}).get(name)
    }

    def run(number: int) -> None:
        simulator.run(
            beats, expect=expect, constants={CHOICE: number}, valid_gap=0.3, ready_gap=0.5, idle_limit=2000
        )

    run(0)
    for number, name in enumerate(MUTANTS, 1):
        if name in of(engine):
            with pytest.raises(StreamError) as caught:
                run(number)
            print(name, caught.value)
