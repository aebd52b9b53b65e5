"""``sweep``: reports of many configurations in one directory, with tables and a page to look at.

::

    DIR/sweep.json          what was asked for
    DIR/reports/*.json      a report a configuration and target, as `synth` writes it
    DIR/results.csv         a row a configuration (and results.parquet, where pyarrow is installed)
    DIR/failures.json       configurations that failed, where some did
    DIR/index.html          table, filters and plots

A report that exists is not made again, as long as dotforge, tools and options are the same: a sweep that was
killed goes on where it was.
"""

import contextlib
import csv
import importlib.metadata
import importlib.util
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..synthesis.metrics import SHOWN, value
from ..tools.files import OutputError, write_bytes, write_json, write_text
from .report_files import read_report
from .sweep_jobs import Job
from .sweep_page import page
from .sweep_run import Runner

__all__ = ["Result", "sweep", "table_rows"]


@dataclass
class Result:
    """What a sweep did.

    Attributes
    ----------
    reports : in the order of the jobs; those that failed are not there
    failures : (parameters, one line)
    reused : reports that were there already
    files : what was written beside the reports
    """

    reports: list[dict[str, Any]] = field(default_factory=list)
    failures: list[tuple[dict[str, Any], str]] = field(default_factory=list)
    reused: int = 0
    files: list[Path] = field(default_factory=list)


def sweep(jobs: Sequence[Job], directory: Path, run: Runner, progress: Callable[[int, int], None]) -> Result:
    """Run the jobs that have no report yet, and write tables and page of all of them.

    Parameters
    ----------
    jobs : at least one, all of one engine
    directory : new, or of an earlier sweep
    run : how
    progress : told how many are done, and of how many

    Raises
    ------
    OutputError
        The directory cannot be written, or holds something else. Reports that are done stay.
    """
    reports = _prepare(directory)
    result = Result()
    done: dict[str, dict[str, Any]] = {}
    waiting = []
    for job in jobs:
        report = _existing(reports / job.name, job)
        if report is None:
            waiting.append(job)
        else:
            done[job.name] = report
    result.reused = len(done)
    progress(len(done), len(jobs))
    write_json(directory / "sweep.json", _asked(jobs))
    failed: dict[str, tuple[dict[str, Any], str]] = {}
    # Closed, so that a full disk or an interruption ends the processes too.
    with contextlib.closing(run(waiting)) as ended:
        for job, outcome in ended:
            if "report" in outcome:
                report = {**outcome["report"], "made_by": job.made_by}
                write_json(reports / job.name, report)
                done[job.name] = report
            else:
                failed[job.name] = job.parameters, outcome["error"]
            progress(len(done) + len(failed), len(jobs))
    result.reports = [done[job.name] for job in jobs if job.name in done]
    result.failures = [failed[job.name] for job in jobs if job.name in failed]
    result.files = _write(directory, result)
    return result


def _prepare(directory: Path) -> Path:
    present = {path.name for path in directory.iterdir()} if directory.is_dir() else set()
    # A sweep that was killed at once leaves nothing but its directory of reports.
    if present - {"reports"} and "sweep.json" not in present:
        raise OutputError(f"cannot write {directory}: the directory is not empty and is no sweep")
    reports = directory / "reports"
    try:
        reports.mkdir(parents=True, exist_ok=True)
        for leftover in [*directory.glob(".*.*"), *reports.glob(".*.json.*")]:  # half-written when killed
            leftover.unlink()
    except OSError as error:
        raise OutputError(f"cannot write {directory}: {error.strerror}") from error
    return reports


def _existing(path: Path, job: Job) -> dict[str, Any] | None:
    """Return the report of a job if it is there, whole, and made by the same dotforge, tools and options."""
    if not path.is_file():
        return None
    try:
        report = read_report(path)
    except OutputError:
        return None
    return report if report.get("made_by") == job.made_by else None


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
    failures = directory / "failures.json"
    if result.failures:
        write_json(failures, [{"parameters": given, "error": error} for given, error in result.failures])
    else:
        failures.unlink(missing_ok=True)
    rows = table_rows(result.reports)
    files = [directory / "results.csv", directory / "index.html"]
    if rows:
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_text(files[0], text.getvalue())
        write_text(files[1], page(rows, result.reports, result.failures))
        if importlib.util.find_spec("pyarrow") is not None:
            files.append(directory / "results.parquet")
            write_bytes(files[-1], _parquet(rows))
    return [path for path in files if path.is_file()]


def _parquet(rows: Sequence[dict[str, Any]]) -> bytes:
    import pyarrow  # noqa: PLC0415 # pyright: ignore[reportMissingImports] - an extra, and slow to import
    from pyarrow import parquet  # noqa: PLC0415 # pyright: ignore[reportMissingImports]

    buffer = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(list(rows)), buffer)
    return buffer.getvalue()
