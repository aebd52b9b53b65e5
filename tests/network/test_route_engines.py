"""Route engines beside the network that they set: fold after fold, a vector every cycle."""

import gc
import re

import numpy as np
import pytest
from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out, connect, flipped

from dotforge.block import Block
from dotforge.export.verilog import convert
from dotforge.network.distribution.distribution import DistributionNetwork, distribution_columns, evenly
from dotforge.network.routing.engines import RouteEngines, fold_cycles
from dotforge_golden import distribution
from dotforge_sim.simulator.cosim import evaluate

from .vectors import bits_of, pack, unpack

SEED = 46


def following(state):
    """Xorshift of 32 bits (G. Marsaglia, Journal of Statistical Software 8, 2003)."""
    state ^= state << 13 & 0xFFFFFFFF
    state ^= state >> 17
    return state ^ (state << 5 & 0xFFFFFFFF)


class Routed(Block):
    """Offers positions out of a random generator all the time, and swaps as soon as settings are prepared."""

    vectors: stream.Interface
    lanes_out: stream.Interface
    hold: Signal
    swapped: Signal

    def __init__(self, topology, lanes, width, registers, engines, walkers, options=()):
        self.routes = RouteEngines(topology, lanes, None, engines, walkers)
        self.network = DistributionNetwork(
            lanes, width, topology=topology, registers=registers, **dict(options)
        )
        members = self.network.signature.members
        super().__init__(
            {
                "vectors": members["vectors"],
                "lanes_out": members["lanes_out"],
                "hold": In(1),
                "swapped": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        m.submodules.routes, m.submodules.network = routes, network = self.routes, self.network
        connect(m, flipped(self.vectors), network.vectors)
        connect(m, network.lanes_out, flipped(self.lanes_out))
        state = Signal(32, init=SEED)
        first, second = Signal(32), Signal(32)
        position = len(routes.positions.payload.position)
        m.d.comb += [
            first.eq(state ^ state << 13),
            second.eq(first ^ first >> 17),
            routes.positions.valid.eq(1),
            # A lane in eight is empty; an AND of random bits makes low positions frequent.
            routes.positions.payload.position.eq(state[8:] & state[20:]),
            routes.positions.payload.empty.eq(state[:3].all()),
            network.write.eq(routes.write),
            network.row.eq(routes.row),
            network.data.eq(routes.data),
            routes.writable.eq(network.writable),
            network.swap.eq(routes.prepared & ~self.hold),
            routes.swapped.eq(network.swapped),
            self.swapped.eq(network.swapped),
        ]
        assert position <= 12
        m.d.sync += state.eq(Mux(routes.positions.ready, Cat(second ^ second << 5)[:32], state))
        return m


def folds_of(lanes, count):
    """Return the positions that :class:`Routed` offers."""
    state, positions = SEED, []
    for _ in range(count * lanes):
        empty = state & 7 == 7
        positions.append(-1 if empty else (state >> 8 & state >> 20) & lanes - 1)
        state = following(state)
    return np.array(positions).reshape(count, lanes)


#: Topology, lanes, registers of the network, engines, walkers.
CASES = [
    ("multicast-benes", 8, 5, 2, 4),
    ("crossbar", 4, 3, 1, 1),
    *(
        pytest.param(case, marks=pytest.mark.slow)
        for case in [
            ("multicast-benes", 8, 0, 1, 1),
            ("multicast-benes", 4, 11, 1, 2),
            ("multicast-benes", 8, 0, 2, 1),
            ("multicast-benes", 16, 3, 3, 2),
            ("multicast-benes", 2, 2, 2, 1),
        ]
    ),
]


def check_stream(case, cycles, hold, broken=lambda verilog: verilog, options=()):
    """Run vectors through; return (cycles of swaps, vectors that were compared)."""
    topology, lanes, registers, engines, walkers = case
    width = 5
    columns = evenly(registers, distribution_columns(topology, lanes, lanes))
    design = convert(Routed(topology, lanes, width, columns, engines, walkers, options))
    random = np.random.default_rng(SEED)
    values = random.integers(1, 1 << width, (cycles, lanes))
    bitmap = random.random(values.shape) < 0.7
    ports = {
        "vectors_payload": pack(np.concatenate([bits_of(values, width), bitmap], axis=1)),
        "vectors_valid": 1,
        "lanes_out_ready": 1,
        "hold": hold,
    }
    verilog = broken(design.verilog)
    out = evaluate(verilog, design.top, design.ports, ports, cycles + registers)
    swaps = out["swapped"].astype(int)[:cycles]
    assert np.all(out["lanes_out_valid"][registers:])
    assert np.all(out["vectors_ready"])  # no cycle is lost, also across swaps
    fold = np.cumsum(swaps) - swaps  # number of swaps before each vector
    maps = folds_of(lanes, fold[-1])
    used = fold > 0
    wanted = distribution.wanted(maps[fold[used] - 1], values[used], bitmap[used])
    got = unpack(out["lanes_out_payload"], lanes, width)[registers:][used]
    assert np.array_equal(got, wanted)
    return np.flatnonzero(swaps), len(got)


@pytest.mark.parametrize("case", CASES)
def test_folds_follow_each_other_as_fast_as_promised(case):
    topology, lanes, registers, engines, walkers = case
    swaps, vectors = check_stream(case, 3000, np.zeros(1, dtype=np.uint8))
    assert len(swaps) > 20
    assert vectors > 2800
    period = fold_cycles(topology, lanes, engines, walkers, max(0, registers - 1))
    mean = (swaps[-1] - swaps[4]) / (len(swaps) - 5)
    assert period - 1 < mean <= period


@pytest.mark.parametrize("case", CASES)
def test_settings_wait_for_the_swap(case):
    random = np.random.default_rng(SEED)
    hold = random.random(4000) < 0.98
    swaps, vectors = check_stream(case, 4000, hold)
    assert len(swaps) > 15
    assert vectors > 3000


#: The route engines write nothing between ``prepared`` and the swap.
APART = (("swap_apart", True),)
LATER = (*APART, ("registered_writable", True))


@pytest.mark.parametrize(("registers", "options"), [(5, LATER), pytest.param(0, LATER, marks=pytest.mark.slow),
                                                    pytest.param(5, APART, marks=pytest.mark.slow)])  # fmt: skip
def test_rows_wait_for_a_register(registers, options):
    hold = np.random.default_rng(SEED).random(3000) < 0.9
    swaps, vectors = check_stream(("multicast-benes", 8, registers, 2, 4), 3000, hold, options=options)
    assert len(swaps) > 20
    assert vectors > 2500


def test_a_row_that_does_not_wait_is_seen():
    found = []

    def broken(verilog):
        text, count = re.subn(r"\bwritable <= \w+;", "writable <= 1'h1;", verilog)
        found.append(count)
        return text

    hold = np.random.default_rng(SEED).random(3000) < 0.5
    with pytest.raises(AssertionError):
        check_stream(("multicast-benes", 8, 5, 2, 4), 3000, hold, broken, LATER)
    assert found == [1]


class EveryMap(Block):
    """Routes the maps ``first``, ``first`` + 1, … of 8 lanes and counts the vectors that arrive wrong.

    Digit j of a map's number, in base 8, is the position of lane j. The value at position k is k + 1.
    """

    first: Signal
    maps: Signal
    vectors: Signal
    wrong: Signal

    def __init__(self, engines):
        self.engines = engines
        super().__init__({"first": In(24), "maps": Out(24), "vectors": Out(32), "wrong": Out(32)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.routes = routes = RouteEngines("multicast-benes", 8, engines=self.engines)
        m.submodules.network = network = DistributionNetwork(8, 4, topology="multicast-benes")
        beat = Signal(27)  # lane and map that are offered
        number = Signal(24)
        swaps = Signal(25)
        active = Signal(24)
        m.d.comb += [
            number.eq(self.first + beat[3:]),
            routes.positions.valid.eq(1),
            routes.positions.payload.position.eq(number.word_select(beat[:3], 3)),
            network.write.eq(routes.write),
            network.row.eq(routes.row),
            network.data.eq(routes.data),
            routes.writable.eq(network.writable),
            network.swap.eq(routes.prepared),
            routes.swapped.eq(network.swapped),
            network.vectors.valid.eq(1),
            network.vectors.payload.values.eq(Cat(Const(lane + 1, 4) for lane in range(8))),
            network.vectors.payload.bitmap.eq(0xFF),
            network.lanes_out.ready.eq(1),
            active.eq(self.first + swaps - 1),
            self.maps.eq(swaps),
        ]
        lanes = network.lanes_out.payload.values
        right = [lanes[4 * lane :][:4] == active[3 * lane :][:3] + 1 for lane in range(8)]
        m.d.sync += [
            beat.eq(beat + routes.positions.ready),
            swaps.eq(swaps + network.swapped),
            self.vectors.eq(self.vectors + swaps.any()),
            self.wrong.eq(self.wrong + (swaps.any() & ~Cat(right).all())),
        ]
        return m


def route_every_map(first, count, engines=1, broken=lambda verilog: verilog):
    """Return (maps, vectors, wrong vectors) of a run."""
    design = convert(EveryMap(engines))
    cycles = (count + 2) * fold_cycles("multicast-benes", 8)
    out = evaluate(
        broken(design.verilog), design.top, design.ports, {"first": first}, 1, latency=cycles, timeout=3600
    )
    return tuple(int(out[name][0]) for name in ("maps", "vectors", "wrong"))


def test_slice_of_the_maps_of_8():
    routed, vectors, wrong = route_every_map(0o12345670, 1 << 14)
    assert routed >= 1 << 14
    assert vectors >= routed * fold_cycles("multicast-benes", 8) - 100
    assert wrong == 0


def test_wrong_vectors_are_counted():
    def broken(verilog):
        written = "? row_bit_0[6] :"  # bit 3 of a row, in turned order
        assert verilog.count(written) == 1
        return verilog.replace(written, "? 1'h0 :")

    assert route_every_map(0o12345670, 1 << 10, broken=broken)[2] > 0


@pytest.mark.slow
@pytest.mark.parametrize("engines", [1, 2])
def test_every_map_of_8(engines):
    """16,777,216 maps, routed and delivered in hardware."""
    total = 0
    for first in range(0, 8**8, 8**7):
        routed, _, wrong = route_every_map(first, 8**7, engines)
        assert routed >= 8**7
        assert wrong == 0
        total += 8**7
    assert total == 16_777_216


@pytest.mark.filterwarnings("ignore::amaranth.hdl.UnusedElaboratable")
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RouteEngines("torus", 8), "topology=torus: one of multicast-benes"),
        (lambda: RouteEngines("multicast-benes", 8, engines=0), "engines=0"),
        (lambda: RouteEngines("multicast-benes", 12), "lanes=12"),
    ],
)
def test_wrong_parameters_are_named(make, message):
    with pytest.raises(ValueError, match=message) as caught:
        make()
    del caught
    gc.collect()
