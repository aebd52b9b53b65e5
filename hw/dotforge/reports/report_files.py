"""Reads synthesis reports from files and directories; what is damaged is an error, what is foreign is counted."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema

from ..synthesis.synth import SCHEMA
from ..tools.files import OutputError, read_json
from ..tools.run_record import not_ok

__all__ = ["Found", "read_report", "read_reports"]

#: What tells a report, even a damaged one, from the other JSON files of the project.
_MARKS = {"target", "totals", "verilog_sha256"}

#: Commands whose records are reports.
_RECORDS = ("dotforge synth", "dotforge import")


@dataclass
class Found:
    """Reports of a file or directory.

    Attributes
    ----------
    reports : path → report
    foreign : JSON files that are something else
    """

    reports: dict[Path, dict[str, Any]] = field(default_factory=dict)
    foreign: list[Path] = field(default_factory=list)


def read_report(path: Path) -> dict[str, Any]:
    """Read one report.

    Raises
    ------
    OutputError
        The file is missing, truncated, or not a synthesis report.
    """
    report = read_json(path)
    _check_ended(path, report)
    if not isinstance(report, dict) or len(_MARKS & set(report)) < len(_MARKS):
        raise OutputError(f"{path} is not a report of `dotforge synth`")
    try:
        jsonschema.validate(report, SCHEMA)
    except jsonschema.ValidationError as error:
        where = "/".join(map(str, error.absolute_path)) or "top level"
        message = error.message if len(error.message) < 120 else f"{error.message[:120]}…"
        raise OutputError(f"{path} is not a valid report of `dotforge synth`: {where}: {message}") from None
    return report


def read_reports(path: Path) -> Found:
    """Read a report, or all reports below a directory.

    Raises
    ------
    OutputError
        Something is missing or truncated, or there is no report at all.
    """
    if not path.is_dir():
        return Found({path: read_report(path)})
    found = Found()
    for file in sorted(path.rglob("*.json")):
        if any(part.startswith(".") for part in file.relative_to(path).parts):
            continue
        content = read_json(file)
        _check_ended(file, content)
        if isinstance(content, dict) and set(content) >= _MARKS:
            found.reports[file] = read_report(file)
        else:
            found.foreign.append(file)
    if not found.reports:
        raise OutputError(f"{path} holds no report of `dotforge synth`")
    return found


def _check_ended(path: Path, content: Any) -> None:
    """Raise for what stands where a report was wanted: nobody may take it for a file that is no matter."""
    if isinstance(content, dict) and content.get("record") in _RECORDS and (failure := not_ok(content)):
        raise OutputError(f"{path} holds no report: `{content['record']}` {failure}")
