"""What ``optimize`` of the Flex-DPE chooses from: configurations with their area and cycles, for all numbers of lanes.

Run as ``python -m dotforge.figures.flexdpe_choices``: it writes ``choices.json`` into the engine's package. Area is
measured by part up to 64 lanes, and fitted (:mod:`.flexdpe_fit`). Cycles are those of the model that equals the RTL, of
every product of :data:`REFERENCE`.
"""

import itertools
import json
import math
import sys
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import click
import numpy as np

from dotforge_sim.models import flexdpe as model

from ..console import say
from ..engines.flexdpe.choose import CHOSEN, COLUMNS, LANES, choose, listed, stored
from ..export.design import from_parameters
from ..outcome import end_on_error
from ..pictures import markdown
from ..synthesis import hierarchy
from ..tools.files import write_text
from .flexdpe import AREA_PARTS
from .flexdpe_fit import REST, Parameters, area, fit
from .measured import kept

__all__ = [
    "FORMATS",
    "REFERENCE",
    "against_drawn",
    "chosen_from",
    "collect",
    "configurations",
    "cycles",
    "drawn",
    "main",
    "mean",
    "measured_configurations",
    "parts",
    "table",
    "text",
]

#: Formats that are measured; the engine takes the nearest of them.
FORMATS = ("int8", "bf16")

#: Products: rows of the stationary operand, K, streaming vectors, and sparsities of both in percent.
REFERENCE = (
    (128, 128, 128, 0, 0),
    (128, 128, 128, 50, 50),
    (128, 128, 128, 80, 0),
    (128, 128, 128, 80, 30),
    (128, 128, 128, 90, 50),
    (64, 32, 64, 80, 0),
    (64, 256, 32, 80, 30),
)

_X: Parameters = {"distribution": "crossbar"}
_B: Parameters = {"distribution": "multicast-benes"}


