"""Quartus Prime and Quartus II: reports of the fitter (``.fit.rpt``, ``.fit.summary``) and of timing (``.sta.rpt``)."""

import re

from ...tools.files import OutputError
from .found import Found, number, slowest, table_rows

__all__ = ["parse", "recognises"]

#: Lookup tables of a family, in the order of what is taken first, and what a figure of it is.
_LOGIC = (
    ("Logic utilization (in ALMs)", "luts are ALMs"),
    ("Total logic elements", "luts are logic elements"),
)
_REGISTERS = ("Total registers", "Total dedicated logic registers", "Dedicated logic registers")
_DSPS = ("Total DSP Blocks", "Embedded Multiplier 9-bit elements", "DSP Blocks Needed [=A+B+C-D]")
_BRAMS = ("Total RAM Blocks", "M10K blocks", "M20K blocks", "M9Ks")


def recognises(text: str) -> bool:
    """Return whether a text is a report of Quartus."""
    return (
        re.search(
            r"Fitter (report|Summary|Status)|Timing(?:Quest Timing)? Analyzer report|Fmax Summary", text
        )
        is not None
    )


def parse(text: str, where: str, clock: str | None) -> Found:
    """Read a report of Quartus.

    Parameters
    ----------
    text : of the report
    where : its file, for messages
    clock : whose rate is wanted, ``None`` for the slowest

    Raises
    ------
    OutputError
        The fitter failed, or a figure is missing.
    """
    cells: dict[str, str] = {}
    for row in [*table_rows(text, ";"), *_summary(text)]:
        if len(row) >= 2 and row[0] not in cells:
            cells[row[0]] = row[1]
    status = cells.get("Fitter Status", "")
    if status and not status.startswith("Successful"):
        raise OutputError(f"{where}: the fitter says {status.split(' - ')[0]}")
    version = re.search(r"Version ([\d.]+)", text) or re.search(
        r"(\d+\.\d+\S*)", cells.get("Quartus Prime Version", "")
    )
    found = Found(
        "quartus",
        version[1] if version else "",
        cells.get("Device", ""),
        cells.get("Top-level Entity Name", ""),
    )
    if "Fmax Summary" in text:
        found.timing = _timing(text, where, clock)
    else:
        found.totals, found.notes = _resources(cells, where)
    return found


def _summary(text: str) -> list[list[str]]:
    """Return the lines ``name : value`` of a ``.fit.summary``."""
    return [[name.strip(), value] for name, value in re.findall(r"^ *(\w[^:;|\n]*?) : (.*)$", text, re.M)]


def _resources(cells: dict[str, str], where: str) -> tuple[dict[str, float], list[str]]:
    found: dict[str, float] = {}
    name, note = next(((name, note) for name, note in _LOGIC if name in cells), ("", ""))
    if not name:
        raise OutputError(f"{where}: has no line {' or '.join(name for name, _ in _LOGIC)}")
    for resource, names in {"luts": (name,), "ffs": _REGISTERS, "dsps": _DSPS, "brams": _BRAMS}.items():
        line = next((each for each in names if each in cells), None)
        if line is None and resource in ("luts", "ffs"):
            raise OutputError(f"{where}: has no line {' or '.join(names)}")
        if line is None:
            raise OutputError(
                f"{where}: has no line {' or '.join(names)}: the report of the fitter's resources has"
            )
        found[resource] = number(cells[line])
    return found, [note]


def _timing(text: str, where: str, clock: str | None) -> dict[str, object]:
    clocks = [
        (row[2], number(row[0]))
        for row in table_rows(text, ";")
        if len(row) >= 3 and row[0].endswith("MHz") and row[1].endswith("MHz")
    ]
    name, mhz = slowest(clocks, clock, where)
    return {"fmax_mhz": mhz, "min_period_ns": round(1000 / mhz, 4), "clock": name}
