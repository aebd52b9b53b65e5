"""Vivado: ``report_utilization`` and ``report_timing_summary``, as text, versions 2013 to 2024."""

import re

from ...tools.files import OutputError
from .found import Found, number, slowest, table_rows

__all__ = ["parse", "recognises"]

#: Names of a resource: 7 series, UltraScale, Versal; a star stands after what synthesis estimates.
_ROWS = {
    "luts": ("Slice LUTs", "CLB LUTs"),
    "ffs": ("Slice Registers", "CLB Registers", "Registers"),
    "dsps": ("DSPs", "DSP Slices"),
    "brams": ("Block RAM Tile",),
}


def recognises(text: str) -> bool:
    """Return whether a text is a report of Vivado."""
    return re.search(r"^\| Tool Version\s*: Vivado ", text, re.M) is not None


def parse(text: str, where: str, clock: str | None) -> Found:
    """Read a report of Vivado.

    Parameters
    ----------
    text : of the report
    where : its file, for messages
    clock : whose rate is wanted, ``None`` for the slowest

    Raises
    ------
    OutputError
        It is neither of utilisation nor of timing, is of a part of the design, or a figure is missing.
    """
    head = dict(re.findall(r"^\| (Tool Version|Command|Design|Device)\s*: (.*?)\s*$", text, re.M))
    version = re.search(r"Vivado v\.([\d.]+)", head["Tool Version"])
    found = Found("vivado", version[1] if version else "", head.get("Device", ""), head.get("Design", ""))
    if "Utilization Design Information" in text:
        found.totals = _utilisation(text, where)
    elif "Design Timing Summary" in text:
        found.timing = _timing(text, where, clock)
    else:
        command = head.get("Command", "a report")
        raise OutputError(
            f"{where}: {command.split(' -')[0]}: report_utilization and report_timing_summary are read"
        )
    return found


def _utilisation(text: str, where: str) -> dict[str, float]:
    cells: dict[str, str] = {}
    column = 1
    for row in table_rows(text, "|"):
        if row[0] == "Site Type" and "Used" in row:
            column = row.index("Used")
        elif len(row) > column:
            cells.setdefault(row[0].rstrip("*"), row[column])
    found = {}
    for resource, names in _ROWS.items():
        name = next((name for name in names if name in cells), None)
        if name is None:
            raise OutputError(
                f"{where}: has no row {' or '.join(names)}; the plain report has, not one of a hierarchy"
            )
        found[resource] = number(cells[name])
    return found


def _timing(text: str, where: str, clock: str | None) -> dict[str, object]:
    periods = {}
    slacks = {}
    for title, store, column in (("Clock Summary", periods, -2), ("Intra Clock Table", slacks, 1)):
        for line in _section(text, title):
            words = line.split()
            if title == "Clock Summary" and "{" not in line:
                continue
            if len(words) > 2 and re.fullmatch(r"-?\d+\.\d+", words[column]):
                store[words[0]] = float(words[column])
    paths = [(name, 1000 / (periods[name] - slack)) for name, slack in slacks.items() if name in periods]
    name, mhz = slowest(paths, clock, where)
    return {"fmax_mhz": round(mhz, 3), "min_period_ns": round(1000 / mhz, 4), "clock": name}


def _section(text: str, title: str) -> list[str]:
    """Return the lines below a title, up to the next one."""
    parts = re.split(r"^\| ([A-Z][\w -]*?)\s*$\n\| -+$", text, flags=re.M)
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        if name == title:
            return body.splitlines()
    return []
