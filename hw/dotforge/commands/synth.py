"""``dotforge synth``: what an engine costs."""

from pathlib import Path

import click

from ..flow.files import write_json
from ..flow.generated import resolve
from ..flow.synth import HIERARCHIES, TARGETS, synthesize
from ..flow.yosys import default_engine
from ._shared import design_argument, json_option, parameter_option, print_json, say, table


@click.command("synth", epilog="Example: dotforge synth logmac -p lanes=64 --target cmos -o report.json")
@design_argument
@parameter_option
@click.option("--target", type=click.Choice(TARGETS), default="cmos", show_default=True)
@click.option("--hierarchy", type=click.Choice(HIERARCHIES), default="flat", show_default=True,
              help="One flat netlist, or a sum over modules that are synthesized one by one.")  # fmt: skip
@click.option("--yosys", type=click.Choice(("pyosys", "yowasp")), default=default_engine(), show_default=True,
              help="Which Yosys synthesizes; both give the same counts.")  # fmt: skip
@click.option("--timeout", type=click.FloatRange(1), default=1800.0, show_default=True,
              help="Seconds for one run of Yosys.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Report to write, JSON.")
@json_option
def command(
    design: str,
    parameters: dict[str, str],
    target: str,
    hierarchy: str,
    yosys: str,
    timeout: float,
    output: Path | None,
    as_json: bool,
) -> None:
    """Synthesize an engine and report transistors and registers, in total and by module."""
    generated = resolve(design, parameters)
    say(f"{generated.engine}: synthesizing for {target}, {hierarchy}")
    report = synthesize(generated, target=target, mode=hierarchy, engine=yosys, timeout=timeout)
    if output:
        write_json(output, report)
    if as_json:
        print_json(report)
        return
    rows = [
        [row["module"], row["instances"], row["transistors"], row["registers"], row["memory_bits"] or ""]
        for row in report["modules"]
    ]
    totals = report["totals"]
    rows.append([f"{report['top']} ({hierarchy})", "", totals["transistors"], totals["registers"],
                 totals["memory_bits"] or ""])  # fmt: skip
    table(["module", "instances", "transistors each", "registers each", "memory bits"], rows)
