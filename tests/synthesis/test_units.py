"""Units: the same library gives the same figures whatever unit of time it is written in, in reports and for others."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dotforge.export.constraints import constraint
from dotforge.export.design import Generated, from_parameters
from dotforge.synthesis.synth import synthesize
from dotforge.synthesis.targets.library import load
from dotforge.tools import result_cache

from .libraries import UNITS, timed


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_cache, "root", lambda: tmp_path / "cache")


@pytest.fixture
def opensta() -> None:
    if shutil.which("sta") is None:
        pytest.skip("skipped: needs OpenSTA")


@pytest.fixture(scope="module")
def generated() -> Generated:
    return from_parameters("logmac", {"lanes": 1, "sum_bits": 8})


@pytest.mark.usefixtures("opensta")
def test_figures_do_not_depend_on_the_unit_of_time(generated: Generated, tmp_path: Path) -> None:
    found: dict[str, dict[str, Any]] = {}
    for unit in UNITS:
        path = tmp_path / f"{unit}.lib"
        path.write_text(timed(unit))
        found[unit] = synthesize(generated, target=f"liberty:{path}", activity=True)
        assert found[unit]["notes"] == []
    first = found["1ns"]
    assert 1 < first["timing"]["min_period_ns"] < 20
    assert first["power"]["energy_pj_per_mac"] > 0.01
    for report in found.values():
        assert report["totals"] == first["totals"]
        assert report["timing"]["min_period_ns"] == pytest.approx(first["timing"]["min_period_ns"], rel=1e-3)
        for name in ("internal_mw", "switching_mw", "leakage_mw", "power_mw", "energy_pj_per_mac"):
            assert report["power"][name] == pytest.approx(first["power"][name], rel=1e-3), name


@pytest.mark.usefixtures("opensta")
@pytest.mark.parametrize("unit", UNITS)
def test_the_delivered_constraints_are_in_nanoseconds(unit: str, tmp_path: Path) -> None:
    """And they leave the unit of the session as it was."""
    (tmp_path / "cells.lib").write_text(timed(unit))
    (tmp_path / "netlist.v").write_text(
        "module top(input clk, input rst, input d, output q);\n  DFF r (.C(clk), .D(d), .Q(q));\nendmodule\n"
    )
    manifest = {"top": "top", "engine": "top", "clock": "clk", "reset": "rst"}
    (tmp_path / "top.sdc").write_text(constraint("sdc", manifest, 125.0))
    (tmp_path / "run.tcl").write_text(
        "read_liberty cells.lib\nread_verilog netlist.v\nlink_design top\n"
        'puts "before [sta::unit_scale time]"\nread_sdc top.sdc\nputs "after [sta::unit_scale time]"\n'
        'set_cmd_units -time ns\nputs "period [get_property [get_clocks clk] period]"\n'
        "report_checks -path_delay max -digits 4\n"
    )
    done = subprocess.run(
        ["sta", "-no_init", "-no_splash", "-exit", "run.tcl"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    said = done.stdout
    assert "Error" not in said
    scales = dict(re.findall(r"^(before|after|period) (\S+)$", said, re.M))
    assert float(scales["before"]) == float(scales["after"]) == pytest.approx(UNITS[unit])
    assert float(scales["period"]) == pytest.approx(8.0)
    # The output waits 0.1 ns for the register, and a fifth of the period is spent outside.
    assert re.search(r"^ +6\.3000 +slack \(MET\)$", said, re.M)


def test_cells_of_one_line_have_areas(tmp_path: Path) -> None:
    """A library is read by its grammar, not by its lines."""
    path = tmp_path / "packed.lib"
    path.write_text(timed())
    spread = load(path)
    (tmp_path / "line.lib").write_text(re.sub(r"\s+", " ", timed()))
    line = load(tmp_path / "line.lib")
    (tmp_path / "words.lib").write_text(
        re.sub(r"([{};])", r"\1\n", timed()).replace(
            "cell (INV)", '/* cell (NOT) { area : 3 } */ cell\n(\n"INV" )'
        )
    )
    words = load(tmp_path / "words.lib")
    assert spread.areas == line.areas == words.areas == {"INV": 1, "NAND2": 2, "NOR2": 2, "DFF": 8}
    assert spread.flip_flops == line.flip_flops == words.flip_flops == {"DFF"}
    assert spread.has_timing
    assert line.has_timing
