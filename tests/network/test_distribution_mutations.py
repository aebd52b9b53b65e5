"""Broken Verilog of the distribution network and of the route engine must not pass."""

import re

import numpy as np
import pytest

from dotforge.export.verilog import convert
from dotforge.network.distribution.distribution import DistributionNetwork, distribution_columns, evenly
from dotforge.network.distribution.multicast import MulticastBenes
from dotforge.network.routing.engine import RouteEngine
from dotforge_golden import distribution, route
from dotforge_sim.simulator.cosim import evaluate

from .test_distribution import stream
from .test_route import hardware_rows
from .test_route_engines import check_stream
from .vectors import fields, maps, pack, unpack

SEED = 43
LANES = 8


def mutate(verilog: str, module: str, pattern: str, replacement: str, number: int = 0) -> str:
    """Replace occurrence ``number`` of a pattern in one module."""
    start = re.search(rf"^module \w*{module}\(", verilog, re.M)
    assert start is not None, module
    end = verilog.index("endmodule", start.start())
    body = verilog[start.start() : end]
    found = list(re.finditer(pattern, body, re.M))
    assert len(found) > number, f"{pattern}: {len(found)} of them"
    place = found[number]
    mutated = body[: place.start()] + place.expand(replacement) + body[place.end() :]
    assert mutated != body
    return verilog[: start.start()] + mutated + verilog[end:]


SWAP_BRANCHES = (r"(\w+(?:\[\d+\])?) \? (\S+) : (\S+);", r"\1 ? \3 : \2;")

NETWORK = [
    pytest.param("multicast_benes", *SWAP_BRANCHES, 0, id="a multiplexer takes the other input"),
    pytest.param(
        "rank_control",
        r"count_2_half_1 \^ count_2_carry_0;",
        "count_2_half_1;",
        0,
        id="a count loses its carry",
    ),
    pytest.param(
        "multicast_benes",
        r"\{ 1'h0, ends_in_use_0 \}",
        "{ ends_in_use_0, 1'h0 }",
        0,
        id="runs end a slot late",
    ),
]


@pytest.mark.parametrize(("module", "pattern", "replacement", "number"), NETWORK)
def test_broken_network_is_seen(module, pattern, replacement, number):
    design = convert(MulticastBenes(LANES, LANES, 4))
    random = np.random.default_rng(SEED)
    positions = maps(random, 2000, LANES, LANES)
    values, bitmap = random.integers(1, 16, positions.shape), random.random(positions.shape) < 0.7
    inputs = {"values": pack(values, 4), "bitmap": pack(bitmap)}
    inputs |= fields("multicast-benes", route.multicast_rows(positions, LANES), LANES)
    # Settings are in use in the cycle after their swap.
    inputs = {name: np.append(word, word[:1], axis=0) for name, word in inputs.items()}
    for name in ("values", "bitmap"):
        inputs[name] = np.roll(inputs[name], 1, axis=0)
    inputs["swap"] = np.ones(1, dtype=np.uint8)
    wanted = distribution.wanted(positions, values, bitmap)

    def outputs(verilog):
        out = evaluate(verilog, design.top, design.ports, inputs)
        return unpack(out["outputs"], LANES, 4)[1:]

    assert np.array_equal(outputs(design.verilog), wanted)
    assert not np.array_equal(outputs(mutate(design.verilog, module, pattern, replacement, number)), wanted)


ENGINE = [
    pytest.param("route_loop", r"walker_0_b \| ", "walker_0_b & ", 0, id="b does not get colour 1"),
    pytest.param("route_loop", *SWAP_BRANCHES, 3, id="a multiplexer takes the other input"),
    pytest.param(
        "route_lists", r"assign has_more = .*;", "assign has_more = 1'h0;", 0, id="chains end at once"
    ),
]


@pytest.mark.parametrize(("module", "pattern", "replacement", "number"), ENGINE)
def test_broken_route_engine_is_seen(module, pattern, replacement, number):
    random = np.random.default_rng(SEED)
    positions = maps(random, 60, LANES, LANES)
    verilog = mutate(convert(RouteEngine(LANES)).verilog, module, pattern, replacement, number)
    try:
        rows, _ = hardware_rows(LANES, LANES, positions, verilog=verilog)
    except AssertionError:
        return  # not even the rows are complete
    values = random.integers(1, 1 << 16, positions.shape)
    bitmap = np.ones(positions.shape, dtype=bool)
    out = distribution.deliver("multicast-benes", rows, values, bitmap)
    assert not np.array_equal(out, distribution.wanted(positions, values, bitmap))


SWAPS = [
    pytest.param(
        "distribution_network", r"writable = settled & ", "writable = ", id="rows come while a swap passes"
    ),
    pytest.param(
        "multicast_benes", r"= swap_4 & advance", "= swap_3 & advance", id="a swap comes a column early"
    ),
]


@pytest.mark.parametrize(("module", "pattern", "replacement"), SWAPS)
def test_broken_swap_is_seen(module, pattern, replacement):
    columns = evenly(5, distribution_columns("multicast-benes", 4, 4))
    network = DistributionNetwork(4, 6, topology="multicast-benes", registers=columns, tag_width=5)
    verilog = mutate(convert(network).verilog, module, pattern, replacement)
    try:
        got, expected = stream(np.random.default_rng(SEED), network, 3000, verilog)
    except AssertionError:
        return  # rows are taken when none may be
    assert not np.array_equal(got, expected)


def test_broken_turns_are_seen():
    """An engine writes its rows although it is another one's turn."""

    def broken(verilog):
        return mutate(verilog, "route_engines", r"= writable & leaving_1;", "= writable;")

    with pytest.raises(AssertionError):
        check_stream(("multicast-benes", 8, 5, 2, 4), 2000, np.zeros(1, dtype=np.uint8), broken)
