"""The page of printed numbers: each with what its formula gives, and its status.

``python -m dotforge.figures.all -o DIR papers`` writes ``papers.md`` and ``papers.json``; ``docs/papers.md`` is
that page.
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from dotforge_sim.models.papers import PAPERS, checked, entries

from ..json_text import json_text
from ..pictures.markdown import table
from ..tools.files import write_text

__all__ = ["page", "write"]

_STATUSES = ("reproduced", "derived otherwise", "not derivable")

_HEAD = """# What the papers print, and what their formulas give

Every number of the five source documents that concerns these engines and systems, with the formula that gives it, or
with what is missing. *Reproduced*: within 2.5 %, or as near as the paper rounds (10 % at most); *derived otherwise*:
a formula or a model gives another number, and by how much. Inputs are the TOML files of `dotforge_sim/models/data`,
each with its source.

This page is written by `python -m dotforge.figures.all -o build/figures papers`.
"""


def page() -> str:
    """Return the page."""
    counts: Counter[str] = Counter()
    parts = []
    for paper, found in entries().items():
        rows = []
        for printed in found:
            came = checked(printed)
            counts[came.status] += 1
            status = came.status
            if came.status == "derived otherwise" and came.off is not None:
                status += f", {100 * came.off:+.0f} %"
            ours = None if came.ours is None else _number(came.ours)
            rows.append(
                [printed.place, printed.what, f"{printed.bound}{_number(printed.value)} {printed.unit}".strip(),
                ours, status,
                 printed.how]
            )  # fmt: skip
        head = ["place", "number", "printed", "ours", "status", "by"]
        parts += [f"## {paper}", "", f"{PAPERS[paper]}.", "", *table(head, rows, align="llrrll"), ""]
    total = sum(counts.values())
    derived = counts["reproduced"] + counts["derived otherwise"]
    said = ", ".join(f"{counts[status]} {status}" for status in _STATUSES)
    summary = f"{total} numbers: {said}; {100 * derived / total:.0f} % have a formula.\n"
    return "\n".join([_HEAD, summary, *parts]).rstrip() + "\n"


def _number(value: float) -> str:
    if value == round(value) and abs(value) < 1e7:
        return f"{round(value):,}"
    return f"{value:.4g}"


def write(directory: Path, progress: Callable[[str], None] = lambda line: None) -> list[Path]:
    """Write ``papers.md`` and ``papers.json``; return their paths.

    Parameters
    ----------
    directory : where the files go; it is made if it is missing
    progress : takes a line for each thing that is measured
    """
    directory.mkdir(parents=True, exist_ok=True)
    found = [
        {"paper": paper, "place": each.place, "what": each.what, "printed": each.value, "unit": each.unit,
         "bound": each.bound, "how": each.how, **vars(checked(each))}
        for paper, listed in entries().items()
        for each in listed
    ]  # fmt: skip
    texts = {"papers.md": page(), "papers.json": json_text(found, indent=1) + "\n"}
    for name, text in texts.items():
        write_text(directory / name, text)
    return [directory / name for name in texts]
