"""``dotforge import``: what other flows report."""

from pathlib import Path
from typing import Any

import click

from ._shared import JsonPlace, Real, design_files, json_option


@click.command("import", epilog="Example: dotforge import util.rpt timing.rpt --design build/mac -o new.json")
@click.argument("reports", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="REPORT…")
@click.option("--design", metavar="DIR", help="Directory of the design, where dotforge generated it.")
@click.option("--name", default="", help="Name of the design, where it did not (default: the report's).")
@click.option("--clock", help="Clock whose rate is taken (default: the slowest).")
@click.option("--period", type=Real(0.001, 1e6),
              help="Period that slacks are of, ns, for metrics that do not say.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Report to write, JSON.")
@json_option
def command(
    reports: tuple[Path, ...],
    design: str | None,
    name: str,
    clock: str | None,
    period: float | None,
    output: Path,
    as_json: JsonPlace,
) -> None:
    """Make a report for `dotforge compare` of what Vivado, Quartus, nextpnr, Yosys, OpenROAD or LibreLane reported.

    Several reports of one run, such as utilisation and timing, become one.
    """
    from ..export.design import load  # noqa: PLC0415
    from ..reports.imported import import_reports  # noqa: PLC0415
    from ..synthesis.metrics import METRICS, heading, value  # noqa: PLC0415
    from ..tools.run_record import run_record  # noqa: PLC0415

    if design and name:
        raise click.UsageError(
            "--name is for designs that dotforge did not generate: --design names this one"
        )
    read = [*reports, *(design_files(design) if design else [])]
    with run_record("import", output, inputs=read) as record:
        record.start()
        manifest: dict[str, Any] | None = load(Path(design)).manifest if design else None
        record.content = import_reports(reports, manifest=manifest, name=name, clock=clock, period=period)
        found = record.end()
    if as_json.tells(found):
        return
    for metric in METRICS:
        figure = value(found, metric)
        if figure is not None:
            click.echo(f"{heading(metric)}: {figure:,}")
    for note in found["notes"]:
        click.echo(note)
