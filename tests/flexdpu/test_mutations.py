"""The bench fails on engines that are broken on purpose, each in another place."""

import re
from pathlib import Path
from typing import Any

import pytest

from dotforge.export.design import Generated, from_parameters
from dotforge.verify.verify import verify
from dotforge_sim.simulator.bench import BenchFailure

PARAMETERS: dict[str, Any] = {
    "engines": 3,
    "lanes": 4,
    "groups": 2,
    "format": "int4",
    "stationary_bandwidth": 2,
    "row_bits": 4,
    "index_bits": 6,
    "accumulator_words": 64,
    "accumulator_banks": 4,
    "row_buffer": 4,
}

#: What is broken: a pattern in the Verilog, and what replaces it.
BROKEN = {
    "a row over two Flex-DPEs": (r"(assign right_continues = )continued_\w+ & joined_0;", r"\g<1>1'h0;"),
    "slices of a fold": (r"(assign equal_\d+ = )slice == last_slice;", r"\g<1>1'h0;"),
    "rows in one bank": (r"(assign less_\d+ = )ahead >= 4'h4;", r"\g<1>1'h0;"),
    "rounds of a vector": (r"(assign both_\w+ = )take & vector_ends;", r"\g<1>take;"),
    "accumulation": (r"(assign fresh = )~ row_begun_\d+;", r"\g<1>1'h1;"),
    "Flex-DPEs of a group": (r"\.members\(members\),\n(?=    \.r)", ".members(3'h7),\n"),
    "tag": (r"\.tag\(job_tag\)", ".tag(16'h0)"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_engine_fails(name: str, tmp_path: Path) -> None:
    whole = from_parameters("flexdpu", PARAMETERS)
    verilog, count = re.subn(*BROKEN[name], whole.verilog)
    assert count, f"{name}: nothing like it"
    with pytest.raises(BenchFailure) as failure:
        verify(Generated(verilog, whole.manifest), tmp_path)
    print(failure.value)
