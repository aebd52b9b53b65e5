"""``dotforge system``: an iteration of training on a device-, host- or memory-centric system."""

import math
from typing import Any

import click

from ..console import table
from ._shared import JsonPlace, json_option

_EXAMPLES = """\b
Examples:
  dotforge system --network vgg-e --system mc-b --parallel data
  dotforge system --network rnn-gru -p element_bytes=2 -p utilisation=0.4
  dotforge system --averages
  dotforge system --sensitivity --json
"""


class _Change(click.ParamType):
    name = "k=v"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, float]:
        """Read ``name=number``."""
        name, equals, text = str(value).partition("=")
        try:
            number = float(text)
        except ValueError:
            equals = ""
            number = 0.0
        if not equals or not name or math.isnan(number):
            self.fail(f"{value!r} is not of the form name=number", param, ctx)
        return name, number


@click.command("system", epilog=_EXAMPLES)
@click.option("--network", "networks", multiple=True, help="Of --list; repeatable (default: all eight).")
@click.option("--system", "systems", multiple=True, help="Of --list; repeatable (default: all six).")
@click.option("--parallel", type=click.Choice(("data", "model")), default="data", show_default=True,
              help="Whether devices share out the batch or the layers.")  # fmt: skip
@click.option("-p", "changed", type=_Change(), multiple=True, help="A parameter of --list, name=number.")
@click.option("--averages", is_flag=True, help="The paper's averages and variants, beside what it prints.")
@click.option(
    "--sensitivity", is_flag=True, help="MC-DLA(B)'s speedup over inputs that the paper leaves out."
)
@click.option(
    "--list", "listed", is_flag=True, help="List networks, systems and parameters with their sources."
)
@json_option
def command(
    networks: tuple[str, ...], systems: tuple[str, ...], parallel: str, changed: tuple[tuple[str, float], ...],
    averages: bool, sensitivity: bool, listed: bool, as_json: JsonPlace,
) -> None:  # fmt: skip
    """Simulate training: arithmetic, collectives, and feature maps that go to a backing store and come back."""
    from dotforge_sim.models.system import analysis  # noqa: PLC0415
    from dotforge_sim.models.system.fabric import SYSTEMS  # noqa: PLC0415
    from dotforge_sim.models.system.networks import NETWORKS  # noqa: PLC0415
    from dotforge_sim.models.system.training import simulate  # noqa: PLC0415

    if sum((averages, sensitivity, listed)) > 1 or (
        (averages or sensitivity or listed) and (networks or systems)
    ):
        raise click.UsageError("one of --network and --system, --averages, --sensitivity, --list is allowed")
    if (sensitivity or listed) and changed:
        raise click.UsageError("-p goes with --network, --system and --averages")
    if listed:
        _list(as_json)
        return
    if averages:
        found: Any = {**analysis.summary(dict(changed)), **analysis.variants(dict(changed))}
        heads, rows = ["average", "ours"], [[name, f"{value:.3f}"] for name, value in found.items()]
    elif sensitivity:
        found = analysis.sensitivity()
        heads = list(found[0])
        rows = [[f"{value:.3g}" for value in row.values()] for row in found]
    else:
        found, base = [], {}
        for network in networks or NETWORKS:
            for system in dict.fromkeys(("dc", *(systems or SYSTEMS))):
                one = simulate(network, system, parallel, **dict(changed))
                base.setdefault(network, one.seconds)
                if system in (systems or SYSTEMS):
                    found.append({"network": network, "system": SYSTEMS[system], "parallel": parallel, **vars(one),
                                  "speedup_over_dc": base[network] / one.seconds})  # fmt: skip
        heads = [
            "network",
            "system",
            "ms",
            "computing",
            "synchronizing",
            "moving",
            "GB moved",
            "host GB/s",
            "of DC-DLA",
        ]
        rows = [
            [row["network"], row["system"],
             *(f"{1e3 * row[part]:.2f}" for part in ("seconds", "computation", "synchronization", "virtualization")),
             f"{row['moved'] / 1e9:.3g}", f"{row['host_bandwidth'] / 1e9:.3g}", f"{row['speedup_over_dc']:.2f}×"]
            for row in found
        ]  # fmt: skip
    if as_json.tells(found):
        return
    table(heads, rows)


def _list(as_json: JsonPlace) -> None:
    from dotforge_sim.models.parameter_file import load  # noqa: PLC0415
    from dotforge_sim.models.system.fabric import SYSTEMS  # noqa: PLC0415
    from dotforge_sim.models.system.networks import NETWORKS  # noqa: PLC0415

    parameters = load("system")
    if as_json.tells({"networks": list(NETWORKS), "systems": SYSTEMS,
                    "parameters": {name: each.model_dump() for name, each in parameters.items()}}):  # fmt: skip
        return
    click.echo(f"networks: {', '.join(NETWORKS)}")
    click.echo("systems: " + ", ".join(f"{name} ({said})" for name, said in SYSTEMS.items()) + "\n")
    table(
        ["parameter", "value", "unit", "source"],
        [[name, f"{each.value:g}", each.unit, each.source] for name, each in parameters.items()],
    )
