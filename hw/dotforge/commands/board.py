"""``dotforge board``: a self-test bitstream."""

from collections.abc import Sequence
from pathlib import Path

import click

from ..console import printed, say
from ._shared import JsonPlace, LazyChoice, Real, engine_argument, json_option, parameter_option


def _boards() -> Sequence[str]:
    from ..board.bitstream import BOARDS  # noqa: PLC0415

    return sorted(BOARDS)


@click.command("board", epilog="Example: dotforge board icebreaker logmac -p lanes=8 -o build/board")
@click.argument("board", type=LazyChoice(_boards))
@engine_argument
@parameter_option
@click.option(
    "--variant",
    default="",
    help="Device of a board that has several: 85F (default), 45F, 25F or 12F for the ULX3S.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Directory to write.")
@click.option(
    "--build/--no-build", "wanted", default=True, show_default=True, help="Only simulate, or build too."
)
@click.option("--timeout", type=Real(1), default=1800.0, show_default=True, help="Seconds.")
@json_option
def command(
    board: str,
    engine: str,
    parameters: dict[str, str],
    variant: str,
    output: Path,
    wanted: bool,
    timeout: float,
    as_json: JsonPlace,
) -> None:
    """Build a bitstream in which an engine tests itself, after simulating just that.

    The golden vectors of the bench play from block RAM, results are folded into signatures, and the verdict
    goes to LEDs (green or first: pass, red or second: fail) and to the serial line (115200 baud).
    An engine whose defaults are too large for a board has others there; -p changes them as always.
    """
    from ..board.bitstream import BOARDS, build, check_tools, names, self_test, simulate  # noqa: PLC0415
    from ..front_door import ConfiguredEngine  # noqa: PLC0415
    from ..registry import engine as entry  # noqa: PLC0415
    from ..tools.run_record import run_record  # noqa: PLC0415

    chosen = BOARDS[board]
    platform = chosen.platform(variant)
    own = entry(engine).boards.get(board, {})
    made = ConfiguredEngine.of(engine, {**own, **parameters})
    generated = made.generated
    with run_record("board", output / "board.json", names=names(chosen, generated)) as record:
        if wanted:
            check_tools(chosen)
        record.start(
            board=board,
            engine=engine,
            parameters=generated.manifest["parameters"],
            verilog_sha256=generated.manifest["verilog_sha256"],
        )
        if own:
            values = ", ".join(f"{name}={printed(value)}" for name, value in own.items())
            say(f"{engine}: on {board} {values}, where -p says nothing else")
        say(f"{engine}: recording golden vectors")
        recording = made.record(timeout=timeout)
        clock = float(platform.default_clk_frequency)
        say(f"{engine}: simulating the self-test")
        # What differs is only how long the line is silent between two messages.
        result = simulate(
            self_test(generated, recording, clock, pause=20 / clock),
            generated,
            output / "simulation",
            timeout=timeout,
        )
        record.content["simulation"] = {
            "tests": result.tests, "vectors": result.vectors, "simulator": result.simulator,
        }  # fmt: skip
        if wanted:
            say(f"{engine}: building for {board}, {platform.device}")
            test = self_test(generated, recording, clock)
            record.content |= build(chosen, variant, test, generated, output, timeout=timeout)
        found = record.end()
    if as_json.tells(found):
        return
    if not wanted:
        click.echo(f"{board}: the self-test passes in simulation, {result.vectors} beats")
    else:
        click.echo(
            f"{output / found['bitstream']}: {platform.device}, Fmax {found['fmax_mhz']:g} MHz, clock "
            f"{found['clock_mhz']:g} MHz; self-test simulated, {result.vectors} beats; {found['load']}"
        )
