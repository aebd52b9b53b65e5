"""Wide sums that are broken on purpose: the bench must be red."""

import re
from pathlib import Path

import pytest

from dotforge.engines.mxdot.clocked import longest, plan
from dotforge.engines.mxdot.config import MXDotConfig
from dotforge.engines.mxdot.sum_queue import SumQueue
from dotforge.export.design import Generated, from_parameters
from dotforge.verify.verify import verify
from dotforge_sim.simulator.bench import BenchFailure

WIDE = {"lanes": 4, "pipeline": "auto", "accumulation": "wide", "clock_mhz": 180}

MUTATIONS = {
    "loses a carry of the sum": (r"carry_1 <= \w+(\[\d+\])?;", "carry_1 <= 1'h0;"),
    "does not move the sum": (r"(assign sum_moves = ).*;", r"\1 1'h0;"),
    "drops lower blocks": (r"(assign block_lower = ).*;", r"\1 1'h0;"),
    "normalises subnormals": (r"(assign capped = ).*;", r"\1 1'h0;"),
    "forgets what is cut off": (r"(assign rest = ).*;", r"\1 1'h0;"),
    "does not negate": (r"(assign window_up = ).*;", r"\1 1'h0;"),
    "knows no infinity": (r"(assign over = ).*;", r"\1 1'h0;"),
    "knows one step": (r"(assign step = ).*;", r"\1 4'h0;"),
    "takes the word before": (r"(assign following = ).*;", r"\1 read;"),
    "has room for ever": (r"(assign room = ).*;", r"\1 1'h1;"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTATIONS)
def test_broken_wide_sums_fail(name: str, tmp_path: Path) -> None:
    pattern, replacement = MUTATIONS[name]
    whole = from_parameters("mxdot", WIDE)
    broken, count = re.subn(pattern, replacement, whole.verilog)
    assert count == 1, [line for line in whole.verilog.splitlines() if pattern[9:16] in line]
    with pytest.raises(BenchFailure) as failure:
        verify(Generated(broken, whole.manifest), tmp_path)
    print(failure.value)


def test_the_clock_that_is_foreseen_counts_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    config = MXDotConfig(**{**WIDE, "clock_mhz": 60})
    assert longest(config) == plan(config)[1]
    monkeypatch.setattr(SumQueue, "path", staticmethod(lambda depth: plan(config)[1] + plan(config)[1]))
    assert longest(config) == SumQueue.path(1)
