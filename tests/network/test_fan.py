# amaranth: UnusedElaboratable=no
"""FAN: its numbering and links, hand-worked examples, broken networks that must be noticed."""

import numpy as np
import pytest

from dotforge.export.verilog import convert
from dotforge.network.reduction import fan
from dotforge_golden import fan as golden
from dotforge_golden.reduction import floating, integer

from .reduction import check, make, plan


def test_levels_and_links_of_the_paper() -> None:
    # Fig. 6a, 32 lanes: adder 15 is the root, adder 12 is at level 0.
    assert [fan.adder_level(adder) for adder in (15, 7, 11, 12, 30)] == [4, 3, 2, 0, 0]
    assert golden.links(7) == [(6, 8), (5, 9), (3, 11)]
    assert golden.links(12) == []
    for adder in range(511):
        assert fan.adder_level(adder) == golden.adder_level(adder)
        for distance, link in enumerate(golden.links(adder)):
            assert [golden.adder_level(end) for end in link] == [distance, distance]


def test_completion_levels() -> None:
    for first in range(64):
        for last in range(first, 64):
            assert fan.completion_level(first, last) == golden.completion_level(first, last)
    assert [fan.completion_level(*run) for run in ((3, 3), (2, 3), (1, 2), (3, 4), (0, 7))] == [0, 0, 1, 2, 2]


def test_golden_adds_in_the_order_of_the_tree() -> None:
    # 2^24 + 1 + 1 is 2^24 from left to right, and 2^24 + 2 when the ones meet first.
    values = np.array([2.0**24, 0, 1, 1], np.float32)
    sums = golden.reduce(values, np.zeros(4, int), addition=floating(np.float32))
    assert sums.values[0, 3] == 2.0**24 + 2
    # Lanes 1…3: adder 1 takes lane 1 past adder 0, and the sum of adder 2.
    sums = golden.reduce(np.roll(values, 1), np.array([0, 1, 1, 1]), addition=floating(np.float32))
    assert sums.values[0].tolist()[3] == 2.0**24
    assert sums.levels.tolist() == [[0, -1, -1, 1]]


def test_golden_is_a_sum() -> None:
    rng = np.random.default_rng(4)
    groupings = plan.random_groupings(rng, 64, 200)
    values = rng.integers(-1000, 1000, (200, 64))
    sums = golden.reduce(values, groupings, addition=integer(32))
    for row in range(200):
        for run in range(groupings[row, -1] + 1):
            (lanes,) = np.nonzero(groupings[row] == run)
            assert sums.values[row, lanes[-1]] == values[row, lanes].sum()


def test_link_registers() -> None:
    assert fan.link_words(512) == (1188, 750)
    for lanes in (4, 16, 64):
        design = convert(fan.Fan(lanes))
        assert _instances(design.children, design.top, "fan_delay") == fan.link_words(lanes)[1]


def _instances(children: dict[str, dict[str, int]], top: str, name: str) -> int:
    below = children[top].items()
    return sum(number * ((child == name) + _instances(children, child, name)) for child, number in below)


def test_many_lanes_are_few_modules() -> None:
    design = convert(fan.Fan(128))
    assert len(design.children) < 40
    assert "__" not in design.verilog
    assert "$" not in design.verilog


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("assign bus_through = whole_left & left;", "assign bus_through = left;"),
        ("assign prefix_sum = joined & whole_left;", "assign prefix_sum = joined;"),
        ("= valid[1] & occupied", "= valid[0] & occupied"),
        ("  always @(posedge clk)\n    o <= i;", "  always @*\n    o = i;"),
        ("assign joins[3] = vec_ids[11:9] ==", "assign joins[3] = vec_ids[8:6] =="),
    ],
    ids=["bus selector", "prefix selector", "level off by one", "link register dropped", "wrong neighbour"],
)
def test_broken_networks_are_noticed(right: str, wrong: str) -> None:
    block, network = make("fan", 8, "INT16", stallable=False)
    ids = plan.all_groupings(8)
    with pytest.raises(AssertionError, match="sums"):
        check(block, network, ids, np.random.default_rng(1), full=1.0, mutation=(right, wrong))
