"""A core of a user's that has FuseSoC ask dotforge for two engines, and is linted and simulated with them."""

import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dotforge import registry
from dotforge.export.design import from_parameters
from dotforge.tools.files import data_directory

from .flows import environment

CORE = """CAPI=2:
name: ::user:0
filesets:
  rtl:
    files: [user.v: {file_type: verilogSource}]
    depend: [dotforge:utils:generator]
  bench:
    files: [bench.v: {file_type: verilogSource}]
generate:
  my_engine:
    generator: dotforge
    parameters: {engine: logmac, lanes: 8, fold_sign: true}
  other:
    generator: dotforge
    parameters: {engine: requantise, top: scales, vivado_attributes: true}
targets:
  default: &default
    filesets: [rtl]
    generate: [my_engine, other]
    toplevel: user
    flow: lint
    flow_options: {tool: verilator, verilator_options: [-Wall, -Wno-UNDRIVEN]}
  sim:
    <<: *default
    filesets: [rtl, bench]
    toplevel: bench
    flow: sim
    flow_options: {tool: icarus, iverilog_options: [-g2005]}
"""

BENCH = """module bench;
  reg clk = 0, rst = 1;
  wire sums, vectors;
  user user(.clk(clk), .rst(rst), .sums(sums), .vectors(vectors));
  always #5 clk = ~clk;
  initial begin
    repeat (3) @(posedge clk);
    rst = 0;
    repeat (20) @(posedge clk);
    if (sums === 0 && vectors === 0) $display("PASS nothing in, nothing out");
    $finish;
  end
endmodule
"""


def user() -> str:
    """Return a design with both engines, nothing at their inputs."""
    lines = ["module user(input clk, input rst, output sums, output vectors);"]
    for module, parameters, valid in (
        ("logmac", {"lanes": 8, "fold_sign": True}, "sums"),
        ("scales", {}, "vectors"),
    ):
        manifest = from_parameters(
            "requantise" if module == "scales" else module, parameters, name=module
        ).manifest
        (result,) = (stream for stream in manifest["streams"] if stream["direction"] == "output")
        links = []
        for port in manifest["ports"]:
            name, width = port["name"], port["width"]
            if name in ("clk", "rst"):
                links.append(f".{name}({name})")
            elif name == f"m_axis_{result['name']}_tvalid":
                links.append(f".{name}({valid})")
            elif port["direction"] == "input":
                links.append(f".{name}({width}'d0)")
            else:
                lines.append(f"  wire [{width - 1}:0] unused_{module}_{name};")
                links.append(f".{name}(unused_{module}_{name})")
        lines.append(f"  {module} {module}_1({', '.join(links)});")
    return "\n".join([*lines, "endmodule\n"])


def fusesoc(work: Path, core: str, *target: str) -> str:
    """Run a target of the user's core in a new directory; returns what is said, the exit code first."""
    pytest.importorskip("fusesoc.main", reason="skipped: needs FuseSoC")
    design = work / "design"
    design.mkdir(parents=True)
    (design / "user.core").write_text(core)
    (design / "user.v").write_text(user())
    (design / "bench.v").write_text(BENCH)
    home = {f"XDG_{name}_HOME": str(work / name) for name in ("CACHE", "DATA", "CONFIG")}
    roots = ["--cores-root", str(design), "--cores-root", str(data_directory("fusesoc"))]
    done = subprocess.run(
        [sys.executable, "-m", "fusesoc.main", *roots, "run", *target, "::user:0"], cwd=work, capture_output=True,
        env=environment() | home | {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}, text=True, check=False,
        timeout=300,
    )  # fmt: skip
    return f"{done.returncode}\n{done.stdout}{done.stderr}"


def test_lint(tmp_path: Path) -> None:
    said = fusesoc(tmp_path, CORE)
    assert said.startswith("0\n"), said[-3000:]
    assert "WARNING" not in said and "%Warning" not in said
    (work,) = (tmp_path / "build").glob("*/default")
    made = {path.name for path in work.glob("generator_cache/*/engine/*.v")}
    assert made == {"logmac.v", "scales.v"}
    (mac,) = work.glob("generator_cache/*/engine/logmac.v")
    assert mac.read_text() == from_parameters("logmac", {"lanes": 8, "fold_sign": True}).verilog
    (scales,) = work.glob("generator_cache/*/engine/scales.v")
    assert "X_INTERFACE_INFO" in scales.read_text()


@pytest.mark.slow
def test_simulation(tmp_path: Path, icarus: None) -> None:
    said = fusesoc(tmp_path, CORE, "--target", "sim")
    assert said.startswith("0\n") and "PASS nothing in, nothing out" in said, said[-3000:]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("lanes: 8", "lanes: 999", "parameter lanes=999: allowed 1…256"),
        ("engine: logmac", "motor: logmac", "parameter engine is missing"),
        pytest.param("lanes: 8", "lines: 8", "parameter lines=8", marks=pytest.mark.slow),
        pytest.param("engine: logmac", "engine: nomac", "engine nomac", marks=pytest.mark.slow),
    ],
)
def test_what_cannot_be_made_ends_the_build(tmp_path: Path, old: str, new: str, words: str) -> None:
    said = fusesoc(tmp_path, CORE.replace(old, new), "--setup")
    assert not said.startswith("0\n")
    assert words in said
    assert "Failed to run generator 'my_engine'" in said


def test_the_generators_own_parameters_are_no_engines() -> None:
    script = (data_directory("fusesoc") / "generator.py").read_text()
    assert 'OWN = ("engine", "top", "vivado_attributes")' in script
    for name in registry.names():
        parameters = {field.name for field in dataclasses.fields(registry.engine(name).config)}
        assert parameters and not {"engine", "top", "vivado_attributes"} & parameters


def test_where_it_is(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dotforge", "fusesoc"], capture_output=True, text=True, check=True
    )
    assert sorted(path.name for path in Path(done.stdout.strip()).iterdir() if path.name != "__pycache__") == [
        "dotforge.core", "generator.py",
    ]  # fmt: skip
    # Without dotforge at hand, one line says so.
    shutil.copy(Path(done.stdout.strip()) / "generator.py", tmp_path)
    (tmp_path / "in.yml").write_text("{vlnv: ':a:b:0', parameters: {engine: logmac}}\n")
    pytest.importorskip("yaml", reason="skipped: needs FuseSoC")
    hidden = (
        "import importlib.util as util, runpy, sys; found = util.find_spec; "
        "util.find_spec = lambda name, *more: None if name == 'dotforge' else found(name, *more); "
        "sys.argv = ['generator.py', 'in.yml']; runpy.run_path('generator.py', run_name='__main__')"
    )
    empty = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", hidden], cwd=tmp_path, env=empty, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and done.stderr.endswith("nor the path has dotforge\n")
