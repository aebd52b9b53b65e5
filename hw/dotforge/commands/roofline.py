"""``dotforge roofline``: what limits a layer on a device."""

from pathlib import Path
from typing import Any

import click

from ..console import table
from ._shared import JsonPlace, json_option

_EXAMPLES = """\b
Examples:
  dotforge roofline --shape 1,28672,8192 --device h100 --device a100 --batch 1,8,64,512 -o roofline.svg
  dotforge roofline --workloads layers.csv --device report.json
  dotforge roofline --list
"""


@click.command("roofline", epilog=_EXAMPLES)
@click.option("--shape", help="M,N,K of a layer for one input: A brings M rows, B, K×N, holds the weights.")
@click.option(
    "--workloads", type=click.Path(path_type=Path), help="A list as for `dotforge estimate`, or paper."
)
@click.option("--device", "names", multiple=True,
              help="Of --list, a .toml file, or a report of `synth`; repeatable (default: h100).")  # fmt: skip
@click.option(
    "--format", "number", help="Of all elements, such as fp16, int8, fp8 (default: fp16, or the first)."
)
@click.option("--batch", default="1", show_default=True, help="Inputs at a time; several with commas.")
@click.option("--parallel", type=int, default=1, show_default=True,
              help="Devices that share out the weights of each layer.")  # fmt: skip
@click.option("--list", "listed", is_flag=True, help="List devices.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Picture to write, SVG or PNG.")
@json_option
def command(
    shape: str | None, workloads: Path | None, names: tuple[str, ...], number: str | None, batch: str,
    parallel: int, listed: bool, output: Path | None, as_json: JsonPlace,
) -> None:  # fmt: skip
    """Bound layers by arithmetic, memory and links: intensity, ridge, attainable rate, utilisation."""
    from dotforge_sim.models import roofline  # noqa: PLC0415

    if listed:
        _list(as_json)
        return
    if (shape is None) == (workloads is None):
        raise click.UsageError("one of --shape and --workloads is allowed")
    if output is not None and output.suffix.lower() not in (".svg", ".png"):
        raise click.UsageError(f"cannot write {output}: allowed are .svg and .png")
    gemms = _gemms(shape, workloads)
    batches = [_number(part) for part in batch.split(",")]
    found = []
    machines = [_device(name) for name in names or ("h100",)]
    for device in machines:
        format = number or ("fp16" if "fp16" in device.peak else next(iter(device.peak)))
        found += [
            roofline.bound(gemm, device, format, batch=size, parallel=parallel)
            for gemm in gemms
            for size in batches
        ]
    if output is not None:
        from ..pictures.roofline import draw  # noqa: PLC0415
        from ..tools.files import write_bytes  # noqa: PLC0415

        write_bytes(output, draw(machines, found, output.suffix.lower().removeprefix(".")))
    if as_json.tells(found):
        return
    table(
        ["layer", "device", "format", "batch", "OP/byte", "ridge", "limit", "TOP/s", "of peak"],
        [
            [row["name"], row["device"], row["format"], row["batch"], f"{row['intensity']:.1f}",
             f"{row['ridge']:.1f}", row["limit"], f"{row['attainable'] / 1e12:.4g}",
             f"{100 * row['utilisation']:.1f} %"]
            for row in found
        ],
    )  # fmt: skip
    for row in found:
        if row["weights_fit"] is False:
            click.echo(f"{row['name']}: its weights are more than {row['device']} holds")


def _number(text: str) -> int:
    if not text.strip().isascii() or not text.strip().isdecimal() or not int(text):
        raise click.UsageError(f"--batch {text}: allowed are numbers of 1 or more, with commas between them")
    return int(text)


def _gemms(shape: str | None, path: Path | None) -> list[Any]:
    from dotforge_sim.models import workloads  # noqa: PLC0415

    if shape is not None:
        m, n, k = workloads.shape(shape)
        return [workloads.Gemm(f"{m}-{n}-{k}", m, n, k)]
    return workloads.paper_workloads() if str(path) == "paper" else workloads.read_workloads(Path(str(path)))


def _device(name: str) -> Any:
    from dotforge_sim.models import roofline  # noqa: PLC0415

    if not name.endswith(".json"):
        return roofline.read_device(name)
    from ..reports.machine import roofline_device  # noqa: PLC0415
    from ..tools.files import read_json  # noqa: PLC0415

    return roofline.Device(**roofline_device(read_json(Path(name)), name))


def _list(as_json: JsonPlace) -> None:
    from dotforge_sim.models import roofline  # noqa: PLC0415

    known = roofline.devices()
    if as_json.tells({name: device.model_dump() for name, device in known.items()}):
        return
    rows = []
    for name, device in known.items():
        format, peak = next(iter(device.peak.items()))
        rows.append(
            [name, device.name, f"{peak / 1e12:g} ({format})", f"{device.bandwidth / 1e12:g}",
             f"{device.ridge(format):.1f}", device.source]
        )  # fmt: skip
    table(["name", "device", "TOP/s", "TB/s", "ridge, OP/byte", "source"], rows)
