"""From which size on each FPGA family keeps storage in block RAM, and what the next smaller one takes without.

Storage is one write and one read port, read a cycle later (:class:`dotforge.memory.MemoryArray`); Yosys chooses, and
nothing is placed. ``python -m dotforge.figures.all storage -o DIR`` writes the table.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..export.design import Generated
from ..export.verilog import convert
from ..memory import MemoryArray
from ..pictures import markdown
from ..synthesis.targets import Settings
from ..synthesis.targets.fpga import FPGAS
from .measured import kept, write_texts

__all__ = ["WIDTHS", "collect", "table", "write"]

Progress = Callable[[str], None]

#: Bits of a word.
WIDTHS = (4, 16, 64)

#: Words, each tried until one is in block RAM.
_DEPTHS = tuple(1 << power for power in range(2, 13))


def _measure(family: str, rows: int, width: int) -> dict[str, Any]:
    design = convert(MemoryArray(rows=rows, width=width, apart=True), name="storage")
    target, settings = FPGAS[family], Settings()
    made = Generated(design.verilog, {"top": design.top})
    flow = target.flow("TOP", True, settings)
    return kept(design.verilog, (family, flow), lambda: dict(target.counts(made, settings)))


def collect(
    families: Sequence[str] | None = None,
    widths: Sequence[int] = WIDTHS,
    progress: Progress = lambda line: None,
) -> list[dict[str, Any]]:
    """Measure families: rows of ``family``, ``width``, the fewest words in block RAM, and counts around them.

    Parameters
    ----------
    families : names of targets, by default those that nextpnr places
    widths : bits of a word
    progress : is told what is measured
    """
    rows = []
    placed = [name for name, family in FPGAS.items() if family.placer is not None]
    for family in families or placed:
        for width in widths:
            progress(f"{family}, {width} bits")
            before: dict[str, Any] = {}
            found: dict[str, Any] = {"family": family, "width": width, "words": None, "brams": None}
            for depth in _DEPTHS:
                counts = _measure(family, depth, width)
                if counts["brams"]:
                    found |= {"words": depth, "brams": counts["brams"]}
                    break
                before = counts
            found |= {"luts_below": before.get("luts"), "ffs_below": before.get("ffs")}
            rows.append(found)
    return rows


def table(found: Sequence[dict[str, Any]]) -> str:
    """Return the table in Markdown.

    Parameters
    ----------
    found : rows of :func:`collect`
    """
    head = [
        "family",
        "bits of a word",
        "words from which on",
        "block RAMs of them",
        "LUTs of half of them",
        "FFs",
    ]
    rows = [
        [row["family"], row["width"], row["words"], row["brams"], row["luts_below"], row["ffs_below"]]
        for row in found
    ]
    return "\n".join(markdown.table(head, rows, align="lrrrrr")) + "\n"


def write(directory: Path, progress: Progress = lambda line: None) -> list[Path]:
    """Measure, and write ``storage.json`` and ``storage.md``; returns them.

    Parameters
    ----------
    directory : where they go
    progress : is told what is measured
    """
    found = collect(progress=progress)
    texts = {"json": json.dumps(found, indent=1, allow_nan=False) + "\n", "md": table(found)}
    return write_texts(directory, "storage", texts)
