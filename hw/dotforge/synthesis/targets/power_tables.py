"""What a Liberty file says of power: energies, leakage and capacitances of its cells, in joules, watts and farads."""

import itertools
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["CellPower", "Energy", "Minterms", "PowerTables", "Table", "read"]

#: Products of literals, pin → value, of which at most one is true: their probabilities add up.
Minterms = tuple[Mapping[str, bool], ...]

_PREFIX = {"f": 1e-15, "p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6}


@dataclass(frozen=True)
class Table:
    """Energy of an edge against slew (s) and load (F); one place an axis that it does not have."""

    slews: Sequence[float]
    loads: Sequence[float]
    values: Sequence[Sequence[float]]

    def __call__(self, slew: float, load: float) -> float:
        """Return joules: linear between the places, and beyond the outer ones."""
        row, across = _place(self.slews, slew)
        column, along = _place(self.loads, load)
        found = 0.0
        for r, weight in ((row, 1 - across), (row + 1, across)):
            for c, share in ((column, 1 - along), (column + 1, along)):
                if weight * share:
                    found += weight * share * self.values[r][c]
        return found


def _place(axis: Sequence[float], at: float) -> tuple[int, float]:
    if len(axis) < 2:
        return 0, 0.0
    index = min(max(bisect_right(axis, at) - 1, 0), len(axis) - 2)
    return index, (at - axis[index]) / (axis[index + 1] - axis[index])


@dataclass(frozen=True)
class Energy:
    """One group ``internal_power`` of a pin.

    Attributes
    ----------
    related : pin whose edge is the cause, empty for an edge of the pin itself
    when : when it holds, ``None`` for always
    edges : tables of rising and falling edges
    """

    related: str
    when: Minterms | None
    edges: tuple[Table, ...]


@dataclass(frozen=True)
class CellPower:
    """A cell.

    Attributes
    ----------
    capacitances : of input pins
    outputs : output pins
    sensitive : (output, input) → when the output follows the input, for outputs that are a function of inputs
    energies : pin → groups
    leakage : watts where no condition says otherwise
    leakages : conditions and watts
    """

    capacitances: Mapping[str, float]
    outputs: tuple[str, ...]
    sensitive: Mapping[tuple[str, str], Minterms]
    energies: Mapping[str, tuple[Energy, ...]]
    leakage: float
    leakages: tuple[tuple[Minterms, float], ...]


@dataclass(frozen=True)
class PowerTables:
    """A library: volts, and its cells."""

    voltage: float
    cells: Mapping[str, CellPower]


class _Units:
    def __init__(self, library: Any) -> None:
        self.time = _unit(library, "time_unit", 1e-9)
        volts = _unit(library, "voltage_unit", 1.0)
        load = library.get_attribute("capacitive_load_unit") or [1, "pf"]
        self.farad = float(load[0]) * _PREFIX[str(load[1]).strip('"')[0]]
        self.watt = _unit(library, "leakage_power_unit", 1.0)
        self.joule = self.farad * volts**2
        self.volt = volts


def _unit(library: Any, name: str, default: float) -> float:
    text = str(library.get_attribute(name) or "").strip('" ')
    if not text:
        return default
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return float(digits or 1) * _PREFIX[text[len(digits) : -1]]


def read(library: Any, wanted: Sequence[str]) -> PowerTables:
    """Read some cells.

    Parameters
    ----------
    library : group of liberty-parser
    wanted : names of cells
    """
    units = _Units(library)
    conditions = {_name(group): group for group in library.get_groups("operating_conditions")}
    chosen = conditions.get(str(library.get_attribute("default_operating_conditions")).strip('"'))
    voltage = chosen.get_attribute("voltage") if chosen else None
    if voltage is None:
        voltage = library.get_attribute("nom_voltage")
    templates = {_name(group): group for group in library.groups if group.group_name.endswith("template")}
    cells = {
        _name(cell): _cell(cell, units, templates)
        for cell in library.get_groups("cell")
        if _name(cell) in wanted
    }
    return PowerTables(float(voltage) * units.volt, cells)


def _name(group: Any) -> str:
    return str(group.args[0]).strip('"') if group.args else ""


def _cell(cell: Any, units: _Units, templates: Mapping[str, Any]) -> CellPower:
    pins = {_name(pin): pin for pin in cell.get_groups("pin")}
    direction = {name: str(pin.get_attribute("direction")).strip('"') for name, pin in pins.items()}
    functions = {}
    for name, pin in pins.items():
        given = pin.get_attribute("function")
        function = None if given is None else _Function(str(given))
        # A state is none of the pins: what follows from it is not a function of inputs.
        if function and set(function.names) <= {other for other in pins if direction[other] == "input"}:
            functions[name] = function
    energies = {
        name: tuple(_energy(group, units, templates, functions) for group in pin.get_groups("internal_power"))
        for name, pin in pins.items()
    }
    leakages = [
        (_Function(str(when), functions).minterms, float(group.get_attribute("value")) * units.watt)
        for group in cell.get_groups("leakage_power")
        if (when := group.get_attribute("when")) is not None
    ]
    unconditional = [
        float(group.get_attribute("value"))
        for group in cell.get_groups("leakage_power")
        if group.get_attribute("when") is None
    ]
    default = cell.get_attribute("cell_leakage_power")
    watts = float(str(default).strip('"')) if default is not None else sum(unconditional)
    return CellPower(
        capacitances={
            name: float(pin.get_attribute("capacitance") or 0) * units.farad
            for name, pin in pins.items()
            if direction[name] == "input"
        },
        outputs=tuple(name for name in pins if direction[name] == "output"),
        sensitive={
            (output, name): function.sensitive(name)
            for output, function in functions.items()
            for name in function.names
        },
        energies={name: groups for name, groups in energies.items() if groups},
        leakage=watts * units.watt,
        leakages=tuple(leakages),
    )


def _energy(group: Any, units: _Units, templates: Mapping[str, Any], functions: Mapping[str, Any]) -> Energy:
    related, when = group.get_attribute("related_pin"), group.get_attribute("when")
    edges = [
        _table(each, units, templates)
        for each in group.groups
        if each.group_name in ("rise_power", "fall_power", "power")
    ]
    return Energy(
        "" if related is None else str(related).strip('"'),
        None if when is None else _Function(str(when), functions).minterms,
        tuple(edges),
    )


def _table(group: Any, units: _Units, templates: Mapping[str, Any]) -> Table:
    values = group.get_array("values") * units.joule
    template = templates.get(_name(group))
    axes: dict[str, list[float]] = {}
    for number in (1, 2):
        variable = str(template.get_attribute(f"variable_{number}")).strip('"') if template else ""
        scale = units.time if "transition" in variable else units.farad
        holder = group if group.get_attribute(f"index_{number}") is not None else template
        if variable != "None" and holder is not None and holder.get_attribute(f"index_{number}") is not None:
            places = holder.get_array(f"index_{number}").reshape(-1) * scale
            axes["slew" if "transition" in variable else "load"] = places.tolist()
    grid = values.reshape([len(axis) for axis in axes.values()] or [1])
    if list(axes) == ["load", "slew"]:
        grid = grid.T
    grid = grid.reshape(len(axes.get("slew", [0])), len(axes.get("load", [0])))
    return Table(axes.get("slew", [0.0]), axes.get("load", [0.0]), grid.tolist())


class _Function:
    """A Boolean expression of a Liberty file as a truth table over the pins that it reads."""

    def __init__(self, text: str, functions: Mapping[str, "_Function"] | None = None) -> None:
        import sympy  # noqa: PLC0415 - comes with the parser, and takes a second
        from liberty.types import parse_boolean_function  # noqa: PLC0415

        parsed: Any = parse_boolean_function(text.strip('"'))
        # An output is what the inputs make of it, so that its probability is theirs.
        for output, function in (functions or {}).items():
            parsed = parsed.subs(sympy.Symbol(output), function.parsed)
        self.parsed = parsed
        symbols = sorted(parsed.free_symbols, key=str)
        self.names = [str(symbol) for symbol in symbols]
        call = sympy.lambdify(symbols, parsed, "math")
        self.rows = [
            values for values in itertools.product((False, True), repeat=len(symbols)) if bool(call(*values))
        ]

    @property
    def minterms(self) -> Minterms:
        return tuple(dict(zip(self.names, row, strict=True)) for row in self.rows)

    def sensitive(self, name: str) -> Minterms:
        """When the function changes with one of its inputs."""
        place = self.names.index(name)
        others = [other for other in self.names if other != name]
        counts: dict[tuple[bool, ...], int] = {}
        for row in self.rows:
            rest = row[:place] + row[place + 1 :]
            counts[rest] = counts.get(rest, 0) + 1
        return tuple(dict(zip(others, rest, strict=True)) for rest, count in counts.items() if count == 1)
