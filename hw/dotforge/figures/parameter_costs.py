"""What each parameter of an engine costs: transistors with it changed, beside those of a small configuration.

Run as ``python -m dotforge.figures.all -o docs/figures parameter_costs``; the pages of engines show it beside the
parameters. One parameter is changed at a time: a flag is turned over, a number doubled, a name replaced by the next
one that is allowed. What goes only with other parameters has no figure, and neither have engines whose pages compare
whole configurations.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..export.design import from_parameters
from ..parameters import ParameterError, as_given, describe
from ..registry import configure, engine
from ..tools.files import write_text
from .measured import cost

__all__ = ["BASES", "changes", "collect", "write"]

#: Engine → the configuration that is changed.
BASES: dict[str, dict[str, Any]] = {
    "logmac": {"lanes": 4},
    "mxdot": {"lanes": 4},
    "systolic": {"rows": 2, "columns": 2},
}

#: What is not one step from the default: names that say more than the next one in the list.
_CHOSEN: dict[str, Any] = {
    "format": "bf16",
    "sum_format": "int48",
    "weight_code": "exponent:-2:2",
    "pipeline": 1,
}

#: Of a device or a rate that nothing is chosen for.
_SILENT = ("clock_mhz", "device")


def changes(name: str) -> Iterator[tuple[str, Any]]:
    """Give parameters of an engine with other values, those that are allowed by themselves.

    Parameters
    ----------
    name : of the engine
    """
    for row in describe(engine(name).config):
        base = BASES[name].get(row["name"], row["default"])
        value = _other(row, base)
        if row["name"] in _SILENT or value is None:
            continue
        try:
            configure(name, BASES[name] | {row["name"]: value})
        except ParameterError:
            continue
        yield row["name"], value


def _other(row: dict[str, Any], base: Any) -> Any:
    if row["name"] in _CHOSEN:
        return _CHOSEN[row["name"]]
    if isinstance(base, bool):
        return not base
    if row["type"] == "integer":
        return 2 * base if isinstance(base, int) and base else None
    names = [each.strip() for each in row["allowed"].split(",")]
    rest = [each for each in names if each != base and each.replace("_", "").replace(":", "").isalnum()]
    return rest[0] if rest else None


def collect(names: tuple[str, ...] = tuple(BASES), say: Callable[[str], None] = print) -> dict[str, Any]:
    """Measure engines with one parameter changed.

    Parameters
    ----------
    names : of engines
    say : is told what is measured

    Returns
    -------
    Engine → ``base``, its ``transistors``, and ``changes``: parameter → value and transistors.
    """
    found = {}
    for name in names:
        rows = {}
        for parameter, value in changes(name):
            text = as_given(value)
            say(f"{name}: {parameter}={text}")
            rows[parameter] = {"value": text, "transistors": _transistors(name, {parameter: value})}
        found[name] = {"base": BASES[name], "transistors": _transistors(name, {}), "changes": rows}
    return found


def _transistors(name: str, changed: dict[str, Any]) -> int:
    made = from_parameters(name, BASES[name] | changed)
    return cost(made.verilog, made.top, summed=True)["transistors"]


def write(output: Path, say: Callable[[str], None] = print) -> list[Path]:
    """Write ``parameter_costs.json``.

    Parameters
    ----------
    output : directory
    say : is told what is measured
    """
    path = output / "parameter_costs.json"
    write_text(path, json.dumps(collect(say=say), indent=1, allow_nan=False) + "\n")
    return [path]
