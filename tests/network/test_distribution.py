"""The distribution network: every map, every bitmap, at any moment."""

import gc
import itertools

import numpy as np
import pytest

from dotforge.export.verilog import convert
from dotforge.network.distribution.crossbar_network import CrossbarNetwork, crossbar_columns
from dotforge.network.distribution.distribution import (
    DistributionNetwork,
    choose_topology,
    distribution_columns,
    evenly,
    fast,
)
from dotforge.network.distribution.multicast import MulticastBenes, multicast_columns
from dotforge.network.distribution.settings import TOPOLOGIES, setting_places, setting_rows
from dotforge_golden import distribution, route
from dotforge_sim.simulator.cosim import evaluate

from .vectors import bits_of, fields, maps, pack, run, unpack

SEED = 41

NETWORKS = {"multicast-benes": MulticastBenes, "crossbar": CrossbarNetwork}


@pytest.fixture
def random():
    print("seed", SEED)
    return np.random.default_rng(SEED)


def vectors(random, count, window, width):
    """Compressed values, bitmaps of all densities."""
    bitmap = random.random((count, window)) < random.random((count, 1))
    bitmap[:2] = [[True], [False]]
    return random.integers(1, 1 << width, bitmap.shape), bitmap


def network_outputs(network, rows, values, bitmap):
    """Swap settings behind every latency + 1 vectors, as fast as they may change; one item of rows for each."""
    latency, group = network.latency, network.latency + 1
    assert len(values) == group * len(rows)
    topology = "crossbar" if isinstance(network, CrossbarNetwork) else "multicast-benes"
    cycle = np.arange(group + len(values))  # the settings of the first vectors need a swap before them
    prepared = np.clip((cycle + 1) // group - 1, 0, len(rows) - 1)
    vector = np.maximum(cycle - group, 0)
    inputs = {"values": pack(values, network.width)[vector], "bitmap": pack(bitmap)[vector]}
    inputs |= {name: word[prepared] for name, word in fields(topology, rows, network.window).items()}
    inputs["swap"] = swap = (cycle + 1) % group == 0
    if network.stallable:
        inputs["advance"] = np.ones(1, dtype=np.uint8)
    out = run(convert(network), inputs, latency)
    assert np.all(out["settled"][: len(swap) - latency][swap[latency:]])
    return unpack(out["outputs"], network.lanes, network.width)[group:]


def all_maps(first, last):
    return np.arange(first, last)[:, None] >> 3 * np.arange(8) & 7


@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize(
    ("lanes", "window"), [(2, 2), (4, 2), (8, 8), (16, 4), (64, 64), (128, 32), (512, 512)]
)
def test_golden_delivers_any_map(random, topology, lanes, window):
    count = max(20, 8000 // lanes)
    positions = maps(random, count, lanes, window)
    values, bitmap = vectors(random, count, window, 16)
    rows = route.route(topology, positions, window)
    assert rows.shape == (count, setting_rows(topology, lanes, window), lanes)
    assert rows.shape[1] == route.setting_rows(topology, lanes, window)
    out = distribution.deliver(topology, rows, values, bitmap)
    assert np.array_equal(out, distribution.wanted(positions, values, bitmap))


def check_golden_maps(first, last):
    positions = all_maps(first, last)
    rows = route.multicast_rows(positions, 8)
    random = np.random.default_rng(first)
    values, bitmap = vectors(random, len(positions), 8, 8)
    out = distribution.deliver("multicast-benes", rows, values, bitmap)
    assert np.array_equal(out, distribution.wanted(positions, values, bitmap))
    return len(positions), rows, values, bitmap


def test_golden_slice_of_the_maps_of_8():
    assert check_golden_maps(0o12345670, 0o12345670 + (1 << 15))[0] == 1 << 15


@pytest.mark.slow
def test_every_map_of_8_in_golden_and_rtl():
    count, piece = 0, 1 << 19
    for first in range(0, 8**8, piece):
        some, rows, values, bitmap = check_golden_maps(first, first + piece)
        out = network_outputs(MulticastBenes(8, 8, 8), rows, values, bitmap)
        assert np.array_equal(out, distribution.wanted(all_maps(first, first + piece), values, bitmap))
        count += some
    assert count == 8**8


def test_rtl_slice_of_the_maps_of_8(random):
    positions = random.integers(0, 8, (1 << 15, 8))
    values, bitmap = vectors(random, len(positions), 8, 8)
    out = network_outputs(MulticastBenes(8, 8, 8), route.multicast_rows(positions, 8), values, bitmap)
    assert len(out) == 1 << 15
    assert np.array_equal(out, distribution.wanted(positions, values, bitmap))


@pytest.mark.parametrize(
    ("topology", "lanes", "window", "registers", "stallable"),
    [
        ("multicast-benes", 2, 2, 1, True),
        ("multicast-benes", 4, 2, 13, True),
        ("multicast-benes", 16, 8, 3, False),
        ("crossbar", 2, 2, 1, False),
        ("crossbar", 16, 8, 4, True),
    ],
)
def test_rtl_delivers_any_map(random, *, topology, lanes, window, registers, stallable):
    columns = evenly(registers, distribution_columns(topology, lanes, window))
    network = NETWORKS[topology](lanes, window, 7, columns, stallable)
    positions = maps(random, 1000, lanes, window)
    values, bitmap = vectors(random, 1000 * (registers + 1), window, 7)
    out = network_outputs(network, route.route(topology, positions, window), values, bitmap)
    wanted = distribution.wanted(np.repeat(positions, registers + 1, axis=0), values, bitmap)
    assert np.array_equal(out, wanted)


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_rtl_every_map_and_bitmap_of_4(random, topology):
    positions = np.array(list(itertools.product(range(-1, 4), repeat=4)))
    positions, number = np.repeat(positions, 16, axis=0), np.tile(np.arange(16), len(positions))
    bitmap = number[:, None] >> np.arange(4) & 1
    values = random.integers(1, 8, bitmap.shape)
    rows = route.route(topology, positions, 4)
    out = network_outputs(NETWORKS[topology](4, 4, 3), rows, values, bitmap)
    assert len(out) == 625 * 16
    assert np.array_equal(out, distribution.wanted(positions, values, bitmap))


def test_rtl_every_bitmap_with_every_register(random):
    """A register after each column: a swap meets vectors of the settings before it in every column."""
    columns = multicast_columns(16, 16)
    network = MulticastBenes(16, 16, 2, tuple(range(columns)))
    group = columns + 1
    bitmap = np.arange(-(-65536 // group) * group) % 65536
    assert len(np.unique(bitmap)) == 65536
    bitmap = random.permutation(bitmap)[:, None] >> np.arange(16) & 1
    values = random.integers(1, 4, bitmap.shape)
    positions = maps(random, len(bitmap) // group, 16, 16)
    out = network_outputs(network, route.multicast_rows(positions, 16), values, bitmap)
    assert np.array_equal(out, distribution.wanted(np.repeat(positions, group, axis=0), values, bitmap))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lanes", "width", "count"), [(32, 4, 3000), (64, 4, 3000), (128, 4, 3000), (256, 2, 500), (512, 2, 300)]
)
def test_rtl_delivers_any_map_of_many_lanes(random, lanes, width, count):
    positions = maps(random, count, lanes, lanes)
    values, bitmap = vectors(random, count, lanes, width)
    network = MulticastBenes(lanes, lanes, width)
    out = network_outputs(network, route.multicast_rows(positions, lanes), values, bitmap)
    assert np.array_equal(out, distribution.wanted(positions, values, bitmap))


def stream(random, network, cycles, verilog=None):
    """Drive a network with random vectors, stalls, settings and swaps; return (delivered, wanted) by vector.

    Every cycle offers another vector, so that also the ones that are not accepted differ; any bits are
    settings that the golden network follows.
    """
    lanes, window, width, tag_width = network.lanes, network.window, network.width, network.tag_width
    design = convert(network)
    values = random.integers(0, 1 << width, (cycles, window))
    bitmap = random.random((cycles, window)) < random.random((cycles, 1))
    tag = random.integers(0, 1 << tag_width, (cycles, 1))
    payload = np.concatenate([bits_of(values, width), bitmap, bits_of(tag, tag_width)], axis=1)
    busy, eager = (np.repeat(random.random(cycles // 50 + 1), 50)[:cycles] ** 0.5 for _ in range(2))
    valid, ready = random.random(cycles) < busy, random.random(cycles) < eager
    ready[-4 * network.latency - 4 :] = True
    valid[-4 * network.latency - 4 :] = False
    if not network.stallable:
        ready[:] = True
    write, swap = random.random(cycles) < 0.7, random.random(cycles) < 0.1
    row = random.integers(0, network.rows, cycles)
    stored = np.zeros((network.rows, lanes), dtype=bool)
    for place in itertools.chain(*setting_places(network.topology, lanes, window).values()):
        stored[place] = True
    data = (random.random((cycles, lanes)) < random.random((cycles, 1))) & stored[row]
    ports = {"vectors_payload": pack(payload), "vectors_valid": valid, "lanes_out_ready": ready}
    ports |= {"write": write, "row": row, "data": pack(data), "swap": swap}
    out = evaluate(verilog or design.verilog, design.top, design.ports, ports)

    rows = np.zeros((network.rows, lanes), dtype=bool)
    active, wanted, known = rows.copy(), [], 0
    for t in range(cycles):
        if valid[t] and out["vectors_ready"][t]:
            wanted.append((active, values[t], bitmap[t], tag[t], known >= 2))
        if swap[t]:
            assert out["swapped"][t] == (not valid[t] or out["vectors_ready"][t])
            assert not out["writable"][t]
        if swap[t] and out["swapped"][t]:
            active, known = rows.copy(), known + (t > 30 * network.rows)
        if write[t] and out["writable"][t]:
            rows[row[t]] = data[t]
    settings, values, bitmap, tag, known = (np.array(item) for item in zip(*wanted, strict=True))
    taken = (out["lanes_out_valid"] & ready) != 0
    bits = unpack(out["lanes_out_payload"], lanes * width + tag_width, 1)[taken]
    got = np.concatenate([bits[:, : lanes * width], bits[:, lanes * width :]], axis=1)
    expected = distribution.deliver(network.topology, settings, values, bitmap)
    expected = np.concatenate([bits_of(expected, width), bits_of(tag, tag_width)], axis=1)
    assert len(got) == len(expected)
    return got[known], expected[known]


@pytest.mark.parametrize(
    ("topology", "lanes", "window", "registers", "options"),
    [
        ("multicast-benes", 8, 8, 0, {}),
        ("multicast-benes", 8, 4, 5, {"registered_ready": True}),
        ("multicast-benes", 4, 4, 6, {}),
        ("multicast-benes", 4, 4, 11, {"stallable": False}),
        ("crossbar", 4, 4, 2, {}),
        ("crossbar", 4, 2, 3, {"stallable": False}),
    ],
)
def test_stream_with_stalls_and_swaps(random, topology, lanes, window, registers, options):
    columns = evenly(registers, distribution_columns(topology, lanes, window))
    network = DistributionNetwork(lanes, 6, window, topology, registers=columns, tag_width=5, **options)
    got, expected = stream(random, network, 6000)
    assert len(got) > 1000
    assert np.array_equal(got, expected)


def test_auto_takes_the_smaller_network():
    for fast_one, largest in ((False, 4), (True, 64)):
        for lanes in (2, 4, 8, 32, 64, 128, 512):
            smaller = "crossbar" if lanes <= largest else "multicast-benes"
            assert choose_topology("auto", lanes, fast=fast_one) == smaller


def test_registers_are_spread_evenly():
    assert evenly(0, 7) == ()
    assert evenly(2, 8) == (3, 7)
    assert evenly(8, 8) == tuple(range(8))
    assert crossbar_columns(8) == 8
    assert fast("multicast-benes", 32, 32) == (*range(10), *range(11, 27, 2))
    for topology in TOPOLOGIES:
        for lanes in (2, 4, 64):
            registers = fast(topology, lanes, lanes)
            assert list(registers) == sorted(set(registers))
            assert registers[-1] == distribution_columns(topology, lanes, lanes) - 1


@pytest.mark.filterwarnings("ignore::amaranth.hdl.UnusedElaboratable")
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DistributionNetwork(8, 4, 16), "window=16"),
        (lambda: DistributionNetwork(8, 0), "width=0"),
        (lambda: DistributionNetwork(8, 4, topology="torus"), "topology=torus: one of auto"),
        (lambda: DistributionNetwork(8, 4, registers=(99,)), "registers="),
        (lambda: DistributionNetwork(12, 4), "lanes=12"),
        (lambda: DistributionNetwork(8, 4, registered_ready=True), "registers is wanted"),
        (
            lambda: DistributionNetwork(8, 4, registers=(1,), registered_ready=True, stallable=False),
            "stallable",
        ),
        (lambda: evenly(9, 8), "0…8"),
    ],
)
def test_wrong_parameters_are_named(make, message):
    with pytest.raises(ValueError, match=message) as caught:
        make()
    del caught
    gc.collect()
