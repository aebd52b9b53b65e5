"""What an advice shows: rows of a table, the page with the plot, JSON, and the commands of a candidate."""

import csv
import io
import shlex
from collections.abc import Sequence
from typing import Any

from ..parameters import as_given
from ..reports.sweep_page import page
from ..synthesis.metrics import SHOWN, Metric, value
from .layers import Told
from .ranking import Assessed, Ranked, Summed, frontier

__all__ = ["commands", "content", "csv_text", "decibels", "html", "layer_rows", "layers_content", "rows"]

#: Columns beside those of synthesis.
_OWN = (
    Metric("sqnr_db", "", "SQNR", "dB", "more"),
    Metric("mean_sqnr_db", "", "mean SQNR", "dB", "more"),
    Metric("cycles", "", "cycles"),
    Metric("area_cycles", "", "area × cycles"),
    Metric("operand_bits", "", "operands", "bits"),
    Metric("time_us", "", "time", "µs"),
    Metric("energy_uj", "", "energy", "µJ"),
)


def rows(order: Sequence[Ranked], least: float) -> list[dict[str, Any]]:
    """Return a row a candidate that was assessed, in columns that all share.

    Parameters
    ----------
    order : ranked
    least : SQNR in decibels that is wanted
    """
    return _filled(_rows(order, least))


def _rows(order: Sequence[Ranked], least: float) -> list[dict[str, Any]]:
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
                "frontier": any(each is one for one in best),
                "sqnr_db": decibels(each.sqnr_db),
                "mean_sqnr_db": decibels(each.mean_db) if isinstance(each, Summed) else None,
                "area_cycles": each.cost,
                "cycles": each.cycles,
                "time_us": round(each.cycles / fmax, 3) if fmax else None,
                "operand_bits": each.operand_bits,
                "energy_uj": each.energy_uj,
                **{metric.name: value(each.report, metric) for metric in SHOWN},
            }
        )
    return made


def _filled(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out columns that nobody has."""
    filled = [name for name in (made[0] if made else ()) if any(row[name] is not None for row in made)]
    return [{name: row[name] for name in filled} for row in made]


def decibels(found: float | None) -> float | None:
    """Return decibels as tables have them: rounded, and nothing where it is exact."""
    return None if found is None or found == float("inf") else round(found, 3)


def layer_rows(layers: Sequence[Told], least: float) -> list[dict[str, Any]]:
    """Return a row a layer and candidate.

    Parameters
    ----------
    layers : in order
    least : SQNR in decibels that is wanted
    """
    return _filled(
        [
            {"layer": each.b, **dict(zip("mkn", each.shape, strict=True)), **row}
            for each in layers
            for row in _rows(each.order, least)
        ]
    )


def commands(one: Ranked, a: str, b: str) -> dict[str, str]:
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
                **_design(each),
                "formats": dict(zip("ab", each.expected.formats, strict=True)),
                "bits": dict(zip("ab", each.expected.bits, strict=True)),
                "stationary": each.expected.stationary,
                "cycles_estimated": each.expected.estimated,
                "checked": each.checked,
                "commands": commands(each, a, b),
            }
        )
    return _answer(told, order)


def layers_content(order: Sequence[Summed], layers: Sequence[Told], least: float) -> dict[str, Any]:
    """Return what JSON tells of several layers: what :func:`content` does of their sums, and of every layer.

    Parameters
    ----------
    order : ranked
    layers : in order, candidates ranked
    least : SQNR in decibels that is wanted
    """
    good = [each for each in order if not each.reason]
    told = []
    for row, each in zip(rows(order, least), good, strict=True):
        own = {"generate": commands(each, "", "")["generate"]}
        told.append({**row, **_design(each), "commands": own})
    each_layer = [
        {
            "a": each.a,
            "b": each.b,
            "shape": dict(zip("mkn", each.shape, strict=True)),
            **({} if each.pruned_db is None else {"pruned_sqnr_db": decibels(each.pruned_db)}),
            **content(each.order, least, each.a, each.b),
        }
        for each in layers
    ]
    return {**_answer(told, order), "layers": each_layer}


def _design(each: Ranked) -> dict[str, Any]:
    return {
        "parameters": each.report["parameters"],
        "options": each.candidate.options,
        "verilog_sha256": each.report["verilog_sha256"],
    }


def _answer(told: list[dict[str, Any]], order: Sequence[Ranked]) -> dict[str, Any]:
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


def html(
    order: Sequence[Ranked],
    least: float,
    title: str,
    notes: Sequence[str],
    layers: Sequence[Told] = (),
) -> str:
    """Return the page: plots of accuracy against cost, and the table.

    Parameters
    ----------
    order : ranked
    least : SQNR in decibels that is wanted
    title : of the product
    notes : lines above the plots
    layers : a row each, with every candidate, in place of a row a candidate
    """
    good = [each for each in order if not each.reason]
    failures = [({"candidate": each.candidate.label}, each.reason) for each in order if each.reason]
    plots = [("sqnr_db", "area_cycles"), ("cycles", "area"), ("sqnr_db", "operand_bits")]
    return page(
        layer_rows(layers, least) if layers else rows(order, least),
        [each.report for each in good],
        failures,
        command="advise",
        title=title,
        own=_OWN,
        plots=plots,
        colour="engine",
        notes=notes,
    )
