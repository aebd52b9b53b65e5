"""What ``optimize`` stands for: parameters that are not given, chosen from measured area and counted cycles.

The configurations to choose from, and how they were measured, are in ``choices.json``, which
``python -m dotforge.figures.flexdpe_choices`` writes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ...formats.choices import OPERANDS
from ...formats.table import IntegerFormat, lookup

__all__ = [
    "AIMS", "CHOSEN", "COLUMNS", "LANES", "NUMBERS", "Choice", "choose", "is_known", "listed", "reason", "stored",
]  # fmt: skip

#: What a configuration may be chosen for.
AIMS = ("throughput", "balanced", "area")

LANES = (4, 8, 16, 32, 64, 128, 256, 512)

#: What is chosen where it is not given.
CHOSEN = (
    "window", "distribution", "route_engines", "route_walkers", "row_buffer", "stationary_bandwidth",
    "fold_change",
)  # fmt: skip

#: Those that are numbers.
NUMBERS = ("window", "route_engines", "route_walkers", "row_buffer", "stationary_bandwidth")

COLUMNS = (*CHOSEN, "area", "cycles")

#: Of two areas within this factor, the larger one is taken if it is faster by more than this share.
_NEAR, _GAIN = 1.15, 0.95

#: A fastest configuration is as fast as another that takes this much longer.
_AS_FAST = 1.02


@dataclass(frozen=True)
class Choice:
    """A configuration that may be chosen.

    Attributes
    ----------
    values : parameter → value
    area : transistors, fitted
    cycles : geometric mean over the products of reference
    """

    values: dict[str, Any]
    area: int
    cycles: float


@cache
def stored() -> dict[str, Any]:
    """Return what was measured and counted."""
    return json.loads((Path(__file__).parent / "choices.json").read_text(encoding="utf-8"))


def is_known(optimize: Any, lanes: str, format_name: Any) -> bool:
    """Return whether anything can be chosen: not of values that no configuration may have, and not of ``none``.

    Parameters
    ----------
    optimize, lanes, format_name : as they are given
    """
    return optimize in AIMS and format_name in OPERANDS and lanes in map(str, LANES)


def listed(lanes: int, format_name: str) -> list[Choice]:
    """Return what may be chosen.

    Parameters
    ----------
    lanes : 4…512, a power of two
    format_name : of the operands; those of up to 8 integer bits are as large as INT8, all others as BF16
    """
    format_ = lookup(format_name)
    small = isinstance(format_, IntegerFormat) and format_.width <= 8
    rows = stored()["configurations"]["int8" if small else "bf16"][str(lanes)]
    made = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    return [Choice({name: row[name] for name in CHOSEN}, row["area"], row["cycles"]) for row in made]


def choose(optimize: str, lanes: int, format_name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return values of :data:`CHOSEN`, those that are given among them.

    Parameters
    ----------
    optimize : ``throughput``, ``balanced`` or ``area``
    lanes : 4…512, a power of two
    format_name : of the operands
    given : parameters that are not to be chosen; ``auto`` counts as not given, and ``distribution_pipeline`` leaves
        only networks that have places for as many registers, if there are any
    """
    fixed = {name: value for name, value in given.items() if name in CHOSEN and value != "auto"}
    wanted = {**fixed, **({"window": lanes} if str(fixed.get("window")) == "0" else {})}
    every = listed(lanes, format_name)
    fitting = [
        each for each in every if all(str(each.values[name]) == str(value) for name, value in wanted.items())
    ]
    registers = str(given.get("distribution_pipeline", 1))
    if registers.isdecimal() and int(registers) > 1:
        fitting = [each for each in fitting or every if int(registers) <= _columns(lanes, each.values)]
    # What nobody measured is chosen as if it were not given.
    return {**_best(optimize, fitting or every).values, **fixed}


def _columns(lanes: int, values: Mapping[str, Any]) -> int:
    from ...network.distribution.distribution import distribution_columns  # noqa: PLC0415

    return distribution_columns(values["distribution"], lanes, values["window"])


def _best(optimize: str, choices: list[Choice]) -> Choice:
    if optimize == "area":
        return min(choices, key=lambda each: (each.area, each.cycles))
    if optimize == "throughput":
        fastest = min(each.cycles for each in choices)
        return min(
            (each for each in choices if each.cycles <= fastest * _AS_FAST), key=lambda each: each.area
        )
    best = min(choices, key=lambda each: each.area * each.cycles)
    while True:
        near = [each for each in choices if each.area <= best.area * _NEAR]
        faster = min(near, key=lambda each: (each.cycles, each.area))
        if faster.cycles >= best.cycles * _GAIN:
            return best
        best = faster


_MEANS = {
    "throughput": f"the fewest cycles, and the least area of those within {_AS_FAST - 1:.0%} of them",
    "balanced": f"the least area × cycles, or what is more than {1 - _GAIN:.0%} faster in up to {_NEAR} times the area",
    "area": "the least area",
}


def reason(optimize: str, lanes: int, format_name: str, values: Mapping[str, Any]) -> str:
    """Return why a configuration is as it is, a paragraph.

    Parameters
    ----------
    optimize : ``throughput``, ``balanced`` or ``area``
    lanes, format_name : as for :func:`choose`
    values : of :data:`CHOSEN`, as they are in the end
    """
    every, products = listed(lanes, format_name), len(stored()["reference"])
    named = ", ".join(f"`{name}={values[name]}`" for name in CHOSEN)
    text = (
        f"`optimize={optimize}` chose what was not given of {named}: of {len(every)} configurations of {lanes} lanes "
        f"{_MEANS[optimize]}"
    )
    window = values["window"] or lanes
    found = [
        each for each in every if each.values == {**{name: values[name] for name in CHOSEN}, "window": window}
    ]
    if not found:
        return f"{text}. No configuration with all of these values was measured."
    return (
        f"{text}; by the fit to measured areas {found[0].area:,} transistors, and {found[0].cycles:,.0f} cycles, the "
        f"geometric mean of {products} products of reference."
    )
