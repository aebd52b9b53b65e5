"""The page of a sweep or an advice: one HTML file that opens from disk and asks no network for anything."""

import importlib.metadata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..json_text import json_text
from ..synthesis.metrics import ALIASES, AREAS, SHOWN, Metric

__all__ = ["page"]

_MARK = "/*DATA*/ null"


def page(
    rows: Sequence[dict[str, Any]],
    reports: Sequence[dict[str, Any]],
    failures: Sequence[tuple[dict[str, Any], str]] = (),
    *,
    command: str = "sweep",
    title: str = "",
    own: Sequence[Metric] = (),
    plots: Sequence[tuple[str, str]] = (),
    colour: str = "",
    notes: Sequence[str] = (),
) -> str:
    """Return the page.

    Parameters
    ----------
    rows : all with the same columns, see :func:`dotforge.reports.sweep.table_rows`
    reports : of the rows
    failures : parameters and reason of the configurations that have no row
    command : that writes it
    title : after the command (default: engines and targets)
    own : figures beside those of synthesis
    plots : x and y of the plots that are shown first, each with its frontier (default: those of a sweep); ``area`` is
        whichever area there is
    colour : column that colours them
    notes : lines above the plots, beside those of the reports
    """
    columns = list(rows[0]) if rows else []
    first = reports[0] if reports else {}
    figures = {metric.name: metric for metric in (*SHOWN, *own)}
    kinds = []
    for name in columns:
        numbers = all(isinstance(row[name], int | float) for row in rows if row[name] is not None)
        booleans = any(isinstance(row[name], bool) for row in rows)
        kinds.append(
            {
                "name": name,
                "unit": figures[name].unit if name in figures else "",
                "figure": name in figures,
                "more": name in figures and figures[name].better == "more",
                "number": numbers and not booleans,
            }
        )
    data = {
        "command": command,
        "title": title
        or " ".join(
            sorted({f"{report['engine']} on {report['target']}" for report in reports}) or ["nothing"]
        ),
        "columns": kinds,
        "areas": [metric.name for metric in AREAS],
        "energies": ALIASES["energy"],
        "rows": [[row[name] for name in columns] for row in rows],
        "failures": [{"parameters": given, "error": error} for given, error in failures],
        "tools": first.get("tools", {}),
        "options": first.get("options", {}),
        "plots": list(plots),
        "colour": colour,
        "notes": [
            *sorted({note for report in reports for note in report.get("notes", [])}),
            *reversed(notes),
        ],
        "version": importlib.metadata.version("dotforge"),
    }
    # `</script>` inside a string would end the script.
    text = json_text(data, separators=(",", ":")).replace("<", "\\u003c")
    template = (Path(__file__).parent / "sweep_page.html").read_text(encoding="utf-8")
    before, after = template.split(_MARK)
    return before + text + after
