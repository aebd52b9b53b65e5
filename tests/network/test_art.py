# amaranth: UnusedElaboratable=no
"""ART: where side links are used, that nothing blocks, broken networks that must be noticed."""

import numpy as np
import pytest

from dotforge_golden import art as golden
from dotforge_golden.reduction import floating, integer

from .reduction import check, make, plan


def test_side_links_complete_runs_below_their_common_ancestor() -> None:
    # Lanes 3 and 4 meet only in the root of a plain tree; here node 1 hands lane 3 to node 2.
    sums = golden.reduce(np.arange(8), np.array([0, 0, 0, 1, 1, 2, 2, 2]), addition=integer(32))
    assert sums.values[0, [2, 4, 7]].tolist() == [3, 7, 18]
    assert sums.levels[0].tolist() == [-1, -1, 1, -1, 0, -1, -1, 1]


def test_golden_adds_the_neighbour_last() -> None:
    big = 2.0**24
    addition = floating(np.float32)
    # Node 1 adds lanes 2 and 3, then lane 4 of node 2.
    values = np.array([0, 0, 1, 1, big, 0, 0, 0], np.float32)
    sums = golden.reduce(values, np.array([0, 0, 1, 1, 1, 2, 2, 2]), addition=addition)
    assert sums.values[0, 4] == big + 2
    # Node 2 adds lanes 4 and 5, then lane 3 of node 1.
    values = np.array([0, 0, 0, big, 1, 1, 0, 0], np.float32)
    sums = golden.reduce(values, np.array([0, 0, 0, 1, 1, 1, 2, 2]), addition=addition)
    assert sums.values[0, 5] == big + 2


def test_golden_never_blocks_and_sums() -> None:
    for lanes in (2, 4, 8):
        groupings = plan.all_groupings(lanes)
        values = np.random.default_rng(0).integers(-99, 99, groupings.shape)
        sums = golden.reduce(values, groupings, addition=integer(32))
        for row, grouping in enumerate(groupings):
            for run in range(grouping[-1] + 1):
                (members,) = np.nonzero(grouping == run)
                assert sums.values[row, members[-1]] == values[row, members].sum()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("assign use_neighbour = neighbour_mixed;", "assign use_neighbour = 1'h0;"),
        ("assign use_b = has_b & ", "assign use_b = has_b | "),
        ("assign slots[16] = down_a", "assign slots[16] = ~down_a"),
        ("  always @(posedge clk)\n    o <= i;", "  always @*\n    o = i;"),
    ],
    ids=["third operand lost", "operand of another run", "valid of a slot", "register dropped"],
)
def test_broken_networks_are_noticed(right: str, wrong: str) -> None:
    block, network = make("art", 8, "INT16", stallable=False)
    ids = plan.all_groupings(8)
    with pytest.raises(AssertionError, match="sums"):
        check(block, network, ids, np.random.default_rng(1), full=1.0, mutation=(right, wrong))
