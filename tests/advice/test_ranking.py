"""Ranking and frontier by hand, and lists of candidates."""

import json
from pathlib import Path
from typing import Any

import pytest

from dotforge.advice.assess import pruned
from dotforge.advice.candidates import Candidate, read_candidates
from dotforge.advice.output import commands, html, rows
from dotforge.advice.ranking import Assessed, frontier, ranked, summed
from dotforge.parameters import ParameterError
from dotforge.registry import configure
from dotforge.tools.files import OutputError
from dotforge_sim.run.expected import Expected

from ..browser import opened


def one(name: str, sqnr: float | None, area: int, cycles: int = 10, reason: str = "") -> Assessed:
    report: dict[str, Any] = {
        "engine": "mxdot", "target": "cmos", "totals": {"transistors": area}, "timing": None, "parameters": {},
        "tools": {"synthesis": "none"}, "options": {}, "verilog_sha256": "0" * 64,
    }  # fmt: skip
    expected = Expected(sqnr, cycles, (8, 8), None, ("mxfp4", "mxfp4"), 1000)
    return Assessed(Candidate("mxdot", {"lanes": name}, {}), report, reason, expected)


CHEAP, GOOD, EXACT = one("cheap", 10, 1), one("good", 31, 10), one("exact", None, 50)
WASTEFUL, MIDDLE, FAILED = (
    one("wasteful", 31, 10, 20),
    one("middle", 20, 12),
    one("failed", 99, 1, reason="no"),
)
ALL = [FAILED, WASTEFUL, CHEAP, EXACT, MIDDLE, GOOD]


def test_who_reaches_it_comes_first() -> None:
    assert ranked(ALL, 30) == [GOOD, WASTEFUL, EXACT, MIDDLE, CHEAP, FAILED]
    assert ranked(ALL, 5)[:2] == [CHEAP, GOOD]


def test_the_frontier() -> None:
    assert frontier(ALL) == [CHEAP, EXACT, GOOD]


def test_layers_are_summed() -> None:
    first = [one("fits", 31, 10), one("worse", 20, 4), one("fails", 40, 1)]
    second = [one("fits", None, 10, 5), one("worse", 40, 4, 5), one("fails", 40, 1, reason="K is odd")]
    found = summed([first, second], ["query", "key"])
    assert [(each.sqnr_db, each.cycles, each.operand_bits) for each in found[:2]] == [
        (31, 15, 32),
        (20, 15, 32),
    ]
    assert [each.mean_db for each in found[:2]] == [31, 30]  # what is exact has no decibels
    assert found[2].reason == "key: K is odd"
    assert [each.candidate.parameters["lanes"] for each in ranked(found, 30)] == ["fits", "worse", "fails"]
    assert found[0].cost == 150
    found[0].report["power"] = {"energy_pj_per_mac": 0.5}
    assert found[0].energy_uj == pytest.approx(2000 * 0.5e-6)


def test_pruning_drops_the_smallest() -> None:
    import numpy as np  # noqa: PLC0415

    b = np.array([[4.0, -1.0], [0.5, 3.0], [2.0, -5.0]])
    kept, left = pruned(np.eye(3), b, 0.5)
    assert kept.tolist() == [[4, 0], [0, 3], [0, -5]]
    assert left == pytest.approx(10 * np.log10((b**2).sum() / 5.25))


def test_sizes_follow_the_multipliers(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text(
        '[{"engine": "mxdot", "size": {"lanes": 32}}, {"engine": "systolic", "size": {"rows": "root"}}]'
    )
    assert [each.parameters for each in read_candidates(path, 64)] == [{"lanes": 32}, {"rows": 8}]
    assert [each.parameters for each in read_candidates(path, 8)] == [{"lanes": 8}, {"rows": 2}]
    path.write_text('[{"engine": "flexdpu", "size": {"lanes": "half"}}]')
    assert [each.parameters for each in read_candidates(path, 16)] == [{"lanes": 8}]


@pytest.mark.parametrize("multipliers", [16, 64])
def test_ours_are_allowed(multipliers: int) -> None:
    found = read_candidates(None, multipliers)
    assert {"flexdpu", "systolic", "flexdpe"} < {each.engine for each in found}
    assert 8 <= len(found) <= 14
    for each in found:
        configure(each.engine, each.parameters)
        each.run_options()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "allowed is a list of candidates"),
        ([{"size": {}}], "candidate 1: allowed is an object with an engine"),
        ([{"engine": "mxdots"}], "engine mxdots: allowed are"),
        ([{"engine": "mxdot", "rule": "ocp"}], "rule is not one of engine, size"),
        ([{"engine": "mxdot", "options": 1}], "options is not an object"),
        ([{"engine": "mxdot", "size": {"lanes": "many"}}], "size lanes: allowed are root, half and integers"),
    ],
)
def test_lists_of_another_form(given: Any, message: str, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps(given))
    with pytest.raises(OutputError, match=message):
        read_candidates(tmp_path / "c.json", 16)


def test_options_that_do_not_exist() -> None:
    for options, message in (({"rules": "ocp"}, "option rules"), ({"rule": "mine"}, "rule=mine of mxdot")):
        with pytest.raises(ParameterError, match=message):
            Candidate("mxdot", {}, options).run_options()


def test_commands_are_ready_to_run() -> None:
    made = Assessed(Candidate("vsquant", {"lanes": 4, "gate": True}, {"weight_unit": "column"}))
    assert commands(made, "a b.npy", "b.npy") == {
        "generate": "dotforge generate vsquant -p lanes=4 -p gate=true -o build/vsquant",
        "run": "dotforge run vsquant -p lanes=4 -p gate=true --a 'a b.npy' --b b.npy --weight-unit column",
    }


def test_the_page(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(html(ranked(ALL, 30), 30, "1×2 @ 2×3 on cmos", ["a note"]))
    assert [row["frontier"] for row in rows(ranked(ALL, 30), 30)] == [True, False, True, False, True]
    with opened(tmp_path / "index.html") as (view, said):
        assert view.title() == "dotforge advise: 1×2 @ 2×3 on cmos"
        assert view.locator("tbody tr").count() == 5
        assert view.locator("#plots figure").count() == 3
        assert view.locator("#plots figure").first.locator("circle").count() == 4  # exact is no point
        assert "a note" in view.inner_text("body")
        assert "lanes=failed: no" in view.inner_text("#failures")
        assert not said
