"""What an advice shows: rows of a table, the page with the plot, JSON, and the commands of a candidate."""

import csv
import io
import shlex
from collections.abc import Sequence
from typing import Any

from ..parameters import as_given
from ..reports.sweep_page import page
from ..synthesis.metrics import SHOWN, Metric, value
from .ranking import Assessed, frontier

__all__ = ["commands", "content", "csv_text", "html", "rows"]

#: Columns beside those of synthesis.
_OWN = (
    Metric("sqnr_db", "", "SQNR", "dB", "more"),
    Metric("cycles", "", "cycles"),
    Metric("area_cycles", "", "area × cycles"),
    Metric("operand_bits", "", "operands", "bits"),
    Metric("time_us", "", "time", "µs"),
)


def rows(order: Sequence[Assessed], least: float) -> list[dict[str, Any]]:
    """Return a row a candidate that was assessed, in columns that all share.

    Parameters
    ----------
    order : ranked
    least : SQNR in decibels that is wanted
    """
    good = [each for each in order if not each.reason]
    best = frontier(good)
    made = []
    for rank, each in enumerate(good, 1):
        fmax = (each.report.get("timing") or {}).get("fmax_mhz")
        made.append(
            {
                "rank": rank,
                "candidate": each.candidate.label,
                "engine": each.candidate.engine,
                "reaches": each.sqnr_db >= least,
                "frontier": each in best,
                "sqnr_db": None if each.expected.sqnr_db is None else round(each.expected.sqnr_db, 3),
                "area_cycles": each.cost,
                "cycles": each.expected.cycles,
                "time_us": round(each.expected.cycles / fmax, 3) if fmax else None,
                "operand_bits": sum(each.expected.bits),
                **{metric.name: value(each.report, metric) for metric in SHOWN},
            }
        )
    filled = [name for name in (made[0] if made else ()) if any(row[name] is not None for row in made)]
    return [{name: row[name] for name in filled} for row in made]


def commands(one: Assessed, a: str, b: str) -> dict[str, str]:
    """Return the command lines that generate a candidate, and that run the product on it.

    Parameters
    ----------
    one : candidate
    a, b : operands as the user gave them
    """
    given = [
        word
        for name, value in one.candidate.parameters.items()
        for word in ("-p", f"{name}={as_given(value)}")
    ]
    flags = [word for flag, value in one.candidate.flags.items() for word in (f"--{flag}", value)]
    engine = one.candidate.engine
    return {
        "generate": shlex.join(["dotforge", "generate", engine, *given, "-o", f"build/{engine}"]),
        "run": shlex.join(["dotforge", "run", engine, *given, "--a", a, "--b", b, *flags]),
    }


def content(order: Sequence[Assessed], least: float, a: str, b: str) -> dict[str, Any]:
    """Return what JSON tells: all candidates, ranked, the chosen one, and those that could not be assessed.

    Parameters
    ----------
    order : ranked
    least : SQNR in decibels that is wanted
    a, b : operands as the user gave them
    """
    good = [each for each in order if not each.reason]
    told = []
    for row, each in zip(rows(order, least), good, strict=True):
        told.append(
            {
                **row,
                "sqnr_db": each.expected.sqnr_db,
                "parameters": each.report["parameters"],
                "options": each.candidate.options,
                "formats": dict(zip("ab", each.expected.formats, strict=True)),
                "bits": dict(zip("ab", each.expected.bits, strict=True)),
                "stationary": each.expected.stationary,
                "verilog_sha256": each.report["verilog_sha256"],
                "checked": each.checked,
                "commands": commands(each, a, b),
            }
        )
    return {
        "candidates": told,
        "chosen": told[0] if told and told[0]["reaches"] else None,
        "failed": [
            {"candidate": each.candidate.label, "reason": each.reason} for each in order if each.reason
        ],
    }


def csv_text(table: Sequence[dict[str, Any]]) -> str:
    """Return rows as CSV.

    Parameters
    ----------
    table : of :func:`rows`, at least one
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, list(table[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return text.getvalue()


def html(order: Sequence[Assessed], least: float, title: str, notes: Sequence[str]) -> str:
    """Return the page: plots of accuracy against cost, and the table.

    Parameters
    ----------
    order : ranked
    least : SQNR in decibels that is wanted
    title : of the product
    notes : lines above the plots
    """
    good = [each for each in order if not each.reason]
    failures = [({"candidate": each.candidate.label}, each.reason) for each in order if each.reason]
    plots = [("sqnr_db", "area_cycles"), ("cycles", "area"), ("sqnr_db", "operand_bits")]
    return page(
        rows(order, least),
        [each.report for each in good],
        failures,
        command="advise",
        title=title,
        own=_OWN,
        plots=plots,
        colour="engine",
        notes=notes,
    )
