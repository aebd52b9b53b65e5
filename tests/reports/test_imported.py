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
    QUARTUS_STA,
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


def test_quartus(tmp_path: Path) -> None:
    report = imported(tmp_path, QUARTUS_FIT, QUARTUS_STA)
    assert report["totals"] == {"luts": 1280, "ffs": 2006, "dsps": 8, "brams": 2, "cells": {}}
    assert report["timing"]["fmax_mhz"] == 128.5, "the slower corner of the slower clock"
    assert report["target"] == "import:quartus 5CEBA4F23C8"
    assert report["notes"] == ["luts are ALMs"]
    report = imported(tmp_path, QUARTUS_SUMMARY)
    assert report["totals"] == {"luts": 3210, "ffs": 777, "dsps": 16, "brams": 1, "cells": {}}
    assert report["timing"] is None


def test_openroad_and_librelane(tmp_path: Path) -> None:
    report = imported(tmp_path, ORFS, name="mac")
    assert report["totals"] == {"area_um2": 1000.5, "registers": 42, "memory_bits": 0, "cells": {}}
    assert report["timing"]["fmax_mhz"] == 250.0
    assert report["power"] == {"power_mw": 1.25, "internal_mw": 1.0}
    report = imported(tmp_path, LIBRELANE, name="mac", period=10.0)
    assert (report["totals"]["area_um2"], report["timing"]["fmax_mhz"]) == (2000.0, 125.0)
    report = imported(tmp_path, LIBRELANE, name="mac")
    assert report["timing"] is None and "--period" in report["notes"][0]


def test_nextpnr(tmp_path: Path) -> None:
    report = imported(tmp_path, NEXTPNR, name="mac")
    assert report["totals"] == {"luts": 22, "ffs": 16, "dsps": 1, "brams": 0, "cells": {}}
    assert report["timing"]["fmax_mhz"] == 352.609


@pytest.mark.parametrize("family", ["ecp5", "ice40", "xilinx"])
def test_stat_of_yosys_counts_as_our_own_target(tmp_path: Path, family: str) -> None:
    """The file is what Yosys writes here and now."""
    text = "module mac(input clk, input [3:0] a, output reg [3:0] q); always @(posedge clk) q <= q + a; endmodule"
    flow = {"ecp5": "synth_ecp5", "ice40": "synth_ice40", "xilinx": "synth_xilinx"}[family]
    script = ["read_verilog d.v", f"{flow} -top mac", "tee -q -o stat.json stat -json"]
    stat = yosys.run(script, {"d.v": text}, ["stat.json"], yosys=yosys.installed(), timeout=600)["stat.json"]
    report = imported(tmp_path, stat)
    cells = json.loads(stat)["design"]["num_cells_by_type"]
    for pad in ("IBUF", "OBUF", "BUFG"):  # of a whole Xilinx device
        cells.pop(pad, None)
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
