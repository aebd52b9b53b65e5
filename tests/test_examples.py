"""The examples run."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent


def test_paper_layer(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "paper_layer.py", "--rows", "1", "--columns", "2", "-o", tmp_path],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "seed 1" in done.stderr
    for figure in ("442,368", "33,177,600", "4,777,574,400"):
        assert figure in done.stdout
    assert json.loads((tmp_path / "S.json").read_text())["mismatches"] == 0
    assert np.array_equal(
        np.load(tmp_path / "A.npy") @ np.load(tmp_path / "B.npy"), np.load(tmp_path / "C.npy")
    )


def ran(*words: object, directory: Path, path: str = "") -> str:
    """Run a program in a directory; returns what it printed."""
    environment = {**os.environ, "PATH": os.pathsep.join(filter(None, (path, os.environ["PATH"])))}
    done = subprocess.run(
        [str(word) for word in words],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("sparse_gemm", "82 useful MACs"),
        ("nvfp4_layer", "nvfp4: SQNR of the outputs 19.9 dB"),
        ("vsquant_sparse", "SQNR of the product 15.0 dB"),
        ("log_numbers", "mismatches 0"),
    ],
)
def test_products(tmp_path: Path, name: str, printed: str) -> None:
    """Each says what its documentation says, on any machine: seeds are fixed."""
    assert printed in ran(sys.executable, ROOT / "examples" / f"{name}.py", directory=tmp_path)


@pytest.mark.slow
def test_front_door(tmp_path: Path) -> None:
    said = ran(sys.executable, ROOT / "examples" / "front_door.py", "out", directory=tmp_path)
    assert "refused: parameter lanes=3000: allowed 1…256" in said
    assert "0 mismatches" in said
    assert (tmp_path / "out" / "manifest.json").is_file()


@pytest.mark.slow
def test_two_engines_in_a_design_of_a_user(tmp_path: Path) -> None:
    if shutil.which("iverilog") is None:
        pytest.skip("skipped: needs Icarus")
    program = ROOT / "examples" / "two_engines" / "run.py"
    assert "1 tests, 0 failed" in ran(sys.executable, program, "out", directory=tmp_path)


@pytest.mark.slow
def test_a_flexdpu_on_axi_in_a_design_of_a_user(tmp_path: Path) -> None:
    if importlib.util.find_spec("cocotbext") is None:
        pytest.skip("skipped: needs cocotbext-axi")
    program = ROOT / "examples" / "flexdpu_on_axi" / "run.py"
    assert "1 tests, 0 failed" in ran(sys.executable, program, "out", directory=tmp_path)


@pytest.fixture
def programs(tmp_path: Path) -> str:
    """A directory with a program ``dotforge``, which is this one."""
    place = tmp_path / "bin" / "dotforge"
    place.parent.mkdir()
    place.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m dotforge "$@"\n')
    place.chmod(0o755)
    return str(place.parent)


@pytest.mark.slow
def test_sweep(tmp_path: Path, programs: str) -> None:
    ran("sh", ROOT / "examples" / "sweep.sh", "out", directory=tmp_path, path=programs)
    assert (tmp_path / "out" / "index.html").is_file()
    assert len((tmp_path / "out" / "results.csv").read_text().splitlines()) == 5


def test_workflow_that_compares(tmp_path: Path, programs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its steps are run as GitHub runs them: green on what is merged, red on what is larger, with a table in both."""
    yaml = pytest.importorskip("yaml", reason="skipped: needs PyYAML")
    text = (ROOT / "examples" / "compare_in_ci" / "area.yml").read_text(encoding="utf-8")
    steps = {step.get("name"): step for step in yaml.safe_load(text)["jobs"]["compare"]["steps"]}
    assert steps["Install"]["run"] == "pip install dotforge"
    (tmp_path / "reports").mkdir()
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))

    def step(name: str, run: str) -> int:
        path = os.pathsep.join([programs, os.environ["PATH"]])
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", run]
        return subprocess.run(
            command, cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, check=False
        ).returncode

    assert step("Synthesize", steps["Synthesize"]["run"]) == 0
    shutil.copy(tmp_path / "new.json", tmp_path / "reports" / "mac.json")
    assert step("Compare", steps["Compare"]["run"]) == 0
    report = json.loads((tmp_path / "new.json").read_text())
    report["totals"]["transistors"] += report["totals"]["transistors"] // 10
    (tmp_path / "new.json").write_text(json.dumps(report))
    (tmp_path / "summary.md").unlink()
    assert step("Compare", steps["Compare"]["run"]) == 1
    assert "transistors" in (tmp_path / "summary.md").read_text()
