"""Power of a netlist by the tables of its cells, with measured activities.

For an OpenSTA that does not do it right: the 2019 release, which Debian has, adds up the energies of both edges
where it should take their mean, and forgets what it was told of the pins inside. This is what its successors do:

- an output that toggles takes the mean of its rising and falling energy; of several groups, each by how often its
  input toggles while it holds;
- an input that toggles takes the mean of its own, by how much of the time the group holds;
- a net takes half of C·V² a toggle; leakage is by how much of the time each state lasts.

Values of different pins count as independent.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .power_tables import CellPower, Minterms, PowerTables

__all__ = ["Instance", "weigh"]

#: Toggles a second, and the part of the time that it is high.
Activity = tuple[float, float]

_STILL: Activity = (0.0, 0.0)


@dataclass(frozen=True)
class Instance:
    """A cell of a netlist: its name, its type, and pin → net."""

    name: str
    cell: str
    nets: Mapping[str, str]


def weigh(
    instances: Iterable[Instance],
    tables: PowerTables,
    activities: Mapping[str, Activity],
    slews: Mapping[str, tuple[float, float]],
) -> dict[str, float]:
    """Return watts: ``internal``, ``switching``, ``leakage`` and ``total``.

    Parameters
    ----------
    instances : of the netlist
    tables : of its cells
    activities : net → toggles a second, and the part of the time that it is high; a net that is none is still
    slews : pin (``instance/PIN``) → seconds of a rising and of a falling edge
    """
    instances = list(instances)
    loads: dict[str, float] = {}
    for instance in instances:
        for pin, farads in tables.cells[instance.cell].capacitances.items():
            net = instance.nets.get(pin, "")
            loads[net] = loads.get(net, 0.0) + farads
    watts = {"internal": 0.0, "switching": 0.0, "leakage": 0.0}
    for instance in instances:
        cell = tables.cells[instance.cell]
        pins = {pin: activities.get(net, _STILL) for pin, net in instance.nets.items()}
        pins |= {pin: (0.0, float(net.endswith("1"))) for pin, net in instance.nets.items() if "'" in net}
        high = {pin: duty for pin, (_, duty) in pins.items()}
        for pin in cell.outputs:
            load = loads.get(instance.nets.get(pin, ""), 0.0)
            watts["switching"] += load * tables.voltage**2 / 2 * pins.get(pin, _STILL)[0]
        watts["internal"] += sum(
            share * rate for rate, share in _energies(instance, cell, pins, high, loads, slews)
        )
        held = [(_chance(when, high), leakage) for when, leakage in cell.leakages]
        rest = max(0.0, 1 - sum(chance for chance, _ in held)) if held else 1.0
        watts["leakage"] += sum(chance * leakage for chance, leakage in held) + rest * cell.leakage
    return {**watts, "total": sum(watts.values())}


def _energies(
    instance: Instance,
    cell: CellPower,
    pins: Mapping[str, Activity],
    high: Mapping[str, float],
    loads: Mapping[str, float],
    slews: Mapping[str, tuple[float, float]],
) -> Iterator[tuple[float, float]]:
    """Yield toggles a second and joules a toggle of every pin with energies."""
    for pin, groups in cell.energies.items():
        rate = pins.get(pin, _STILL)[0]
        if not rate:
            continue
        load = loads.get(instance.nets[pin], 0.0) if pin in cell.outputs else 0.0
        weights = []
        for group in groups:
            chance = 1.0 if group.when is None else _chance(group.when, high)
            if group.related:
                if group.when is None and (pin, group.related) in cell.sensitive:
                    chance = _chance(cell.sensitive[pin, group.related], high)
                chance *= pins.get(group.related, _STILL)[0]
            weights.append(chance)
        related = sum(weight for weight, group in zip(weights, groups, strict=True) if group.related)
        for weight, group in zip(weights, groups, strict=True):
            share = weight / related if group.related and related else weight
            if not group.edges or not share:
                continue
            rise, fall = slews.get(f"{instance.name}/{group.related or pin}", (0.0, 0.0))
            mean = sum(table((rise + fall) / 2, load) for table in group.edges) / len(group.edges)
            yield rate, share * mean


def _chance(when: Minterms, high: Mapping[str, float]) -> float:
    """Return the part of the time in which one of the products is true."""
    found = 0.0
    for product in when:
        chance = 1.0
        for pin, value in product.items():
            duty = high.get(pin, 0.0)
            chance *= duty if value else 1 - duty
        found += chance
    return found
