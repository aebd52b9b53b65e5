"""What a parser finds in a report of another tool, and the tables of text that such reports are made of."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ...tools.files import OutputError

__all__ = ["Found", "is_same_device", "number", "slowest", "table_rows"]


@dataclass
class Found:
    """Figures of one report.

    Attributes
    ----------
    tool, version : that wrote it; the version is empty where the report does not say
    device : as the report names it
    design : name of the top module, empty where the report does not say
    totals, timing, power : figures by the names of :data:`dotforge.synthesis.metrics.TABLE`
    notes : what a figure means here, where it is not what the name says
    """

    tool: str
    version: str = ""
    device: str = ""
    design: str = ""
    totals: dict[str, Any] = field(default_factory=dict)
    timing: dict[str, Any] = field(default_factory=dict)
    power: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def is_same_device(one: str, other: str) -> bool:
    """Return whether reports may be of one device: Vivado writes xc7z020clg484-1, 7z020-clg484 and xc7z020 for it.

    Parameters
    ----------
    one, other : as the reports name it
    """
    short, long = sorted((re.sub(r"^xc|-", "", each.lower()) for each in (one, other)), key=len)
    return long.startswith(short)


def number(text: str) -> float:
    """Return a number as reports print them, ``1,234 / 41,910 ( 3 % )`` or ``< 0.01``: the first one.

    Raises
    ------
    OutputError
        There is none.
    """
    found = re.search(r"-?\d[\d,]*\.?\d*", text)
    if found is None:
        raise OutputError(f"{text.strip() or 'nothing'!r} stands where a number is wanted")
    value = float(found[0].replace(",", ""))
    return int(value) if value == int(value) else value


def table_rows(text: str, edge: str) -> Iterator[list[str]]:
    """Return the cells of every row of every table.

    Parameters
    ----------
    text : of the report
    edge : what stands between cells: ``|`` or ``;``
    """
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith(edge) and stripped.endswith(edge) and len(stripped) > 1:
            yield [cell.strip() for cell in stripped[1:-1].split(edge)]


def slowest(clocks: Iterable[tuple[str, float]], wanted: str | None, where: str) -> tuple[str, float]:
    """Return name and MHz of the clock that limits, or of the one that is wanted.

    Parameters
    ----------
    clocks : name and MHz of each; of several corners the lowest counts
    wanted : name of the clock, ``None`` for the slowest
    where : the report, for messages

    Raises
    ------
    OutputError
        There is no such clock.
    """
    by_name: dict[str, float] = {}
    for name, mhz in clocks:
        by_name[name] = min(mhz, by_name.get(name, mhz))
    if not by_name:
        raise OutputError(f"{where}: no clock has a path between registers")
    if wanted is None:
        return min(by_name.items(), key=lambda each: each[1])
    if wanted not in by_name:
        raise OutputError(f"{where}: clock {wanted}: there are {', '.join(by_name)}")
    return wanted, by_name[wanted]
