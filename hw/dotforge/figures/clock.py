"""Clocks that are asked for: what the delay model foresees of 30 configurations, and what place and route reaches.

Run as ``python -m dotforge.figures.clock -o DIR [--seeds N] [NUMBER …]``; an ECP5 placement takes a minute or two, so
it is no part of :mod:`dotforge.figures.all`. Writes ``clock.json``, which has the paths that were foreseen and the
periods that were placed, and ``clock.md``; a configuration that is measured again replaces what was there. With
``--fit`` nothing is placed: the delays that fit ``clock.json`` best are printed, as
``hw/dotforge/arithmetic/delays.json`` holds them.
"""

import importlib
import json
import statistics
import sys
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Any

import click
import numpy as np
from scipy.optimize import nnls

from ..arithmetic import delays
from ..console import say
from ..export.design import from_parameters
from ..outcome import end_on_error
from ..pictures.markdown import table
from ..registry import configure
from ..synthesis.targets import Settings, target
from ..tools.files import write_text

__all__ = ["CONFIGURATIONS", "fit", "main", "measure", "page"]

#: Device → target of ``synth`` and its name of the device.
PLACED = {"ecp5": ("ecp5", "25k"), "ice40-hx8k": ("ice40", "hx8k"), "ice40-up5k": ("ice40", "up5k")}

_INT8 = {"weight_bits": 8, "activation_bits": 8, "sum_bits": 32}

#: Engine and parameters: lanes, widths, clocks and devices in turn.
CONFIGURATIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    *(("logmac", {"lanes": lanes, "clock_mhz": mhz}) for lanes in (4, 8, 16) for mhz in (60, 120, 180)),
    ("logmac", {"lanes": 4, "clock_mhz": 210}),
    ("logmac", {"lanes": 4, "clock_mhz": 140, "sum_bits": 40}),
    ("logmac", {"lanes": 8, "clock_mhz": 120, "overflow": "saturate"}),
    (
        "logmac",
        {"lanes": 8, "clock_mhz": 150, "activation_bits": 8, "weight_code": "exponent:-6:0", "sum_bits": 24},
    ),
    ("requantise", {"clock_mhz": 100}),
    ("requantise", {"clock_mhz": 180}),
    ("vsquant", {"lanes": 4, "clock_mhz": 180}),
    ("vsquant", {"lanes": 8, "clock_mhz": 60}),
    ("vsquant", {"lanes": 8, "clock_mhz": 120}),
    ("vsquant", {"lanes": 8, "clock_mhz": 180}),
    ("requantise", {"clock_mhz": 30, "device": "ice40-up5k"}),
    ("vsquant", {"lanes": 16, "clock_mhz": 120}),
    ("vsquant", {"lanes": 16, "clock_mhz": 180}),
    ("vsquant", {"lanes": 4, "clock_mhz": 200}),
    ("vsquant", {"lanes": 8, "clock_mhz": 140, "multiplier": "dsp"}),
    ("vsquant", {"lanes": 4, "clock_mhz": 140, "multiplier": "dsp", **_INT8}),
    ("logmac", {"lanes": 8, "clock_mhz": 40, "device": "ice40-up5k"}),
    ("logmac", {"lanes": 4, "clock_mhz": 25, "device": "ice40-up5k"}),
    ("vsquant", {"lanes": 4, "clock_mhz": 30, "device": "ice40-up5k"}),
    ("logmac", {"lanes": 4, "clock_mhz": 100, "device": "ice40-hx8k"}),
    ("vsquant", {"lanes": 4, "clock_mhz": 80, "device": "ice40-hx8k"}),
)


def measure(number: int, seeds: int) -> dict[str, Any]:
    """Place a configuration.

    Parameters
    ----------
    number : of :data:`CONFIGURATIONS`, from 0 on
    seeds : placements; the median counts

    Raises
    ------
    RuntimeError
        There is no placement; the message says why.
    """
    engine, given = CONFIGURATIONS[number]
    parameters = {"pipeline": "auto", **given}
    _, config = configure(engine, parameters)
    plan = importlib.import_module(f"dotforge.engines.{engine}.clocked").plan
    stages, longest = plan(config)
    name, device = PLACED[config.device]
    settings = Settings(seeds=seeds, device=device, clock_mhz=float(config.clock_mhz))
    generated = from_parameters(engine, parameters)
    found = target(name).measure(generated, settings)
    if not found["timing"]:
        raise RuntimeError(f"{engine} {given}: {'; '.join(found['notes'])}")
    return {
        "number": number,
        "engine": engine,
        "parameters": given,
        "device": config.device,
        "clock_mhz": config.clock_mhz,
        "stages": stages,
        "path": asdict(longest),
        "fmax_mhz": found["timing"]["fmax_mhz"],
        "seeds": seeds,
        **{each: found["totals"][each] for each in ("luts", "ffs", "dsps")},
        "verilog_sha256": generated.manifest["verilog_sha256"],
    }


