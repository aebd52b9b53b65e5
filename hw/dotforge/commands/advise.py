"""``dotforge advise``: which engine fits a layer."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..console import print_json, progress, say, table
from ._shared import OPERAND, Real
from ._targets import target_options

if TYPE_CHECKING:
    from ..advice.ranking import Assessed

_EXAMPLES = """\b
Examples:
  dotforge advise --a activations.npy --b model.safetensors:layer.0.weight.T[0:384, 0:64]
  dotforge advise --a A.npy --b B.npy --sqnr 20 --prune 0.8 --target ecp5 --seeds 1 -o build/advice
"""

_RECORD, _FILES = "advise.json", ("results.csv", "index.html")


@click.command("advise", epilog=_EXAMPLES)
@click.option("--a", type=click.Path(), required=True, help=f"A, activations, M×K: {OPERAND}.")
@click.option("--b", type=click.Path(), required=True, help=f"B, weights, K×N: {OPERAND}.")
@click.option("--sqnr", "least", type=Real(-100, 400), default=30.0, show_default=True,
              help="SQNR of the product that is wanted, in decibels.")  # fmt: skip
@click.option("--multipliers", type=click.IntRange(4, 512), default=16, show_default=True,
              help="Of each candidate; fewer where its engine has no more.")  # fmt: skip
@click.option("--prune", type=Real(0, 0.999),
              help="Make this share of the weights zero first, those of the smallest magnitudes.")  # fmt: skip
@click.option("--candidates", "listed", type=click.Path(path_type=Path),
              help="JSON with other candidates than ours.")  # fmt: skip
@click.option("--check", "checks", type=click.IntRange(0), default=1, show_default=True,
              help="Efficient candidates, best first, of which a slice of the product runs on the RTL.")  # fmt: skip
@target_options
@click.option("-j", "--jobs", "parallel", type=click.IntRange(1, 1024), default=os.cpu_count() or 1,
              show_default="all cores", help="Netlists that are synthesized at the same time.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Directory for table and page.")
@click.option(
    "--json", "written", type=click.Path(path_type=Path), help="Advice to write, JSON; - prints it."
)
def command(
    a: str,
    b: str,
    least: float,
    multipliers: int,
    prune: float | None,
    listed: Path | None,
    checks: int,
    target_name: str,
    chosen: dict[str, Any],
    parallel: int,
    output: Path | None,
    written: Path | None,
) -> int:
    """Rank engines, formats and rules by what they make of two matrices, and by what their netlists cost.

    SQNR is that of golden on these matrices, area that of the synthesized Verilog, cycles those of models that equal
    the RTL. Who reaches --sqnr comes first, by area × cycles. Exit 1 when nobody does.
    """
    from dotforge_sim.run.operands import load_operand  # noqa: PLC0415
    from dotforge_sim.run.tensors.place import parse  # noqa: PLC0415

    from ..advice import assess  # noqa: PLC0415
    from ..advice import output as shown  # noqa: PLC0415
    from ..advice.candidates import read_candidates  # noqa: PLC0415
    from ..advice.ranking import ranked  # noqa: PLC0415
    from ..synthesis.choices import HIERARCHIES  # noqa: PLC0415
    from ..synthesis.targets import check, target  # noqa: PLC0415
    from ..tools.run_record import run_record  # noqa: PLC0415

    printed = str(written) == "-"
    read = [parse(each).file for each in (a, b)] + ([listed] if listed else [])
    place = None if output is None else output / _RECORD
    if place and written and place.absolute() == written.absolute():
        raise click.UsageError(f"--json {written}: -o writes that file already")
    with (
        run_record("advise", None if printed else written, inputs=read) as report,
        run_record("advise", place, names=_FILES if place else None, inputs=read) as record,
    ):
        check(target(target_name), chosen)
        candidates = read_candidates(listed, multipliers)
        first, second = assess.operands(load_operand(a, "A"), load_operand(b, "B"))
        facts: dict[str, Any] = {
            "a": a, "b": b, "shape": {"m": first.shape[0], "k": first.shape[1], "n": second.shape[1]},
            "target": target(target_name).name, "sqnr_db": least, "multipliers": multipliers, "prune": prune,
        }  # fmt: skip
        notes = []
        if prune is not None:
            second, left = assess.pruned(first, second, prune)
            facts["pruned_sqnr_db"] = left
            notes.append(
                f"weights are pruned by {prune:g}, which leaves {_decibels(left)}; SQNR is that of the pruned product"
            )
        report.start(**facts)
        record.start(**facts)
        synthesis = {"hierarchy": chosen.pop("mode", HIERARCHIES[0]), **chosen}
        with progress(f"candidates on {target_name}") as tell:
            found = assess.assess(
                candidates,
                first,
                second,
                target=target_name,
                chosen=synthesis,
                parallel=parallel,
                progress=tell,
            )
        order = ranked(found, least)
        for each in _to_check(order, checks):
            assess.check(each, first, second)
        advice = shown.content(order, least, a, b)
        report.content |= advice
        record.content |= advice
        failure = _failure(order, least)
        if advice["chosen"]:
            notes.append(f"chosen: {advice['chosen']['commands']['generate']}")
        notes += [failure] if failure else []
        if output is not None:
            _write(output, order, least, facts, notes)
        if failure:
            report.fail(failure)
            record.fail(failure)
    if printed:
        status = {"status": "failed", "reason": failure} if failure else {"status": "ok"}
        print_json({**status, **facts, **advice})
    else:
        _print(order, least, shown.rows(order, least))
    for each in notes:
        say(each) if printed else click.echo(each)
    return 1 if failure else 0


def _write(
    directory: Path, order: "list[Assessed]", least: float, facts: dict[str, Any], notes: list[str]
) -> None:
    """Write table and page."""
    from ..advice import output as shown  # noqa: PLC0415
    from ..tools.files import write_text  # noqa: PLC0415

    rows, (m, k, n) = shown.rows(order, least), (facts["shape"][name] for name in "mkn")
    if rows:
        write_text(directory / _FILES[0], shown.csv_text(rows))
    title = f"{m}×{k} @ {k}×{n} on {facts['target']}"
    write_text(directory / _FILES[1], shown.html(order, least, title, notes))


def _to_check(order: "list[Assessed]", count: int) -> "list[Assessed]":
    """Return the first of the frontier, in the order of the ranking: the chosen one is the first of all."""
    from ..advice.ranking import frontier  # noqa: PLC0415

    return frontier(order)[:count]


def _failure(order: "list[Assessed]", least: float) -> str:
    """Return why nothing is chosen, nothing where a candidate is."""
    good = [each for each in order if not each.reason]
    if not good:
        return f"no candidate could be assessed: {order[0].candidate.label}: {order[0].reason}"
    if good[0].sqnr_db >= least:
        return ""
    return (
        f"no candidate reaches {least:g} dB: the most is {good[0].sqnr_db:.2f} dB, {good[0].candidate.label}"
    )


def _decibels(value: float | None) -> str:
    return "it exact" if value is None else f"{value:.2f} dB"


def _print(order: "list[Assessed]", least: float, rows: list[dict[str, Any]]) -> None:
    from ..synthesis.metrics import SHOWN  # noqa: PLC0415

    figures = [name for name in (rows[0] if rows else ()) if name in {metric.name for metric in SHOWN}]
    kept = [name for name in figures if name not in ("area_per_mac", "gmacs_per_s", "min_period_ns")]
    table(
        ["", "candidate", "SQNR (dB)", "area × cycles", "cycles", *kept, "operand bits", "RTL"],
        [
            [
                f"{row['rank']}{'*' if row['frontier'] else ''}{'' if row['reaches'] else ' (below)'}",
                row["candidate"],
                "exact" if row.get("sqnr_db") is None else f"{row['sqnr_db']:.2f}",
                f"{row['area_cycles']:.4g}",
                f"{row['cycles']:,}",
                *(row[name] for name in kept),
                f"{row['operand_bits']:,}",
                f"{each.checked['mismatches']} mismatches" if each.checked else "",
            ]
            for row, each in zip(rows, order, strict=False)
        ],
    )
    click.echo("* efficient: no other candidate is as accurate for as little area × cycles")
    for each in order:
        if each.reason:
            click.echo(f"not assessed: {each.candidate.label}: {each.reason}")
