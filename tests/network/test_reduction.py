# amaranth: UnusedElaboratable=no
"""What the three networks have in common: every grouping's sums, at their slots, in their cycles."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from dotforge.formats.table import FP32

from . import reduction
from .reduction import check, make, plan

ALL = ("fan", "linear", "art")
TREES = ("fan", "art")


def slow(*case: Any) -> Any:
    """Leave a case out of the quick run; every one of them is a design to compile."""
    return pytest.param(*case, marks=pytest.mark.slow)


#: Where one network stands for all in the quick run.
FAN_FIRST = ("fan", slow("linear"), slow("art"))


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("lanes", [slow(2), slow(4), 8])
def test_all_groupings(kind: str, lanes: int) -> None:
    block, network = make(kind, lanes)
    rng = np.random.default_rng(lanes)
    groupings = plan.all_groupings(lanes)
    assert len(groupings) == 2 ** (lanes - 1)
    ids = plan.random_vec_ids(rng, np.repeat(groupings, 4, 0), block.id_width)
    assert check(block, network, ids, rng, vectors=3) > 4 * 3 * len(groupings) // 2


@pytest.mark.parametrize(
    ("kind", "lanes"),
    [("fan", 4), *(slow(kind, lanes) for kind in ALL for lanes in (2, 4, 8) if (kind, lanes) != ("fan", 4))],
)
def test_all_groupings_in_floating_point(kind: str, lanes: int) -> None:
    block, network = make(kind, lanes, "FP32")
    rng = np.random.default_rng(lanes)
    ids = plan.random_vec_ids(rng, np.repeat(plan.all_groupings(lanes), 100, 0), block.id_width)
    assert check(block, network, ids, rng, vectors=5) > 500 * 2 ** (lanes - 1)


@pytest.mark.parametrize("kind", ["fan", slow("linear"), "art"])
def test_slice_of_all_groupings_of_16_lanes(kind: str) -> None:
    block, network = make(kind, 16, stallable=False)
    rng = np.random.default_rng(16)
    groupings = rng.permutation(plan.all_groupings(16))[:1500]
    ids = plan.random_vec_ids(rng, groupings, block.id_width)
    assert check(block, network, ids, rng, vectors=1) > 1500 * 7


@pytest.mark.slow
@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("sum_format", ["INT32", "FP32"])
def test_all_groupings_of_16_lanes(kind: str, sum_format: str) -> None:
    block, network = make(kind, 16, sum_format, stallable=False)
    rng = np.random.default_rng(17)
    groupings = plan.all_groupings(16)
    assert len(groupings) == 32_768
    ids = plan.random_vec_ids(rng, groupings, block.id_width)
    assert check(block, network, ids, rng, vectors=1, full=1.0) == 32_768 * 17 // 2


@pytest.mark.parametrize(
    ("kind", "lanes", "folds"),
    [("fan", 32, 60), slow("linear", 32, 60), slow("art", 32, 60)],
)
def test_random_groupings(kind: str, lanes: int, folds: int) -> None:
    block, network = make(kind, lanes, gate_empty=True)
    rng = np.random.default_rng(lanes)
    ids = plan.random_vec_ids(rng, plan.random_groupings(rng, lanes, folds), block.id_width)
    assert check(block, network, ids, rng, vectors=3, stalls=0.3, full=0.6) > 5 * folds


@pytest.mark.slow
@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize(
    ("sum_format", "lanes", "folds"),
    [
        ("INT32", 32, 2000),
        ("INT32", 64, 1000),
        ("INT32", 128, 300),
        ("INT32", 256, 100),
        ("INT32", 512, 40),
        ("FP32", 32, 1000),  # more floating-point adders take a compiler many minutes
    ],
)
def test_many_random_groupings(kind: str, sum_format: str, lanes: int, folds: int) -> None:
    block, network = make(kind, lanes, sum_format, tag_width=8)
    rng = np.random.default_rng(lanes + 1)
    ids = plan.random_vec_ids(rng, plan.random_groupings(rng, lanes, folds), block.id_width)
    assert check(block, network, ids, rng, vectors=8, stalls=0.2) > 50 * folds


@pytest.mark.parametrize("kind", FAN_FIRST)
@pytest.mark.parametrize(
    "parameters",
    [
        {"sum_format": "INT24", "input_width": 16, "id_width": 1, "tag_width": 3},
        {"sum_format": "INT20", "input_width": 8, "id_width": 12, "adder_depth": 2, "stallable": False},
        slow({"sum_format": "INT24", "input_width": 3, "adder_depth": 8, "operators": True}),
        slow({"sum_format": "FP8_E4M3", "gate_empty": True}),
        {"sum_format": "INT9", "input_width": 9, "adder_depth": 3, "gate_empty": True},
        slow({"sum_format": "FP32", "gate_empty": True, "adder_depth": 2}),
        slow({"sum_format": "FP16", "gate_empty": True, "adder_depth": 3}),
        slow({"sum_format": "FP32", "flush_subnormals": True}),
    ],
    ids=str,
)
def test_parameters(kind: str, parameters: dict[str, Any]) -> None:
    block, network = make(kind, 8, **parameters)
    rng = np.random.default_rng(8)
    ids = plan.random_vec_ids(rng, plan.random_groupings(rng, 8, 200), block.id_width)
    assert check(block, network, ids, rng, vectors=4, stalls=0.25) > 200


@pytest.mark.parametrize(
    ("kind", "lanes", "parameters"),
    [
        ("fan", 2, {"align_outputs": True}),
        ("fan", 4, {"compact": True, "adder_depth": 2}),
        slow("fan", 8, {"align_outputs": True}),
        slow("art", 2, {"compact": True}),
        ("art", 8, {"align_outputs": True, "adder_depth": 2}),
        slow("art", 4, {"compact": True}),
    ],
    ids=str,
)
def test_aligned_and_compact(kind: str, lanes: int, parameters: dict[str, Any]) -> None:
    block, network = make(kind, lanes, "INT16", **parameters, input_width=12, tag_width=2)
    rng = np.random.default_rng(lanes)
    ids = plan.random_vec_ids(rng, plan.random_groupings(rng, lanes, 150), block.id_width)
    assert check(block, network, ids, rng, vectors=5, stalls=0.2) > 150


def test_linear_with_any_number_of_lanes() -> None:
    block, network = make("linear", 7)
    rng = np.random.default_rng(7)
    ids = plan.random_vec_ids(rng, plan.random_groupings(rng, 7, 50), block.id_width)
    assert check(block, network, ids, rng, vectors=4, stalls=0.2) > 100


@pytest.mark.parametrize(
    ("kind", "lanes"),
    [("fan", 4), *(slow(kind, lanes) for kind in ALL for lanes in (4, 32) if (kind, lanes) != ("fan", 4))],
)
def test_nan_and_infinity_stay_in_their_run(kind: str, lanes: int) -> None:
    folds = 300
    block, network = make(kind, lanes, "FP32")
    rng = np.random.default_rng(5)
    groupings = plan.random_groupings(rng, lanes, folds)
    ids = plan.random_vec_ids(rng, groupings, block.id_width)
    values = rng.standard_normal((folds, 3, lanes)).astype(np.float32).view(np.uint32).astype(np.int64)
    # One run of each fold is spoilt, every element of it.
    spoilt = groupings == rng.integers(0, groupings.max(axis=1) + 1)[:, None]
    special = rng.choice([0x7FC00000, 0x7F800000, 0xFF800000], (folds, 3, lanes))
    values = np.where(spoilt[:, None, :], special, values)
    expected = plan.schedule(network, ids, np.ones((folds, lanes), bool), values)
    sums = expected.outputs["sums"][expected.sum_valid].astype(np.uint32).view(np.float32)
    assert np.isfinite(sums).sum() > folds
    assert (~np.isfinite(sums)).sum() == 3 * folds
    assert check(block, network, ids, rng, values=values, vectors=3, full=1.0) == len(sums)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("lanes", [4, 16, 32])
def test_stated_latencies_are_golden(kind: str, lanes: int) -> None:
    rng = np.random.default_rng(9)
    block, network = make(kind, lanes, adder_depth=2)
    groupings = plan.random_groupings(rng, lanes, 100)
    ones = np.ones_like(groupings, bool)
    levels = plan.schedule(network, groupings, ones, groupings[:, None]).levels
    for grouping, expected in zip(groupings, levels, strict=True):
        latencies = [None if level < 0 else 2 * (int(level) + 1) for level in expected]
        assert block.slot_latencies([int(run) for run in grouping]) == latencies
    assert max(latency or 0 for latency in block.slot_latencies([0] * lanes)) == block.latency


@pytest.mark.parametrize("kind", ALL)
def test_a_run_of_empty_lanes_leaves_nothing(kind: str) -> None:
    block, network = make(kind, 8)
    rng = np.random.default_rng(2)
    ids = plan.random_vec_ids(rng, plan.all_groupings(8), block.id_width)
    assert check(block, network, ids, rng, vectors=2, full=0.15) < 128 * 2 * 4


def test_junk_in_empty_lanes_is_seen_without_gates() -> None:
    block, network = make("fan", 8, gate_empty=False)
    network = dataclasses.replace(network, gate_empty=True)  # so the schedule drives junk
    rng = np.random.default_rng(2)
    with pytest.raises(AssertionError, match="sums"):
        check(block, network, plan.all_groupings(8), rng)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"lanes": 1}, "lanes is 2…512, not 1"),
        ({"lanes": 1024}, "lanes is 2…512, not 1024"),
        ({"lanes": 4, "adder_depth": 0}, "adder_depth is 1…8 cycles, not 0"),
        ({"lanes": 4, "adder_depth": 9}, "adder_depth is 1…8 cycles, not 9"),
        ({"lanes": 4, "sum_format": FP32, "adder_depth": 6}, "adder_depth is 1…5 cycles, not 6"),
        ({"lanes": 4, "input_width": 33}, "input_width is 1…32 bits, not 33"),
        ({"lanes": 4, "id_width": 0}, "id_width is at least 1 bit, not 0"),
        ({"lanes": 4, "tag_width": -1}, "tag_width is at least 0 bits, not -1"),
        ({"lanes": 4, "flush_subnormals": True}, "flush_subnormals is for floating point"),
    ],
)
def test_wrong_parameters(kind: str, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        reduction.KINDS[kind](**parameters)


@pytest.mark.parametrize("kind", TREES)
def test_trees_have_a_power_of_two_of_lanes(kind: str) -> None:
    with pytest.raises(ValueError, match="lanes is a power of two, not 12"):
        reduction.KINDS[kind](12)
