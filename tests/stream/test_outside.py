"""What all engines' ports can be: register slices, padding, tkeep, operands in one stream."""

import functools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dotforge.export.design import Generated, from_parameters
from dotforge.parameters import ParameterError
from dotforge.registry import configure
from dotforge.stream import sliced
from dotforge.stream.axi import AxiStream
from dotforge.stream.outside import outside
from dotforge.stream.register_slice import RegisterSlice
from dotforge.synthesis.targets.base import Settings
from dotforge.synthesis.targets.fpga import FPGAS
from dotforge.verify.verify import verify
from dotforge_sim.simulator.bench import BenchFailure
from dotforge_sim.simulator.joined import Beats, join

from ..configurations import ENGINES, small

#: Engine and what differs from its small configuration: all sorts of ports.
DESIGNS: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in ENGINES),
    ("flexdpu", {"interface": "axi", "groups": 2}),
    ("logmac", {"weight_depth": 2, "fold_sign": True}),
]
each_design = pytest.mark.parametrize(("engine", "more"), DESIGNS, ids=str)
#: Padding is the same for all; those of several inputs, or with ports beside, take longer to make.
each_engine = pytest.mark.parametrize(
    "engine",
    [
        pytest.param(name, marks=() if name in ("logmac", "requantise") else pytest.mark.slow)
        for name in ENGINES
    ],
)

JOINED = ("logmac", "mxdot", "vsquant")


@functools.cache
def made(engine: str, **more: Any) -> Generated:
    """Return a small engine; each is made once a process."""
    return from_parameters(engine, {**small(engine), **more})


def plain(engine: str, **more: Any) -> Any:
    """Return the block inside of an engine, which nothing is converted of."""
    entry, config = configure(engine, {**small(engine), **more})
    return entry.block(config)


@each_design
def test_slices_cut_every_path(engine: str, more: dict[str, Any]) -> None:
    """From no input to any output, by a walk over the netlist; and every handshake is low in reset."""
    inside, both = plain(engine, **more), made(engine, register_slices="both", **more).manifest
    assert both["combinational_paths"] == []
    assert both["latency"] == inside.latency + 2
    assert both["initiation_interval"] == inside.initiation_interval
    assert [stream["name"] for stream in both["streams"]] == [*inside.inputs, *inside.outputs]
    for stream in both["streams"]:
        wire = "tready" if stream["direction"] == "input" else "tvalid"
        assert stream[f"{wire}_in_reset"] == "low"
        assert stream["slice"] == 2
    assert "register slices" in {rule["topic"] for rule in both["rules"]}


def test_slices_on_one_side() -> None:
    """Those at inputs register ready, those at outputs valid; each costs a cycle."""
    alone = made("logmac").manifest
    assert ("m_axis_sums_tready", "s_axis_weights_tready") in paths(alone)
    for side, sliced_streams in (("in", {"activations", "weights"}), ("out", {"sums"})):
        found = made("logmac", register_slices=side).manifest
        assert found["latency"] == alone["latency"] + 1
        assert {stream["name"] for stream in found["streams"] if "slice" in stream} == sliced_streams
    assert paths(made("logmac", register_slices="in").manifest) == set()
    assert ("m_axis_sums_tready", "s_axis_weights_tready") not in paths(
        made("logmac", register_slices="out").manifest
    )


def paths(manifest: dict[str, Any]) -> set[tuple[str, str]]:
    return {(path["input"], path["output"]) for path in manifest["combinational_paths"]}


@each_design
def test_whoever_has_arrays_says_so(engine: str, more: dict[str, Any]) -> None:
    """And only then may it be told what they are."""
    _, config = configure(engine, {**small(engine), **more})
    stores = made(engine, register_slices="both", **more).manifest["storage_bits"] > 0
    assert getattr(config, "has_arrays", False) == stores
    if stores:
        configure(engine, {**small(engine), **more, "storage": "block"})
    else:
        with pytest.raises(ParameterError, match="parameter storage=block: allowed auto; nothing is stored"):
            configure(engine, {**small(engine), **more, "storage": "block"})


def test_arrays_become_what_is_asked_for() -> None:
    """By Yosys alone; with `auto` there is no attribute."""
    counts, texts = {}, {}
    for storage in ("auto", "block", "distributed"):
        found = made("logmac", weight_depth=16, storage=storage)
        counts[storage] = FPGAS["ecp5"].counts(found, Settings())["brams"]
        texts[storage] = found.verilog.count(f'ram_style = "{storage}"')
    assert counts == {"auto": 0, "block": 1, "distributed": 0}
    assert texts == {"auto": 0, "block": 1, "distributed": 1}


