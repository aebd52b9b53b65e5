"""A soak draws what engines take, keeps what fails as small as it gets, and sees it again from its file."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dotforge.proof import soak
from dotforge.proof.choices import parameters, settled
from dotforge.proof.soak import Trial, main, run, shrunk, summary
from dotforge.registry import configure
from dotforge_sim.simulator.bench import BenchFailure, BenchUnfinished

from ..configurations import ENGINES, small


@settings(max_examples=30, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_engines_take_what_is_drawn(data: st.DataObject) -> None:
    engine = data.draw(st.sampled_from(ENGINES))
    configure(engine, data.draw(parameters(engine)))


def test_what_is_refused_is_left_out() -> None:
    """Formats of NVFP4 go with each other only, in any order; a block of 16 has no 32 lanes."""
    nvfp4 = {"weight_format": "nvfp4", "activation_format": "nvfp4"}
    assert settled("mxdot", nvfp4) == nvfp4
    assert settled("mxdot", {**nvfp4, "lanes": 32}) == {"lanes": 32}
    assert settled("vsquant", {"vector": 20, "lanes": 8, "sum_bits": 9}) == {"lanes": 8, "sum_bits": 9}
    assert settled("logmac", {"bin_bits": 9, "accumulator": "binned", "weight_code": "log:2:2"}) == {
        "bin_bits": 9,
        "accumulator": "binned",
        "weight_code": "log:2:2",
    }


def fake_verify(made: Any, *_: Any, **__: Any) -> dict[str, Any]:
    """A bench that fails on three lanes and more."""
    if made.manifest["parameters"]["lanes"] > 2:
        raise BenchFailure("test_logmac: item 7: sum 3, golden 4")
    return {"vectors": 5}


def test_a_failure_shrinks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak, "verify", fake_verify)
    large = Trial("logmac", {"lanes": 13, "pipeline": 2, "sum_bits": 20, "fold_sign": True}, 9, "verilator")
    *_, least = shrunk(large, 60)
    assert least == Trial("logmac", {}, 9, "verilator")  # the default is wide enough to fail


def test_a_failure_is_kept_and_seen_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(soak, "verify", fake_verify)
    runner = CliRunner()
    words = ["-o", str(tmp_path), "--minutes", "0.02", "--seed", "3", "logmac"]
    soaked = runner.invoke(main, words, standalone_mode=False)
    assert soaked.return_value == 1
    (row,) = summary(tmp_path)
    assert row["failures"] > 0
    assert row["runs"] >= row["failures"]
    reproducer = tmp_path / "failure-1.json"
    assert json.loads(reproducer.read_text())["failure"] == "test_logmac: item 7: sum 3, golden 4"
    again = runner.invoke(main, ["--replay", str(reproducer)], standalone_mode=False)
    assert again.return_value == 1
    assert "item 7: sum 3, golden 4" in again.output
    monkeypatch.setattr(soak, "verify", lambda *_, **__: {"vectors": 5})
    mended = runner.invoke(main, ["--replay", str(reproducer)], standalone_mode=False)
    assert mended.return_value == 0
    assert "passed: 5 vectors" in mended.output


def test_a_run_without_an_end_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(*_: Any, **__: Any) -> None:
        raise BenchUnfinished("the bench did not end within 900 s")

    monkeypatch.setattr(soak, "verify", endless)
    found = run(Trial("requantise", small("requantise"), 1, "verilator"))
    assert (found.failure, found.unfinished) == ("", "the bench did not end within 900 s")


def test_a_run_counts_cycles() -> None:
    found = run(Trial("requantise", small("requantise"), 1, "verilator"))
    assert found.failure == ""
    assert found.vectors > 100
    assert found.cycles > 1000


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "one of --output and --replay is needed"),
        (["-o", "made", "nothing"], "engine nothing: allowed are"),
    ],
)
def test_the_command_refuses(words: list[str], message: str) -> None:
    refused = CliRunner().invoke(main, words)
    assert refused.exit_code == 2
    assert message in refused.output
