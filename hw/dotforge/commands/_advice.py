"""What ``dotforge advise`` shows: tables on the terminal, and the files of its directory."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..console import table

if TYPE_CHECKING:
    from ..advice.layers import Told
    from ..advice.ranking import Ranked

__all__ = ["failure", "pruning", "show", "write"]


def failure(order: "Sequence[Ranked]", least: float) -> str:
    """Return why nothing is chosen, nothing where a candidate is.

    Parameters
    ----------
    order : ranked
    least : SQNR in decibels that is wanted
    """
    good = [each for each in order if not each.reason]
    if not good:
        return f"no candidate could be assessed: {order[0].candidate.label}: {order[0].reason}"
    if good[0].sqnr_db >= least:
        return ""
    return (
        f"no candidate reaches {least:g} dB: the most is {good[0].sqnr_db:.2f} dB, {good[0].candidate.label}"
    )


def pruning(layers: "Sequence[Told]", share: float) -> str:
    """Return a line that says what pruning leaves.

    Parameters
    ----------
    layers : one or more
    share : of the weights
    """
    lossy = [each.pruned_db for each in layers if each.pruned_db is not None]
    left = f"{min(lossy):.2f} dB" if lossy else "it exact"
    of = " of the worst layer" if len(layers) > 1 and lossy else ""
    return f"weights are pruned by {share:g}, which leaves {left}{of}; SQNR is that of the pruned product"


def write(
    directory: Path,
    order: "Sequence[Ranked]",
    layers: "Sequence[Told]",
    least: float,
    facts: dict[str, Any],
    notes: Sequence[str],
) -> None:
    """Write tables and pages.

    Parameters
    ----------
    directory : for them
    order : candidates, ranked
    layers : those of a list, none of a single product
    least : SQNR in decibels that is wanted
    facts : what was asked for
    notes : lines of the page
    """
    from ..advice import output as shown  # noqa: PLC0415
    from ..tools.files import write_text  # noqa: PLC0415

    rows = shown.rows(order, least)
    if layers:
        title = f"{len(layers)} layers on {facts['target']}"
    else:
        m, k, n = (facts["shape"][name] for name in "mkn")
        title = f"{m}×{k} @ {k}×{n} on {facts['target']}"
    if rows:
        write_text(directory / "results.csv", shown.csv_text(rows))
    write_text(directory / "index.html", shown.html(order, least, title, notes))
    if layers:
        own = shown.layer_rows(layers, least)
        if own:
            write_text(directory / "layers.csv", shown.csv_text(own))
        text = shown.html(order, least, f"{title}, each", notes, layers)
        write_text(directory / "layers.html", text)


def show(order: "Sequence[Ranked]", layers: "Sequence[Told]", least: float) -> None:
    """Print tables: of candidates, and of the layers of a list.

    Parameters
    ----------
    order : candidates, ranked
    layers : those of a list, none of a single product
    least : SQNR in decibels that is wanted
    """
    from ..advice import output as shown  # noqa: PLC0415
    from ..synthesis.metrics import SHOWN  # noqa: PLC0415

    rows = shown.rows(order, least)
    figures = [name for name in (rows[0] if rows else ()) if name in {metric.name for metric in SHOWN}]
    kept = [name for name in figures if name not in ("area_per_mac", "gmacs_per_s", "min_period_ns")]
    kept += ["energy_uj"] if rows and "energy_uj" in rows[0] else []
    sqnr = ["worst SQNR (dB)", "mean (dB)"] if layers else ["SQNR (dB)"]
    table(
        ["", "candidate", *sqnr, "area × cycles", "cycles", *kept, "operand bits", "RTL"],
        [
            [
                f"{row['rank']}{'*' if row['frontier'] else ''}{'' if row['reaches'] else ' (below)'}",
                row["candidate"],
                *(_decibels(row.get(name)) for name in ["sqnr_db", "mean_sqnr_db"][: len(sqnr)]),
                f"{row['area_cycles']:.4g}",
                f"{row['cycles']:,}",
                *(row[name] for name in kept),
                f"{row['operand_bits']:,}",
                _checked(each),
            ]
            for row, each in zip(rows, order, strict=False)
        ],
    )
    click.echo("* efficient: no other candidate is as accurate for as little area × cycles")
    if layers:
        _show_layers(order, layers, least)
    for each in order:
        if each.reason:
            click.echo(f"not assessed: {each.candidate.label}: {each.reason}")


def _show_layers(order: "Sequence[Ranked]", layers: "Sequence[Told]", least: float) -> None:
    """Print of each layer the candidate that is best for it, and how the best of all does there."""
    best = order[0].candidate
    lines = []
    for each in layers:
        own = next((one for one in each.order if not one.reason), None)
        common = next((one for one in each.order if one.candidate == best and not one.reason), None)
        lines.append(
            [
                each.b,
                "×".join(map(str, each.shape)),
                "none" if own is None or own.sqnr_db < least else own.candidate.label,
                "" if own is None else _decibels(own.sqnr_db),
                "" if common is None else _decibels(common.sqnr_db),
                "" if common is None else f"{common.cycles:,}",
            ]
        )
    table(["layer", "M×K×N", "chosen for it alone", "SQNR (dB)", "first candidate (dB)", "cycles"], lines)


def _checked(each: Any) -> str:
    found = [one.checked for one in getattr(each, "layers", [each]) if one.checked]
    return f"{sum(one['mismatches'] for one in found)} mismatches" if found else ""


def _decibels(value: float | None) -> str:
    return "exact" if value is None or value == float("inf") else f"{value:.2f}"