def fit(rows: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Return the delays of each device that come nearest to the placed periods, by least squares of none below zero.

    What no measured path has keeps its value.

    Parameters
    ----------
    rows : of :func:`measure`
    """
    fitted: dict[str, dict[str, float]] = {}
    names = ("start", "level", "adder", "bit", "block")
    for device in sorted({row["device"] for row in rows}):
        chosen = [row for row in rows if row["device"] == device]
        told = asdict(delays.delays(device))
        matrix = np.array([[1, *astuple(delays.Path(**row["path"]))] for row in chosen], dtype=float)
        period = np.array([1e3 / row["fmax_mhz"] for row in chosen])
        # As many rows again pull towards what is there, weakly: paths of one shape alone do not say which part is slow.
        pull = np.diag([0.3] * len(names))
        solved, _ = nnls(
            np.vstack([matrix, pull]), np.concatenate([period, pull @ [told[name] for name in names]])
        )
        fitted[device] = {name: round(float(value), 3) for name, value in zip(names, solved, strict=True)}
    return fitted


def page(rows: list[dict[str, Any]]) -> str:
    """Return the table of what was foreseen and what was placed, and the model's error.

    Parameters
    ----------
    rows : of :func:`measure`
    """
    cells, errors, reached = [], [], 0
    for row in rows:
        foreseen = 1e3 / delays.Path(**row["path"]).after(delays.delays(row["device"]))
        error = foreseen / row["fmax_mhz"] - 1
        errors.append(abs(error))
        reached += row["fmax_mhz"] >= row["clock_mhz"]
        words = ", ".join(
            f"{key}={value}" for key, value in row["parameters"].items() if key not in ("clock_mhz", "device")
        )
        cells.append(
            (f"`{row['engine']}` {words}", row["device"], row["clock_mhz"], row["stages"], f"{foreseen:.0f}",
             f"{row['fmax_mhz']:.0f}", f"{100 * error:+.0f} %", row["seeds"], row["luts"], row["ffs"], row["dsps"])
        )  # fmt: skip
    head = (
        "configuration",
        "device",
        "asked, MHz",
        "stages",
        "foreseen",
        "placed",
        "error",
        "seeds",
        "LUT",
        "FF",
        "DSP",
    )
    lines = table(head, cells, align="llr")
    lines += [
        "",
        f"{len(rows)} configurations: the model is off by {100 * statistics.median(errors):.0f} % in the median, "
        f"by {100 * max(errors):.0f} % at most; {reached} reach the clock that was asked for.",
    ]
    return "\n".join(lines) + "\n"


@click.command()
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="Directory of clock.json."
)
@click.option(
    "--seeds", type=click.IntRange(1), default=3, show_default=True, help="Placements a configuration."
)
@click.option("--fit", "fitting", is_flag=True, help="Print the delays that fit what was placed.")
@click.argument("numbers", nargs=-1, type=click.IntRange(0, len(CONFIGURATIONS) - 1))
def main(output: Path, seeds: int, fitting: bool, numbers: tuple[int, ...]) -> None:
    """Place the configurations of these numbers, or all."""
    stored = output / "clock.json"
    rows = json.loads(stored.read_text(encoding="utf-8")) if stored.exists() else []
    if fitting:
        if not rows:
            raise click.UsageError(f"{stored}: nothing was placed yet")
        click.echo(json.dumps(fit(rows), indent=4, allow_nan=False))
        return
    output.mkdir(parents=True, exist_ok=True)
    for number in numbers or range(len(CONFIGURATIONS)):
        say(f"configuration {number}: {CONFIGURATIONS[number][0]} {CONFIGURATIONS[number][1]}")
        row = measure(number, seeds)
        rows = sorted(
            [*(each for each in rows if each["number"] != number), row], key=lambda each: each["number"]
        )
        write_text(stored, json.dumps(rows, indent=1, allow_nan=False) + "\n")
        write_text(output / "clock.md", page(rows))
    click.echo(page(rows), nl=False)


if __name__ == "__main__":
    sys.exit(end_on_error(main))
