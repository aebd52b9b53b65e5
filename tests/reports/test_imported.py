"""Reports of other flows become reports that can be compared, or one line that says why not."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dotforge.export.design import from_parameters
from dotforge.reports.imported import import_reports
from dotforge.synthesis.synth import SCHEMA
from dotforge.synthesis.targets.fpga import FPGAS
from dotforge.tools import yosys
from dotforge.tools.files import OutputError

from .vendor_texts import (
    QUARTUS_FIT,
    QUARTUS_MAP,
    QUARTUS_OLD_SUMMARY,
    QUARTUS_PRO_STA,
    QUARTUS_PRO_SUMMARY,
    QUARTUS_STA,
    QUARTUS_STA_SUMMARY,
    QUARTUS_SUMMARY,
    VIVADO_TIMING,
    VIVADO_UTILISATION,
    vivado,
)

#: What OpenROAD-flow-scripts and LibreLane write, of all that they write.
ORFS = {
    "synth__design__instance__area__stdcell": 900.0,
    "finish__design__instance__area": 1100.0,
    "finish__design__instance__area__stdcell": 1000.5,
    "finish__design__instance__count__class:sequential_cell": 42,
    "finish__timing__setup__ws": 0.5,
    "finish__timing__fmax__clock:clk": 250e6,
    "finish__power__total": 0.00125,
    "finish__power__internal__total": 0.001,
}
LIBRELANE = {
    "design__instance__area__stdcell": 2000.0,
    "design__instance__area": 2100.0,
    "design__instance__count__class:sequential_cell": 7,
    "timing__setup__ws": 2.0,
    "power__total": 0.002,
}
NEXTPNR = {
    "fmax": {"$glbnet$clk": {"achieved": 352.609, "constraint": 12.0}},
    "utilization": {
        "TRELLIS_COMB": {"used": 22, "available": 24288},
        "TRELLIS_FF": {"used": 16, "available": 24288},
        "MULT18X18D": {"used": 1, "available": 28},
        "DP16KD": {"used": 0, "available": 56},
    },
}


def imported(directory: Path, *texts: Any, **given: Any) -> dict[str, Any]:
    paths = []
    for number, text in enumerate(texts):
        paths.append(directory / f"{number}.rpt")
        paths[-1].write_text(text if isinstance(text, str) else json.dumps(text))
    report = import_reports(paths, **given)
    jsonschema.validate(report, SCHEMA)
    return report


def test_vivado(tmp_path: Path) -> None:
    report = imported(tmp_path, vivado(VIVADO_UTILISATION), vivado(VIVADO_TIMING))
    assert report["totals"] == {"luts": 1234, "ffs": 567, "dsps": 8, "brams": 1.5, "cells": {}}
    # fast: 4 - (-0.5) = 4.5 ns; clk: 8 ns, the slower one. Paths between clocks limit none.
    assert report["timing"] == {"fmax_mhz": 125.0, "min_period_ns": 8.0, "clock": "clk"}
    assert (report["engine"], report["target"]) == ("mac", "import:vivado xc7s50csga324-1")
    assert report["tools"] == {"vivado": "2024.1"}
    report = imported(tmp_path, vivado(VIVADO_UTILISATION), vivado(VIVADO_TIMING), clock="fast")
    assert report["timing"]["fmax_mhz"] == pytest.approx(222.222)


@pytest.mark.parametrize(
    ("old", "new"),
    [("Slice LUTs ", "CLB LUTs* "), ("Slice Registers", "CLB Registers"), ("| DSPs ", "| DSP Slices ")],
)
def test_vivado_of_other_families(tmp_path: Path, old: str, new: str) -> None:
    assert imported(tmp_path, vivado(VIVADO_UTILISATION).replace(old, new))["totals"]["luts"] == 1234


@pytest.mark.parametrize(
    ("of_utilisation", "of_timing"),
    [
        ("xc7s50csga324-1", "7s50-csga324"),
        ("7s50csga324-1", "7s50-csga324"),
        ("xc7s50", "7s50-csga324"),
        ("xczu7ev-ffvc1156-2-e", "xczu7ev-ffvc1156"),
    ],
)
def test_vivado_names_a_device_in_two_ways(tmp_path: Path, of_utilisation: str, of_timing: str) -> None:
    texts = (vivado(VIVADO_UTILISATION, device=of_utilisation), vivado(VIVADO_TIMING, device=of_timing))
    assert imported(tmp_path, *texts)["target"] == f"import:vivado {max(of_utilisation, of_timing, key=len)}"


def test_vivado_says_what_its_figures_are_of(tmp_path: Path) -> None:
    text = vivado(VIVADO_UTILISATION)
    assert imported(tmp_path, text)["notes"] == []
    early = imported(tmp_path, text.replace("Routed", "Synthesized").replace("Slice LUTs ", "Slice LUTs*"))
    assert early["notes"] == ["of synthesis, before placement"]
    row = next(line for line in text.splitlines() if "Block RAM Tile" in line)
    large = imported(tmp_path, text.replace(row, f"{row}\n{row.replace('Block RAM Tile', 'URAM          ')}"))
    assert large["notes"] == ["1.5 UltraRAM blocks are not counted"]
    text = text.replace("report_utilization", "report_utilization -cells [get_cells u_mac]")
    part = imported(tmp_path, text, name="mac")
    assert (part["notes"], part["engine"]) == (["of [get_cells u_mac] in mac"], "mac")
    with pytest.raises(OutputError, match="does not say of which design"):
        imported(tmp_path, text)


def test_vivado_without_a_clock(tmp_path: Path) -> None:
    text = vivado(VIVADO_TIMING)
    start, end = text.index("pin        {"), text.index("| Intra Clock Table")
    with pytest.raises(OutputError, match="no clock is constrained"):
        imported(tmp_path, vivado(VIVADO_UTILISATION), text[:start] + text[end:])
    with pytest.raises(OutputError, match="clock pin: there are clk, fast"):
        imported(tmp_path, vivado(VIVADO_UTILISATION), text, clock="pin")


def test_quartus(tmp_path: Path) -> None:
    report = imported(tmp_path, QUARTUS_FIT, QUARTUS_STA)
    assert report["totals"] == {"luts": 1280, "ffs": 2006, "dsps": 8, "brams": 2, "cells": {}}
    assert report["timing"]["fmax_mhz"] == 128.5, "the slower corner of the slower clock"
    assert report["target"] == "import:quartus 5CEBA4F23C8"
    assert report["notes"] == ["luts are ALMs"]
    report = imported(tmp_path, QUARTUS_SUMMARY)
    assert report["totals"] == {"luts": 3210, "ffs": 777, "dsps": 16, "brams": 0, "cells": {}}
    assert report["timing"] is None


def test_quartus_of_other_versions(tmp_path: Path) -> None:
    report = imported(tmp_path, QUARTUS_PRO_SUMMARY, QUARTUS_PRO_STA)
    assert report["totals"] == {"luts": 1842, "ffs": 9216, "dsps": 4, "brams": 1, "cells": {}}
    assert report["timing"]["fmax_mhz"] == 352.98, "what the device allows"
    assert report["notes"] == ["luts are ALMs", "its paths alone would allow 581.4 MHz"]
    assert report["tools"] == {"quartus": "25.1.0"}
    report = imported(tmp_path, QUARTUS_OLD_SUMMARY)
    assert report["totals"] == {"luts": 4321, "ffs": 2222, "dsps": 16, "brams": 0, "cells": {}}
    assert (report["notes"], report["tools"]) == (["luts are combinational ALUTs"], {"quartus": "13.1.0"})
    standard = QUARTUS_FIT.replace("20.1.1 Build", "22.1std.0 Build")
    assert imported(tmp_path, standard)["tools"] == {"quartus": "22.1std.0"}
    flow = QUARTUS_FIT.replace("Fitter report", "Flow report").replace("Fitter S", "Flow S")
    assert imported(tmp_path, flow)["totals"]["luts"] == 1280
    plain = QUARTUS_SUMMARY.replace("MAX 10", "MAX V").split("Total memory bits")[0]
    assert imported(tmp_path, plain)["totals"]["dsps"] == 0


def test_slacks_of_quartus(tmp_path: Path) -> None:
    report = imported(tmp_path, QUARTUS_FIT, QUARTUS_STA_SUMMARY, period=10.0)
    assert report["timing"] == {"fmax_mhz": 117.647, "min_period_ns": 8.5, "clock": "clk"}


def test_yosys_with_its_log_around(tmp_path: Path) -> None:
    stat = {"creator": "Yosys 0.36 (git sha1 8f07a0d84)", "modules": {"\\mac": {"num_cells_by_type": {"SB_LUT4": 3}}},
            "design": {"num_cells_by_type": {"SB_LUT4": 3}}}  # fmt: skip
    text = f"7.1. Printing statistics.\n\n{json.dumps(stat, indent=3)}\n\nEnd of script. CPU: user 0.05s\n"
    report = imported(tmp_path, text)
    assert (report["totals"]["luts"], report["engine"]) == (3, "mac")


def test_openroad_and_librelane(tmp_path: Path) -> None:
    report = imported(tmp_path, ORFS, name="mac")
    assert report["totals"] == {"area_um2": 1000.5, "registers": 42, "memory_bits": 0, "cells": {}}
    assert report["timing"]["fmax_mhz"] == 250.0
    assert report["power"] == {"power_mw": 1.25, "internal_mw": 1.0}
    report = imported(tmp_path, LIBRELANE, name="mac", period=10.0)
    assert (report["totals"]["area_um2"], report["timing"]["fmax_mhz"]) == (2000.0, 125.0)
    report = imported(tmp_path, LIBRELANE, name="mac")
    assert report["timing"] is None and "--period" in report["notes"][0]
    for none in (1e30, float("inf")):
        report = imported(tmp_path, {**LIBRELANE, "timing__setup__ws": none}, name="mac", period=10.0)
        assert report["timing"] is None and report["notes"] == ["no Fmax: no path has a setup slack"]


def test_nextpnr(tmp_path: Path) -> None:
    report = imported(tmp_path, NEXTPNR, name="mac")
    assert report["totals"] == {"luts": 22, "ffs": 16, "dsps": 1, "brams": 0, "cells": {}}
    assert report["timing"]["fmax_mhz"] == 352.609


def test_nextpnr_of_other_families(tmp_path: Path) -> None:
    """Two families have lookup tables of one name."""
    places = {
        "machxo2": ({"TRELLIS_COMB": 30, "TRELLIS_FF": 16, "DP8KC": 1}, (30, 16, 0, 1)),
        "gowin": (
            {"LUT4": 5, "ALU": 10, "DFF": 8, "MULT9X9": 1, "MULT18X18": 2, "BSRAM": 1},
            (15, 8, 2.5, 1),
        ),
        "gatemate": ({"CPE_LT": 1625, "CPE_FF": 183, "RAM_HALF": 3}, (1625, 183, 0, 1.5)),
    }
    for family, (used, figures) in places.items():
        report = imported(
            tmp_path,
            {
                **NEXTPNR,
                "utilization": {name: {"used": number, "available": 9999} for name, number in used.items()},
            },
            name="mac",
        )
        assert report["target"] == f"import:nextpnr {family}"
        assert tuple(report["totals"][name] for name in ("luts", "ffs", "dsps", "brams")) == figures


@pytest.mark.parametrize(
    "family",
    [
        "ecp5",
        "ice40",
        "xilinx",
        *(pytest.param(each, marks=pytest.mark.slow) for each in ("gatemate", "intel")),
    ],
)
def test_stat_of_yosys_counts_as_our_own_target(tmp_path: Path, family: str) -> None:
    """The file is what Yosys writes here and now."""
    text = "module mac(input clk, input [3:0] a, output reg [3:0] q); always @(posedge clk) q <= q + a; endmodule"
    flow = {"ecp5": "synth_ecp5", "ice40": "synth_ice40", "xilinx": "synth_xilinx",
            "gatemate": "synth_gatemate", "intel": "synth_intel_alm"}[family]  # fmt: skip
    script = ["read_verilog d.v", f"{flow} -top mac", "tee -q -o stat.json stat -json"]
    stat = yosys.run(script, {"d.v": text}, ["stat.json"], yosys=yosys.installed(), timeout=600)["stat.json"]
    report = imported(tmp_path, stat)
    cells = json.loads(stat)["design"]["num_cells_by_type"]
    for pad in ("IBUF", "OBUF", "BUFG", "IB", "OB", "CLKBUF"):  # of a whole device
        for maker in ("", "CC_", "MISTRAL_"):
            cells.pop(f"{maker}{pad}", None)
    assert report["target"] == f"import:yosys {family}"
    assert report["totals"] == {**FPGAS[family].table.counts(cells), "cells": {}}
    assert report["totals"]["ffs"] == 4
    assert (report["engine"], report["tools"]["yosys"]) == ("mac", "0.70")


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["hello"], "is no report that is known: Vivado"),
        (["{"], "is no JSON that can be read"),
        ([{"a": 1}], "is no report that is known"),
        ([vivado(VIVADO_TIMING)], "no area in"),
        ([vivado(VIVADO_UTILISATION), vivado(VIVADO_UTILISATION)], "says totals once more"),
        ([vivado(VIVADO_UTILISATION), QUARTUS_STA], "is of tool vivado"),
        ([vivado(VIVADO_UTILISATION), vivado(VIVADO_TIMING, version="2020.2")], "of version 2024.1"),
        ([vivado(VIVADO_UTILISATION), vivado(VIVADO_TIMING, device="xc7a35t")], "is of device"),
        ([vivado(VIVADO_UTILISATION).replace("Slice LUTs", "Total LUTs")], "has no row Slice LUTs or CLB LUTs"),
        ([vivado(VIVADO_UTILISATION).replace("Utilization Design", "DRC")], "report_timing_summary are read"),
        ([vivado(VIVADO_UTILISATION).replace("| 1234 |", "| n/a  |")], "'n/a' stands where a number"),
        ([QUARTUS_FIT.replace("Successful", "Failed")], "the fitter says Failed"),
        ([QUARTUS_FIT.replace("Total registers", "Registers")], "has no line Total registers"),
        ([{**NEXTPNR, "utilization": {"ODD_COMB": {"used": 1}}}], "not ODD_COMB"),
        ([{**NEXTPNR, "utilization": {"TRELLIS_COMB": 3}}], "not as its tool writes it"),
        ([NEXTPNR], "does not say of which design it is"),
        ([QUARTUS_MAP], "not of the fitter: the fitter's (.fit.rpt"),
        ([QUARTUS_FIT, QUARTUS_STA_SUMMARY], "of which period is for --period to say"),
        ([QUARTUS_STA.replace("Fmax Summary", "Clocks")], "has no Fmax Summary: no clock is constrained"),
        ([QUARTUS_SUMMARY.replace("bits : 0", "bits : 8,192")], "has no line Total RAM Blocks"),
        ([QUARTUS_SUMMARY.replace("Embedded", "Other")], "or DSP block 9-bit elements: the .fit.rpt has"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_one_line(tmp_path: Path, texts: list[Any], words: str) -> None:
    with pytest.raises(OutputError) as error:
        imported(tmp_path, *texts)
    assert words in str(error.value) and "\n" not in str(error.value)


def test_a_clock_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="clock slow: there are clk, fast"):
        imported(tmp_path, vivado(VIVADO_UTILISATION), vivado(VIVADO_TIMING), clock="slow")


def test_of_a_generated_design(tmp_path: Path) -> None:
    manifest = from_parameters("logmac", {"lanes": 1}, name="mac").manifest
    report = imported(tmp_path, vivado(VIVADO_UTILISATION), manifest=manifest)
    assert (report["engine"], report["parameters"]["lanes"]) == ("logmac", 1)
    assert report["verilog_sha256"] == manifest["verilog_sha256"]
    with pytest.raises(OutputError, match="is of design mac, the directory holds logmac"):
        imported(
            tmp_path, vivado(VIVADO_UTILISATION), manifest=from_parameters("logmac", {"lanes": 1}).manifest
        )
