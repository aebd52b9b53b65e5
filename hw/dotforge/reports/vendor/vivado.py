"""Vivado: ``report_utilization`` and ``report_timing_summary``, as text, versions 2013 to 2025.

Rows are called by their names in 7 series, UltraScale and Versal; columns are found by the heads of their tables, which
versions differ in.
"""

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
        It is neither of utilisation nor of timing, or a figure is missing.
    """
    head = dict(
        re.findall(r"^\| (Tool Version|Command|Design|Device|Design State)\s*: (.*?)\s*$", text, re.M)
    )
    version = re.search(r"Vivado v\.([\d.]+)", head["Tool Version"])
    found = Found("vivado", version[1] if version else "", head.get("Device", ""), head.get("Design", ""))
    command = head.get("Command", "")
    if "Utilization Design Information" in text:
        found.totals, found.notes = _utilisation(text, where)
        part = re.search(r"-(?:cells|pblocks)\s+(\{[^}]*\}|\[[^]]*\]|\S+)", command)
        if part:
            found.notes.append(f"of {part[1].strip('{}')} in {found.design}")
            found.design = ""
        if head.get("Design State") == "Synthesized":
            found.notes.append("of synthesis, before placement")
    elif "Design Timing Summary" in text:
        found.timing = _timing(text, where, clock)
    else:
        what = command.split(" -")[0] or "a report"
        raise OutputError(f"{where}: {what}: report_utilization and report_timing_summary are read")
    return found


def _utilisation(text: str, where: str) -> tuple[dict[str, float], list[str]]:
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
    large = number(cells.get("URAM", "0"))
    return found, [f"{large:g} UltraRAM blocks are not counted"] if large else []


def _timing(text: str, where: str, clock: str | None) -> dict[str, object]:
    periods = {name: number(row["Period(ns)"]) for name, row in _section(text, "Clock Summary").items()}
    slacks = {
        name: number(row["WNS(ns)"])
        for name, row in _section(text, "Intra Clock Table").items()
        if re.fullmatch(r"-?\d+\.\d+", row.get("WNS(ns)", ""))
    }
    if not periods:
        raise OutputError(f"{where}: no clock is constrained: read the constraints, then report")
    paths = [(name, 1000 / (periods[name] - slack)) for name, slack in slacks.items() if name in periods]
    name, mhz = slowest(paths, clock, where)
    return {"fmax_mhz": round(mhz, 3), "min_period_ns": round(1000 / mhz, 4), "clock": name}


def _section(text: str, title: str) -> dict[str, dict[str, str]]:
    """Return the rows of the table below a title, by clock: head of the column → cell.

    What stands in a row belongs to the column whose dashes are above it: a clock without a path of its own has but
    pulse widths, in the last columns.
    """
    parts = re.split(r"^\| ([A-Z][\w -]*?)\s*$\n\| -+\s*$", text, flags=re.M)
    body = next((body for name, body in zip(parts[1::2], parts[2::2], strict=True) if name == title), "")
    lines = body.splitlines()
    start = next((at for at, line in enumerate(lines) if re.fullmatch(r"\s*-{3,}( +-+)+\s*", line)), None)
    if start is None:
        return {}
    spans = [(span.start(), span.end()) for span in re.finditer(r"-+", lines[start])]
    heads = re.split(r" {2,}", lines[start - 1].strip())
    found: dict[str, dict[str, str]] = {}
    for line in lines[start + 1 :]:
        if not line.strip() or line.startswith("---"):
            if found:
                break
            continue
        name, *_ = line.split()
        row = found.setdefault(name, {})
        for cell in re.finditer(r"\{[^}]*\}|\S+", line[line.index(name) + len(name) :]):
            first, last = (line.index(name) + len(name) + place for place in cell.span())
            near = min(range(1, len(spans)), key=lambda at: max(spans[at][0] - last, first - spans[at][1]))
            row[heads[near]] = cell[0]
    return found
