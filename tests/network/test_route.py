"""The route engine: its settings deliver every map, in the cycles that are promised."""

import itertools

import numpy as np
import pytest

from dotforge.export.verilog import convert
from dotforge.network.distribution.settings import TOPOLOGIES, host_settings
from dotforge.network.routing.engine import RouteEngine, route_cycles
from dotforge.network.routing.loop import loop_steps
from dotforge_golden import distribution, route
from dotforge_sim.simulator.cosim import evaluate

from .vectors import maps

SEED = 42


@pytest.fixture
def random():
    print("seed", SEED)
    return np.random.default_rng(SEED)


def hardware_rows(lanes, window, positions, *, walkers=1, verilog=None):
    """Route maps one after the other; return their rows [maps, rows, lanes] and the cycles of each."""
    design = convert(RouteEngine(lanes, window, walkers))
    folds = len(positions)
    bits = window.bit_length() - 1
    words = np.where(positions < 0, 1 << bits, positions).ravel()
    wait = route_cycles(lanes, walkers)
    period = lanes + wait + 4
    # The engine is ready when a fold begins, so beats can be placed in time without looking.
    cycle = np.arange(folds * period)
    phase = cycle % period
    payload = np.zeros(len(cycle), dtype=np.int64)
    payload[phase < lanes] = words
    ports = {"positions_payload": payload, "positions_valid": phase < lanes, "swapped": phase == period - 2}
    ports["writable"] = 1
    out = evaluate(verilog or design.verilog, design.top, design.ports, ports)
    assert np.all(out["positions_ready"][phase < lanes])
    levels = lanes.bit_length() - 1
    rows = np.zeros((folds, levels + 2, lanes), dtype=bool)
    when = np.flatnonzero(out["write"])
    assert len(when) == folds * (levels + 2)
    data = out["data"][when]
    if data.ndim == 1:
        data = data.astype("<u8").view(np.uint8).reshape(len(data), 8)
    data = np.unpackbits(data, axis=1, bitorder="little")[:, :lanes].astype(bool)
    rows[when // period, out["row"][when]] = data
    prepared = out["prepared"].reshape(folds, period)
    return rows, np.argmax(prepared, axis=1) - (lanes - 1)


def check(rows, positions, window, random):
    folds = len(positions)
    bitmap = random.random((folds, window)) < 0.9
    bitmap[::2] = True
    values = random.integers(1, 1 << 16, (folds, window))
    out = distribution.deliver("multicast-benes", rows, values, bitmap)
    assert np.array_equal(out, distribution.wanted(positions, values, bitmap))


@pytest.mark.parametrize(
    ("lanes", "window", "walkers"),
    [
        (2, 2, 1),
        (4, 4, 2),
        (8, 8, 1),
        (16, 4, 8),
        *(pytest.param(*case, marks=pytest.mark.slow) for case in [(16, 16, 1), (32, 32, 4)]),
    ],
)
def test_settings_deliver_any_map(random, lanes, window, walkers):
    positions = maps(random, 300, lanes, window)
    rows, cycles = hardware_rows(lanes, window, positions, walkers=walkers)
    assert len(rows) == 300
    check(rows, positions, window, random)
    assert np.all(cycles == route_cycles(lanes, walkers))


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_host_settings_are_those_of_golden(random, topology):
    for positions in maps(random, 20, 16, 8):
        rows = host_settings(topology, positions.tolist(), 8)
        bits = np.array(rows, dtype=np.uint64)[:, None] >> np.arange(16, dtype=np.uint64) & np.uint64(1)
        assert np.array_equal(bits.astype(bool), route.route(topology, positions[None], 8)[0])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lanes", "walkers", "count"),
    [(64, 1, 64), (64, 32, 64), (128, 4, 64), (128, 16, 64), (256, 1, 24), (512, 1, 16)],
)
def test_settings_of_many_lanes(random, lanes, walkers, count):
    positions = maps(random, count, lanes, lanes)
    rows, cycles = hardware_rows(lanes, lanes, positions, walkers=walkers)
    check(rows, positions, lanes, random)
    assert np.all(cycles == route_cycles(lanes, walkers))


@pytest.mark.slow
def test_every_permutation_of_8():
    positions = np.array(list(itertools.permutations(range(8))))
    rows, _ = hardware_rows(8, 8, positions)
    assert len(rows) == 40320
    check(rows, positions, 8, np.random.default_rng(SEED))


@pytest.mark.parametrize("walkers", [1, 2])
def test_every_map_of_4_with_empty_lanes(random, walkers):
    positions = np.array(list(itertools.product(range(-1, 4), repeat=4)))
    assert len(positions) == 625
    rows, _ = hardware_rows(4, 4, positions, walkers=walkers)
    check(rows, positions, 4, random)


def test_cycles_are_those_of_the_specification():
    for lanes in (2, 8, 128):
        levels = lanes.bit_length() - 1
        assert loop_steps(lanes, 1) == lanes // 2 * levels
        assert loop_steps(lanes, max(1, lanes // 2)) == lanes - 1