@each_engine
def test_padding_and_tkeep(engine: str) -> None:
    """Widths are powers of two, fields stay where they are, tkeep has a bit a byte."""
    inside, padded = plain(engine), made(engine, tdata="power_of_two", tkeep=True).manifest
    widths = {port["name"]: port["width"] for port in padded["ports"]}
    for stream in padded["streams"]:
        before = (inside.inputs | inside.outputs)[stream["name"]]
        after, width = stream, stream["tdata_width"]
        assert after["fields"] == before.describe()
        assert before.tdata_width <= width < 2 * before.tdata_width
        assert width & (width - 1) == 0
        assert widths[f"{after['prefix']}_tdata"] == width
        assert widths[f"{after['prefix']}_tkeep"] == width // 8
        assert after["tkeep"]
        assert after["short_beats"]
    assert padded["latency"] == inside.latency


@pytest.mark.parametrize("engine", JOINED)
def test_joined_operands(engine: str) -> None:
    """Each operand begins at a byte, and is there what it is by itself."""
    inside = plain(engine)
    operands = outside(inside, configure(engine, {**small(engine), "join_operands": True})[1]).inputs[
        "operands"
    ]
    end = 0
    for part in operands.describe_joins():
        assert part["offset"] == end
        assert part["fields"] == inside.inputs[part["name"]].describe()
        end += part["tdata_width"]
    assert operands.tdata_width == end
    assert operands.last
    assert len({field.name for field in operands.fields}) == len(operands.fields)


@pytest.mark.parametrize(
    ("engine", "given", "line"),
    [
        ("logmac", {"register_slices": "all"}, "parameter register_slices=all: allowed none, in, out, both"),
        ("logmac", {"tdata": "words"}, "parameter tdata=words: allowed bytes, power_of_two"),
        (
            "logmac",
            {"join_operands": True, "weight_depth": 4},
            "parameter join_operands=true: allowed false; true goes with weight_depth=0, fold_sign=false",
        ),
        (
            "flexdpu",
            {"interface": "axi", "tkeep": True},
            "parameter tkeep=true: allowed false; interface=axi has tkeep already",
        ),
        *(
            (
                engine,
                {"join_operands": True},
                "parameter join_operands=true: allowed false; true goes with an engine that takes a beat of weights "
                "with each of activations",
            )
            for engine in ENGINES
            if engine not in JOINED
        ),
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused(engine: str, given: dict[str, Any], line: str) -> None:
    with pytest.raises(ParameterError) as caught:
        configure(engine, given)
    assert str(caught.value) == line


def test_the_bench_drives_all_of_it(tmp_path: Path) -> None:
    """Slices, padding, junk in bytes that are not kept, one stream of operands: the same results."""
    options = {"register_slices": "both", "tdata": "power_of_two", "tkeep": True, "join_operands": True}
    assert verify(made("logmac", **options), tmp_path)["vectors"] >= 400


@pytest.mark.slow
def test_the_bench_sees_bytes_that_are_not_masked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Broken: tkeep is not looked at."""

    def everything(self: AxiStream, outer: str, inner: Any, payload: Any) -> Any:
        return getattr(self, f"{outer}_tdata")

    monkeypatch.setattr(AxiStream, "_taken", everything)
    with pytest.raises(BenchFailure):
        verify(from_parameters("requantise", {**small("requantise"), "tkeep": True}), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("slices", ["in", "out", "both"])
@each_design
def test_benches_with_slices(engine: str, more: dict[str, Any], slices: str, tmp_path: Path) -> None:
    assert verify(made(engine, register_slices=slices, **more), tmp_path)["vectors"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_benches_with_padding_and_tkeep(engine: str, tmp_path: Path) -> None:
    options = {"tdata": "power_of_two", "tkeep": True, "join_operands": engine in JOINED}
    assert verify(made(engine, **options), tmp_path)["vectors"] > 0


@pytest.mark.slow
def test_the_bench_sees_slices_that_are_not_cleared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Broken: clear of a job leaves beats of it in the slices."""

    class Uncleared(RegisterSlice):
        cleared_by = property(lambda self: None, lambda self, value: None)  # pyright: ignore

    monkeypatch.setattr(sliced, "RegisterSlice", Uncleared)
    with pytest.raises(BenchFailure):
        verify(from_parameters("flexdpu", {**small("flexdpu"), "register_slices": "both"}), tmp_path)


def test_beats_of_joined_streams() -> None:
    """Each part at its byte, tlast as of the one that has it; a part that is missing is told."""
    streams = made("vsquant", join_operands=True).manifest["streams"]
    parts = {part["name"]: part for part in streams[0]["joins"]}
    sizes = {name: part["tdata_width"] // 8 for name, part in parts.items()}
    draw = np.random.default_rng(3)
    beats = {
        name: Beats(
            draw.integers(0, 256, (5, size), np.uint8), draw.random(5) < 0.5 if parts[name]["tlast"] else None
        )
        for name, size in sizes.items()
    }
    found = join(streams, beats)
    assert list(found) == ["operands"]
    assert np.array_equal(found["operands"].data, np.hstack([each.data for each in beats.values()]))
    last, given = found["operands"].last, beats["activations"].last
    assert last is not None
    assert given is not None
    assert np.array_equal(last, given)
    with pytest.raises(ValueError, match="as many beats of each"):
        join(streams, {"weights": beats["weights"]})
