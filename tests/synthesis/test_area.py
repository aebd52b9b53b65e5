"""The area flow counts every cell or stops, whichever Yosys runs it."""

from typing import Any

import pytest
from amaranth.hdl import Module, Signal
from amaranth.lib.wiring import In, Out

from dotforge.arithmetic.mac import MultiplyAccumulate
from dotforge.block import Block
from dotforge.export.design import from_parameters
from dotforge.export.verilog import convert
from dotforge.synthesis import area, hierarchy
from dotforge.tools import yosys


class Register(Block):
    i: Signal
    o: Signal

    def __init__(self, width: int) -> None:
        self.width = width
        super().__init__({"i": In(width), "o": Out(width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.sync += self.o.eq(self.i)
        return m


def test_counts() -> None:
    found = area.synthesize("module m(input a, b, output o); assign o = ~(a & b); endmodule", "m")
    assert (found.transistors, found.registers, found.memory_bits) == (4, 0, 0)
    assert found.cells == {"$_NAND_": 1}
    # 16 for a flip-flop and 6 for the gate of its reset, a bit
    assert area.flat(Register(5)) == 5 * (16 + 6)


def both(verilog: str, top: str) -> tuple[area.Area, area.Area]:
    return area.synthesize(verilog, top, yosys="pyosys"), area.synthesize(verilog, top, yosys="yowasp")


@pytest.mark.xdist_group("yowasp")
def test_both_yosys_count_the_same() -> None:
    """PyPI's native and WebAssembly builds are one release."""
    design = convert(MultiplyAccumulate(lanes=2, a_bits=3, b_bits=4, sum_bits=10))
    native, portable = both(design.verilog, design.top)
    assert (native.transistors, native.registers) == (portable.transistors, portable.registers)
    assert native.transistors > 500


@pytest.mark.xdist_group("yowasp")
def test_both_yosys_are_near_each_other_on_an_engine() -> None:
    """They hand abc the same netlist; what abc makes of it depends on the compiler that built it."""
    generated = from_parameters("logmac", {"lanes": 4})
    native, portable = both(generated.verilog, generated.top)
    assert native.registers == portable.registers
    assert native.transistors == pytest.approx(portable.transistors, rel=0.04)


@pytest.mark.parametrize("cell", ["$_DFFE_PP_", "$_SDFF_PP0_", "$_DLATCH_P_", "$lut"])
def test_an_uncounted_cell_is_an_error(cell: str) -> None:
    rows = f"        5 cells\n        4   $_NAND_\n        1   {cell}\n"
    stat = f"=== m ===\n{rows}\n   Estimated number of transistors:  16+\n"
    with pytest.raises(yosys.YosysError, match="not count"):
        area.parse_stat(stat, ())


def test_a_report_without_a_count_is_an_error() -> None:
    with pytest.raises(yosys.YosysError, match="transistor count"):
        area.parse_stat("=== m ===\n", ())


def test_a_latch_is_an_error() -> None:
    text = "module m(input e, d, output reg o); always @* if (e) o = d; endmodule"
    with pytest.raises(yosys.YosysError):
        area.synthesize(text, "m")


def test_a_syntax_error_names_its_line() -> None:
    with pytest.raises(yosys.YosysError, match=r"design\.v:2"):
        area.synthesize("module m(input a);\n  assign = a;\nendmodule", "m")


def test_a_run_ends_in_time() -> None:
    with pytest.raises(yosys.YosysError, match="did not end within"):
        area.synthesize("module m(input a, output o); assign o = a; endmodule", "m", timeout=0.01)


def test_large_storage_is_bits_not_transistors() -> None:
    small, large = (
        from_parameters("logmac", {"lanes": 4, "weight_depth": depth}).verilog for depth in (16, 256)
    )
    few, many = area.synthesize(small, "logmac"), area.synthesize(large, "logmac")
    assert few.memory_bits == 0
    assert many.memory_bits == 2 * 256 * 4 * 3
    assert many.transistors < few.transistors


@pytest.mark.parametrize("parameters", [{"lanes": 8}, {"lanes": 16, "fold_sign": True, "weight_depth": 2}])
def test_sum_of_modules_is_near_the_flat_netlist(parameters: dict[str, Any]) -> None:
    generated = from_parameters("logmac", parameters)
    flat = area.synthesize(generated.verilog, generated.top)
    tree = hierarchy.measure(generated.verilog, generated.top)
    assert tree.total.transistors == pytest.approx(flat.transistors, rel=0.05)
    assert tree.total.registers == pytest.approx(flat.registers, abs=3)
    lanes = {module.name: module.instances for module in tree.modules}
    assert lanes["logmac_shift_add_lane"] == parameters["lanes"]
    assert sum(row["transistors"] * row["instances"] for row in tree.rows()) == tree.total.transistors


def test_the_netlist_has_the_cells_that_were_counted() -> None:
    design = convert(Register(3))
    netlist = area.netlist(design.verilog, design.top)
    assert netlist.count("always @(posedge clk)") == area.measure(Register(3)).registers == 3
