"""Mutants are made, tried, compared and counted: on a small engine, with benches that notice and one that cannot."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dotforge.proof import mutate as module
from dotforge.proof.miter import PROVEN, _verdict, compare, wrapper
from dotforge.proof.mutants import Mutant, Mutants, mutants
from dotforge.proof.mutate import counted, main, mutate
from dotforge.proof.subjects import Subject, names, subject
from dotforge.proof.trial import TrialError, trial

from ..configurations import ENGINES

SEED, COUNT = 1, 12


@pytest.fixture(scope="module")
def small() -> Subject:
    return subject("logmac")


@pytest.fixture(scope="module")
def made(small: Subject) -> Mutants:
    return mutants(small.verilog, small.top, COUNT, SEED)


def test_every_engine_and_two_networks_are_subjects() -> None:
    assert set(names()) >= {*ENGINES, "log_bins", "nvfp4", "fan", "distribution"}


def test_mutants_follow_from_their_seed(small: Subject, made: Mutants) -> None:
    assert [mutant.number for mutant in made.members] == list(range(1, COUNT + 1))
    assert made == mutants(small.verilog, small.top, COUNT, SEED)
    others = mutants(small.verilog, small.top, COUNT, SEED + 1)
    assert [each.kind for each in others.members] != [each.kind for each in made.members]
    modules = re.findall(r"^module (\w+)\(", small.verilog, re.M)
    assert {mutant.module for mutant in made.members} <= {
        name.removeprefix(f"{small.top}_") for name in modules
    }
    with pytest.raises(ValueError, match="mutants: allowed 1…65535, not 0"):
        mutants(small.verilog, small.top, 0, SEED)


def test_a_record_is_whole_and_gone_on_with(
    small: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "logmac.json"
    record = mutate(small, path, count=COUNT, seed=SEED)
    found = counted(record)
    assert found.mutants == COUNT
    assert found.same + found.bounded + found.killed + len(found.survivors) == COUNT
    assert found.killed >= COUNT // 2
    assert found.same >= 1  # of this seed
    assert json.loads(path.read_text()) == record
    # Half of it is forgotten: only that half is tried again, and comes out the same.
    half = json.loads(path.read_text())
    for each in half["mutants"][::2]:
        each.update(tried=False, killed_by=None, verdict="")
    path.write_text(json.dumps(half))
    tried: list[int] = []

    def watched(what: Any, verilog: str, numbers: list[int], *rest: Any) -> None:
        tried.extend(numbers)
        trial(what, verilog, numbers, *rest)

    monkeypatch.setattr(module, "trial", watched)
    assert mutate(small, path, count=COUNT, seed=SEED) == record
    assert tried == [0, *range(1, COUNT + 1, 2)]


def test_a_bench_that_fails_without_a_mutant_is_refused(small: Subject, made: Mutants) -> None:
    """The sum's lowest bit is turned for all mutants."""
    broken = re.sub(
        r"assign m_axis_sums_tdata = (.*);", r"assign m_axis_sums_tdata = (\1) ^ 1;", made.verilog
    )
    assert broken != made.verilog
    with pytest.raises(TrialError, match="without a mutant: random_dot_products"):
        trial(small, broken, [0, 1], SEED, lambda number, test: None)


@pytest.mark.parametrize(("kind", "verdict"), [("inv", r"differs in \d+ cycles"), ("none", PROVEN)])
def test_comparisons_tell(small: Subject, made: Mutants, kind: str, verdict: str) -> None:
    """A design of which the output of a register is inverted, and one of which nothing is."""
    found = next(line for line in made.flat.splitlines() if re.match(r"  cell \$\w*dff", line))
    place = f"-module {small.top} -cell {found.split()[2]} -port Q -portbit 0"
    command = f"mutate -mode {kind} {place}"
    assert re.fullmatch(verdict, compare(small, made.flat, Mutant(1, command, ""), seconds=10))


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("UNSATISFIABLE    Time =     0.01 sec", PROVEN),
        ("Property proved.  Time =     0.28 sec", PROVEN),
        ('Output 0 of miter "miter" was asserted in frame 6.', "differs in 7 cycles"),
        ("No output asserted in 40 frames. Resource limit reached", "none in 40 cycles"),
        ("No output asserted in 11 frames. Resource limit reached", "undecided, none in 11 cycles"),
    ],
)
def test_verdicts(said: str, verdict: str) -> None:
    assert _verdict(said, 40) == verdict


def test_data_that_mean_nothing_are_not_compared() -> None:
    """The miter masks them by valid, and by the flag of their lane."""
    text = wrapper(subject("flexdpe"))
    assert "(gold_m_axis_sums_tvalid & gold_m_axis_sums_tdata[" in text
    assert "{10{gold_sum_valid[7]}}" in wrapper(subject("fan"))


def test_the_command_refuses_and_judges(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, small: Subject
) -> None:
    runner = CliRunner()
    refused = runner.invoke(main, ["-o", str(tmp_path), "nothing"])
    assert refused.exit_code == 2
    assert "subject nothing: allowed are" in refused.output
    facts = {"kind": "inv of Y[0] of x", "module": "lane"}
    record = {
        "mutants": [
            {"number": 1, "killed_by": "a test", "verdict": "", **facts},
            {"number": 2, "killed_by": None, "verdict": PROVEN, **facts},
            {"number": 3, "killed_by": None, "verdict": "none in 40 cycles", **facts},
            {"number": 4, "killed_by": None, "verdict": "differs in 7 cycles", **facts},
        ]
    }
    monkeypatch.setattr(module, "mutate", lambda *_, **__: record)
    monkeypatch.setattr(module, "subject", lambda _: small)
    low = runner.invoke(main, ["-o", str(tmp_path), "logmac"], standalone_mode=False)
    assert low.return_value == 1
    assert "4 mutants (seed 1), 1 proven to change nothing" in low.output
    assert "1 killed: 50.0 %" in low.output
    assert "lane: mutant 4" in low.output
    enough = runner.invoke(main, ["-o", str(tmp_path), "--least", "50", "logmac"], standalone_mode=False)
    assert enough.return_value == 0
