"""What `generate` writes beside the Verilog: datasheet, pictures, golden vectors, and files for other flows."""

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from dotforge.delivery.block_diagram import hierarchy
from dotforge.delivery.generate import generate
from dotforge.delivery.verilog_bench import verilog_bench
from dotforge.export.design import Generated, from_parameters
from dotforge.synthesis.synth import synthesize
from dotforge.tools import result_cache
from dotforge.verify.recording import Beat, Cycle, Recording, record
from dotforge.verify.vectors import vectors
from dotforge_sim.simulator import toolchain

from ..browser import opened

PARAMETERS = {"lanes": 2, "sum_bits": 8, "weight_depth": 2}


@pytest.fixture(scope="module")
def generated() -> Generated:
    return from_parameters("logmac", PARAMETERS, name="mac")


@pytest.fixture(scope="module")
def recording(generated: Generated) -> Recording:
    return record(generated)


@pytest.fixture(scope="module")
def directory(generated: Generated, recording: Recording, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("generate") / "mac"
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(result_cache, "root", lambda: cache)
        synthesize(generated)
        generate(generated, out, clock_mhz=125, recording=recording)
    return out


def test_a_recording_is_what_happened(recording: Recording) -> None:
    assert recording.complete
    assert recording.first > 0
    assert recording.cycles[0].reset
    sums = recording.beats("sums")
    assert len(sums) == 60
    assert len(recording.beats("activations")) >= 60
    assert all(later > earlier for (earlier, _), (later, _) in itertools.pairwise(sums))


def test_golden_vectors(generated: Generated, recording: Recording) -> None:
    found = vectors(generated, recording)
    assert found["complete"]
    assert set(found["inputs"]) == {"activations", "weights"}
    assert len(found["outputs"]["sums"]) == 60
    assert found["verilog_sha256"] == generated.manifest["verilog_sha256"]
    # A long run is cut everywhere at the same cycle.
    beat = Beat(True, True, False, 5)
    cycle = Cycle(False, dict.fromkeys(("activations", "weights", "sums"), beat), {})
    cut = vectors(generated, Recording((cycle,) * 700, True, "none", 1))
    assert not cut["complete"]
    assert {len(beats) for side in ("inputs", "outputs") for beats in cut[side].values()} == {500}


def test_datasheet(directory: Path, generated: Generated) -> None:
    text = (directory / "mac.md").read_text()
    for head in (
        "Function", "Throughput", "Parameters", "Ports", "Payloads", "Codes", "Protocol",
        "Combinational paths", "Waveforms", "Resources", "Registers", "Known limits",
        "How to reproduce every figure", "Provenance",
    ):  # fmt: skip
        assert f"\n## {head}\n" in text
    assert "| `lanes` | 2 | products | 1…256 | products a cycle |" in text
    assert re.search(r"\| cmos \| flat \| \d+ \| \d+ \| 0 \|", text)
    assert "dotforge generate logmac -p lanes=2" in text
    assert "--clock-mhz 125" in text
    assert "dotforge synth DIR --target cmos" in text
    assert generated.manifest["verilog_sha256"] in text
    for file in re.findall(r"\]\((images/\S+)\)", text):
        root = ET.parse(directory / file).getroot()
        assert root.tag.endswith("svg")
        assert float(root.get("width", 0)) > 300
    assert len(list((directory / "images").iterdir())) == 3


def test_the_command_of_the_datasheet_makes_the_same_verilog(directory: Path, tmp_path: Path) -> None:
    """Every parameter is in it, in a form that the command line takes."""
    text = (directory / "mac.md").read_text()
    command = re.search(r"^dotforge (generate .*) -o DIR$", text, re.M)
    assert command is not None
    words = command[1].split()
    given = dict(words[i + 1].split("=", 1) for i, word in enumerate(words) if word == "-p")
    again = from_parameters("logmac", given, name=words[words.index("--name") + 1])
    assert again.verilog == (directory / "mac.v").read_text()


def test_datasheet_in_a_browser(directory: Path, tmp_path: Path) -> None:
    with opened(directory / "mac.html") as (view, said):
        assert view.locator("figure svg").count() == 3
        assert view.locator("h2").count() == 14
        assert view.locator("table").count() >= 6
        assert view.locator("body").evaluate("body => body.scrollWidth <= innerWidth")
        assert len(view.screenshot(path=tmp_path / "sheet.png", full_page=True)) > 100_000
        assert said == []
    assert (directory / "mac.html").stat().st_size < 1_000_000


def test_waveforms_show_what_moved(directory: Path, recording: Recording) -> None:
    root = ET.parse(directory / "images" / "mac_stream.svg").getroot()
    texts = {element.text for element in root.iter() if element.tag.endswith("text")}
    assert {"cycle", "activations tvalid", "sums tvalid", "tready", "tlast", "tdata"} <= texts
    shaded = sum(element.get("fill") == "#d7eadf" for element in root.iter() if element.tag.endswith("rect"))
    assert shaded > 10
    data = {f"{beat.data:04x}" for _, beat in recording.beats("sums")}
    assert texts & data


def test_block_diagram(generated: Generated) -> None:
    rows = hierarchy(generated.verilog, "mac")
    assert rows[0] == (0, "mac", 1)
    assert (1, "mac_engine", 1) in rows
    assert [number for _, name, number in rows if name == "mac_shift_add_lane"] == [2]


def test_files_of_other_flows(directory: Path) -> None:
    librelane = json.loads((directory / "config.json").read_text())
    assert librelane["DESIGN_NAME"] == "mac"
    assert (librelane["CLOCK_PERIOD"], librelane["IO_DELAY_CONSTRAINT"]) == (8.0, 20)
    for key in ("VERILOG_FILES", "LINTER_VLT", "PNR_SDC_FILE", "SIGNOFF_SDC_FILE"):
        for name in [librelane[key]] if isinstance(librelane[key], str) else librelane[key]:
            assert (directory / name.removeprefix("dir::")).is_file()
    sdc = (directory / "constraints" / "mac.sdc").read_text()
    assert "create_clock -name clk -period 8.000 [get_ports clk]" in sdc
    assert "create_clock" in (directory / "constraints" / "mac.xdc").read_text()
    assert 'FREQUENCY PORT "clk" 125 MHZ;' in (directory / "constraints" / "mac.lpf").read_text()
    assert "set_frequency clk 125" in (directory / "constraints" / "mac.pcf").read_text()


def test_without_a_simulator(generated: Generated, tmp_path: Path) -> None:
    files = generate(generated, tmp_path / "mac", missing="needs Verilator")
    text = (tmp_path / "mac" / "mac.md").read_text()
    assert "\nNone: needs Verilator.\n" in text
    assert "Load" not in text
    assert Path("bench/vectors.json") not in files
    core = (tmp_path / "mac" / "mac.core").read_text()
    assert "sim:" not in core
    assert "_tb" not in core
    assert "lint:" in core
    assert "synth:" in core


def simulated(directory: Path, verilog: str, bench: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    (directory / "design.v").write_text(verilog)
    (directory / "bench.v").write_text(bench)
    build = ["iverilog", "-g2012", "-Wall", "-o", "bench.vvp", "design.v", "bench.v"]
    subprocess.run(build, cwd=directory, check=True, capture_output=True)
    return subprocess.run(
        ["vvp", "-n", "bench.vvp", *arguments], cwd=directory, capture_output=True, text=True, check=False
    )


@pytest.mark.usefixtures("icarus")
def test_verilog_testbench(directory: Path, generated: Generated, tmp_path: Path) -> None:
    bench = (directory / "bench" / "mac_tb.v").read_text()
    for arguments in ((), ("+pauses",)):
        done = simulated(tmp_path, generated.verilog, bench, *arguments)
        assert done.returncode == 0
        assert "PASS mac: 60 beats compared" in done.stdout

    broken = {
        "sum": ("= enable ? ", "= ~enable ? "),
        "bank": ("array[read_address]", "array[~read_address]"),
    }
    for name, (old, new) in broken.items():
        verilog = generated.verilog.replace(old, new)
        assert verilog != generated.verilog, name
        done = simulated(tmp_path, verilog, bench)
        assert done.returncode == 1, name
        assert "FATAL" in done.stdout, name


@pytest.mark.usefixtures("icarus")
def test_vectors_that_are_cut(generated: Generated, recording: Recording, tmp_path: Path) -> None:
    """After the last expected beat more may come."""
    short = vectors(generated, recording)
    short |= {"complete": False, "outputs": {"sums": short["outputs"]["sums"][:20]}}
    done = simulated(tmp_path, generated.verilog, verilog_bench(generated, short))
    assert "PASS mac: 20 beats compared" in done.stdout
    done = simulated(tmp_path, generated.verilog, verilog_bench(generated, {**short, "complete": True}))
    assert "a beat more than golden" in done.stdout


@pytest.mark.usefixtures("icarus")
def test_bits_that_mean_nothing(generated: Generated, recording: Recording, tmp_path: Path) -> None:
    """The masks of the vectors leave them out, and only them."""
    golden = vectors(generated, recording)
    flipped = [[f"{int(data, 16) ^ 1:x}", last] for data, last in golden["outputs"]["sums"]]
    masked = [[f"{int(data, 16) & 0xFFFE:x}", last, "fffe"] for data, last in flipped]
    done = simulated(
        tmp_path, generated.verilog, verilog_bench(generated, {**golden, "outputs": {"sums": masked}})
    )
    assert "PASS mac: 60 beats compared" in done.stdout
    for wrong in (flipped, [[data, last, "ffff"] for data, last, _ in masked]):
        bench = verilog_bench(generated, {**golden, "outputs": {"sums": wrong}})
        assert simulated(tmp_path, generated.verilog, bench).returncode == 1


def environment() -> dict[str, str]:
    """As in an activated environment, with Verilator on the path."""
    path = [str(Path(sys.executable).parent), str(toolchain.verilator().binary.parent), os.environ["PATH"]]
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "MAKEFLAGS")}
    return {**kept, "PATH": os.pathsep.join(path)}


