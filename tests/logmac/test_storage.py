"""Stationary weights: a word that is written while it is read is not used, so storage may give anything then."""

import re

import pytest

from dotforge.engines.logmac.config import LogMacConfig
from dotforge.engines.logmac.payloads import payloads
from dotforge.engines.logmac.storage import StationaryWeights
from dotforge.export.verilog import convert
from dotforge.tools import yosys


def proof(depth: int, change: tuple[str, str] = ("", "")) -> None:
    """Prove it for weights of two lanes, from every state.

    Raises
    ------
    YosysError
        There is a counterexample.
    """
    payload = payloads(LogMacConfig(lanes=2, weight_depth=depth))[0]["weights"]
    design = convert(StationaryWeights(payload=payload, depth=depth))
    verilog = design.verilog
    assert "(* no_rw_check *)" in verilog
    top = re.search(rf"^module {design.top}\b.*?^endmodule", verilog, re.M | re.S)
    assert top is not None
    instance = re.search(r"memory_array memory \((.*?)\);", top[0], re.S)
    assert instance is not None
    wires = dict(re.findall(r"\.(\w+)\(([^()]+)\)", instance[1]))
    check = f"""
  reg met;
  always @(posedge clk) met <= {wires["write_enable"]} && {wires["write_address"]} == {wires["read_address"]};
  output bad;
  assign bad = met && valid;
endmodule"""
    body = top[0].replace(*change) if change[0] else top[0]
    assert (body != top[0]) == bool(change[0])
    body = body.replace(f"module {design.top}(", f"module {design.top}(bad, ").removesuffix("endmodule")
    checked = verilog.replace(top[0], body + check)
    script = [
        "read_verilog d.v",
        f"prep -top {design.top} -flatten",
        "memory_map",
        "setattr -unset init w:*",
        # What was met in a first cycle, whose state and inputs are any, and what is valid in the second one.
        "sat -seq 2 -prove bad 0 -prove-skip 1 -verify",
    ]
    yosys.run(script, {"d.v": checked}, [])


@pytest.mark.parametrize("depth", [2, 5])
def test_what_is_written_while_it_is_read_is_not_used(depth: int) -> None:
    proof(depth)


def test_the_proof_can_fail() -> None:
    """Here, where a full bank is written to."""
    with pytest.raises(yosys.YosysError):
        proof(2, ("taken = i_valid & inverse_4", "taken = i_valid"))
