"""The bench fails on engines that are broken on purpose, each in another place, and on sums in another order."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

import dotforge_golden
from dotforge.export.design import Generated, from_parameters
from dotforge.verify.verify import verify
from dotforge_sim.simulator.bench import BenchFailure

from .benches import on_icarus

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
    "packing across Flex-DPEs": (r"(assign right_continues = )continued_\w+ & joined_0;", r"\g<1>1'h0;"),
    "slices of a fold": (r"(assign equal_\d+ = )slice == last_slice;", r"\g<1>1'h0;"),
    "a bank conflict": (r"(assign less_\d+ = )ahead >= 4'h4;", r"\g<1>1'h0;"),
    "rounds of a vector": (r"(assign both_\w+ = )take & vector_ends;", r"\g<1>take;"),
    "accumulation": (r"(assign fresh = )~ row_begun_\d+;", r"\g<1>1'h1;"),
    "group mask": (r"\.members\(members\),\n(?=    \.r)", ".members(3'h7),\n"),
    "tag": (r"\.tag\(job_tag\)", ".tag(16'h0)"),
}

#: Of a configuration whose additions take longer than some folds.
FLOATING: dict[str, Any] = {
    **PARAMETERS,
    "engines": 2,
    "groups": 1,
    "format": "bf16",
    "stationary_bandwidth": 4,
}
TOO_EARLY = {
    "no vector waits for an addition": (r"(assign hazard = )[^;]*;", r"\g<1>1'h0;"),
    "all folds count as one": (r"(assign mux_\w+ = )turn \^ \w+;|(turn <= )[^;]*;", r"\g<1>\g<2>1'h0;"),
}

#: Orders of additions that golden does not promise: a pattern in its source, and what replaces it.
ORDERS = {
    "windows from the last one on": (r"in (windows\(stationary[^:]*):", r"in reversed(\1):"),
    "folds from the last one on": (r"in (pack\(useful[^:]*):", r"in reversed(\1):"),
    "a row over two Flex-DPEs, part by part": (r"if joins:\n(?= +left)", "if False:\n"),
}


def broken(whole: Generated, pattern: str, replacement: str) -> Generated:
    """Return an engine with something replaced, which is there."""
    verilog, count = re.subn(pattern, replacement, whole.verilog)
    assert count, f"{pattern}: nothing like it"
    return Generated(verilog, whole.manifest)


@pytest.mark.slow
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_engine_fails(name: str, tmp_path: Path) -> None:
    made = broken(from_parameters("flexdpu", PARAMETERS), *BROKEN[name])
    with pytest.raises(BenchFailure) as failure:
        verify(made, tmp_path)
    print(failure.value)


@pytest.mark.usefixtures("icarus")
@pytest.mark.parametrize("name", ["", *TOO_EARLY])
def test_a_word_that_is_read_too_early(name: str, tmp_path: Path) -> None:
    made = from_parameters("flexdpu", FLOATING)
    if not name:
        assert on_icarus(made, tmp_path, tests="vectors_stop").vectors > 0
        return
    with pytest.raises(BenchFailure, match="vectors_stop_inside_a_fold failed"):
        on_icarus(broken(made, *TOO_EARLY[name]), tmp_path, tests="vectors_stop")


@pytest.mark.slow
@pytest.mark.usefixtures("icarus")
@pytest.mark.parametrize("name", ORDERS)
def test_sums_in_another_order(name: str, tmp_path: Path) -> None:
    """Integers are the same in any order; floating point is not, and the bench sees it."""
    golden = tmp_path / "golden" / "dotforge_golden"
    shutil.copytree(Path(dotforge_golden.__file__).parent, golden)
    model = golden / "flexdpu.py"
    text, count = re.subn(*ORDERS[name], model.read_text(encoding="utf-8"))
    assert count == 1
    model.write_text(text, encoding="utf-8")
    integers = from_parameters("flexdpu", {**FLOATING, "format": "int8"})
    on_icarus(integers, tmp_path / "int8", tests="order", golden=golden)
    with pytest.raises(BenchFailure, match="order_of_additions failed: item"):
        on_icarus(from_parameters("flexdpu", FLOATING), tmp_path / "bf16", tests="order", golden=golden)
