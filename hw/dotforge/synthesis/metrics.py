"""The table of metrics: every figure of a report that is checked, shown, compared, plotted or limited.

One row is one figure. The schema of reports, the columns of `synth`, comparisons, limits, tolerances, the tables and
pages of sweeps and datasheets are made from it: a new figure is a row here, and the target that counts it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ..facts import multipliers

__all__ = [
    "ALIASES",
    "AREAS",
    "KINDS",
    "METRICS",
    "SHOWN",
    "TABLE",
    "Metric",
    "columns",
    "heading",
    "metric",
    "power_schema",
    "required",
    "timing_schema",
    "totals_schema",
    "value",
]

#: Kinds of targets, by what they count; a target names its kind.
KINDS = ("transistors", "cells", "fpga")

_NUMBER = {"type": ["number", "null"], "minimum": 0}


@dataclass(frozen=True)
class Metric:
    """A figure of a synthesis report.

    Parameters
    ----------
    name : as in reports and on the command line
    part : of the report that holds it: ``totals``, ``timing`` or ``power``; ``""`` where it is derived
    heading : of columns for people
    unit : for people; empty for counts
    better : ``"less"`` or ``"more"``
    tolerance : relative change that is noise
    targets : kinds of targets that count it, of :data:`KINDS`; a report of one of them has it in ``totals``
    alias : name that stands for whichever figure of that alias a report has
    description : for the schema
    derive : the figure of a report, where no report holds it
    use : ``"compared"`` for comparisons, limits and all tables; ``"shown"`` in the tables of sweeps, since it
        restates others; ``"recorded"`` in reports alone
    """

    name: str
    part: str
    heading: str
    unit: str = ""
    better: str = "less"
    tolerance: float = 0.0
    targets: tuple[str, ...] = ()
    alias: str = ""
    description: str = ""
    derive: Callable[[dict[str, Any]], float | None] | None = None
    use: str = "compared"


def _area_per_mac(report: dict[str, Any]) -> float | None:
    """Return area a product of a cycle."""
    width = multipliers(report["parameters"])
    area = next((found for each in AREAS if (found := value(report, each))), None)
    return round(area / width, 3) if area and width else None


def _gmacs_per_s(report: dict[str, Any]) -> float | None:
    width = multipliers(report["parameters"])
    fmax = (report.get("timing") or {}).get("fmax_mhz")
    return round(width * fmax / 1000, 4) if fmax and width else None


#: In the order of tables. The tolerances of placed designs are what moves between seeds.
TABLE = (
    Metric("transistors", "totals", "transistors", targets=("transistors",), alias="area"),
    Metric("area_um2", "totals", "area", "µm²", targets=("cells",), alias="area"),
    Metric("luts", "totals", "LUTs", targets=("fpga",)),
    Metric("ffs", "totals", "FFs", targets=("fpga",)),
    Metric("dsps", "totals", "DSPs", targets=("fpga",)),
    Metric("brams", "totals", "BRAMs", targets=("fpga",),
           description="blocks of the family; halves where a block can be split"),
    Metric("registers", "totals", "registers", targets=("transistors", "cells")),
    Metric("memory_bits", "totals", "memory", "bits", targets=("transistors", "cells"),
           description="storage that the area leaves out"),
    Metric("fmax_mhz", "timing", "Fmax", "MHz", "more", 0.05, alias="fmax",
           description="median over the seeds, where there are seeds"),
    Metric("min_period_ns", "timing", "shortest period", "ns", alias="period"),
    Metric("power_mw", "power", "power", "mW", alias="power"),
    Metric("energy_pj_per_mac", "power", "energy a useful MAC", "pJ", alias="energy"),
    Metric("energy_pj_per_value", "power", "energy a value", "pJ", alias="energy",
           description="of engines that have no MACs"),
    Metric("fmax_low_mhz", "timing", "lowest Fmax", "MHz", "more", use="shown"),
    Metric("fmax_high_mhz", "timing", "highest Fmax", "MHz", "more", use="shown"),
    Metric("spread", "timing", "spread of Fmax", use="recorded", description="(highest - lowest) / median"),
    Metric("internal_mw", "power", "internal power", "mW", use="recorded"),
    Metric("switching_mw", "power", "switching power", "mW", use="recorded"),
    Metric("leakage_mw", "power", "leakage", "mW", use="recorded"),
    Metric("area_per_mac", "", "area a MAC", derive=_area_per_mac, use="shown"),
    Metric("gmacs_per_s", "", "throughput", "G/s", "more", derive=_gmacs_per_s, use="shown"),
)  # fmt: skip

#: The rows that comparisons and limits are about.
METRICS = tuple(row for row in TABLE if row.use == "compared")

#: The columns of the tables of sweeps.
SHOWN = tuple(row for row in TABLE if row.use != "recorded")

#: Names that mean whichever of several metrics a report has.
ALIASES: dict[str, tuple[str, ...]] = {
    alias: tuple(row.name for row in METRICS if row.alias == alias)
    for alias in dict.fromkeys(row.alias for row in METRICS if row.alias)
}

_BY_NAME = {row.name: row for row in METRICS}

#: What stands for area where area is divided by something.
AREAS = tuple(row for row in METRICS if row.alias == "area" or row.name == "luts")


def metric(name: str) -> tuple[Metric, ...]:
    """Return the metrics of a name or alias; none for a name that is neither."""
    return tuple(_BY_NAME[each] for each in ALIASES.get(name, (name,)) if each in _BY_NAME)


def value(report: dict[str, Any], wanted: Metric) -> float | None:
    """Return the figure of a report, ``None`` where it has none.

    Parameters
    ----------
    report : of a synthesis
    wanted : which figure
    """
    found = wanted.derive(report) if wanted.derive else (report.get(wanted.part) or {}).get(wanted.name)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def columns(kind: str) -> tuple[Metric, ...]:
    """Return what a kind of target counts, for totals and for every module."""
    return tuple(row for row in TABLE if kind in row.targets)


def heading(row: Metric) -> str:
    """Return the heading of a column, with its unit."""
    return f"{row.heading} ({row.unit})" if row.unit else row.heading


def totals_schema() -> dict[str, Any]:
    """Return the JSON schema of the counts of a design or module, by name."""
    return _schema("totals")


def timing_schema() -> dict[str, Any]:
    """Return the JSON schema of the figures of ``timing``, by name."""
    return _schema("timing")


def power_schema() -> dict[str, Any]:
    """Return the JSON schema of the figures of ``power``, by name."""
    return _schema("power")


def required() -> Iterable[dict[str, Any]]:
    """Return what the totals of a report have to hold: all that one of the kinds of targets counts."""
    return [{"required": [row.name for row in columns(kind) if row.name != "memory_bits"]} for kind in KINDS]


def _schema(part: str) -> dict[str, Any]:
    return {
        row.name: {**_NUMBER, **({"description": row.description} if row.description else {})}
        for row in TABLE
        if row.part == part
    }
