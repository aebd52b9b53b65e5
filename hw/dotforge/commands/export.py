"""``dotforge export``: quantised weights in the layout of a library."""

from pathlib import Path

import click

from ..console import say

_LAYOUTS = ("torchao", "compressed-tensors", "modelopt", "onnx")

_EXAMPLES = """\b
Examples:
  dotforge export Q.npz:b --layout modelopt --name layer.0.weight -o layer.safetensors
  dotforge export model.safetensors:layer.0.weight --format nvfp4 --rule torchao-even --layout torchao -o w.safetensors
"""


@click.command("export", epilog=_EXAMPLES)
@click.argument("operand", type=click.Path())
@click.option("--layout", type=click.Choice(_LAYOUTS), required=True, help="Whose tensors to write.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="File to write, .safetensors or .onnx.",
)
@click.option("--name", default="weight", show_default=True, help="Of the weight in the file.")
@click.option("--format", help="Quantise to this block format first; of weights that are not quantised yet.")
@click.option("--rule", help="How to quantise, as --rule of `dotforge run mxdot` (with --format).")
def command(operand: str, layout: str, output: Path, name: str, format: str | None, rule: str | None) -> None:
    """Write a quantised weight as a library stores it; its codes stay what they are.

    OPERAND is a weight that is quantised already (of --save-quantized, or of a checkpoint of any layout), or one
    that --format quantises; from then on it is out × in, with blocks along in.
    """
    from dotforge_golden.mx import ELEMENTS  # noqa: PLC0415
    from dotforge_golden.mx_rules import RULES  # noqa: PLC0415
    from dotforge_sim.run.errors import RunError  # noqa: PLC0415
    from dotforge_sim.run.mxdot_choice import chosen  # noqa: PLC0415
    from dotforge_sim.run.operands import Stored, dense, load_operand  # noqa: PLC0415
    from dotforge_sim.run.tensors.layout_onnx import model_of  # noqa: PLC0415
    from dotforge_sim.run.tensors.layouts import arrays_of  # noqa: PLC0415
    from dotforge_sim.run.tensors.place import parse  # noqa: PLC0415
    from dotforge_sim.run.tensors.safetensors_file import to_bytes  # noqa: PLC0415

    from ..tools.files import write_bytes  # noqa: PLC0415
    from ..tools.run_record import run_record  # noqa: PLC0415

    if format is not None and format not in ELEMENTS:
        raise click.UsageError(f"--format {format}: allowed are {', '.join(ELEMENTS)}")
    if rule is not None and rule not in ("best", *RULES):
        raise click.UsageError(f"--rule {rule}: allowed are best, {', '.join(RULES)}")
    if rule is not None and format is None:
        raise click.UsageError("--rule goes with --format")
    with run_record("export", None, products=[output], inputs=[parse(operand).file]) as record:
        found = load_operand(operand, "B")
        if isinstance(found, Stored):
            if format is not None:
                raise RunError(f"--format {format}: {operand} is quantised already, as {found.format}")
        elif format is None:
            raise RunError(
                f"{operand} is not quantised: --format quantises it, as does `dotforge run --save-quantized`"
            )
        else:
            matrix = dense(found, "OPERAND", "export")
            blocks = chosen(matrix, format=format, rule=rule or "best")
            size = ELEMENTS[format].block
            told = {"rule": rule or "best"}
            found = Stored(
                "blocks", format, blocks.elements, blocks.scales, blocks.units, size, 1, None, told
            )
        onnx = layout == "onnx"
        content = model_of(found, name) if onnx else to_bytes(*arrays_of(found, layout, name), "OPERAND")
        record.start()
        write_bytes(output, content)
    rows, k = found.elements.shape
    say(f"{output}: {name}, {rows}×{k}, {found.format}, as {layout} has it")
