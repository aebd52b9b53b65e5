"""Evidence beside cost: whether what was verified is the Verilog that a report is about."""

from pathlib import Path
from typing import Any

from ..export.design import Generated
from ..registry import is_directory
from ..tools.files import OutputError, read_json
from ..tools.run_record import not_ok

__all__ = ["attach", "describe", "directory", "is_proof", "of_summary"]

_COUNTS = ("simulator", "seed", "tests", "vectors", "mismatches")


def directory(design: str, generated: Generated) -> Path:
    """Return where ``verify`` leaves its results: in a generated directory, or by the Verilog that an engine gives.

    Parameters
    ----------
    design : as the command line has it: a directory or an engine
    generated : that design
    """
    here = Path(design)
    if is_directory(design):
        return here / "verify"
    return Path("build/verify") / f"{generated.engine}-{generated.manifest['verilog_sha256'][:12]}"


def of_summary(summary: dict[str, Any], verilog_sha256: str) -> dict[str, Any]:
    """Return what a report says of a bench's summary.

    Parameters
    ----------
    summary : that ``verify`` wrote
    verilog_sha256 : of the Verilog of the report
    """
    return {
        **{name: summary.get(name) for name in _COUNTS},
        "failure": not_ok(summary) or None,
        "verilog_sha256": summary.get("verilog_sha256"),
        "same_verilog": summary.get("verilog_sha256") == verilog_sha256,
    }


def attach(report: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return the report with the evidence in a summary file, or with none where there is no such file.

    Parameters
    ----------
    report : of a synthesis
    path : of the summary that ``verify`` wrote

    Raises
    ------
    OutputError
        The file cannot be read, or is not a summary of ``dotforge verify``.
    """
    if not path.is_file():
        return {**report, "evidence": None}
    summary = read_json(path)
    if not isinstance(summary, dict) or summary.get("record") != "dotforge verify":
        raise OutputError(f"{path} is not a summary of `dotforge verify`")
    return {**report, "evidence": of_summary(summary, report["verilog_sha256"])}


def is_proof(report: dict[str, Any]) -> bool:
    """Tell whether the Verilog of a report was verified, with success."""
    found = report.get("evidence")
    return bool(found) and found["same_verilog"] and not found.get("failure")


def describe(report: dict[str, Any]) -> str:
    """Return one line about the evidence of a report."""
    found = report.get("evidence")
    if not found:
        return "not verified: no summary of `dotforge verify` beside it"
    if not found["same_verilog"]:
        return (
            f"MISMATCH: verified was other Verilog (sha256 {str(found['verilog_sha256'])[:12]}…, "
            f"this report {report['verilog_sha256'][:12]}…): run `dotforge verify` again"
        )
    if found.get("failure"):
        return f"NOT VERIFIED: the latest run of `dotforge verify` {found['failure']}"
    return (
        f"verified: the same Verilog, {found['tests']} tests, {found['vectors']} vectors, "
        f"{found['mismatches']} mismatches, {found['simulator']}, seed {found['seed']}"
    )
