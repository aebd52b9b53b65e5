"""The bench fails on engines that are broken on purpose, each in another place of the controller."""

import re
from pathlib import Path

import pytest

from dotforge.export.design import Generated, from_parameters
from dotforge.verify.verify import verify
from dotforge_sim.simulator.bench import BenchFailure

PARAMETERS = {"lanes": 4, "format": "int4", "stationary_bandwidth": 2, "row_bits": 6, "index_bits": 4}

#: What is broken: a pattern in the Verilog, which must occur once, and what replaces it.
BROKEN = {
    "packing": (r"(= \{ 1'h0, start \}) \+ \{ 1'h0, keep\[0\] \};", r"\1;"),
    "regor": (r"= (bitmaps_payload\[3:0\]) \| (\w+);", r"= \1 & \2;"),
    "vec_id": (r"vec_id <= mux_\d+;", "vec_id <= 1'h0;"),
    "route_swap": (r"\.swap\(swapped\),", ".swap(1'h0),"),
    "fold_swap": (r"take \? (prepared) : in_use;", r"\1;"),
}


def fails(name: str, mutation: tuple[str, str], directory: Path) -> None:
    whole = from_parameters("flexdpe", PARAMETERS)
    verilog, count = re.subn(*mutation, whole.verilog)
    assert count == 1, f"{name}: {count} places"
    with pytest.raises(BenchFailure) as failure:
        verify(Generated(verilog, whole.manifest), directory)
    print(failure.value)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_engine_fails(name: str, tmp_path: Path) -> None:
    fails(name, BROKEN[name], tmp_path)
