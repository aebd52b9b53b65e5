"""``dotforge advise``: which engine fits a layer, or the layers of a checkpoint."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..console import print_json, progress, say
from ._shared import JSON_OPTION, OPERAND, Real
from ._targets import target_options

if TYPE_CHECKING:
    from ..advice.layers import Told
    from ..advice.tensors import Layer

_EXAMPLES = """\b
Examples:
  dotforge advise --a activations.npy --b model.safetensors:layer.0.weight.T[0:384, 0:64]
  dotforge advise --a A.npy --b B.npy --sqnr 20 --prune 0.8 --target ecp5 --seeds 1 -o build/advice
  dotforge advise --a acts.npz:* --tensors model.safetensors:layer.*.query.weight.T,layer.*.key.weight.T
"""

_RECORD, _FILES = "advise.json", ("results.csv", "index.html", "layers.csv", "layers.html")


@click.command("advise", epilog=_EXAMPLES)
@click.option("--a", type=click.Path(), help=f"A, activations, M×K: {OPERAND}.")
@click.option("--b", type=click.Path(), help=f"B, weights, K×N: {OPERAND}.")
@click.option("--tensors", "listed", type=click.Path(),
              help="Weights of layers in place of --b: operands with commas between, * and ? for letters of "
              "names, or a file of lines WEIGHTS [ACTIVATIONS]; * in --a stands for the layer's tensor.")  # fmt: skip
@click.option("--sqnr", "least", type=Real(-100, 400), default=30.0, show_default=True,
              help="SQNR of the product that is wanted, of each layer, in decibels.")  # fmt: skip
@click.option("--multipliers", type=click.IntRange(4, 512), default=16, show_default=True,
              help="Of each candidate; fewer where its engine has no more.")  # fmt: skip
@click.option("--prune", type=Real(0, 0.999),
              help="Make this share of the weights zero first, those of the smallest magnitudes.")  # fmt: skip
@click.option("--candidates", "others", type=click.Path(path_type=Path),
              help="JSON with other candidates than ours.")  # fmt: skip
@click.option("--check", "checks", type=click.IntRange(0), default=1, show_default=True,
              help="Efficient candidates, best first, of which a slice of every product runs on the RTL.")  # fmt: skip
@target_options
@click.option("-j", "--jobs", "parallel", type=click.IntRange(1, 1024), default=os.cpu_count() or 1,
              show_default="all cores", help="Netlists that are synthesized at the same time.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Directory for table and page.")
@click.option("--json", "written", help="Print advice as JSON, or write it to FILE.", **JSON_OPTION)
def command(
    a: str | None,
    b: str | None,
    listed: str | None,
    least: float,
    multipliers: int,
    prune: float | None,
    others: Path | None,
    checks: int,
    target_name: str,
    chosen: dict[str, Any],
    parallel: int,
    output: Path | None,
    written: Path | None,
) -> int:
    """Rank engines, formats and rules by what they make of matrices, and by what their netlists cost.

    SQNR is that of golden on these matrices, area that of the synthesized Verilog, cycles those of models that equal
    the RTL. Who reaches --sqnr on every layer comes first, by area × cycles. Exit 1 when nobody does.
    """
    from ..advice.answer import advise  # noqa: PLC0415
    from ..advice.candidates import read_candidates  # noqa: PLC0415
    from ..advice.layers import Told  # noqa: PLC0415
    from ..synthesis.choices import HIERARCHIES  # noqa: PLC0415
    from ..synthesis.targets import check, target  # noqa: PLC0415
    from ..tools.run_record import run_record  # noqa: PLC0415
    from . import _advice  # noqa: PLC0415

    printed = str(written) == "-"
    place = None if output is None else output / _RECORD
    if place and written and place.absolute() == written.absolute():
        raise click.UsageError(f"--json {written}: -o writes that file already")
    layers, read = _layers(a, b, listed, others)
    with (
        run_record("advise", None if printed else written, inputs=read) as report,
        run_record("advise", place, names=_FILES if place else None, inputs=read) as record,
    ):
        check(target(target_name), chosen)
        candidates = read_candidates(others, multipliers)
        # Whatever is missing or does not fit is said before anything takes long.
        told = [Told.read(each.a, each.b, prune) for each in layers]
        several = told if b is None else []
        facts = _facts(a, b, listed, told) | {
            "target": target(target_name).name, "sqnr_db": least, "multipliers": multipliers, "prune": prune,
        }  # fmt: skip
        notes = [] if prune is None else [_advice.pruning(told, prune)]
        report.start(**facts)
        record.start(**facts)
        with progress(f"products and candidates on {target_name}") as tell:
            answer = advise(
                told,
                candidates,
                listed=b is None,
                least=least,
                checks=checks,
                target=target_name,
                chosen={"hierarchy": chosen.pop("mode", HIERARCHIES[0]), **chosen},
                parallel=parallel,
                progress=tell,
            )
        report.content |= answer.content
        record.content |= answer.content
        failure = _advice.failure(answer.order, least)
        if answer.content["chosen"]:
            notes.append(f"chosen: {answer.content['chosen']['commands']['generate']}")
        notes += [failure] if failure else []
        if output is not None:
            _advice.write(output, answer.order, several, least, facts, notes)
        if failure:
            report.fail(failure)
            record.fail(failure)
    if printed:
        status = {"status": "failed", "reason": failure} if failure else {"status": "ok"}
        print_json({**status, **facts, **answer.content})
    else:
        _advice.show(answer.order, several, least)
    for each in notes:
        say(each) if printed else click.echo(each)
    return 1 if failure else 0


def _layers(
    a: str | None, b: str | None, listed: str | None, others: Path | None
) -> "tuple[list[Layer], list[Path]]":
    """Return the layers that are asked for, and all files that are read."""
    from ..advice.tensors import Layer, read_layers  # noqa: PLC0415

    if (b is None) == (listed is None):
        raise click.UsageError("one of --b and --tensors is wanted")
    if b is not None and a is None:
        raise click.UsageError("Missing option '--a'.")
    layers = [Layer(str(a), b)] if b is not None else read_layers(str(listed), a)
    files = [others] if others else []
    files += [Path(listed)] if listed and Path(listed).is_file() else []
    return layers, list(dict.fromkeys([*files, *(path for each in layers for path in each.files)]))


def _facts(a: str | None, b: str | None, listed: str | None, told: "list[Told]") -> dict[str, Any]:
    if b is None:
        return {"tensors": listed, "a": a}
    (one,) = told
    left = {} if one.prune is None else {"pruned_sqnr_db": one.pruned_db}
    return {"a": a, "b": b, "shape": dict(zip("mkn", one.shape, strict=True)), **left}
