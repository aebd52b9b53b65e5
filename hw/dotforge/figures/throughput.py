"""Products a second for the lookup tables that they take, on an ECP5: our engines, and units of others beside them.

``python -m dotforge.figures.throughput -o DIR`` places each configuration once and writes ``throughput.json`` and
``throughput.md``; what was placed is kept. ``--peer NAME:DIRECTORY:TOP:CLOCK:PRODUCTS`` measures a design of others the
same way in the same run: all Verilog files of its directory, and how many products it makes a cycle, on average.
Nothing of it is kept but its figures.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from ..console import say
from ..export.design import Generated, from_parameters
from ..facts import multipliers
from ..pictures import markdown
from ..synthesis.targets import Settings
from ..synthesis.targets import place as placement
from ..synthesis.targets.fpga import FPGAS
from ..tools import yosys
from ..tools.process import ToolError
from .measured import kept, write_texts

__all__ = ["CONFIGURATIONS", "collect", "main", "measure", "peer", "table"]

Progress = Callable[[str], None]

_AUTO: dict[str, Any] = {"pipeline": "auto", "clock_mhz": 150}
_WIDE: dict[str, Any] = {"weight_bits": 8, "activation_bits": 8, "sum_bits": 32}
_ARRAY: dict[str, Any] = {"operators": True, "multiplier_pipeline": 1, "adder_pipeline": 1}

#: Name → engine and parameters.
CONFIGURATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "shift-add, INT4": ("logmac", _AUTO),
    "VS-Quant 4/4": ("vsquant", _AUTO),
    "VS-Quant 8/8": ("vsquant", {**_AUTO, **_WIDE}),
    "VS-Quant 8/8, blocks": ("vsquant", {**_AUTO, **_WIDE, "multiplier": "dsp"}),
    "MXFP4": ("mxdot", {"pipeline": 3}),
    "MXFP8 E4M3": (
        "mxdot",
        {"weight_format": "mxfp8_e4m3", "activation_format": "mxfp8_e4m3", "lanes": 2, "pipeline": 3},
    ),
    "INT8": ("systolic", _ARRAY),
    "INT8, blocks": ("systolic", {**_ARRAY, "multiplier": "dsp"}),
}


def peer(directory: Path, top: str, clock: str) -> Generated:
    """Return a design of others as one Verilog text, with what the frame of a placement has to know.

    Parameters
    ----------
    directory : its Verilog files (``.v``, ``.sv``)
    top : module
    clock : port

    Raises
    ------
    click.UsageError
        There is no Verilog, or no such clock.
    YosysError
        Yosys does not read it.
    """
    files = {
        path.name: path.read_text(encoding="utf-8", errors="replace")
        for path in sorted(directory.glob("*.*v"))
        if path.suffix in (".v", ".sv")
    } if directory.is_dir() else {}  # fmt: skip
    if not files:
        raise click.UsageError(f"peer {directory}: no .v or .sv file")
    reads = [f"read_verilog {'-sv' if name.endswith('.sv') else ''} {name}" for name in files]
    script = [
        *reads,
        f"hierarchy -check -top {top}",
        "proc",
        "flatten",
        "opt_clean -purge",
        "write_json design.json",
    ]
    found = yosys.run(
        [*script, "write_verilog -noattr peer_flat.txt"], files, ["design.json", "peer_flat.txt"]
    )
    (module,) = (each for name, each in json.loads(found["design.json"])["modules"].items() if name == top)
    ports = [
        {"name": name, "direction": port["direction"], "width": len(port["bits"])}
        for name, port in module["ports"].items()
    ]
    if clock not in {port["name"] for port in ports}:
        raise click.UsageError(f"peer {directory}: {top} has no port {clock}")
    return Generated(
        found["peer_flat.txt"], {"top": top, "engine": top, "clock": clock, "reset": "", "ports": ports}
    )


def measure(made: Generated, products: float, *, seeds: int = 1) -> dict[str, Any]:
    """Return what a design takes, its clock, and GMAC/s for 1,000 lookup tables.

    Parameters
    ----------
    made : the design
    products : a cycle, on average
    seeds : placements
    """
    target, settings = FPGAS["ecp5"], Settings(seeds=seeds)

    def placed() -> dict[str, Any]:
        counts = dict(target.counts(made, settings))
        try:
            timing, notes = target.timing(made, settings)
        except ToolError as error:
            timing, notes = None, [f"no Fmax: {error}"]
        return {**counts, "fmax_mhz": timing["fmax_mhz"] if timing else None, "notes": notes}

    flow = target.flow("TOP", True, settings)
    found = kept(made.verilog, ("ecp5", flow, seeds, made.top), placed, code=[placement])
    fmax, luts = found["fmax_mhz"], found["luts"]
    return {"products": products, **found, "gmacs": products * fmax / luts if fmax and luts else None}


def collect(
    names: Sequence[str] | None = None,
    peers: Mapping[str, tuple[Generated, float]] | None = None,
    progress: Progress = lambda line: None,
) -> list[dict[str, Any]]:
    """Measure configurations and peers: a row each.

    Parameters
    ----------
    names : of :data:`CONFIGURATIONS`, by default all
    peers : name → design and products a cycle
    progress : is told what is measured
    """
    rows = []
    for name in CONFIGURATIONS if names is None else names:
        progress(name)
        engine, parameters = CONFIGURATIONS[name]
        made = from_parameters(engine, parameters)
        products = multipliers(made.manifest["parameters"]) or 0
        row = {"name": name, "engine": engine, "verilog_sha256": made.manifest["verilog_sha256"]}
        rows.append({**row, **measure(made, products / made.manifest["initiation_interval"])})
    for name, (made, products) in (peers or {}).items():
        progress(name)
        rows.append({"name": name, "engine": "peer", **measure(made, products)})
    return rows


def table(found: Sequence[dict[str, Any]]) -> str:
    """Return the table in Markdown.

    Parameters
    ----------
    found : rows of :func:`collect`
    """
    head = ["format", "engine", "products a cycle", "LUTs", "DSPs", "Fmax (MHz)", "GMAC/s a 1,000 LUTs"]
    rows = [
        [
            row["name"], row["engine"], f"{row['products']:.3g}", row["luts"], row["dsps"],
            None if row["fmax_mhz"] is None else f"{row['fmax_mhz']:.0f}",
            "; ".join(row["notes"]) if row["gmacs"] is None else f"{row['gmacs']:.2f}",
        ]
        for row in found
    ]  # fmt: skip
    return "\n".join(markdown.table(head, rows, align="llrrrrr")) + "\n"


def _peers(given: Sequence[str]) -> dict[str, tuple[Generated, float]]:
    found = {}
    for each in given:
        parts = each.split(":")
        try:
            name, directory, top, clock, products = parts
            number = float(products)
        except ValueError:
            raise click.UsageError(
                f"--peer {each}: allowed NAME:DIRECTORY:TOP:CLOCK:PRODUCTS, with a number of products a cycle"
            ) from None
        found[name] = peer(Path(directory), top, clock), number
    return found


@click.command()
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="Directory of the table."
)
@click.option("--peer", "peers", multiple=True, metavar="NAME:DIRECTORY:TOP:CLOCK:PRODUCTS",
              help="A design of others to measure beside.")  # fmt: skip
@click.argument("names", nargs=-1, metavar="[FORMAT]…")
def main(output: Path, peers: tuple[str, ...], names: tuple[str, ...]) -> None:
    """Measure the configurations of these names, or all, and peers; print the table."""
    for name in names:
        if name not in CONFIGURATIONS:
            raise click.UsageError(f"format {name}: allowed are {', '.join(CONFIGURATIONS)}")
    found = collect(names or None, _peers(peers), say)
    texts = {"json": json.dumps(found, indent=1, allow_nan=False) + "\n", "md": table(found)}
    write_texts(output, "throughput", texts)
    click.echo(texts["md"], nl=False)


if __name__ == "__main__":
    main()
