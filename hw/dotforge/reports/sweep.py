"""``sweep``: reports of many configurations in one directory, with tables and a page to look at.

::

    DIR/sweep.json          what was asked for, how it ended, and which files are its own
    DIR/reports/*.json      a report a configuration and target, as `synth` writes it
    DIR/results.csv         a row a configuration (and results.parquet, where pyarrow is installed)
    DIR/failures.json       configurations that failed, where some did
    DIR/index.html          table, filters and plots

A report that exists is not made again, as long as dotforge, tools and options are the same: a sweep that was
killed goes on where it was. What describes another sweep goes when one begins: reports of configurations that are
not asked for any more or that other code made, tables and page.
"""

import contextlib
import csv
import glob
import importlib.metadata
import importlib.util
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..synthesis.metrics import SHOWN, value
from ..tools.files import UNFINISHED, OutputError, write_bytes, write_json, write_text
from ..tools.owned import unchanged
from ..tools.run_record import run_record
from .report_files import read_report
from .sweep_jobs import Job
from .sweep_page import page
from .sweep_run import Runner

__all__ = ["Result", "sweep", "table_rows"]

#: What is written beside the reports.
_TABLES = ("results.csv", "results.parquet", "index.html", "failures.json")


@dataclass
class Result:
    """What a sweep did.

    Attributes
    ----------
    reports : in the order of the jobs; those that failed are not there
    failures : (parameters, one line)
    others : reports that were given
    reused : reports that were there already
    files : what was written beside the reports
    """

    reports: list[dict[str, Any]] = field(default_factory=list)
    failures: list[tuple[dict[str, Any], str]] = field(default_factory=list)
    others: list[dict[str, Any]] = field(default_factory=list)
    reused: int = 0
    files: list[Path] = field(default_factory=list)


def sweep(
    jobs: Sequence[Job],
    directory: Path,
    run: Runner,
    progress: Callable[[int, int], None],
    others: Mapping[Path, dict[str, Any]] | None = None,
) -> Result:
    """Run the jobs that have no report yet, and write tables and page of all of them.

    Parameters
    ----------
    jobs : at least one, all of one engine
    directory : new, or of an earlier sweep
    run : how
    progress : told how many are done, and of how many
    others : reports by their files, as of `dotforge import`, which stand in tables and page too, after the jobs' own

    Raises
    ------
    OutputError
        The directory cannot be written, or holds something else, or some of the others. Reports that are done stay.
    """
    others = others or {}
    for path in others:
        if path.resolve().is_relative_to(directory.resolve()):
            raise OutputError(f"{path} is in {directory}, of which each sweep is by itself")
    names = [*_TABLES, *(f"reports/{job.name}" for job in jobs)]
    with run_record("sweep", directory / "sweep.json", names=names) as record:
        _check_directory(directory)
        result = Result()
        done = _existing(directory, jobs, record.read_former())
        waiting = [job for job in jobs if job.name not in done]
        result.reused = len(done)
        record.start(keep=[f"reports/{name}" for name in done], **_asked(jobs), others=[*map(str, others)])
        _prepare(directory, names)
        progress(len(done), len(jobs))
        failed: dict[str, tuple[dict[str, Any], str]] = {}
        # Closed, so that a full disk or an interruption ends the processes too.
        with contextlib.closing(run(waiting)) as ended:
            for job, outcome in ended:
                if "report" in outcome:
                    report = {**outcome["report"], "made_by": job.made_by}
                    write_json(directory / "reports" / job.name, report)
                    done[job.name] = report
                else:
                    failed[job.name] = job.parameters, outcome["error"]
                progress(len(done) + len(failed), len(jobs))
        result.reports = [done[job.name] for job in jobs if job.name in done]
        result.failures = [failed[job.name] for job in jobs if job.name in failed]
        result.others = [*others.values()]
        result.files = _write(directory, result)
        if result.failures:
            record.fail(f"{len(result.failures)} of {len(jobs)} configurations failed")
    return result


