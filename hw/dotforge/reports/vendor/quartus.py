"""Quartus II and Quartus Prime, 9 to 25: reports of the fitter, of the whole flow, and of timing.

``.fit.rpt`` and ``.flow.rpt`` are tables, ``.fit.summary`` and ``.sta.summary`` lines ``name : value``. What lines are
called depends on the family: adaptive logic modules since Stratix V, combinational ALUTs before, else logic elements.
"""

import re

from ...tools.files import OutputError
from .found import Found, number, slowest, table_rows

__all__ = ["parse", "recognises"]

#: Lookup tables of a family, in the order of what is taken first, and what a figure of it is.
_LOGIC = (
    ("Logic utilization (in ALMs)", "luts are ALMs"),
    ("Combinational ALUTs", "luts are combinational ALUTs"),
    ("Total logic elements", "luts are logic elements"),
)
_REGISTERS = (
    "Total registers", "Total dedicated logic registers", "Dedicated logic registers",
)  # fmt: skip
_DSPS = (
    "Total DSP Blocks", "DSP Blocks Needed [=A+B+C-D]", "Embedded Multiplier 9-bit elements",
    "DSP block 18-bit elements", "DSP block 9-bit elements",
)  # fmt: skip
_BRAMS = ("Total RAM Blocks", "M10K blocks", "M20K blocks", "M9Ks", "M9K blocks", "M4Ks")
_MEMORY = ("Total block memory bits", "Total memory bits")

#: Families without multipliers and memory blocks.
_PLAIN = ("MAX II", "MAX V")

_READ = "the fitter's (.fit.rpt, .fit.summary), the flow's (.flow.rpt) and timing's (.sta.rpt, .sta.summary) are read"


def recognises(text: str) -> bool:
    """Return whether a text is a report of Quartus."""
    return (
        re.search(
            r"^(Fitter|Flow|Analysis & Synthesis|Assembler|Timing(?:Quest Timing)? Analyzer) report for|"
            r"(Fitter|Flow) (Summary|Status)|Fmax Summary|^Type +: .* (Setup|Hold) '|"
            r"^Analysis & Synthesis Status",
            text,
            re.M,
        )
        is not None
    )


def parse(text: str, where: str, clock: str | None, period: float | None = None) -> Found:
    """Read a report of Quartus.

    Parameters
    ----------
    text : of the report
    where : its file, for messages
    clock : whose rate is wanted, ``None`` for the slowest
    period : ns that slacks of a ``.sta.summary`` are of

    Raises
    ------
    OutputError
        The fitter failed, the report is of another step, or a figure is missing.
    """
    cells: dict[str, str] = {}
    for row in [*table_rows(text, ";"), *_summary(text)]:
        if len(row) >= 2 and row[0] not in cells:
            cells[row[0]] = row[1]
    for step in ("Fitter", "Flow"):
        status = cells.get(f"{step} Status", "Successful")
        if not status.startswith("Successful"):
            raise OutputError(f"{where}: the {step.lower()} says {status.split(' - ')[0]}")
    version = re.search(r"Version\s*[:;]?\s*(\d+\.\d\S*)", text)
    found = Found(
        "quartus",
        version[1] if version else "",
        cells.get("Device", cells.get("Device Name", "")),
        cells.get("Top-level Entity Name", ""),
    )
    if re.search(r"^; .*Fmax Summary +;$", text, re.M):
        found.timing, found.notes = _timing(text, where, clock)
    elif re.search(r"^Type +: .* Setup '", text, re.M):
        found.timing = _slacks(text, where, clock, period)
    elif "Analyzer report for" in text:
        raise OutputError(f"{where}: has no Fmax Summary: no clock is constrained")
    elif "Fitter Status" in cells or "Flow Status" in cells:
        found.totals, found.notes = _resources(cells, where)
    else:
        raise OutputError(f"{where}: not of the fitter: {_READ}")
    return found


def _summary(text: str) -> list[list[str]]:
    """Return the lines ``name : value`` of a ``.fit.summary``."""
    return [[name.strip(), value] for name, value in re.findall(r"^ *(\w[^:;|\n]*?) : (.*)$", text, re.M)]


def _resources(cells: dict[str, str], where: str) -> tuple[dict[str, float], list[str]]:
    name, note = next(((name, note) for name, note in _LOGIC if name in cells), ("", ""))
    if not name:
        raise OutputError(f"{where}: has no line {' or '.join(name for name, _ in _LOGIC)}")
    found: dict[str, float] = {}
    for resource, names in {"luts": (name,), "ffs": _REGISTERS, "dsps": _DSPS, "brams": _BRAMS}.items():
        line = next((each for each in names if each in cells), None)
        if line is not None:
            found[resource] = number(cells[line])
        elif resource in ("dsps", "brams") and cells.get("Family", "") in _PLAIN:
            found[resource] = 0
        elif resource == "brams" and any(number(cells[each]) == 0 for each in _MEMORY if each in cells):
            found[resource] = 0  # a summary has bits alone
        else:
            more = ": the .fit.rpt has" if resource in ("dsps", "brams") else ""
            raise OutputError(f"{where}: has no line {' or '.join(names)}{more}")
    return found, [note]


def _timing(text: str, where: str, clock: str | None) -> tuple[dict[str, object], list[str]]:
    """Return the rate that a clock may have: of the worst corner, and not above what the device's pulses allow."""
    rows = [
        (row[2], number(row[0]), number(row[1]))
        for row in table_rows(text, ";")
        if len(row) >= 3 and row[0].endswith("MHz") and row[1].endswith("MHz")
    ]
    name, mhz = slowest([(name, allowed) for name, _, allowed in rows], clock, where)
    paths = min(of_paths for each, of_paths, _ in rows if each == name)
    notes = [f"its paths alone would allow {paths:g} MHz"] if paths > mhz else []
    return {"fmax_mhz": mhz, "min_period_ns": round(1000 / mhz, 4), "clock": name}, notes


def _slacks(text: str, where: str, clock: str | None, period: float | None) -> dict[str, object]:
    found = re.findall(r"^Type +: .* Setup '(.+)'\s*\nSlack +: (-?[\d.]+)", text, re.M)
    if period is None:
        raise OutputError(
            f"{where}: has slacks, of which period is for --period to say; the .sta.rpt has Fmax"
        )
    names = sorted({name for name, _ in found})
    if clock is None and len(names) > 1:
        raise OutputError(f"{where}: has clocks {', '.join(names)}: --clock says of which --period is")
    name, mhz = slowest(
        [(name, 1000 / (period - float(slack))) for name, slack in found if float(slack) < period],
        clock,
        where,
    )
    return {"fmax_mhz": round(mhz, 3), "min_period_ns": round(1000 / mhz, 4), "clock": name}
