"""``dotforge generate``: Verilog and what belongs to it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from ..console import say
from ._shared import JsonPlace, Real, engine_argument, json_option, parameter_option

if TYPE_CHECKING:
    from ..front_door import ConfiguredEngine
    from ..verify.recording import Recording


class _Flows(click.ParamType):
    """Names of flows with commas; completed one at a time."""

    name = "flow"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from ..delivery.flows import chosen  # noqa: PLC0415

        try:
            chosen(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return value

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from ..delivery.flows import FLOWS  # noqa: PLC0415

        before, comma, last = incomplete.rpartition(",")
        names = FLOWS if comma else ("all", "none", *FLOWS)
        return [CompletionItem(f"{before}{comma}{name}") for name in names if name.startswith(last)]


@click.command("generate", epilog="Example: dotforge generate logmac -p lanes=32 -p sum_bits=20 -o build/mac")
@engine_argument
@parameter_option
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Directory to write.")
@click.option("--name", help="Name of the top module and prefix of all others (default: the engine's).")
@click.option("--clock-mhz", type=Real(0.001, 10_000), default=100.0, show_default=True,
              help="Clock of the constraints.")  # fmt: skip
@click.option("--flow", type=_Flows(), default="all", show_default=True, metavar="NAME,…",
              help="Other tools whose files are written: all, none, or of fusesoc, ipxact, librelane, orfs, quartus, "
                   "siliconcompiler, vivado, yosys.")  # fmt: skip
@click.option("--vivado-attributes", is_flag=True,
              help="Ports carry X_INTERFACE_INFO and X_INTERFACE_PARAMETER: their bus interface.")  # fmt: skip
@click.option("--simulate/--no-simulate", default=True, show_default=True,
              help="Run the bench for the waveforms of the datasheet and the golden vectors of the bench.")  # fmt: skip
@json_option
def command(
    engine: str,
    parameters: dict[str, str],
    output: Path,
    name: str | None,
    clock_mhz: float,
    flow: str,
    vivado_attributes: bool,
    simulate: bool,
    as_json: JsonPlace,
) -> None:
    """Write Verilog, manifest, constraints, bench and datasheet of an engine, and files for flows of other tools."""
    from ..export.names import is_legal  # noqa: PLC0415
    from ..front_door import ConfiguredEngine  # noqa: PLC0415
    from ..tools.files import read_json  # noqa: PLC0415
    from ..tools.generated_directory import check_directory  # noqa: PLC0415

    if name is not None and not is_legal(name):
        raise click.UsageError(
            f"--name {name}: allowed are letters, digits and single underscores, a letter first"
        )
    check_directory(output)
    made = ConfiguredEngine.of(engine, parameters, top=name, vivado_attributes=vivado_attributes)
    recording, missing = _recorded(made) if simulate else (None, "")
    files = made.generate(output, clock_mhz=clock_mhz, flow=flow, recording=recording, missing=missing)
    if not as_json.tells({**read_json(output / "manifest.json"), "directory": str(output)}):
        click.echo(f"{output}: {made.top}.v, sha256 {made.manifest['verilog_sha256']}, {len(files)} files")


def _recorded(made: "ConfiguredEngine") -> "tuple[Recording | None, str]":
    """Run the bench; what is generated is of use without it, so a failure is only told."""
    from dotforge_sim.simulator.bench import BenchFailure  # noqa: PLC0415
    from dotforge_sim.simulator.native import SimulatorError  # noqa: PLC0415
    from dotforge_sim.simulator.toolchain import ToolMissing  # noqa: PLC0415

    try:
        return made.record(), ""
    except (BenchFailure, SimulatorError, ToolMissing) as error:
        reason = " ".join(str(error).split())
        say(f"{made.name}: no waveforms and no golden vectors: {reason}")
        return None, reason
