"""The figures of a report that are compared and plotted: where they are, which way is better."""

from dataclasses import dataclass
from typing import Any

__all__ = ["ALIASES", "METRICS", "Metric", "metric", "value"]


@dataclass(frozen=True)
class Metric:
    """A figure of a synthesis report.

    Parameters
    ----------
    name : as in reports and on the command line
    part : of the report that holds it: ``totals``, ``timing``, ``power``, or ``""`` for the report itself
    unit : for people; empty for counts
    better : ``"less"`` or ``"more"``
    tolerance : relative change that is noise
    """

    name: str
    part: str
    unit: str = ""
    better: str = "less"
    tolerance: float = 0.0


#: In the order of tables. The tolerances of placed designs are what moves between seeds.
METRICS = (
    Metric("transistors", "totals"),
    Metric("area_um2", "totals", "µm²"),
    Metric("luts", "totals"),
    Metric("ffs", "totals"),
    Metric("dsps", "totals"),
    Metric("brams", "totals"),
    Metric("registers", "totals"),
    Metric("memory_bits", "totals", "bits"),
    Metric("fmax_mhz", "timing", "MHz", "more", 0.05),
    Metric("min_period_ns", "timing", "ns"),
    Metric("power_mw", "power", "mW"),
    Metric("energy_pj_per_mac", "power", "pJ"),
)

#: Names that mean whichever of several metrics a report has.
ALIASES = {
    "area": ("transistors", "area_um2"),
    "fmax": ("fmax_mhz",),
    "period": ("min_period_ns",),
    "power": ("power_mw",),
    "energy": ("energy_pj_per_mac",),
}

_BY_NAME = {entry.name: entry for entry in METRICS}


def metric(name: str) -> tuple[Metric, ...]:
    """Return the metrics of a name or alias; none for a name that is neither."""
    return tuple(_BY_NAME[each] for each in ALIASES.get(name, (name,)) if each in _BY_NAME)


def value(report: dict[str, Any], wanted: Metric) -> float | None:
    """Return the figure of a report, ``None`` where it has none."""
    found = (report.get(wanted.part) or {}).get(wanted.name)
    return found if isinstance(found, int | float) else None
