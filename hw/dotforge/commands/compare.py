"""``dotforge compare``: what changed between two sets of reports."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..console import say, table
from ._shared import JsonPlace, LazyChoice, json_option

if TYPE_CHECKING:
    from ..reports.compare import Comparison


def _formats() -> Sequence[str]:
    from ..reports.compare_output import FORMATS  # noqa: PLC0415

    return FORMATS


@click.command(
    "compare", epilog="Example: dotforge compare old.json new.json --fail-on 'area>+2%' --fail-on 'fmax<-5%'"
)
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--fail-on", "limits", multiple=True, metavar="LIMIT",
              help="Exit 1 when this happens: 'area>+2%' (grew by more), 'fmax<-5%' (fell by more), "
                   "'luts>+10', 'ffs>900' (is above), worse, vanished, new. `area` is transistors or "
                   "area_um2. A figure that is gone breaks its limit. Repeatable.")  # fmt: skip
@click.option("--tolerance", "tolerances", multiple=True, metavar="METRIC=N%",
              help="Relative change that is noise (default: 5% for fmax, none for others). Repeatable.")  # fmt: skip
@click.option("--allow-different", is_flag=True,
              help="Compare although engine, target, tools or options differ; the differences are shown.")  # fmt: skip
@click.option("--all", "unchanged", is_flag=True, help="Show figures that did not change too.")
@click.option("--format", "form", type=LazyChoice(_formats), default="table", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File for Markdown, CSV or JSON.")
@json_option
def command(
    old: Path,
    new: Path,
    limits: tuple[str, ...],
    tolerances: tuple[str, ...],
    allow_different: bool,
    unchanged: bool,
    form: str,
    output: Path | None,
    as_json: JsonPlace,
) -> int:
    """Compare synthesis reports: files, or directories of them, configuration by configuration.

    Exit 1 when a limit is broken, 2 when one met no figure that can be judged.
    """
    from ..parameters import ParameterError  # noqa: PLC0415
    from ..reports.compare import compare_paths  # noqa: PLC0415
    from ..reports.compare_output import as_csv, as_markdown, in_json  # noqa: PLC0415
    from ..reports.limits import parse_limit, parse_tolerance  # noqa: PLC0415
    from ..tools.files import write_text  # noqa: PLC0415
    from ..tools.run_record import run_record  # noqa: PLC0415

    if output is not None and form == "table":
        raise click.UsageError("-o needs --format markdown, csv or json")
    given: dict[str, float] = {}
    for text in tolerances:
        given |= parse_tolerance(text)
    judged = [parse_limit(text) for text in limits]
    written = [] if output is None else [output]
    with run_record("compare", None, products=written, inputs=[old, new]) as record:
        record.start()
        result = compare_paths(old, new, limits=judged, tolerances=given, allow_different=allow_different)
        text = {
            "table": lambda: "",
            "markdown": lambda: as_markdown(result, unchanged=unchanged),
            "csv": lambda: as_csv(result),
            "json": lambda: in_json(result),
        }[form]()
        if output is not None:
            write_text(output, text)
    if as_json.given and as_json.tells(json.loads(in_json(result))):
        pass  # standard output is JSON alone
    elif form == "table":
        _print(result, unchanged)
    elif output is None:
        click.echo(text, nl=False)
    if result.unmet and not result.broken:
        raise ParameterError("; ".join(result.unmet))
    for text in result.unmet:
        say(text)
    for text in result.broken:
        say(f"limit broken: {text}")
    return 1 if result.broken else 0


def _print(result: "Comparison", unchanged: bool) -> None:
    from ..reports.compare import number  # noqa: PLC0415
    from ..reports.compare_output import notes, rows, shown_change, summary  # noqa: PLC0415

    listed: list[list[Any]] = []
    last = ""
    for pair, change in rows(result, unchanged=unchanged):
        listed.append(
            [
                pair.name if pair.name != last else "",
                change.metric.name,
                number(change.old),
                number(change.new),
                shown_change(change),
                change.verdict
                if change.verdict != "same" or change.old == change.new
                else "within tolerance",
            ]
        )
        last = pair.name
    if listed:
        table(["configuration", "figure", "old", "new", "change", ""], listed)
    for head, names in (("new", result.added), ("vanished", result.vanished)):
        for name in names:
            click.echo(f"{head}: {name}")
    for text in notes(result):
        click.echo(text)
    click.echo(summary(result))
