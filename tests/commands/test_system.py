"""``dotforge system``: networks by their published sizes, collectives and power by hand, and averages pinned."""

import json
from typing import Any

import pytest

from dotforge_sim.models.parameter_file import load, values
from dotforge_sim.models.system.analysis import collectives, needed_pcie, scaling, summary, variants
from dotforge_sim.models.system.fabric import collective, fabric, power_table
from dotforge_sim.models.system.networks import NETWORKS, layers
from dotforge_sim.models.system.training import simulate


@pytest.mark.parametrize(
    ("network", "count", "weights", "macs"),
    [
        ("alexnet", 8, 60.95e6, 0.714e9),
        ("vgg-e", 19, 143.65e6, 19.63e9),
        ("resnet", 34, 21.62e6, 3.6e9),
        ("googlenet", 58, 6.99e6, 1.583e9),
    ],
)
def test_networks_are_those_that_were_published(
    network: str, count: int, weights: float, macs: float
) -> None:
    found = layers(network)
    assert len(found) == count
    assert sum(layer.weights for layer in found) == pytest.approx(weights, rel=0.005)
    assert sum(layer.macs for layer in found) == pytest.approx(macs, rel=0.02)


def test_timesteps_share_their_weights() -> None:
    found = layers("rnn-gru", 100)
    assert len(found) == 187
    assert sum(layer.weights for layer in found) == 3 * 2 * 100**2
    assert sum(layer.macs for layer in found) == 187 * 3 * 2 * 100**2


def test_bandwidths() -> None:
    p = values(load("system"))
    found = {name: fabric(name, p) for name in ("dc", "hc", "mc-s", "mc-l", "mc-b", "oracle")}
    assert [found[name].backing for name in found] == [6e9, 75e9, 50e9, 75e9, 150e9, None]
    assert [found[name].ring for name in found] == [150e9, 75e9, 150e9, 150e9, 150e9, 150e9]
    assert 4 * (found["hc"].backing or 0) == 300e9


def test_a_ring_by_hand() -> None:
    p = {"message": 1000.0, "hop_latency": 0.0}
    # Seven rounds of an eighth each; a node more on each way adds a message a round.
    assert collective("all-gather", 8e6, 8, 8, 1e9, p) == pytest.approx(7 * 1e-3)
    assert collective("all-reduce", 8e6, 8, 16, 1e9, p) == pytest.approx(14 * (1e-3 + 1e-6))
    assert collective("broadcast", 8e6, 8, 8, 1e9, p) == pytest.approx(8e-3 + 3e-6)
    found = {(row["collective"], row["nodes"]): row["to_two"] for row in collectives()}
    assert found["all-reduce", 16] == pytest.approx(2.03, abs=0.01)


def test_an_iteration_of_one_layer_by_hand() -> None:
    """RNN of one timestep would be one; of VGG-E the busy times are sums over its layers."""
    p = values(load("system"))
    found = simulate("vgg-e", "dc", "data")
    kept = sum(layer.kept for layer in layers("vgg-e")) * 64 * 4
    assert found.moved == pytest.approx(2 * kept)
    assert found.virtualization == pytest.approx(2 * kept / 6e9)
    macs = sum(layer.macs for layer in layers("vgg-e")) * 64 * 3
    assert found.computation == pytest.approx(macs / (p["pes"] * p["macs_per_pe"] * 1e9 * 0.5), rel=0.15)
    assert (
        max(found.computation, found.virtualization)
        < found.seconds
        < found.computation + found.virtualization
    )
    assert found.host_bandwidth == pytest.approx(4 * found.moved / found.seconds)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("parallel", ["data", "model"])
def test_nothing_beats_the_oracle(network: str, parallel: str) -> None:
    times = {
        name: simulate(network, name, parallel).seconds for name in ("dc", "mc-s", "mc-l", "mc-b", "oracle")
    }
    assert times["oracle"] <= times["mc-b"] * 1.0001
    assert times["mc-b"] <= times["mc-l"] * 1.0001
    assert times["mc-b"] < times["dc"]


def test_averages() -> None:
    """What the inputs of ``system.toml`` give; docs/papers.md holds them against what is printed."""
    found = summary()
    pinned = {"mc-b_data": 4.690, "mc-b_model": 2.292, "mc-b": 3.079, "hc_data": 4.122, "hc_model": 1.383,
              "mc-b_of_oracle": 0.880, "hc_virtualization": 0.920, "hc_synchronization": 0.878}  # fmt: skip
    assert {name: round(found[name], 3) for name in pinned} == pinned
    assert found["mc-b_arithmetic"] == pytest.approx((4.690 + 2.292) / 2, abs=1e-3)
    more = variants()
    assert round(more["gen4"], 3) == 1.762
    assert more["faster"] > found["mc-b"]
    assert needed_pcie(2.8) == pytest.approx(6.66e9, rel=0.01)
    assert scaling("dc", 8) < scaling("mc-b", 8) < scaling("oracle", 8) <= 8


def test_power() -> None:
    """Table IV: 29…127 W, 2.8…10.1 GB/W; 232 W are 7 % and 1016 W are 31 % more."""
    rows = power_table(values(load("system")))
    assert [round(row["node_w"]) for row in rows] == [29, 66, 87, 102, 127]
    assert [round(row["gb_per_w"], 1) for row in rows] == [2.8, 2.4, 3.7, 6.3, 10.1]
    assert (round(rows[0]["added_w"]), round(rows[-1]["added_w"])) == (232, 1016)
    assert (round(rows[0]["added"], 2), round(rows[-1]["added"], 2)) == (0.07, 0.32)
    assert rows[-1]["system_tb"] == pytest.approx(10.24)


def test_the_command(dotforge: Any) -> None:
    result = dotforge("system", "--network", "alexnet", "--system", "mc-b", "-p", "batch=64", "--json")
    (row,) = json.loads(result.out)
    assert row["system"] == "MC-DLA(B)" and row["speedup_over_dc"] > 1
    listed = json.loads(dotforge("system", "--list", "--json").out)
    assert all(each["source"] for each in listed["parameters"].values())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--network", "lenet"], "network lenet: allowed are alexnet"),
        (["--system", "pc"], "system pc: allowed are dc"),
        (["-p", "speed=1", "--network", "resnet"], "parameter speed: allowed are"),
        (["-p", "batch=0", "--network", "resnet"], "parameter batch=0: allowed is a number above 0"),
        (["-p", "batch=inf", "--network", "resnet"], "parameter batch=inf"),
        (["-p", "batch", "--network", "resnet"], "'batch' is not of the form name=number"),
        (["--averages", "--network", "resnet"], "one of --network and --system"),
        (["--parallel", "both"], "both"),
    ],
)
def test_bad_input(dotforge: Any, arguments: list[str], words: str) -> None:
    result = dotforge("system", *arguments)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert words in result.err
