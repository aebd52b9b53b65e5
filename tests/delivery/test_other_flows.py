"""FuseSoC's targets and LibreLane's design take what `generate` writes as it is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .flows import environment


# Of the package, not of the folder `fusesoc` that lies where tests run.
def fusesoc(
    cores: Path, work: Path, *arguments: str, options: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run a target of the core of ``mac`` in a new directory, with options of its tool."""
    pytest.importorskip("fusesoc.main", reason="skipped: needs FuseSoC")
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
