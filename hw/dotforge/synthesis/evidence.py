"""Evidence beside cost: whether what was verified is the Verilog that a report is about."""

from pathlib import Path
from typing import Any

from ..tools.files import OutputError, read_json

__all__ = ["attach", "describe", "of_summary", "reports_beside", "summary_path"]

_COUNTS = ("simulator", "seed", "tests", "vectors", "mismatches")


def summary_path(design: str, engine: str) -> Path:
    """Return where ``verify`` leaves its summary for a generated directory, or for an engine by name."""
    here = Path(design)
    return (here if (here / "manifest.json").is_file() else Path("build/verify") / engine) / (
        "verify/summary.json" if (here / "manifest.json").is_file() else "summary.json"
    )


def of_summary(summary: dict[str, Any], verilog_sha256: str) -> dict[str, Any]:
    """Return what a report says of a bench's summary."""
    return {
        **{name: summary.get(name) for name in _COUNTS},
        "verilog_sha256": summary.get("verilog_sha256"),
        "same_verilog": summary.get("verilog_sha256") == verilog_sha256,
    }


def attach(report: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return the report with the evidence in a summary file, or with none where there is no such file."""
    if not path.is_file():
        return {**report, "evidence": None}
    summary = read_json(path)
    if not isinstance(summary, dict):
        raise OutputError(f"{path} is not a summary of `dotforge verify`")
    return {**report, "evidence": of_summary(summary, report["verilog_sha256"])}


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
    return (
        f"verified: the same Verilog, {found['tests']} tests, {found['vectors']} vectors, "
        f"{found['mismatches']} mismatches, {found['simulator']}, seed {found['seed']}"
    )


def reports_beside(directory: Path, verilog_sha256: str) -> list[str]:
    """Return a line for every synthesis report in a directory that is about other Verilog."""
    lines = []
    for path in sorted(directory.glob("*.json")):
        try:
            found = read_json(path)
        except OutputError:
            continue
        if not isinstance(found, dict) or not {"target", "totals", "verilog_sha256"} <= set(found):
            continue
        if found["verilog_sha256"] != verilog_sha256:
            lines.append(
                f"MISMATCH: {path} is about other Verilog (sha256 {str(found['verilog_sha256'])[:12]}…, "
                f"verified {verilog_sha256[:12]}…): run `dotforge synth` again"
            )
    return lines
