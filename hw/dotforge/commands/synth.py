"""``dotforge synth``: what an engine costs."""

import os
from pathlib import Path
from typing import Any

import click

from ..console import say, table
from ..synthesis.choices import HIERARCHIES
from ..synthesis.metrics import Metric, columns, heading, metric, value
from ._shared import JsonPlace, design_argument, design_files, json_option, parameter_option
from ._targets import target_options


@click.command("synth", epilog="Example: dotforge synth logmac -p lanes=64 --target ecp5 -o report.json")
@design_argument
@parameter_option
@target_options
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Report to write, JSON.")
@json_option
def command(
    design: str,
    parameters: dict[str, str],
    target_name: str,
    chosen: dict[str, Any],
    output: Path | None,
    as_json: JsonPlace,
) -> None:
    """Synthesize an engine and report what it takes, in total and by module, and how fast it is.

    Figures are those of the file that DIR holds, or that the parameters give; whether `dotforge verify` ran on
    the same file is said too.
    """
    from ..front_door import resolve  # noqa: PLC0415
    from ..synthesis import evidence  # noqa: PLC0415
    from ..synthesis.targets import check, target  # noqa: PLC0415
    from ..tools.run_record import run_record  # noqa: PLC0415

    read = [*design_files(design), Path(target_name.removeprefix("liberty:"))]
    with run_record("synth", output, inputs=read) as record:
        measuring = target(target_name)
        check(measuring, chosen)
        engine = resolve(design, parameters)
        # What it takes to make the Verilog of a large engine is part of the run.
        record.start(engine=engine.name, target=measuring.name)
        hierarchy = chosen.pop("mode", HIERARCHIES[0])
        yosys = chosen.pop("yosys", None)
        record.know(parameters=engine.parameters, verilog_sha256=engine.manifest["verilog_sha256"])
        say(f"{engine.name}: synthesizing for {measuring.name}, {hierarchy}")
        report = engine.synth(
            target_name, hierarchy=hierarchy, yosys=yosys, jobs=os.cpu_count() or 1, **chosen
        )
        record.content = evidence.attach(
            report, evidence.directory(design, engine.generated) / "summary.json"
        )
        report = record.end()
    if as_json.tells(report):
        return
    _print(report, columns(measuring.kind), hierarchy)
    click.echo(evidence.describe(report))


def _print(report: dict[str, Any], counted: tuple[Metric, ...], hierarchy: str) -> None:
    rows = [
        [row["module"], row["instances"], *(_cell(row, column.name) for column in counted)]
        for row in report["modules"]
    ]
    totals = report["totals"]
    rows.append([f"{report['top']} ({hierarchy})", "", *(_cell(totals, column.name) for column in counted)])
    table(["module", "instances", *(f"{heading(column)} each" for column in counted)], rows)
    timing, power = report["timing"], report.get("power")
    if timing and "seeds" in timing:
        click.echo(
            f"Fmax {timing['fmax_mhz']:g} MHz, median of {len(timing['seeds'])} seeds "
            f"({timing['fmax_low_mhz']:g} to {timing['fmax_high_mhz']:g}), {timing['device']}, "
            f"between {timing['between']}"
        )
    elif timing:
        click.echo(
            f"shortest period {timing['min_period_ns']:g} ns ({timing['fmax_mhz']:g} MHz), "
            f"between {timing['between']}"
        )
    if power:
        energies = [
            f", {found:g} {row.unit} {row.heading.removeprefix('energy ')}"
            for row in metric("energy")
            if (found := value(report, row)) is not None
        ]
        click.echo(
            f"power {power['power_mw']:g} mW at {power['clock_mhz']:g} MHz"
            + ("".join(energies) or "; the bench counts no useful MACs")
            + f" ({power['activity']['source']})"
        )
    for note in report.get("notes", []):
        click.echo(note)


def _cell(counts: dict[str, Any], column: str) -> Any:
    return counts[column] or "" if column == "memory_bits" else counts[column]
