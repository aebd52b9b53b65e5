"""``dotforge verify``: the bench against golden."""

from collections.abc import Sequence
from pathlib import Path

import click

from ..console import say
from ._shared import JsonPlace, LazyChoice, Real, design_argument, json_option, parameter_option


def _simulators() -> Sequence[str]:
    from dotforge_sim.simulator.bench import SIMULATORS  # noqa: PLC0415

    return SIMULATORS


@click.command("verify", epilog="Example: dotforge verify logmac -p lanes=4 --simulator icarus")
@design_argument
@parameter_option
@click.option("--simulator", type=LazyChoice(_simulators), default="verilator", show_default=True)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of all random numbers.")
@click.option("--timeout", type=Real(1), default=600.0, show_default=True, help="Seconds.")
@click.option("--waves", is_flag=True, help="Also write a waveform, and say where.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Directory of results.xml and summary.json (default: DIR/verify; of an engine build/verify/ENGINE-HASH, "
    "by the Verilog's hash).",
)
@json_option
def command(
    design: str,
    parameters: dict[str, str],
    simulator: str,
    seed: int,
    timeout: float,
    waves: bool,
    output: Path | None,
    as_json: JsonPlace,
) -> None:
    """Run the cocotb bench of an engine against its golden model."""
    from dotforge_sim.simulator.bench import waveform  # noqa: PLC0415

    from ..front_door import resolve  # noqa: PLC0415
    from ..synthesis import evidence  # noqa: PLC0415

    engine = resolve(design, parameters)
    directory = output or evidence.directory(design, engine.generated)
    say(f"{engine.name}: verifying with {simulator}, seed {seed}")
    summary = engine.verify(directory, simulator=simulator, seed=seed, timeout=timeout, waves=waves)
    bins = summary["coverage"]
    if bins:
        missed = [name for name, count in bins.items() if not count]
        say(f"coverage: {len(bins) - len(missed)} of {len(bins)} bins; never: {', '.join(missed) or 'none'}")
    if waves:
        say(f"waveform: {waveform(directory, simulator, engine.top)}")
    if not as_json.tells(summary):
        click.echo(
            f"{summary['engine']}: {summary['tests']} tests, {summary['vectors']} vectors, "
            f"{summary['mismatches']} mismatches, seed {seed}, {summary['simulator']}; {directory / 'results.xml'}"
        )
