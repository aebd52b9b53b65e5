"""The route engine: its settings deliver every map, in the cycles that are promised."""

import itertools

import numpy as np
import pytest
from amaranth.hdl import Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out, connect, flipped

from dotforge.block import Block
from dotforge.flow.verilog import convert
from dotforge.network.distribution import DistributionNetwork
from dotforge.network.route import RouteEngine, route_cycles
from dotforge.network.route_loop import loop_steps
from dotforge.network.settings import TOPOLOGIES, host_settings
from dotforge_golden import distribution, route
from dotforge_sim.cosim import evaluate

from .vectors import bits_of, maps, pack, unpack

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


class Routed(Block):
    """A route engine beside the network that it sets: positions and vectors in, lanes out."""

    positions: stream.Interface
    vectors: stream.Interface
    lanes_out: stream.Interface
    swap: Signal
    swapped: Signal
    prepared: Signal

    def __init__(self, lanes: int, width: int, walkers: int) -> None:
        self.engine = RouteEngine(lanes, None, walkers)
        self.network = DistributionNetwork(lanes, width, topology="multicast-benes", registers=(4,))
        super().__init__(
            {
                "positions": self.engine.signature.members["positions"],
                "vectors": self.network.signature.members["vectors"],
                "lanes_out": self.network.signature.members["lanes_out"],
                "swap": In(1),
                "swapped": Out(1),
                "prepared": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.engine, m.submodules.network = engine, network = self.engine, self.network
        connect(m, flipped(self.positions), engine.positions)
        connect(m, flipped(self.vectors), network.vectors)
        connect(m, network.lanes_out, flipped(self.lanes_out))
        m.d.comb += [
            network.write.eq(engine.write),
            network.row.eq(engine.row),
            network.data.eq(engine.data),
            network.swap.eq(self.swap),
            engine.swapped.eq(network.swapped),
            self.swapped.eq(network.swapped),
            self.prepared.eq(engine.prepared),
        ]
        return m


def test_folds_follow_each_other_without_a_lost_cycle(random):
    """A vector a cycle, also across swaps, while the engine routes the next fold."""
    lanes, width, folds = 8, 5, 40
    period = lanes + route_cycles(lanes) + 2
    positions = maps(random, folds, lanes, lanes)
    design = convert(Routed(lanes, width, 1))
    cycles = np.arange((folds + 1) * period)
    phase, fold = cycles % period, cycles // period
    # Fold f is routed in period f and used in period f + 1; the swap comes with the last vector of a period.
    next_position = positions[np.minimum(fold, folds - 1), np.minimum(phase, lanes - 1)]
    values = random.integers(1, 1 << width, (len(cycles), lanes))
    bitmap = random.random(values.shape) < 0.7
    ports = {
        "positions_payload": np.where(next_position < 0, lanes, next_position),
        "positions_valid": (phase < lanes) & (fold < folds),
        "vectors_payload": pack(np.concatenate([bits_of(values, width), bitmap], axis=1)),
        "vectors_valid": fold > 0,
        "lanes_out_ready": 1,
        "swap": phase == period - 1,
    }
    out = evaluate(design.verilog, design.top, design.ports, ports, latency=1)
    assert np.all(out["lanes_out_valid"][period:-1])
    used = fold > 0
    wanted = distribution.wanted(positions[fold[used] - 1], values[used], bitmap[used])
    got = unpack(out["lanes_out_payload"], lanes, width)[used]
    assert len(got) == folds * period
    assert np.array_equal(got[:-1], wanted[:-1])


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_host_settings_are_those_of_golden(random, topology):
    for positions in maps(random, 20, 16, 8):
        rows = host_settings(topology, positions.tolist(), 8)
        bits = np.array(rows, dtype=np.uint64)[:, None] >> np.arange(16, dtype=np.uint64) & np.uint64(1)
        assert np.array_equal(bits.astype(bool), route.route(topology, positions[None], 8)[0])


@pytest.mark.slow
@pytest.mark.parametrize(("lanes", "walkers"), [(64, 1), (64, 32), (128, 4)])
def test_settings_of_many_lanes(random, lanes, walkers):
    positions = maps(random, 64, lanes, lanes)
    rows, cycles = hardware_rows(lanes, lanes, positions, walkers=walkers)
    check(rows, positions, lanes, random)
    assert np.all(cycles == route_cycles(lanes, walkers))


@pytest.mark.slow
def test_every_permutation_of_8():
    positions = np.array(list(itertools.permutations(range(8))))
    rows, _ = hardware_rows(8, 8, positions)
    assert len(rows) == 40320
    check(rows, positions, 8, np.random.default_rng(SEED))


def test_cycles_are_those_of_the_specification():
    for lanes in (2, 8, 128):
        levels = lanes.bit_length() - 1
        assert loop_steps(lanes, 1) == lanes // 2 * levels
        assert loop_steps(lanes, max(1, lanes // 2)) == lanes - 1
