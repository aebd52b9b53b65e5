"""Streaming beats through compiled designs."""

import numpy as np
import pytest

from dotforge_sim.simulator import words
from dotforge_sim.simulator.native import NoVerdict
from dotforge_sim.simulator.streams import Beats, Simulator, StreamError

from . import designs

SEED = 11


@pytest.fixture(scope="module")
def adder():
    return Simulator(designs.adder(), designs.manifest())


def traffic(simulator, count, *, width=16, seed=SEED):
    print("seed", seed)
    random = np.random.default_rng(seed)
    a, b = random.integers(0, 1 << width, (2, count))
    return a + b, simulator.pack("pairs", random.random(count) < 0.2, a=a, b=b)


def check(simulator, count=2000, **options):
    sums, beats = traffic(simulator, count)
    out = simulator.run({"pairs": beats}, expect={"sums": count}, **options)
    assert np.array_equal(simulator.unpack("sums", out["sums"].data)["sum"], sums)
    assert np.array_equal(out["sums"].last, beats.last)
    return out, sums


@pytest.mark.parametrize("valid_gap", [0.0, 0.4, {"pairs": 0.9}])
@pytest.mark.parametrize("ready_gap", [0.0, 0.4, {"sums": 0.9}])
def test_gaps_and_backpressure(adder, valid_gap, ready_gap):
    out, sums = check(adder, valid_gap=valid_gap, ready_gap=ready_gap, seed=SEED)
    assert len(sums) == 2000
    delays = out["sums"].cycles - out.accepted["pairs"]
    assert delays.min() == 1  # the latency of the adder
    assert np.all(np.diff(out["sums"].cycles) > 0)
    assert out.cycles == out["sums"].cycles[-1] + 1
    if not valid_gap and not ready_gap:
        assert out.cycles == len(sums) + 1
        assert out.first == {"pairs": 0, "sums": 1}
    else:
        rate = len(sums) / out.cycles
        gaps = [gap if isinstance(gap, float) else next(iter(gap.values())) for gap in (valid_gap, ready_gap)]
        assert rate < 1 - max(gaps) + 0.05


def test_same_seed_same_cycles(adder):
    runs = [check(adder, valid_gap=0.5, ready_gap=0.5, seed=seed)[0] for seed in (3, 3, 4)]
    assert np.array_equal(runs[0]["sums"].cycles, runs[1]["sums"].cycles)
    assert not np.array_equal(runs[0]["sums"].cycles, runs[2]["sums"].cycles)


def test_ports_outside_of_streams(adder):
    limit = 100_000  # does not fit in 16 bits
    with pytest.raises(ValueError, match="limit: 100000 does not fit in 16 bits"):
        check(adder, constants={"limit": limit})
    out, sums = check(adder, constants={"limit": 65_535}, ready_gap=0.3)
    assert out.ports == {"error": 1, "total": len(sums)}
    # The flag is sticky, and a beat leaves at least a cycle after it was taken.
    error = out["sums"].ports["error"]
    taken = np.maximum.accumulate(sums > 65_535)
    assert np.all(error[taken] == 1)
    assert np.all(np.diff(error.astype(int)) >= 0)
    assert error[0] == taken[0]
    assert np.all(out["sums"].ports["total"] >= np.arange(1, len(sums) + 1))
    silent, _ = check(adder, constants={"limit": 65_535}, count=1)
    assert silent.ports["total"] == 1


@pytest.mark.parametrize("name", designs.mutations())
def test_mutations_are_caught(name):
    broken = Simulator(designs.mutations()[name], designs.manifest())
    with pytest.raises((StreamError, AssertionError)) as caught:
        check(broken, valid_gap=0.3, ready_gap=0.5, idle_limit=500)
    print(name, caught.value)
    expected = {
        "drops a beat under backpressure": StreamError,
        "withdraws valid": StreamError,
        "offers a beat that it does not have": StreamError,
    }
    assert isinstance(caught.value, expected.get(name, AssertionError))


PASS = """
module pass(input clk, input rst, input [{high}:0] s_axis_x_tdata, input s_axis_x_tvalid,
  output s_axis_x_tready, input [{high}:0] mask, output [{high}:0] seen,
  output [{high}:0] m_axis_y_tdata, output m_axis_y_tvalid, input m_axis_y_tready);
  assign m_axis_y_tdata = ~s_axis_x_tdata ^ mask, m_axis_y_tvalid = s_axis_x_tvalid;
  assign s_axis_x_tready = m_axis_y_tready, seen = s_axis_x_tdata;
endmodule
"""


