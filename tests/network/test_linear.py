# amaranth: UnusedElaboratable=no
"""Linear reduction: its skew, its order, broken networks that must be noticed."""

import numpy as np
import pytest

from dotforge.network.reduction.linear import skew_registers
from dotforge_golden import linear as golden
from dotforge_golden.reduction import floating

from .reduction import check, make, plan


def test_golden_adds_from_the_first_lane_to_the_last() -> None:
    values = np.array([2.0**24, 1, 1, -(2.0**24)], np.float32)
    sums = golden.reduce(values, np.zeros(4, int), addition=floating(np.float32))
    assert sums.values[0, 3] == 0
    sums = golden.reduce(values[::-1], np.zeros(4, int), addition=floating(np.float32))
    assert sums.values[0, 3] == 2


def test_skew_is_a_triangle_of_registers() -> None:
    assert skew_registers(2, 32) == 32
    assert skew_registers(4, 8) == 8 * (1 + 2 + 3)
    assert skew_registers(512, 32, 2) == 2 * 32 * 511 * 256


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("  assign o = i & ", "  assign o = i | "),
        ("joins[1] & has_sum_1_0", "has_sum_1_0"),
        ("  always @(posedge clk)\n    o <= i;", "  always @*\n    o = i;"),
    ],
    ids=["gate", "runs not kept apart", "first register dropped"],
)
def test_broken_networks_are_noticed(right: str, wrong: str) -> None:
    block, network = make("linear", 4, "INT16", stallable=False)
    ids = np.repeat(plan.all_groupings(4), 20, 0)
    with pytest.raises(AssertionError, match="sums"):
        check(block, network, ids, np.random.default_rng(1), mutation=(right, wrong))
