"""The pieces of the distribution network, on Verilog, against golden."""

import gc
import itertools

import numpy as np
import pytest

from dotforge.export.verilog import convert
from dotforge.network.distribution.benes import Benes, benes_switches
from dotforge.network.distribution.compress import Compress
from dotforge.network.distribution.concentrator import Concentrator
from dotforge.network.distribution.copy import CopyNetwork
from dotforge.network.distribution.crossbar import Crossbar
from dotforge.network.distribution.expand import Expand
from dotforge.network.distribution.switch import Switch
from dotforge_golden import benes, concentrator, copy, crossbar, expand

from .vectors import crossings, pack, run_piece

SEED = 4


@pytest.fixture
def random():
    print("seed", SEED)
    return np.random.default_rng(SEED)


def every_bitmap(lanes):
    return np.arange(1 << lanes)[:, None] >> np.arange(lanes) & 1


def test_switch_has_four_states(random):
    settings = np.arange(4)
    values = random.integers(0, 256, (4, 2))
    out = run_piece(Switch(8), values, settings)
    assert np.array_equal(out, [[v[s & 1], v[s >> 1]] for v, s in zip(values, settings, strict=True)])


def test_benes_realises_every_permutation_of_8():
    slot = np.array(list(itertools.permutations(range(8))))
    assert len(slot) == 40320
    crossed = benes.loop(slot)
    values = np.broadcast_to(np.arange(8), slot.shape)
    assert np.array_equal(benes.permute(values, crossed), slot)
    out = run_piece(Benes(8, 3), values, crossings(crossed))
    assert len(out) == 40320
    assert np.array_equal(out, slot)


@pytest.mark.parametrize("lanes", [2, 4, 32])
def test_benes_realises_random_permutations(random, lanes):
    count = 500
    slot = np.array([random.permutation(lanes) for _ in range(count)])
    values = random.integers(0, 1 << 11, (count, lanes))
    registers = tuple(range(0, 2 * lanes.bit_length() - 3, 2))
    out = run_piece(Benes(lanes, 11, registers), values, crossings(benes.loop(slot)))
    assert np.array_equal(out, np.take_along_axis(values, slot, axis=1))


def test_waksman_switches_are_never_crossed(random):
    for lanes in (2, 4, 8, 64, 512):
        levels = lanes.bit_length() - 1
        assert len(benes_switches(lanes)) == lanes * levels - lanes + 1
        crossed = benes.loop(np.array([random.permutation(lanes) for _ in range(8)]))
        kept = np.zeros(crossed.shape[1:], dtype=bool)
        for place in benes_switches(lanes):
            kept[place] = True
        assert not crossed[:, ~kept].any()


def test_expand_every_bitmap_of_16(random):
    bitmap = every_bitmap(16)
    values = random.integers(0, 256, bitmap.shape)
    out = run_piece(Expand(16, 8, (1, 3)), values, pack(bitmap))
    assert len(out) == 65536
    assert np.array_equal(out, expand.expand(values, bitmap))


def test_compress_every_bitmap_of_16(random):
    bitmap = every_bitmap(16)
    values = random.integers(0, 256, bitmap.shape)
    out = run_piece(Compress(16, 8, (0,)), values, pack(bitmap))
    assert len(out) == 65536
    assert np.array_equal(out, expand.compress(values, bitmap))


def test_compress_undoes_expand(random):
    bitmap = random.integers(0, 2, (1000, 64))
    values = random.integers(1, 256, bitmap.shape)
    packed = expand.compress(values, bitmap)
    assert np.array_equal(expand.expand(packed, bitmap), values * bitmap)


def test_concentrator_every_mask_of_8(random):
    used = every_bitmap(8)
    values = random.integers(0, 8, used.shape)
    out = run_piece(Concentrator(8, 3), values, pack(used))
    filled = np.arange(8) < used.sum(axis=1, keepdims=True)
    assert np.array_equal(np.where(filled, out, 0), expand.compress(values, used))
    golden = concentrator.concentrate(values, used)
    assert np.array_equal(np.where(filled, golden, 0), expand.compress(values, used))


@pytest.mark.parametrize("lanes", [2, 8])
def test_copy_every_set_of_runs(random, lanes):
    ends = np.zeros((1 << (lanes - 1), lanes), dtype=int)
    ends[:, :-1] = every_bitmap(lanes - 1)
    values = random.integers(0, 32, ends.shape)
    wanted = np.take_along_axis(values, copy.labels(ends), axis=1)
    assert np.array_equal(copy.copy(values, ends), wanted)
    out = run_piece(CopyNetwork(lanes, 5, (0,)), values, pack(ends[:, :-1]))
    assert np.array_equal(out, wanted)


def test_copy_random_runs_of_64(random):
    ends = random.random((2000, 64)) < random.random((2000, 1))
    values = random.integers(0, 4096, ends.shape)
    wanted = np.take_along_axis(values, copy.labels(ends), axis=1)
    assert np.array_equal(copy.copy(values, ends), wanted)
    assert np.array_equal(run_piece(CopyNetwork(64, 12), values, pack(ends[:, :-1])), wanted)


def test_crossbar_random_maps(random):
    numbers = random.integers(0, 16, (500, 16))
    values = random.integers(0, 256, numbers.shape)
    out = run_piece(Crossbar(16, 8), values, pack(numbers, 4))
    assert np.array_equal(out, crossbar.crossbar(values, numbers))


def test_golden_switches_at_512(random):
    used = random.integers(0, 2, (20, 512))
    values = random.integers(0, 1 << 16, used.shape)
    filled = np.arange(512) < used.sum(axis=1, keepdims=True)
    packed = np.where(filled, concentrator.concentrate(values, used), 0)
    assert np.array_equal(packed, expand.compress(values, used))


PIECES = [Benes, CopyNetwork, Compress, Concentrator, Expand, Crossbar]


@pytest.mark.parametrize("lanes", [2, pytest.param(512, marks=pytest.mark.slow)])
@pytest.mark.parametrize("piece", PIECES)
def test_smallest_and_largest_can_be_written(piece, lanes):
    """All pieces have one interface, at every size and width, with and without registers."""
    for width, registers in ((1, ()), (1, (0,))) if lanes == 512 else ((1, ()), (64, ()), (3, (0,))):
        made = piece(lanes, width, registers)
        ports = {port.name: port.width for port in convert(made).ports}
        settings = ports.pop("settings")
        assert settings == len(made.settings)
        assert {name: ports.get(name) for name in ("inputs", "outputs")} == {
            "inputs": lanes * width,
            "outputs": lanes * width,
        }
        assert set(ports) - {"inputs", "outputs"} <= ({"clk", "rst", "advance"} if registers else set())
        assert made.latency == len(registers)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Benes(6, 8), "lanes=6: a power of two from 2 to 512"),
        (lambda: Benes(1024, 8), "lanes=1024"),
        (lambda: Expand(8, 0), "width=0"),
        (lambda: Benes(8, 8, (5,)), "0…4"),
        (lambda: CopyNetwork(8, 8, (2, 1)), "rising"),
    ],
)
@pytest.mark.filterwarnings("ignore::amaranth.hdl.UnusedElaboratable")
def test_wrong_parameters_are_named(make, message):
    with pytest.raises(ValueError, match=message) as caught:
        make()
    del caught
    gc.collect()  # what was not made complains now, not in another test
