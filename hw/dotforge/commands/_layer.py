"""Operands of a run: two matrices, or a convolution whose patches and filters make them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

__all__ = ["check", "files", "operands"]

#: Makes of C what ``-o`` writes.
Raise = Callable[[Any], Any]


def check(b: str | None, layer: str | None, group: int | None, output: Path | None) -> None:
    """Refuse options that do not go together.

    Parameters
    ----------
    b, layer, group, output : as they were given

    Raises
    ------
    click.UsageError
        An operand is missing, or given twice.
    """
    of_model = layer is not None and not layer.startswith("conv")
    if of_model and ".onnx:" not in str(layer):
        raise click.UsageError(
            f"--layer {layer}: allowed are conv[:stride=…,padding=…,dilation=…,groups=…] and MODEL.onnx:NODE"
        )
    if of_model and b is not None:
        raise click.UsageError("--b and a layer of a model are given: the model holds the filters")
    if not of_model and b is None:
        raise click.UsageError("Missing option '--b'.")
    if group is not None and layer is None:
        raise click.UsageError("--group goes with --layer")
    if layer is not None and output is not None and output.suffix == ".npz":
        raise click.UsageError(f"-o {output}: images are written as .npy")


def files(a: str, b: str | None, layer: str | None) -> list[Path]:
    """Return the files that are read.

    Parameters
    ----------
    a, b, layer : as they were given
    """
    from dotforge_sim.run.tensors.place import parse  # noqa: PLC0415

    given = [a, b, layer if layer is not None and not layer.startswith("conv") else None]
    return [parse(each).file for each in given if each is not None]


def operands(
    a: str, b: str | None, layer: str | None, group: int | None
) -> tuple[list[tuple[Any, Any]], Raise]:
    """Return A and B, of each group where none of several is named, and what makes images of C where there are any.

    Parameters
    ----------
    a, b, layer, group : as they were given

    Raises
    ------
    RunError
        They do not hold what is asked for, or do not fit each other.
    """
    from dotforge_sim.run.operands import load_operand, load_tensor  # noqa: PLC0415

    if layer is None:
        assert b is not None
        return [(load_operand(a, "A"), load_operand(b, "B"))], lambda c: c
    from dotforge_sim.run import convolution  # noqa: PLC0415

    inputs = load_tensor(a, "A")
    if b is None:
        from dotforge_sim.run.tensors.onnx_file import OnnxFile  # noqa: PLC0415
        from dotforge_sim.run.tensors.place import parse  # noqa: PLC0415

        place = parse(layer)
        made, filters = convolution.of_node(OnnxFile(place.file, "B"), str(place.name), inputs.shape[2:])
    else:
        made, filters = convolution.parse(layer), load_tensor(b, "B")
    chosen = range(made.groups) if group is None else [group]
    return [made.lowered(inputs, filters, each) for each in chosen], lambda c: made.raised(c, inputs, filters)
