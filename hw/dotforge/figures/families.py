"""Every engine at its defaults on every FPGA family: what it takes, which device holds it, how fast it runs.

``python -m dotforge.figures.all families -o DIR`` writes the table. Placing all of it takes hours on one core, and what
was placed is kept: the command goes on where it ended.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..export.design import from_parameters
from ..pictures import markdown
from ..registry import names
from ..synthesis.targets import Settings
from ..synthesis.targets import place as placement
from ..synthesis.targets.fpga import FPGAS
from ..tools.process import ToolError
from .measured import kept, write_texts

__all__ = ["SEEDS", "collect", "table", "write"]

Progress = Callable[[str], None]

#: Placements of an engine on a family.
SEEDS = 1

_TIMEOUT = 7200


def collect(
    engines: Sequence[str] | None = None,
    families: Sequence[str] | None = None,
    progress: Progress = lambda line: None,
) -> list[dict[str, Any]]:
    """Measure every engine on every family: rows of ``engine``, ``family``, ``verilog_sha256``, counts and timing.

    Parameters
    ----------
    engines : names of engines, by default all
    families : names of targets, by default all FPGAs
    progress : is told what is measured
    """
    rows = []
    for engine in engines or names():
        made = from_parameters(engine, {})
        for family in families or FPGAS:
            progress(f"{engine}, {family}")
            target = FPGAS[family]

            def measure(target: Any = target, made: Any = made) -> dict[str, Any]:
                counts = target.counts(made, Settings(timeout=_TIMEOUT))
                try:
                    timing, notes = target.timing(made, Settings(seeds=SEEDS, timeout=_TIMEOUT))
                except ToolError as error:
                    timing, notes = None, [f"no Fmax: {error}"]
                told = ("fmax_mhz", "device")
                return {**counts, **{each: timing[each] for each in told if timing}, "notes": notes}

            flow = target.flow("TOP", True, Settings())
            found = kept(made.verilog, (family, flow, SEEDS), measure, code=[placement])
            rows.append(
                {
                    "engine": engine,
                    "family": family,
                    "verilog_sha256": made.manifest["verilog_sha256"],
                    **found,
                }
            )
    return rows


def table(found: Sequence[dict[str, Any]]) -> str:
    """Return the table in Markdown.

    Parameters
    ----------
    found : rows of :func:`collect`
    """
    head = ["engine", "family", "LUTs", "FFs", "DSPs", "BRAMs", "device", "Fmax (MHz)"]
    rows = []
    for row in found:
        counts = [row[each] for each in ("luts", "ffs", "dsps", "brams")]
        if "fmax_mhz" not in row:
            why = "; ".join(row["notes"]).removeprefix("no Fmax: ").removeprefix(f"{row['family']}: ")
            rows.append([row["engine"], row["family"], *counts, why, None])
            continue
        rows.append([row["engine"], row["family"], *counts, row["device"], f"{row['fmax_mhz']:.0f}"])
    return "\n".join(markdown.table(head, rows, align="llrrrrlr")) + "\n"


def write(directory: Path, progress: Progress = lambda line: None) -> list[Path]:
    """Measure, and write ``families.json`` and ``families.md``; returns them.

    Parameters
    ----------
    directory : where they go
    progress : is told what is measured
    """
    found = collect(progress=progress)
    texts = {"json": json.dumps(found, indent=1, allow_nan=False) + "\n", "md": table(found)}
    return write_texts(directory, "families", texts)
