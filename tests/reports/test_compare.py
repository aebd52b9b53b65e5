"""Comparing reports: pairing, directions, tolerances, refusals, limits, and every output."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dotforge.parameters import ParameterError
from dotforge.reports.compare import Comparison, compare_paths
from dotforge.reports.compare_output import as_csv, as_markdown, in_json, rows, summary
from dotforge.reports.limits import parse_limit, parse_tolerance
from dotforge.synthesis.metrics import METRICS
from dotforge.synthesis.synth import SCHEMA
from dotforge.tools.files import OutputError, write_json

from .reports import placed, report


def compared(directory: Path, old: Any, new: Any, **options: Any) -> Comparison:
    """Compare two reports, or two lists of them in directories."""
    paths = []
    for side, given in (("old", old), ("new", new)):
        many = given if isinstance(given, list) else [given]
        folder = directory / side
        folder.mkdir(parents=True)
        for index, each in enumerate(many):
            jsonschema.validate(each, SCHEMA)
            write_json(folder / f"{index}.json", each)
        paths.append(folder if isinstance(given, list) else folder / "0.json")
    return compare_paths(*paths, **options)


def verdicts(result: Comparison) -> dict[str, str]:
    return {change.metric.name: change.verdict for pair in result.pairs for change in pair.changes}


def test_directions_and_tolerances(tmp_path: Path) -> None:
    grown = compared(tmp_path / "a", report(), report(totals={"transistors": 1001, "registers": 19}))
    assert verdicts(grown) == {"transistors": "worse", "registers": "better", "memory_bits": "same"}
    # Fmax moves 5 % between seeds; more is better.
    for fmax, verdict in ((95.1, "same"), (94.9, "worse"), (104.9, "same"), (105.1, "better")):
        found = compared(tmp_path / str(fmax), placed(100), placed(fmax))
        assert verdicts(found)["fmax_mhz"] == verdict, fmax
    strict = compared(tmp_path / "b", placed(100), placed(99), tolerances=parse_tolerance("fmax=0.5%"))
    assert verdicts(strict)["fmax_mhz"] == "worse"
    assert {metric.better for metric in METRICS} == {"less", "more"}


def test_a_metric_that_only_one_side_has(tmp_path: Path) -> None:
    result = compared(tmp_path, placed(100), {**placed(100), "timing": None})
    assert verdicts(result)["fmax_mhz"] == "gone"
    result = compared(tmp_path / "b", report(), report(power={"power_mw": 0.3}))
    assert verdicts(result)["power_mw"] == "added"


def test_new_and_vanished_configurations(tmp_path: Path) -> None:
    result = compared(
        tmp_path,
        [report(), report(parameters={"lanes": 8})],
        [report(), report(parameters={"lanes": 4}), placed(50)],
        limits=[parse_limit("vanished"), parse_limit("new")],
    )
    assert [pair.name for pair in result.pairs] == ["logmac cmos lanes=16 fold_sign=false"]
    assert result.vanished == ["logmac cmos lanes=8 fold_sign=false"]
    assert result.added == ["logmac cmos lanes=4 fold_sign=false", "logmac ecp5 lanes=16 fold_sign=false"]
    assert len(result.broken) == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"engine": "vsquant"}, "engine logmac and vsquant"),
        ({"target": "liberty:other.lib"}, "target cmos and liberty:other.lib"),
        ({"tools": {"synthesis": "pyosys 0.71"}}, "tool synthesis pyosys 0.70 and pyosys 0.71"),
        ({"tools": {"placement": "nextpnr 1"}}, "tool placement none and nextpnr 1"),
        ({"options": {"hierarchy": "sum"}}, "option hierarchy flat and sum"),
    ],
)
def test_refuses_what_cannot_be_compared(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=f"cannot be compared: .*{message}"):
        compared(tmp_path / "a", report(), report(**change))
    told = compared(tmp_path / "b", report(), report(**change), allow_different=True)
    assert message in told.pairs[0].differs
    assert message in as_markdown(told)


def test_targets_are_matched_only_where_it_is_clear(tmp_path: Path) -> None:
    both = [report(), placed(100)]
    assert [
        len(pair.differs) for pair in compared(tmp_path / "a", both, both, allow_different=True).pairs
    ] == [0, 0]
    moved = compared(tmp_path / "b", [report()], [placed(100)], allow_different=True)
    assert moved.pairs[0].differs == ["target cmos and ecp5"]
    assert not moved.added
    unclear = compared(
        tmp_path / "c", [report(), placed(1)], [report(target="liberty:a")], allow_different=True
    )
    assert not unclear.pairs
    assert len(unclear.vanished) == 2


def test_a_parameter_that_is_new(tmp_path: Path) -> None:
    """An engine that learns something keeps its history."""
    grown = [report(parameters={"depth": 4}), report(parameters={"lanes": 32, "depth": 4})]
    found = compared(tmp_path / "a", [report(), report(parameters={"lanes": 32})], grown)
    assert [pair.name for pair in found.pairs] == ["logmac cmos depth=none→4"] * 2
    assert not found.added
    assert not found.vanished
    unclear = compared(tmp_path / "b", [report()], [report(parameters={"depth": n}) for n in (4, 8)])
    assert not unclear.pairs
    assert len(unclear.added) == 2


def test_versions_of_dotforge_are_what_is_compared(tmp_path: Path) -> None:
    assert compared(tmp_path, report(), report(tools={"dotforge": "0.2.0"})).pairs[0].differs == []


def test_two_files_are_a_pair(tmp_path: Path) -> None:
    result = compared(tmp_path, report(), report(parameters={"lanes": 32}))
    assert [pair.name for pair in result.pairs] == ["logmac cmos lanes=16→32"]


def test_two_reports_of_one_configuration(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="are reports of one configuration"):
        compared(tmp_path, [report(), report()], [report()])


@pytest.mark.parametrize(
    ("limit", "old", "new", "broken"),
    [
        ("area>+2%", 1000, 1020, False),
        ("area>+2%", 1000, 1021, True),
        ("area>+2%", 1000, 500, False),
        ("transistors<-2%", 1000, 979, True),
        ("area>+20", 1000, 1020, False),
        ("area>+20", 1000, 1021, True),
        ("area<-20", 1000, 979, True),
        ("area > 999", 1000, 1000, True),
        ("area>1000", 1000, 1000, False),
        ("area<1000", 1000, 999, True),
        ("area>+2%", 0, 1, True),  # from nothing is beyond every percentage
        ("area>+2%", 0, 0, False),
        ("worse", 1000, 1001, True),
        ("worse", 1000, 999, False),
    ],
)
def test_limits(limit: str, old: int, new: int, broken: bool, tmp_path: Path) -> None:
    result = compared(
        tmp_path,
        report(totals={"transistors": old}),
        report(totals={"transistors": new}),
        limits=[parse_limit(limit)],
    )
    assert bool(result.broken) is broken
    assert not result.unmet


@pytest.mark.parametrize("limit", ["fmax<-10%", "fmax<-1", "fmax<50", "fmax_mhz>+1%", "worse"])
def test_a_figure_that_is_gone_breaks_its_limit(limit: str, tmp_path: Path) -> None:
    old = [placed(100), placed(100, parameters={"lanes": 4})]
    new = [placed(100), {**placed(100, parameters={"lanes": 4}), "timing": None}]
    result = compared(tmp_path, old, new, limits=[parse_limit(limit)])
    assert result.broken == [f"{limit}: logmac ecp5 lanes=4 fold_sign=false: fmax_mhz 100 → none MHz"]
    assert not result.unmet


@pytest.mark.parametrize("limit", ["area>+2%", "area>1", "power>+1", "energy<-1%"])
def test_a_limit_that_met_no_figure(limit: str, tmp_path: Path) -> None:
    """An FPGA has no area, and neither report tells power."""
    result = compared(tmp_path, placed(100), placed(50), limits=[parse_limit(limit), parse_limit("luts>+2%")])
    assert result.unmet == [f"limit {limit!r} met no figure that can be judged"]
    assert not result.broken


def test_a_figure_that_is_new_has_no_change(tmp_path: Path) -> None:
    limits = [parse_limit("power>+1%"), parse_limit("power>0.2")]
    result = compared(tmp_path, report(), report(power={"power_mw": 0.3}), limits=limits)
    assert result.unmet == ["limit 'power>+1%' met no figure that can be judged"]
    assert [text.split(":")[0] for text in result.broken] == ["power>0.2"]


@pytest.mark.parametrize("limit", ["area>+2%", "worse"])
def test_limits_over_no_configuration(limit: str, tmp_path: Path) -> None:
    found = compared(tmp_path, [report()], [report(parameters={"lanes": 4})], limits=[parse_limit(limit)])
    assert found.unmet == [f"limit {limit!r} met nothing: no configuration is in both"]
    assert not found.broken


def test_area_means_either_unit(tmp_path: Path) -> None:
    cells = {"area_um2": 100.0, "registers": 1, "cells": {}}
    old = {**report(target="nangate45"), "totals": cells}
    new = {**old, "totals": {**cells, "area_um2": 103.0}}
    result = compared(tmp_path, old, new, limits=[parse_limit("area>+2%")])
    assert result.broken == [
        "area>+2%: logmac nangate45 lanes=16 fold_sign=false: area_um2 100 → 103 µm² (+3.00 %)"
    ]


@pytest.mark.parametrize(
    "text",
    ["", "area", "area>", "area>+2%%", "speed>+2%", "area>2%", "area=>3", "> +2%", "area>+x", "area>--2"],
)
def test_limits_that_are_none(text: str) -> None:
    with pytest.raises(ParameterError, match=r"^limit "):
        parse_limit(text)


@pytest.mark.parametrize("text", ["fmax", "fmax=5", "fmax=-5%", "speed=5%", "fmax=x%", "=5%"])
def test_tolerances_that_are_none(text: str) -> None:
    with pytest.raises(ParameterError, match=r"^tolerance "):
        parse_tolerance(text)


def test_outputs(tmp_path: Path) -> None:
    result = compared(
        tmp_path,
        [report(), report(parameters={"lanes": 8})],
        [report(totals={"transistors": 900}), report(parameters={"lanes": 4})],
        limits=[parse_limit("vanished")],
    )
    assert summary(result) == (
        "1 configurations compared: 1 figures better, 0 worse, 1 moved at all; "
        "1 configurations new, 1 vanished"
    )
    assert len(rows(result, unchanged=False)) == 1
    assert len(rows(result, unchanged=True)) == 3

    markdown = as_markdown(result)
    assert (
        "| logmac cmos lanes=16 fold_sign=false | transistors | 1000 | 900 | -10.00 % | better |" in markdown
    )
    assert "**Limits broken**" in markdown
    assert "- logmac cmos lanes=4 fold_sign=false" in markdown

    table = list(csv.DictReader(io.StringIO(as_csv(result))))
    assert len(table) == 3 + 2
    assert table[0]["change_percent"] == "-10.0000"
    assert [row["verdict"] for row in table[3:]] == ["new configuration", "vanished configuration"]

    found = json.loads(in_json(result))
    metric = found["configurations"][0]["metrics"]["transistors"]
    assert metric == {"old": 1000, "new": 900, "percent": -10.0, "better": "less", "verdict": "better"}
    assert len(found["broken"]) == 1


def test_shows_what_was_not_verified(tmp_path: Path) -> None:
    evidence = {"verilog_sha256": "1" * 64, "same_verilog": False, "tests": 1, "vectors": 1, "mismatches": 0}
    result = compared(tmp_path, report(), report(evidence=evidence))
    assert "MISMATCH: verified was other Verilog (sha256 111111111111…" in as_markdown(result)


def test_damaged_and_foreign_files(tmp_path: Path) -> None:
    good = tmp_path / "good"
    good.mkdir()
    write_json(good / "a.json", report())
    write_json(good / "manifest.json", {"engine": "logmac", "verilog_sha256": "0" * 64})
    write_json(good / "list.json", [1, 2])
    result = compare_paths(good, good)
    assert len(result.pairs) == 1
    assert len(result.ignored) == 4

    for name, text, message in (
        ("truncated", json.dumps(report())[:200], "is not JSON"),
        ("empty", "", "is not JSON"),
        ("foreign", '{"a": 1}', "is not a report of `dotforge synth`"),
        ("number", "3", "is not a report of `dotforge synth`"),
        ("damaged", json.dumps(report(totals={"transistors": "many"})), "totals/transistors|not valid under"),
        ("half", json.dumps({"target": "cmos", "totals": {}, "verilog_sha256": ""}), "is not a valid report"),
        ("binary", "\x00\x01", "is not JSON"),
    ):
        path = tmp_path / f"{name}.json"
        path.write_text(text)
        with pytest.raises(OutputError, match=message):
            compare_paths(path, good / "a.json")
    with pytest.raises(OutputError, match="cannot read"):
        compare_paths(tmp_path / "nothing.json", good)
    empty = tmp_path / "none"
    empty.mkdir()
    with pytest.raises(OutputError, match="holds no report"):
        compare_paths(good, empty)
    (good / "b.json").write_text(json.dumps(report())[:300])
    with pytest.raises(OutputError, match=r"b\.json is not JSON"):  # nothing is dropped silently
        compare_paths(good, good)
