"""``dotforge generate``: Verilog and what belongs to it."""

from pathlib import Path

import click

from ..flow.generate import generate
from ..flow.generated import from_parameters
from ..flow.names import is_legal
from ._shared import engine_argument, json_option, parameter_option, print_json


@click.command("generate", epilog="Example: dotforge generate logmac -p lanes=32 -p sum_bits=20 -o build/mac")
@engine_argument
@parameter_option
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Directory to write.")
@click.option("--name", help="Name of the top module and prefix of all others (default: the engine's).")
@click.option("--clock-mhz", type=click.FloatRange(0.001, 10_000), default=100.0, show_default=True,
              help="Clock of the constraints.")  # fmt: skip
@json_option
def command(
    engine: str, parameters: dict[str, str], output: Path, name: str | None, clock_mhz: float, as_json: bool
) -> None:
    """Write Verilog, manifest, constraints, bench, FuseSoC core and datasheet of an engine."""
    if name is not None and not is_legal(name):
        raise click.UsageError(
            f"--name {name}: allowed are letters, digits and single underscores, a letter first"
        )
    generated = from_parameters(engine, parameters, name=name)
    files = generate(generated, output, clock_mhz=clock_mhz)
    if as_json:
        print_json({**generated.manifest, "directory": str(output), "files": [str(file) for file in files]})
    else:
        click.echo(
            f"{output}: {generated.top}.v, sha256 {generated.manifest['verilog_sha256']}, {len(files)} files"
        )
