"""``dotforge synth``: what an engine costs."""

import os
from pathlib import Path
from typing import Any

import click

from ..console import print_json, say, table
from ..flow import evidence
from ..flow.files import write_json
from ..flow.generated import resolve
from ..flow.metrics import Metric, columns, heading
from ..flow.synth import synthesize
from ..flow.targets import HIERARCHIES, OPTIMIZATIONS, target
from ..flow.yosys import default_engine
from ._shared import design_argument, json_option, parameter_option
from ._targets import target_option


@click.command("synth", epilog="Example: dotforge synth logmac -p lanes=64 --target ecp5 -o report.json")
@design_argument
@parameter_option
@target_option
@click.option("--hierarchy", type=click.Choice(HIERARCHIES), default="flat", show_default=True,
              help="One flat netlist, or a sum over modules that are synthesized one by one.")  # fmt: skip
@click.option("--seeds", type=click.IntRange(0, 100), default=3, show_default=True,
              help="Placements whose Fmax is measured (ecp5, ice40); 0 places nothing.")  # fmt: skip
@click.option("--device", default="", help="FPGA to place in, such as 85k or up5k (default: the smallest).")
@click.option("--wide-luts", is_flag=True, help="Map to PFUMX and L6MUX21 too (ecp5).")
@click.option("--clock-mhz", type=click.FloatRange(0.001, 10_000), default=100.0, show_default=True,
              help="Clock of the constraints, and of the reported power.")  # fmt: skip
@click.option("--optimize", type=click.Choice(OPTIMIZATIONS), default="area", show_default=True,
              help="What standard cells are chosen for.")  # fmt: skip
@click.option("--power", is_flag=True,
              help="Run the bench on the netlist and report power and energy (nangate45, liberty).")  # fmt: skip
@click.option("--yosys", type=click.Choice(("pyosys", "yowasp")), default=default_engine(), show_default=True,
              help="Which Yosys synthesizes; both give the same counts.")  # fmt: skip
@click.option("--timeout", type=click.FloatRange(1), default=1800.0, show_default=True,
              help="Seconds for one run of one tool.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Report to write, JSON.")
@json_option
def command(
    design: str,
    parameters: dict[str, str],
    target_name: str,
    hierarchy: str,
    yosys: str,
    power: bool,
    output: Path | None,
    as_json: bool,
    **choices: Any,
) -> None:
    """Synthesize an engine and report what it takes, in total and by module, and how fast it is.

    Figures are those of the file that DIR holds, or that the parameters give; whether `dotforge verify` ran on
    the same file is said too.
    """
    chosen = target(target_name)
    generated = resolve(design, parameters)
    say(f"{generated.engine}: synthesizing for {chosen.name}, {hierarchy}")
    report = synthesize(
        generated, target=target_name, mode=hierarchy, engine=yosys, activity=power, jobs=os.cpu_count() or 1,
        **choices,
    )  # fmt: skip
    report = evidence.attach(report, evidence.summary_path(design, generated.engine))
    if output:
        write_json(output, report)
    if as_json:
        print_json(report)
        return
    _print(report, columns(chosen.kind), hierarchy)


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
        energy = power["energy_pj_per_mac"]
        click.echo(
            f"power {power['power_mw']:g} mW at {power['clock_mhz']:g} MHz"
            + (f", {energy:g} pJ a useful MAC" if energy else "; the bench counts no useful MACs")
            + f" ({power['activity']['source']})"
        )
    for note in report.get("notes", []):
        click.echo(note)
    click.echo(evidence.describe(report))


def _cell(counts: dict[str, Any], column: str) -> Any:
    return counts[column] or "" if column == "memory_bits" else counts[column]
