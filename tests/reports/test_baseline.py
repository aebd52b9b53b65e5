"""The baseline of reports: how engines are measured, what is in the repository, what a change of it prints."""

from pathlib import Path
from typing import Any

import pytest

from dotforge.registry import engines
from dotforge.reports import baseline
from dotforge.reports.compare import compare_paths
from dotforge.reports.compare_output import as_markdown
from dotforge.reports.limits import parse_limit
from dotforge.reports.report_files import read_report, read_reports
from dotforge.tools.files import OutputError

from .reports import placed, report

REPORTS = Path(__file__).resolve().parents[2] / "reports"


def fake(monkeypatch: pytest.MonkeyPatch, transistors: int, luts: int = 500) -> list[dict[str, Any]]:
    """Let synthesis be a table; returns what it is asked for."""
    asked: list[dict[str, Any]] = []

    def synthesize(generated: Any, **choices: Any) -> dict[str, Any]:
        asked.append(choices)
        if choices.get("target") == "ecp5":
            made = placed(100, engine=generated)
            made["totals"]["luts"] = luts
            return made if choices["seeds"] else {**made, "timing": None}
        return report(engine=generated, totals={"transistors": transistors})

    monkeypatch.setattr(baseline, "synthesize", synthesize)
    monkeypatch.setattr(baseline, "from_parameters", lambda name, _: name)
    return asked


@pytest.mark.parametrize(
    ("transistors", "luts", "mode", "seeds"),
    [(100_000, 3000, "flat", [0, 3]), (100_000, 3001, "flat", [0, 1]), (100_001, 3001, "sum", [0, 1])],
)
def test_large_engines_are_summed_and_placed_once(
    transistors: int, luts: int, mode: str, seeds: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = fake(monkeypatch, transistors, luts)
    files = baseline.baseline("logmac", tmp_path)
    assert files == [tmp_path / "logmac" / "cmos.json", tmp_path / "logmac" / "ecp5.json"]
    assert asked[0] == {"mode": "sum"}
    assert {each["mode"] for each in asked[1:]} == {mode}
    assert [each["target"] for each in asked[1:]] == ["cmos", *["ecp5"] * len(seeds)]
    assert "seeds" not in asked[1]
    assert [each["seeds"] for each in asked[2:]] == seeds
    assert read_report(files[1])["timing"]


def test_a_new_engine_and_a_regression(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, 1000)
    baseline.baseline("logmac", tmp_path / "old")
    fake(monkeypatch, 1021)
    for name in ("logmac", "vsquant"):
        baseline.baseline(name, tmp_path / "new")
    limits = [parse_limit(text) for text in ("area>+2%", "vanished")]
    result = compare_paths(tmp_path / "old", tmp_path / "new", limits=limits)
    text = as_markdown(result)
    assert "| transistors | 1000 | 1021 | +2.10 % | **worse** |" in text
    assert "**Limits broken**\n\n- area>+2%: logmac cmos" in text
    assert len(result.broken) == 1
    assert "New:\n\n- vsquant cmos" in text
    assert compare_paths(tmp_path / "new", tmp_path / "old", limits=limits).vanished


def test_nowhere_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, 1)
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot write"):
        baseline.baseline("logmac", tmp_path / "file")


def test_the_reports_of_the_repository() -> None:
    found = read_reports(REPORTS).reports
    placed = {
        each["engine"]
        for each in found.values()
        if each["target"] == "cmos" and each["totals"]["transistors"] <= baseline.PLACED_LIMIT
    }
    assert {path.relative_to(REPORTS).as_posix() for path in found} == {
        f"{path.parent.name}/{target}.json"
        for path in found
        for target in baseline.TARGETS
        if target == "cmos" or path.parent.name in placed
    }
    assert {each["engine"] for each in found.values()} <= set(engines())
    assert all(path.parent.name == each["engine"] for path, each in found.items())
    assert not read_reports(REPORTS).foreign
