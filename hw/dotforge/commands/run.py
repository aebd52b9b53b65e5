"""``dotforge run``: the RTL on the user's own matrices."""

import importlib
import importlib.util
import io
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import numpy as np

from dotforge_sim.run.gemm import Design, RunError
from dotforge_sim.run.operands import load_matrix

from ..console import print_json, progress, say
from ..export.design import from_parameters
from ..registry import engines
from ..tools.files import write_bytes, write_json
from ._shared import parameter_option


class _Engines(click.Group):
    """A subcommand an engine that has a runner of its name in ``dotforge_sim.run``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in engines() if _runner(name)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        runner = _runner(cmd_name) if cmd_name in engines() else None
        return _command(cmd_name, runner) if runner else None


def _runner(name: str) -> Any:
    if importlib.util.find_spec(f"dotforge_sim.run.{name}") is None:
        return None
    return importlib.import_module(f"dotforge_sim.run.{name}")


@click.command(
    "run", cls=_Engines, epilog="Example: dotforge run logmac --a A.npy --b B.npy -o C.npy --json S.json"
)
def command() -> None:
    """Multiply matrices on the RTL of an engine: C = A @ B, compared with golden."""


def _command(name: str, runner: Any) -> click.Command:
    path = click.Path(path_type=Path)
    options: list[click.Parameter] = [
        click.Option(["--a", "a"], type=path, required=True, help="A, M×K: .npy, or sparse .npz."),
        click.Option(["--b", "b"], type=path, required=True, help="B, K×N: .npy, or sparse .npz."),
        click.Option(["-o", "--output"], type=path, help="C, M×N, the .npy file to write."),
        click.Option(["--json", "report"], type=path, help="Statistics to write, JSON; - prints them."),
    ]
    for option in fields(runner.Options):
        flag = "--" + option.name.replace("_", "-")
        choices = option.metadata.get("choices")
        if choices:
            kind: dict[str, Any] = {
                "type": click.Choice(choices),
                "default": option.default,
                "show_default": True,
            }
        elif isinstance(option.default, bool):
            kind = {"is_flag": True}
        else:
            kind = {"type": option.metadata.get("type", str), "default": option.default}
        options.append(click.Option([flag], help=option.metadata["help"].capitalize() + ".", **kind))

    def callback(
        a: Path, b: Path, output: Path | None, report: Path | None, parameters: dict[str, str], **given: Any
    ) -> None:
        _run(name, runner, a, b, output, report, parameters, runner.Options(**given))

    made = click.Command(
        name,
        params=options,
        callback=callback,
        help=f"{engines()[name].summary[0].upper()}{engines()[name].summary[1:]}.",
        epilog=f"Example: dotforge run {name} {runner.EXAMPLE}",
    )
    parameter_option(made)
    return made


def _run(
    name: str,
    runner: Any,
    a: Path,
    b: Path,
    output: Path | None,
    report: Path | None,
    parameters: dict[str, str],
    options: Any,
) -> None:
    generated = from_parameters(name, parameters)
    matrices = load_matrix(a, "A"), load_matrix(b, "B")
    saved = getattr(options, "save_quantized", None)
    quantized = None if saved is None else Path(saved)
    for path in (output, report, quantized):
        if path is not None and str(path) != "-" and not path.absolute().parent.is_dir():
            raise RunError(f"cannot write {path}: its directory does not exist")
    with progress(f"{name}: streamed beats") as tell:
        result = runner.run(Design(generated.verilog, generated.manifest), *matrices, options, tell)
    statistics = result.statistics
    if report is not None:
        if str(report) == "-":
            print_json(statistics)
        else:
            write_json(report, statistics)
    if result.failure:
        raise click.ClickException(result.failure)
    if output is not None:
        buffer = io.BytesIO()
        np.save(buffer, result.c)
        write_bytes(output, buffer.getvalue())
    if quantized is not None:
        buffer = io.BytesIO()
        np.savez(buffer, **result.arrays)
        write_bytes(quantized, buffer.getvalue())
    shape, cycles, efficiency = statistics["shape"], statistics["cycles"], statistics["overall_efficiency"]
    said = "nothing to multiply" if efficiency is None else f"overall efficiency {efficiency:.3f}"
    say(
        f"{name}: {shape['m']}×{shape['k']} @ {shape['k']}×{shape['n']}, {cycles['total']} cycles "
        f"(streaming {cycles['streaming']}), {said}, "
        f"{statistics['mismatches']} mismatches with golden"
    )
