"""The directory of a sweep: it describes the last sweep, and what is not of a sweep is left alone."""

import csv
import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from dotforge.reports import sweep_jobs
from dotforge.reports.sweep import sweep
from dotforge.tools.files import OutputError

from .sweeps import Runner, quiet, some


def files(directory: Path) -> set[str]:
    return {path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()}


def record(directory: Path) -> dict[str, Any]:
    return json.loads((directory / "sweep.json").read_text())


def test_jobs_that_fail_leave_nothing_of_an_earlier_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    todo = some(lanes=["1", "2"])
    place = tmp_path / "s"
    assert {path.name for path in sweep(todo, place, Runner(), quiet).files} >= {"results.csv", "index.html"}
    assert record(place)["status"] == "ok"
    monkeypatch.setattr(sweep_jobs, "_sources", lambda: "other code")
    result = sweep(todo, place, Runner(fail=[1, 2]), quiet)
    assert files(place) == {"sweep.json", "failures.json", "index.html"}
    assert {path.name for path in result.files} == {"failures.json", "index.html"}
    assert "on purpose" in (place / "index.html").read_text()
    assert (record(place)["status"], record(place)["reason"]) == ("failed", "2 of 2 configurations failed")
    # One of them: the other one's report is of the same code.
    sweep(todo, place, Runner(), quiet)
    monkeypatch.setattr(sweep_jobs, "_sources", lambda: "yet other code")
    assert len(sweep(todo, place, Runner(fail=[2]), quiet).reports) == 1
    assert len(list((place / "reports").iterdir())) == 1
    assert "lanes" in (place / "results.csv").read_text()


def test_an_interrupted_sweep_has_no_tables(tmp_path: Path) -> None:
    place = tmp_path / "s"
    sweep(some(lanes=["1"]), place, Runner(), quiet)
    with pytest.raises(KeyboardInterrupt):
        sweep(some(lanes=["1", "2", "3"]), place, Runner(stop=1), quiet)
    assert {name for name in files(place) if "/" not in name} == {"sweep.json"}
    assert (record(place)["status"], record(place)["reason"]) == ("failed", "interrupted")
    assert sweep(some(lanes=["1", "2", "3"]), place, Runner(), quiet).reused == 2


def test_a_narrower_grid_keeps_what_was_asked_for(tmp_path: Path) -> None:
    place = tmp_path / "s"
    sweep(some(lanes=["1", "2", "3"]), place, Runner(), quiet)
    (place / "reports" / "mine.json").write_text("{}")
    (place / ".pre-commit-config.yaml").write_text("mine")
    result = sweep(some(lanes=["2"]), place, Runner(stop=0), quiet)
    assert (len(result.reports), result.reused) == (1, 1)
    assert len(list((place / "reports").glob("logmac*"))) == 1
    assert files(place) >= {"reports/mine.json", ".pre-commit-config.yaml"}
    with (place / "results.csv").open() as table:
        assert [row["lanes"] for row in csv.DictReader(table)] == ["2"]


def test_a_report_that_was_changed_is_kept(tmp_path: Path) -> None:
    place = tmp_path / "s"
    sweep(some(lanes=["1", "2"]), place, Runner(), quiet)
    path = next((place / "reports").glob("logmac*"))
    path.write_text(json.dumps({**json.loads(path.read_text()), "note": "mine"}))
    with pytest.raises(OutputError, match="was changed since `dotforge sweep` wrote it"):
        sweep(some(lanes=["1", "2"]), place, Runner(), quiet)
    assert json.loads(path.read_text())["note"] == "mine"


@pytest.mark.parametrize("text", ['{"name": "mine"}', '{"files": {"results.csv": null}}', "{", "[]"])
def test_a_sweep_json_of_others(text: str, tmp_path: Path) -> None:
    for name in ("sweep.json", "results.csv"):
        (tmp_path / name).write_text(text)
    with pytest.raises(OutputError, match=r"sweep\.json: it is there, and not from `dotforge sweep`"):
        sweep(some(lanes=["1"]), tmp_path, Runner(), quiet)
    assert {name: (tmp_path / name).read_text() for name in files(tmp_path)} == {
        "sweep.json": text,
        "results.csv": text,
    }


def test_a_full_disk_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    todo = some(lanes=["1", "2", "3"])
    replace, count = os.replace, 0

    def full(source: str, to: Path) -> None:
        nonlocal count
        count += 1
        if count > 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace(source, to)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OutputError, match="No space left on device"):
        sweep(todo, tmp_path / "s", Runner(), quiet)
    monkeypatch.undo()
    assert not list((tmp_path / "s").rglob(".*"))
    left = Runner()
    assert len(sweep(todo, tmp_path / "s", left, quiet).reports) == 3
    assert left.ran == [3]


def test_a_full_disk_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables of before are gone, the reports are not, and it goes on."""
    place = tmp_path / "s"
    sweep(some(lanes=["1", "2"]), place, Runner(), quiet)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(OutputError, match="No space left on device"):
            sweep(some(lanes=["1", "2"]), place, Runner(), quiet)
    assert record(place)["status"] == "unfinished"
    assert not (place / "results.csv").exists()
    assert sweep(some(lanes=["1", "2"]), place, Runner(stop=0), quiet).reused == 2


def test_foreign_directories_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="not empty and is no sweep"):
        sweep(some(lanes=["1"]), tmp_path, Runner(), quiet)
    with pytest.raises(OutputError, match="cannot write"):
        sweep(some(lanes=["1"]), tmp_path / "mine.txt" / "s", Runner(), quiet)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