def _fast(lanes: int) -> Parameters:
    """Return what routes a fold in about as many cycles as it has lanes."""
    return {"route_engines": 3, "route_walkers": min(8, lanes // 2), "row_buffer": lanes}


def measured_configurations() -> Iterator[Parameters]:
    """Yield the configurations whose area is measured."""
    for lanes in (16, 32, 64):
        n = {"lanes": lanes}
        yield from ({**n, **_X, "window": window} for window in sorted({16, lanes // 2, lanes}))
        yield {**n, **_X, "window": 16, "row_buffer": 32}
        yield {**n, **_X, "window": 16, "stationary_bandwidth": 16}
        if lanes > 16:
            yield {**n, **_B}
            yield {**n, **_B, **_fast(lanes), "stationary_bandwidth": lanes}
    for lanes, name in itertools.product((16, 32), FORMATS):
        n = {"lanes": lanes, "format": name}
        yield {**n, **_X, "window": 16}
        yield {**n, **_X, "window": lanes}
        if name == "bf16":
            yield {**n, **_X, "window": 8, "stationary_bandwidth": 16}
        yield {**n, **_X, "window": 16, "fold_change": "drain"}
        yield {**n, **_B}


def parts(parameters: Parameters) -> dict[str, int]:
    """Return the transistors of a configuration by part, measured.

    Parameters
    ----------
    parameters : of the engine
    """
    made = from_parameters("flexdpe", {"optimize": "none", **parameters})
    return kept(
        made.verilog,
        ("parts", made.top),
        lambda: hierarchy.measure(made.verilog, made.top).by_part(AREA_PARTS, "other control"),
    )


def configurations(lanes: int) -> Iterator[Parameters]:
    """Yield what may be chosen for a number of lanes.

    Parameters
    ----------
    lanes : 4…512
    """
    windows = sorted({*(window for window in (8, 16, 32, 64, 128) if window < lanes), lanes})
    bandwidths = sorted({min(each, lanes) for each in (4, 16, lanes)})
    for window, bandwidth, change in itertools.product(windows, bandwidths, ("overlap", "drain")):
        base = {"lanes": lanes, "window": window, "stationary_bandwidth": bandwidth, "fold_change": change}
        yield {**REST, **base, **_X}
        yield {**REST, **base, **_X, "row_buffer": lanes}
        if lanes >= 32 and window in (lanes, lanes // 4) and change == "overlap":
            yield {**REST, **base, **_B}
            yield {**REST, **base, **_B, **_fast(lanes)}


def drawn(lanes: int, count: int, seed: int) -> Iterator[Parameters]:
    """Yield configurations of all values that may be chosen, offered or not, windows of 8 and more.

    Parameters
    ----------
    lanes : 4…512
    count : of configurations
    seed : of the draw
    """
    random = np.random.default_rng(seed)
    sizes = [1 << power for power in range(lanes.bit_length())]
    for _ in range(count):
        network = _X if random.random() < 0.7 else _B
        routers = {
            "route_engines": int(random.integers(1, 9)),
            "route_walkers": int(random.choice(sizes[:-1])),
        }
        yield {
            **REST,
            **network,
            **(routers if network is _B else {}),
            "lanes": lanes,
            "window": int(random.choice([size for size in sizes if size >= min(8, lanes)])),
            "row_buffer": int(random.choice([0, 4, 32, lanes, 2 * lanes])),
            "stationary_bandwidth": int(random.choice(sizes)),
            "fold_change": str(random.choice(["overlap", "drain"])),
        }


def against_drawn(lanes: int, count: int, seed: int) -> dict[str, tuple[float, int]]:
    """Return the least cycles of what is drawn and takes up to 1.15 times the area of the default, over its cycles.

    Beside it, of each format, how many of them took no more area than that.

    Parameters
    ----------
    lanes, count, seed : as for :func:`drawn`
    """
    fitted = fit([(each, found) for each, found in stored()["measured"]])
    counted: dict[int, float] = {}
    others = list(drawn(lanes, count, seed))
    found = {}
    for name in FORMATS:
        values = choose("balanced", lanes, name, {})
        (default,) = [each for each in listed(lanes, name) if each.values == values]
        near = [
            number
            for number, each in enumerate(others)
            if area(fitted, {**each, "format": name}) <= 1.15 * default.area
        ]
        for number in near:
            counted.setdefault(number, mean(cycles(others[number])))
        found[name] = (min((counted[each] for each in near), default=math.inf) / default.cycles, len(near))
    return found


def cycles(parameters: Parameters) -> list[int]:
    """Return the cycles of each product of :data:`REFERENCE`, of the model that equals the RTL.

    Parameters
    ----------
    parameters : of the engine
    """
    rest = {
        "reduction": "fan", "host_routes": False, "control_pipeline": False, "distribution_pipeline": 1,
        "multiplier_pipeline": 1, "adder_pipeline": 1,
    }  # fmt: skip
    found = []
    for number, (rows, inner, vectors, *sparse) in enumerate(REFERENCE):
        rng = np.random.default_rng(number)
        first, second = (
            rng.random((count, inner)) >= percent / 100
            for count, percent in zip((rows, vectors), sparse, strict=True)
        )
        found.append(model.exact({**rest, **parameters}, first, second)[0].total)
    return found


def collect(progress: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Measure, fit, count, and return what is written.

    Parameters
    ----------
    progress : takes a line for each thing that is measured
    """
    measured = []
    for parameters in measured_configurations():
        progress(f"area of {parameters}")
        measured.append((parameters, parts(parameters)))
    return chosen_from(measured, progress)


def chosen_from(
    measured: list[tuple[Parameters, dict[str, int]]], progress: Callable[[str], None] = lambda line: None
) -> dict[str, Any]:
    """Return what :func:`collect` does, of areas that were measured.

    Parameters
    ----------
    measured : configurations and their transistors by part
    progress : takes a line for each number of lanes
    """
    fitted = fit(measured)
    errors = [area(fitted, parameters) / sum(found.values()) - 1 for parameters, found in measured]
    rows: dict[str, dict[str, list[list[Any]]]] = {name: {} for name in FORMATS}
    for lanes in LANES:
        progress(f"cycles of {lanes} lanes")
        counted = [(each, cycles(each)) for each in configurations(lanes)]
        for name in FORMATS:
            made = []
            for each, counts in counted:
                values = {
                    **each,
                    "area": round(area(fitted, {**each, "format": name})),
                    "cycles": mean(counts),
                }
                made.append([values[column] for column in COLUMNS])
            rows[name][str(lanes)] = _useful(made)
    return {
        "reference": REFERENCE,
        "columns": COLUMNS,
        "largest_error": round(max(map(abs, errors)), 4),
        "measured": [[parameters, found] for parameters, found in measured],
        "configurations": rows,
    }


def mean(counts: list[int]) -> float:
    """Return the geometric mean, to a tenth.

    Parameters
    ----------
    counts : cycles, above 0
    """
    return round(math.exp(sum(map(math.log, counts)) / len(counts)), 1)


def _useful(rows: list[list[Any]]) -> list[list[Any]]:
    """Return those that nothing of the same window and distribution is as good as, in both area and cycles."""

    def beaten(row: list[Any]) -> bool:
        return any(
            other[:2] == row[:2] and other[-2:] != row[-2:] and other[-2] <= row[-2] and other[-1] <= row[-1]
            for other in rows
        )

    return sorted((row for row in rows if not beaten(row)), key=lambda row: row[-2:])


@click.command()
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="File to write (default: the engine's)."
)
@click.option(
    "--draw",
    type=click.IntRange(1),
    help="Measure nothing: compare defaults with so many others of each size.",
)
def main(output: Path | None, draw: int | None) -> None:
    """Measure area, count cycles, and write what `optimize` chooses from."""
    if draw:
        rows = [
            (lanes, name, found, f"{ratio:.3f}")
            for lanes in LANES
            for name, (ratio, found) in against_drawn(lanes, draw, 1).items()
        ]
        head = ("lanes", "format", "drawn, of up to 1.15 × the area", "fewest cycles, over the default's")
        click.echo("\n".join(markdown.table(head, rows, align="rlrr")))
        return
    found = collect(say)
    path = output or Path(str(files("dotforge.engines.flexdpe").joinpath("choices.json")))
    write_text(path, text(found))
    click.echo("\n".join(table()))
    click.echo(f"{path}: largest error of the fit {100 * found['largest_error']:.1f} %")


def table() -> list[str]:
    """Return what ``optimize`` chooses as Markdown, with area × cycles over that of the defaults, ``none``."""
    head = ["lanes", "format", "optimize", *CHOSEN, "transistors", "cycles", "area × cycles, over none"]
    fitted = fit([(each, found) for each, found in stored()["measured"]])
    rows = []
    for lanes, name in itertools.product(LANES[2:], FORMATS):
        plain = {**REST, **_B, "lanes": lanes, "window": lanes, "format": name}
        none = area(fitted, plain) * mean(cycles(plain))
        for aim in ("throughput", "balanced", "area"):
            values = choose(aim, lanes, name, {})
            (found,) = [each for each in listed(lanes, name) if each.values == values]
            share = found.area * found.cycles / none
            cells = [*values.values(), f"{found.area:,}", f"{found.cycles:,.0f}", f"{share:.2f}"]
            rows.append([lanes, name, aim, *cells])
    return markdown.table(head, rows, align="rllrlrrrrlr")


def text(found: dict[str, Any]) -> str:
    """Return what was found as JSON, a configuration a line.

    Parameters
    ----------
    found : what :func:`collect` returns
    """
    whole = json.dumps(found, allow_nan=False)
    return whole.replace("]], ", "]],\n").replace("], [", "],\n[") + "\n"


if __name__ == "__main__":
    sys.exit(end_on_error(main))
