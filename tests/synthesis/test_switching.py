"""Switching of mapped netlists: against hand counts, and against golden for what the netlist computes."""

import numpy as np
import pytest

from dotforge.arithmetic.mac import MultiplyAccumulate
from dotforge.export.verilog import convert
from dotforge.synthesis import area, switching
from dotforge.synthesis.switching import TRANSISTORS, mapped
from dotforge.tools.yosys import YosysError

COUNTER = """
module counter(input clk, input [0:0] d, output [1:0] q);
  reg r = 0;
  always @(posedge clk) r <= d;
  assign q = {~(r & d), r};
endmodule
"""


def bits(values: np.ndarray, width: int) -> np.ndarray:
    return (values[..., None] >> np.arange(width) & 1).astype(np.uint8)


def test_toggles_are_counted_by_hand() -> None:
    """d: 0 1 1 0; r: 0 0 1 1; nand: 1 1 0 1. r changes once, the NAND gate twice, in three cycles."""
    netlist = mapped(COUNTER, "counter")
    assert netlist.area.cells == {"$_DFF_P_": 1, "$_NAND_": 1}
    d = np.array([[0], [1], [1], [0]])
    found = netlist.simulate({"d": bits(d, 1)})
    assert found.transistors == pytest.approx((1 * 16 + 2 * 4) / 3)
    assert found.outputs["q"][:, 0, 0].tolist() == [2, 2, 1, 3]
    both = netlist.simulate({"d": np.concatenate([bits(d, 1), bits(0 * d, 1)], axis=1)})
    assert both.transistors == pytest.approx(found.transistors / 2)


@pytest.mark.parametrize("sequences", [1, 64, 70])
def test_the_netlist_computes_what_the_block_does(sequences: int) -> None:
    design = convert(MultiplyAccumulate(lanes=3, a_bits=4, b_bits=5, sum_bits=12))
    rng = np.random.default_rng(5)
    a, b = rng.integers(-8, 8, (6, sequences, 3)), rng.integers(-16, 16, (6, sequences, 3))
    netlist = mapped(design.verilog, design.top)
    assert netlist.area == area.synthesize(design.verilog, design.top)
    given = {
        "a": bits(a, 4).reshape(6, sequences, -1),
        "b": bits(b, 5).reshape(6, sequences, -1),
    }
    found = netlist.simulate(given)
    total = np.cumsum((a * b).sum(axis=2), axis=0) % 2**12
    sums = found.outputs["sum"].astype(int) @ [1, 256]
    assert np.array_equal(sums[0], np.zeros(sequences))
    assert np.array_equal(sums[1:], total[:-1])
    assert 0 < found.transistors < netlist.area.transistors
    still = netlist.simulate({name: np.repeat(values[:1] * 0, 3, axis=0) for name, values in given.items()})
    assert still.transistors == 0


def test_refuses_what_it_cannot_count(monkeypatch: pytest.MonkeyPatch) -> None:
    netlist = mapped(COUNTER, "counter")
    with pytest.raises(ValueError, match="no bits for d"):
        netlist.simulate({"clk": np.zeros((2, 1, 1), np.uint8)})
    with pytest.raises(ValueError, match="two cycles"):
        netlist.simulate({"d": np.zeros((1, 1, 1), np.uint8)})
    monkeypatch.setitem(switching.TRANSISTORS, "NAND", 5)
    with pytest.raises(YosysError, match=r"cells add up to 21 transistors, .* says 20"):
        mapped(COUNTER, "counter")


def test_every_cell_that_is_counted_is_known() -> None:
    assert {f"$_{name}_" for name in TRANSISTORS} | {"$_DFF_N_"} == area.COUNTED