@pytest.mark.usefixtures("icarus")
def test_stand_alone_cocotb(directory: Path, tmp_path: Path) -> None:
    """Golden vectors by make, and red when they are wrong."""
    if " " in sys.prefix:
        pytest.skip(
            "skipped: needs a virtual environment without spaces in its path, as cocotb's makefiles do"
        )
    copied = tmp_path / "mac"
    shutil.copytree(directory, copied)
    run = ["make", "-C", "bench", "vectors", "SIM=icarus"]
    done = subprocess.run(
        run, cwd=copied, env=environment(), capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert "TESTS=4 PASS=4" in done.stdout + done.stderr
    wrong = json.loads((copied / "bench" / "vectors.json").read_text())
    wrong["outputs"]["sums"][7][0] = f"{int(wrong['outputs']['sums'][7][0], 16) ^ 1:x}"
    (copied / "bench" / "vectors.json").write_text(json.dumps(wrong))
    done = subprocess.run(
        run, cwd=copied, env=environment(), capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode != 0
    assert "sums, beat 7" in done.stdout + done.stderr


def fusesoc(
    cores: Path, work: Path, *arguments: str, options: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run a target of the core of ``mac`` in a new directory, with options of its tool."""
    pytest.importorskip("fusesoc", reason="skipped: needs FuseSoC")
    work.mkdir()
    command = [sys.executable, "-m", "fusesoc.main", "--cores-root", str(cores), "run", *arguments]
    home = {"XDG_CACHE_HOME": str(work / "c"), "XDG_DATA_HOME": str(work / "d")}
    return subprocess.run(
        [*command, "dotforge:engine:mac", *options], cwd=work, env=environment() | home, capture_output=True,
        text=True, check=False, timeout=300,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["default", "lint", "sim"])
def test_fusesoc(name: str, directory: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if name == "sim":
        request.getfixturevalue("icarus")
    done = fusesoc(directory, tmp_path / "work", "--target", name)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-2000:]
    assert "WARNING" not in said
    if name == "sim":
        assert "PASS mac: 60 beats compared" in said
    broken = tmp_path / "broken"
    shutil.copytree(directory, broken)
    path = broken / "mac.v"
    text = path.read_text()
    # A warning is enough for lint; the simulation needs a wrong sum.
    old, new = (
        ("= enable ? ", "= ~enable ? ")
        if name == "sim"
        else ("assign", "wire [3:0] nowhere = 9'd300;\n  assign")
    )
    assert old in text
    path.write_text(text.replace(old, new) if name == "sim" else text.replace(old, new, 1))
    assert fusesoc(broken, tmp_path / "again", "--target", name).returncode != 0


def test_fusesoc_for_vivado(directory: Path, tmp_path: Path) -> None:
    """The project is set up, and all that a run of it lacks is Vivado, which need not be there."""
    done = fusesoc(directory, tmp_path / "work", "--setup", "--target", "synth")
    assert done.returncode == 0, done.stderr[-2000:]
    assert "WARNING" not in done.stdout + done.stderr
    (project,) = (tmp_path / "work").glob("build/*/synth/dotforge_engine_mac_0.tcl")
    text = project.read_text()
    for line in ("set_property part xc7a200tfbg676-2", "read_verilog {src/dotforge_engine_mac_0/mac.v}",
                 "read_xdc {src/dotforge_engine_mac_0/constraints/mac.xdc}", "set_property top mac"):  # fmt: skip
        assert line in text
    # A stand-in for Vivado keeps what it is asked: a project, then a netlist of it.
    vivado = tmp_path / "bin" / "vivado"
    vivado.parent.mkdir()
    vivado.write_text('#!/bin/bash\necho "$@" >> asked\ntouch dotforge_engine_mac_0.{xpr,v,edn}\n')
    vivado.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", os.pathsep.join([str(vivado.parent), os.environ["PATH"]]))
        done = fusesoc(
            directory, tmp_path / "run", "--target", "synth", options=("--part", "xc7k70tfbg676-1")
        )
    assert done.returncode == 0, done.stderr[-2000:]
    (asked,) = (tmp_path / "run").glob("build/*/synth/asked")
    first, second = asked.read_text().splitlines()
    assert first.endswith("-source dotforge_engine_mac_0.tcl")
    assert second.endswith("_synth.tcl dotforge_engine_mac_0_netlist.tcl dotforge_engine_mac_0.xpr")
    assert "part xc7k70tfbg676-1" in (asked.parent / "dotforge_engine_mac_0.tcl").read_text()


def test_every_fusesoc_target_names_its_tool(directory: Path) -> None:
    yaml = pytest.importorskip("yaml", reason="skipped: needs FuseSoC")
    targets = yaml.safe_load((directory / "mac.core").read_text().removeprefix("CAPI=2:"))["targets"]
    tools = {
        name: (target["flow"], target["flow_options"].get("tool") or target["flow_options"].get("synth"))
        for name, target in targets.items()
    }
    assert tools == {
        "default": ("lint", "verilator"), "lint": ("lint", "verilator"), "sim": ("sim", "icarus"),
        "synth": ("vivado", "vivado"),
    }  # fmt: skip


#: A library with what constraints name: a buffer and a flip-flop.
LIBERTY = """library (tiny) {
  time_unit : "1ns"; voltage_unit : "1V"; current_unit : "1mA"; pulling_resistance_unit : "1kohm";
  leakage_power_unit : "1nW"; capacitive_load_unit (1, pf);
  slew_lower_threshold_pct_rise : 30; slew_upper_threshold_pct_rise : 70;
  slew_lower_threshold_pct_fall : 30; slew_upper_threshold_pct_fall : 70;
  input_threshold_pct_rise : 50; input_threshold_pct_fall : 50;
  output_threshold_pct_rise : 50; output_threshold_pct_fall : 50;
  cell (BUF) { area : 1;
    pin (A) { direction : input; capacitance : 0.001; }
    pin (Y) { direction : output; function : "A"; }
  }
  cell (DFF) { area : 2;
    ff (IQ, IQN) { clocked_on : "CK"; next_state : "D"; }
    pin (CK) { direction : input; clock : true; capacitance : 0.001; }
    pin (D) { direction : input; capacitance : 0.001; }
    pin (Q) { direction : output; function : "IQ"; }
  }
}
"""


@pytest.mark.parametrize("ideal", [False, True])
def test_librelane_keeps_what_its_own_constraints_set(ideal: bool, directory: Path, tmp_path: Path) -> None:
    """A design's SDC stands in for LibreLane's: all that comes with the configuration has to be in it."""
    sta = shutil.which("sta")
    if sta is None:
        pytest.skip("skipped: needs OpenSTA")
    (tmp_path / "tiny.lib").write_text(LIBERTY)
    (tmp_path / "mac.v").write_text(
        "module mac(clk, rst, d, q); input clk, rst, d; output q; DFF f(.CK(clk), .D(d), .Q(q)); endmodule\n"
    )
    (tmp_path / "run.tcl").write_text(
        "read_liberty tiny.lib\nread_verilog mac.v\nlink_design mac\n"
        f"read_sdc {{{directory / 'constraints' / 'mac_librelane.sdc'}}}\nwrite_sdc out.sdc\n"
    )
    configured = {
        "CLOCK_PERIOD": "8.0", "IO_DELAY_CONSTRAINT": "25", "MAX_FANOUT_CONSTRAINT": "10",
        "MAX_TRANSITION_CONSTRAINT": "0.75", "MAX_CAPACITANCE_CONSTRAINT": "0.2",
        "SYNTH_DRIVING_CELL": "BUF/Y", "OUTPUT_CAP_LOAD": "33.442", "CLOCK_UNCERTAINTY_CONSTRAINT": "0.25",
        "CLOCK_TRANSITION_CONSTRAINT": "0.15", "TIME_DERATING_CONSTRAINT": "5",
    }  # fmt: skip
    if ideal:
        configured |= {"OPENLANE_SDC_IDEAL_CLOCKS": "1", "SYNTH_CLK_DRIVING_CELL": "DFF/Q"}
    done = subprocess.run(
        [sta, "-no_init", "-no_splash", "-exit", "run.tcl"], cwd=tmp_path, env={**os.environ, **configured},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert "Error" not in done.stdout + done.stderr
    lines = (tmp_path / "out.sdc").read_text().splitlines()
    said = {line for line in lines if line and not line.startswith("#")}
    ramp = "-input_transition_rise 0.0000 -input_transition_fall 0.0000"
    driver = "DFF -pin {Q}" if ideal else "BUF -pin {Y}"
    assert said - {"set_propagated_clock [get_clocks {clk}]"} == {
        "current_design mac",
        "create_clock -name clk -period 8.0000 -waveform {0.0000 4.0000} [get_ports {clk}]",
        "set_clock_transition 0.1500 [get_clocks {clk}]",
        "set_clock_uncertainty 0.2500 clk",
        "set_input_delay 2.0000 -clock [get_clocks {clk}] -add_delay [get_ports {d}]",
        "set_input_delay 2.0000 -clock [get_clocks {clk}] -add_delay [get_ports {rst}]",
        "set_output_delay 2.0000 -clock [get_clocks {clk}] -add_delay [get_ports {q}]",
        "set_load -pin_load 0.0334 [get_ports {q}]",
        f"set_driving_cell -lib_cell {driver} {ramp} [get_ports {{clk}}]",
        f"set_driving_cell -lib_cell BUF -pin {{Y}} {ramp} [get_ports {{rst}}]",
        f"set_driving_cell -lib_cell BUF -pin {{Y}} {ramp} [get_ports {{d}}]",
        "set_timing_derate -early 0.9500",
        "set_timing_derate -late 1.0500",
        "set_max_transition 0.7500 [current_design]",
        "set_max_capacitance 0.2000 [current_design]",
        "set_max_fanout 10.0000 [current_design]",
    }
    assert ("set_propagated_clock [get_clocks {clk}]" in said) is not ideal


def test_recordings_are_kept(generated: Generated, recording: Recording, monkeypatch: Any) -> None:
    monkeypatch.setattr("dotforge_sim.simulator.bench.run", lambda *_, **__: pytest.fail("ran again"))
    assert record(generated) == recording
