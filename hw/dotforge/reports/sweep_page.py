"""The page of a sweep: one HTML file that opens from disk and asks no network for anything."""

import importlib.metadata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..json_text import json_text
from ..synthesis.metrics import ALIASES, AREAS, SHOWN

__all__ = ["page"]

_MARK = "/*DATA*/ null"


def page(
    rows: Sequence[dict[str, Any]],
    reports: Sequence[dict[str, Any]],
    failures: Sequence[tuple[dict[str, Any], str]] = (),
) -> str:
    """Return the page.

    Parameters
    ----------
    rows : all with the same columns, see :func:`dotforge.reports.sweep.table_rows`
    reports : of the rows
    failures : parameters and reason of the configurations that have no row
    """
    columns = list(rows[0]) if rows else []
    first = reports[0] if reports else {}
    figures = {metric.name: metric for metric in SHOWN}
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
        "title": " ".join(
            sorted({f"{report['engine']} on {report['target']}" for report in reports}) or ["nothing"]
        ),
        "columns": kinds,
        "areas": [metric.name for metric in AREAS],
        "energies": ALIASES["energy"],
        "rows": [[row[name] for name in columns] for row in rows],
        "failures": [{"parameters": given, "error": error} for given, error in failures],
        "tools": first.get("tools", {}),
        "options": first.get("options", {}),
        "notes": sorted({note for report in reports for note in report.get("notes", [])}),
        "version": importlib.metadata.version("dotforge"),
    }
    # `</script>` inside a string would end the script.
    text = json_text(data, separators=(",", ":")).replace("<", "\\u003c")
    template = (Path(__file__).parent / "sweep_page.html").read_text(encoding="utf-8")
    before, after = template.split(_MARK)
    return before + text + after
