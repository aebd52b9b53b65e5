"""``dotforge energy``: of a product from single operations, of an engine from its netlist, of the papers' chain."""

from pathlib import Path
from typing import Any

import click

from ..console import say, table
from ._shared import JsonPlace, json_option, parameter_option

_EXAMPLES = """\b
Examples:
  dotforge energy logmac -p lanes=16
  dotforge energy report.json --node 7
  dotforge energy --shape 1024,1024,1024 --format int8 --node 7 --dram hbm2
  dotforge energy --chain
"""


@click.command("energy", epilog=_EXAMPLES)
@click.argument("design", required=False, metavar="[ENGINE|REPORT]")
@parameter_option
@click.option("--shape", help="M,N,K of a product.")
@click.option(
    "--workloads", type=click.Path(path_type=Path), help="A list as for `dotforge estimate`, or paper."
)
@click.option("--chain", is_flag=True, help="Recompute the figures of 'Hardware for deep learning' (2018).")
@click.option("--format", "number", default="int8", show_default=True, help="Of the operands of a product.")
@click.option(
    "--node", type=click.Choice(("45", "7")), default="45", show_default=True, help="Technology, nm."
)
@click.option(
    "--memory", default="sram_32kb", show_default=True, help="On chip: sram_8kb, sram_32kb, sram_1mb."
)
@click.option("--dram", default="ddr", show_default=True, help="ddr, hbm2 or gddr6.")
@click.option("--reuse", type=int, default=64, show_default=True,
              help="Multiply-adds of an operand for each fetch from on-chip memory.")  # fmt: skip
@click.option(
    "--skip-zeros", is_flag=True, help="Operands are compressed, and only useful products are made."
)
@json_option
def command(
    design: str | None, parameters: dict[str, str], shape: str | None, workloads: Path | None, chain: bool,
    number: str, node: str, memory: str, dram: str, reuse: int, skip_zeros: bool, as_json: JsonPlace,
) -> None:  # fmt: skip
    """Say what a product, a network, or one of our netlists takes, and from where that figure is.

    A netlist's energy is measured (cells of a Liberty that toggle in the engine's own bench, weighed by OpenSTA);
    what is
    scaled to another node, or taken from a paper, stands apart and says so.
    """
    given = [name for name, value in (("ENGINE or REPORT", design), ("--shape", shape), ("--workloads", workloads),
                                      ("--chain", chain)) if value]  # fmt: skip
    if len(given) != 1:
        raise click.UsageError(
            f"{' and '.join(given) or 'nothing'} given: one of ENGINE, REPORT, --shape, --workloads, --chain is allowed"
        )
    if parameters and (design is None or design.endswith(".json")):
        raise click.UsageError("-p goes with ENGINE")
    if chain:
        from dotforge_sim.models.arithmetic_chain import chain as figures  # noqa: PLC0415

        found: Any = figures()
        rows = [[name.replace("_", " "), f"{value:.6g}"] for name, value in found.items()]
        heads = ["figure", "SI units"]
    elif design is not None:
        found = _netlist(design, parameters, int(node))
        rows = [[row["what"], row["pj_per_mac"] and f"{row['pj_per_mac']:.4g}", row["kind"], row["how"]]
                for row in found["figures"]]  # fmt: skip
        heads = ["figure", "pJ a MAC", "", "how"]
    else:
        found = _products(shape, workloads, number, int(node), memory, dram, reuse, skip_zeros)
        rows = [
            [row["name"], *(f"{row['energy_pj'][part] * 1e-6:.4g}"
                            for part in ("arithmetic", "on_chip_memory", "dram", "total")),
             row["pj_per_useful_mac"] and f"{row['pj_per_useful_mac']:.3g}"]
            for row in found
        ]  # fmt: skip
        heads = ["M-N-K", "arithmetic, µJ", "on-chip memory, µJ", "DRAM, µJ", "all, µJ", "pJ a useful MAC"]
    if as_json.tells(found):
        return
    table(heads, rows)


def _products(
    shape: str | None,
    path: Path | None,
    number: str,
    node: int,
    memory: str,
    dram: str,
    reuse: int,
    skip: bool,
) -> list[dict[str, Any]]:
    from dotforge_sim.models import energy, operands, workloads  # noqa: PLC0415

    if shape is not None:
        m, n, k = workloads.shape(shape)
        gemms = [workloads.Gemm(f"{m}-{n}-{k}", m, n, k)]
    else:
        gemms = (
            workloads.paper_workloads() if str(path) == "paper" else workloads.read_workloads(Path(str(path)))
        )
    levels = energy.Levels(memory, dram, reuse)
    found = [
        energy.of_product(operands.of_gemm(gemm), number, node, levels, skip_zeros=skip) for gemm in gemms
    ]
    if len(found) > 1:
        parts = {part: sum(row["energy_pj"][part] for row in found) for part in found[0]["energy_pj"]}
        useful = float(sum(gemm.useful_macs for gemm in gemms))
        found.append({**found[0], "name": "all", "shape": None, "macs": sum(row["macs"] for row in found),
                      "bytes": {part: sum(row["bytes"][part] for row in found) for part in found[0]["bytes"]},
                      "energy_pj": parts,
                      "pj_per_useful_mac": parts["total"] / useful if useful else None})  # fmt: skip
    return found


def _netlist(design: str, parameters: dict[str, str], node: int) -> dict[str, Any]:
    from ..reports.netlist_energy import figures  # noqa: PLC0415
    from ..tools.files import read_json  # noqa: PLC0415

    if design.endswith(".json"):
        return figures(read_json(Path(design)), design, node)
    from ..front_door import ConfiguredEngine  # noqa: PLC0415
    from ..reports.netlist_energy import proxy  # noqa: PLC0415
    from ..synthesis.targets.base import TargetError  # noqa: PLC0415
    from ..synthesis.targets.sta import opensta_version  # noqa: PLC0415

    made = ConfiguredEngine.of(design, parameters)
    try:
        if opensta_version() is None:
            raise TargetError("it needs OpenSTA (apt-get install opensta)")
        say(f"{made.name}: its bench runs on the netlist")
        return figures(made.synth("nangate45", activity=True), design, node)
    except TargetError as error:
        say(f"no energy in pJ: {error}; switching of the netlist instead")
        return proxy(made.generated)
