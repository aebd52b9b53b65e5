"""The page of a sweep: one HTML file that opens from disk and asks no network for anything."""

import importlib.metadata
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .metrics import METRICS

__all__ = ["DERIVED", "page"]

#: Figures that tables have beside those of reports, and their units.
DERIVED = {"fmax_low_mhz": "MHz", "fmax_high_mhz": "MHz", "area_per_mac": "", "gmacs_per_s": "G/s"}

_MARK = "/*DATA*/ null"


def page(
    rows: Sequence[dict[str, Any]],
    reports: Sequence[dict[str, Any]],
    failures: Sequence[tuple[dict[str, Any], str]] = (),
) -> str:
    """Return the page.

    Parameters
    ----------
    rows : all with the same columns, see :func:`dotforge.flow.sweep.table_rows`
    reports : of the rows
    failures : parameters and reason of the configurations that have no row
    """
    columns = list(rows[0]) if rows else []
    first = reports[0] if reports else {}
    units = {metric.name: metric.unit for metric in METRICS} | DERIVED
    more = {metric.name for metric in METRICS if metric.better == "more"} | {"gmacs_per_s"}
    kinds = []
    for name in columns:
        numbers = all(isinstance(row[name], int | float) for row in rows if row[name] is not None)
        booleans = any(isinstance(row[name], bool) for row in rows)
        kinds.append(
            {
                "name": name,
                "unit": units.get(name, ""),
                "figure": name in units,
                "more": name in more,
                "number": numbers and not booleans,
            }
        )
    data = {
        "title": " ".join(
            sorted({f"{report['engine']} on {report['target']}" for report in reports}) or ["nothing"]
        ),
        "columns": kinds,
        "rows": [[row[name] for name in columns] for row in rows],
        "failures": [{"parameters": given, "error": error} for given, error in failures],
        "tools": first.get("tools", {}),
        "options": first.get("options", {}),
        "notes": sorted({note for report in reports for note in report.get("notes", [])}),
        "version": importlib.metadata.version("dotforge"),
    }
    # `</script>` inside a string would end the script.
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    template = (Path(__file__).parent / "sweep_page.html").read_text(encoding="utf-8")
    before, after = template.split(_MARK)
    return before + text + after