def _check_directory(directory: Path) -> None:
    """Raise where a directory holds something, and no sweep: a sweep is easier to find, and to delete, by itself."""
    half = f".sweep.json.*{UNFINISHED}"  # of one that was killed at once
    there = [path.name for path in directory.iterdir() if not path.match(half)] if directory.is_dir() else []
    if there and "sweep.json" not in there:
        raise OutputError(f"cannot write {directory}: the directory is not empty and is no sweep")


def _prepare(directory: Path, names: Sequence[str]) -> None:
    """Make the directory of reports; what was half-written when an earlier sweep was killed goes."""
    reports = directory / "reports"
    try:
        reports.mkdir(exist_ok=True)
        for name in ("sweep.json", *names):
            path = directory / name
            for leftover in path.parent.glob(f".{glob.escape(path.name)}.*{UNFINISHED}"):
                leftover.unlink()
    except OSError as error:
        raise OutputError(f"cannot write {directory}: {error.strerror}") from error


def _existing(
    directory: Path, jobs: Sequence[Job], former: dict[str, str | None]
) -> dict[str, dict[str, Any]]:
    """Return the reports of an earlier sweep that were made by the same dotforge, tools and options, by name.

    One that is damaged, as by a full disk, is there to be made again.
    """
    found: dict[str, dict[str, Any]] = {}
    for job in jobs:
        name = f"reports/{job.name}"
        if name in former and (directory / name).is_file():
            try:
                report = read_report(directory / name)
            except OutputError:
                former[name] = None
                continue
            if report.get("made_by") == job.made_by and unchanged(directory, name, former):
                found[job.name] = report
    return found


def _asked(jobs: Sequence[Job]) -> dict[str, Any]:
    return {
        "dotforge": importlib.metadata.version("dotforge"),
        "engine": jobs[0].engine,
        "target": jobs[0].target,
        "reports": {job.name: job.parameters for job in jobs},
    }


def table_rows(reports: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return tidy rows: what identifies a report, its parameters, its figures, in columns that all share."""
    rows = []
    for report in reports:
        row: dict[str, Any] = {"engine": report["engine"], "target": report["target"]}
        row |= report["parameters"]
        row |= {metric.name: value(report, metric) for metric in SHOWN}
        row["verilog_sha256"] = report["verilog_sha256"]
        rows.append(row)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    filled = [name for name in columns if any(row.get(name) is not None for row in rows)]
    return [{name: row.get(name) for name in filled} for row in rows]


def _write(directory: Path, result: Result) -> list[Path]:
    files = []
    if result.failures:
        files.append(directory / "failures.json")
        write_json(files[-1], [{"parameters": given, "error": error} for given, error in result.failures])
    reports = [*result.reports, *result.others]
    rows = table_rows(reports)
    if rows:
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        files.append(directory / "results.csv")
        write_text(files[-1], text.getvalue())
    files.append(directory / "index.html")
    write_text(files[-1], page(rows, reports, result.failures, notes=_tools(result.others)))
    if rows and importlib.util.find_spec("pyarrow") is not None:
        files.append(directory / "results.parquet")
        write_bytes(files[-1], _parquet(rows))
    return files


def _tools(reports: Sequence[dict[str, Any]]) -> list[str]:
    """Return what made reports that were given: tools of the page are those of its own."""
    return sorted(
        {
            f"{report['target']}: "
            + ", ".join(f"{name} {version}" for name, version in report["tools"].items())
            for report in reports
        }
    )


def _parquet(rows: Sequence[dict[str, Any]]) -> bytes:
    import pyarrow  # noqa: PLC0415 # pyright: ignore[reportMissingImports] - an extra, and slow to import
    from pyarrow import parquet  # noqa: PLC0415 # pyright: ignore[reportMissingImports]

    buffer = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(list(rows)), buffer)
    return buffer.getvalue()