def pass_manifest(width):
    sides = [("x", "input", "s_axis_x"), ("y", "output", "m_axis_y")]
    value = {"name": "value", "offset": 0, "width": width, "signed": False, "format": "bits", "lanes": 1}
    return {
        "top": "pass",
        "clock": "clk",
        "reset": "rst",
        "ports": [
            {"name": name, "direction": direction, "width": bits}
            for name, direction, bits in [
                ("clk", "input", 1),
                ("rst", "input", 1),
                ("mask", "input", width),
                ("seen", "output", width),
            ]
        ],
        "streams": [
            {
                "name": name,
                "direction": direction,
                "prefix": prefix,
                "tdata_width": width,
                "tlast": False,
                "fields": [value],
            }
            for name, direction, prefix in sides
        ],
    }


@pytest.mark.parametrize("width", [1, 8, 16, 32, 33, 64, 65, 500])
def test_any_width(width):
    print("seed", SEED)
    random = np.random.default_rng(SEED)
    simulator = Simulator(PASS.format(high=width - 1), pass_manifest(width))
    mask = int.from_bytes(random.bytes(63), "little") % (1 << width)
    values = [int.from_bytes(random.bytes(63), "little") % (1 << width) for _ in range(200)]
    size = -(-width // 8)
    data = np.frombuffer(b"".join(value.to_bytes(size, "little") for value in values), np.uint8)
    beats = Beats(data.reshape(-1, size))
    out = simulator.run(
        {"x": beats}, expect={"y": 200}, constants={"mask": mask}, valid_gap=0.3, ready_gap=0.3
    )
    received = [int.from_bytes(row.tobytes(), "little") for row in out["y"].data]
    top = (1 << width) - 1
    assert received == [~value & top ^ mask for value in values]
    assert not out["y"].last.any()
    assert words.to_integers(out["y"].ports["seen"], width) == values
    # Data is junk while valid is low: the last beat, inverted.
    assert out.ports["seen"] == ~values[-1] & top


def test_a_design_that_reads_data_without_valid_is_caught():
    # It takes a sum whenever it is ready, which is right only at full speed.
    broken = designs.adder().replace("wire take = s_axis_pairs_tvalid &", "wire take =")
    assert broken != designs.adder()
    with pytest.raises(StreamError, match="sums: in cycle"):
        check(Simulator(broken, designs.manifest()), valid_gap=0.5)


def test_any_number_of_beats(adder):
    sums, beats = traffic(adder, 100)
    out = adder.run({"pairs": beats}, expect={})
    assert np.array_equal(adder.unpack("sums", out["sums"].data)["sum"], sums)
    assert len(adder.run({}, expect={})["sums"].data) == 0


def test_too_few_and_too_many_beats(adder):
    _, beats = traffic(adder, 100)
    with pytest.raises(StreamError, match="sums: in cycle 100 came a beat beyond the 99 expected ones"):
        adder.run({"pairs": beats}, expect={"sums": 99})
    message = "nothing moved for 500 cycles after cycle 101: pairs took 100, sums gave 100 of 101 beats"
    with pytest.raises(StreamError, match=message):
        adder.run({"pairs": beats}, expect={"sums": 101}, idle_limit=500)


def test_wrong_arguments(adder):
    good = Beats(np.zeros((3, 4), np.uint8))
    for inputs, options, message in [
        ({"pears": good}, {}, "no input stream pears; there is pairs"),
        (
            {"pairs": Beats(np.zeros((3, 5), np.uint8))},
            {},
            r"pairs: beats are uint8\[n, 4\], not uint8\[3, 5\]",
        ),
        ({"pairs": Beats(np.zeros((3, 4)))}, {}, r"pairs: beats are uint8\[n, 4\], not float64"),
        ({"pairs": Beats(good.data, np.zeros(2, bool))}, {}, r"pairs: last is bool\[3\], not bool\[2\]"),
        ({"pairs": good}, {"expect": {"sum": 3}}, "no output stream sum; there is sums"),
        ({"pairs": good}, {"expect": {"sums": -1}}, "sums: -1 beats cannot be expected"),
        ({"pairs": good}, {"constants": {"limits": 3}}, "no input port limits; there is limit"),
        (
            {"pairs": good},
            {"valid_gap": 1.0},
            "valid_gap: a probability from 0 to below 1 is wanted, not 1.0",
        ),
    ]:
        with pytest.raises(ValueError, match=message):
            adder.run(inputs, **{"expect": {}, **options})


def test_time_limit_and_progress(adder):
    _, beats = traffic(adder, 1_000_000)
    seen = []
    adder.run({"pairs": beats}, expect={}, progress=lambda cycles, beats: seen.append((cycles, beats)))
    assert seen == [((1 << 18) * step, (1 << 18) * step - 1) for step in (1, 2, 3)]
    with pytest.raises(NoVerdict, match=r"adder: the simulation did not end within 0\.01 s"):
        adder.run({"pairs": beats}, expect={}, timeout_seconds=0.01)
