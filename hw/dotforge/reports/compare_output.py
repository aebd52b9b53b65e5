"""A comparison as Markdown for a pull request, CSV, or JSON."""

import csv
import io
from typing import Any

from ..json_text import json_text
from ..synthesis.evidence import describe, is_proof
from .compare import Change, Comparison, Pair, number

__all__ = ["FORMATS", "as_csv", "as_markdown", "in_json", "notes", "rows", "shown_change", "summary"]

#: Names of the formats; ``table`` is the command line's own.
FORMATS = ("table", "markdown", "csv", "json")

_COLUMNS = ("configuration", "metric", "unit", "old", "new", "change_percent", "verdict")
_MARKS = {"better": "better", "worse": "**worse**", "same": "", "gone": "**gone**", "added": "added"}


def rows(result: Comparison, *, unchanged: bool) -> list[tuple[Pair, Change]]:
    """Return the changes to show; ``unchanged`` keeps those that are exactly nothing.

    Parameters
    ----------
    result : of a comparison
    """
    return [
        (pair, change)
        for pair in result.pairs
        for change in pair.changes
        if unchanged or change.old != change.new
    ]


def shown_change(change: Change) -> str:
    """Return the relative change as text."""
    return "" if change.percent is None else f"{change.percent:+.2f} %"


def summary(result: Comparison) -> str:
    """Return one line: how many configurations, and how many metrics moved which way."""
    verdicts = [change.verdict for pair in result.pairs for change in pair.changes]
    moved = sum(change.old != change.new for pair in result.pairs for change in pair.changes)
    text = (
        f"{len(result.pairs)} configurations compared: {verdicts.count('better')} figures better, "
        f"{verdicts.count('worse') + verdicts.count('gone')} worse, {moved} moved at all; "
        f"{len(result.added)} configurations new, {len(result.vanished)} vanished"
    )
    if result.ignored:
        text += f"; {len(result.ignored)} JSON files are no reports"
    return text


def as_markdown(result: Comparison, *, unchanged: bool = False) -> str:
    """Return what goes into a pull request.

    Parameters
    ----------
    result : of a comparison
    unchanged : list what did not change, too
    """
    lines = ["### Resources", "", f"{summary(result)}.", ""]
    if result.broken:
        lines += ["**Limits broken**", "", *(f"- {text}" for text in result.broken), ""]
    if result.unmet:
        lines += ["**Limits that judged nothing**", "", *(f"- {text}" for text in result.unmet), ""]
    listed = rows(result, unchanged=unchanged)
    if listed:
        lines += [
            "| configuration | figure | old | new | change | |",
            "| --- | --- | ---: | ---: | ---: | --- |",
        ]
        for pair, change in listed:
            unit = f" ({change.metric.unit})" if change.metric.unit else ""
            lines.append(
                f"| {pair.name} | {change.metric.name}{unit} | {number(change.old)} | {number(change.new)} "
                f"| {shown_change(change)} | {_MARKS[change.verdict]} |"
            )
        lines.append("")
    for head, names in (("New", result.added), ("Vanished", result.vanished)):
        if names:
            lines += [f"{head}:", "", *(f"- {name}" for name in names), ""]
    for text in notes(result):
        lines += [f"> {text}", ""]
    return "\n".join(lines)


def notes(result: Comparison) -> list[str]:
    """Return differences that were allowed, and reports whose Verilog is not what was verified."""
    texts = [f"{pair.name}: different {'; '.join(pair.differs)}" for pair in result.pairs if pair.differs]
    for pair in result.pairs:
        if pair.new.get("evidence") and not is_proof(pair.new):
            texts.append(f"{pair.name}: {describe(pair.new)}")
    return texts


def as_csv(result: Comparison) -> str:
    """Return a row for every metric of every configuration, new and vanished ones included."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for pair, change in rows(result, unchanged=True):
        percent = "" if change.percent is None else f"{change.percent:.4f}"
        old, new = ("" if found is None else found for found in (change.old, change.new))
        writer.writerow(
            [pair.name, change.metric.name, change.metric.unit, old, new, percent, change.verdict]
        )
    for verdict, names in (("new configuration", result.added), ("vanished configuration", result.vanished)):
        for name in names:
            writer.writerow([name, "", "", "", "", "", verdict])
    return text.getvalue()


def in_json(result: Comparison) -> str:
    """Return everything."""
    listed: dict[str, Any] = {
        "configurations": [
            {
                "name": pair.name,
                "engine": pair.new["engine"],
                "target": pair.new["target"],
                "parameters": pair.new["parameters"],
                "verilog_sha256": {"old": pair.old["verilog_sha256"], "new": pair.new["verilog_sha256"]},
                "differs": pair.differs,
                "metrics": {
                    change.metric.name: {
                        "old": change.old,
                        "new": change.new,
                        "percent": change.percent,
                        "better": change.metric.better,
                        "verdict": change.verdict,
                    }
                    for change in pair.changes
                },
            }
            for pair in result.pairs
        ],
        "new": result.added,
        "vanished": result.vanished,
        "broken": result.broken,
        "unmet": result.unmet,
        "notes": notes(result),
        "ignored": [str(path) for path in result.ignored],
    }
    return json_text(listed, indent=2) + "\n"
