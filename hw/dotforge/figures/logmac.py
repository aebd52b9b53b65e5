"""What a log-weight MAC costs beside a 4-bit multiply MAC, and where its transistors go.

Area is the ``cmos`` flow on one flat netlist. The *core* is products, heap, running sum and its register; the
*engine* is all that ``dotforge generate`` writes: streams, operand handshake, clear, overflow flag, bias.

``python -m dotforge.figures.logmac DIR`` writes the tables.
"""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from ..arithmetic.mac import MultiplyAccumulate
from ..block import Block
from ..engines.logmac.config import LogMacConfig
from ..engines.logmac.datapath import ShiftAddCore
from ..export.design import from_parameters
from ..export.verilog import convert
from ..pictures import markdown
from .measured import by_part, cost, write_texts

__all__ = ["LANES", "collect", "table", "write"]

LANES = (1, 16, 64)

#: Lines of the breakdown: modules that each holds.
PARTS = {
    "products": ("shift_add_lane", "products"),
    "heap and final adder": ("product_heap",),
    "register of the running sum": ("",),
}


def _core(name: str, lanes: int) -> Block:
    if name == "INT4 multiply":
        return MultiplyAccumulate(lanes=lanes, a_bits=4, b_bits=4, sum_bits=16)
    return ShiftAddCore(LogMacConfig(lanes=lanes, fold_sign=name == "shift-add, sign folded"))


def collect(
    lanes: Sequence[int] = LANES, progress: Callable[[str], None] = lambda line: None
) -> list[dict[str, Any]]:
    """Measure the cores at some numbers of lanes, 4-bit activations, 16-bit sum, and the engines around them.

    Parameters
    ----------
    progress : takes a line for each thing that is measured

    Returns
    -------
    Rows of ``unit``, ``lanes``, ``core`` and ``engine`` in transistors (``engine`` is ``None`` for the
    multiplier, which is a baseline and no engine), and ``parts`` of the core, added up over its modules.
    """
    rows = []
    for name in ("INT4 multiply", "shift-add", "shift-add, sign folded"):
        for count in lanes:
            progress(f"{name}, {count} lanes")
            design = convert(_core(name, count))
            row: dict[str, Any] = {
                "unit": name,
                "lanes": count,
                "core": cost(design.verilog, design.top)["transistors"],
                "engine": None,
                "parts": None,
            }
            if name != "INT4 multiply":
                row["parts"] = by_part(design.verilog, design.top, PARTS)
                engine = from_parameters("logmac", {"lanes": count, "fold_sign": "folded" in name})
                row["engine"] = cost(engine.verilog, engine.top)["transistors"]
            rows.append(row)
    return rows


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return the rows as two Markdown tables."""
    lines = [
        "Transistors a MAC, 4-bit activations, 16-bit sum (flow `cmos`, flat):",
        "",
        *markdown.table(
            ["unit", "lanes", "core", "whole engine"],
            [
                [
                    row["unit"],
                    row["lanes"],
                    f"{row['core'] / row['lanes']:.1f}",
                    f"{row['engine'] / row['lanes']:.1f}" if row["engine"] else None,
                ]
                for row in rows
            ],
        ),
        "",
        "Where they go, transistors a MAC (each part synthesized on its own, hierarchy `sum`):",
        "",
        *markdown.table(
            ["unit", "lanes", *PARTS, "sum of parts"],
            [
                [
                    row["unit"],
                    row["lanes"],
                    *(
                        f"{count / row['lanes']:.1f}"
                        for count in [*row["parts"].values(), sum(row["parts"].values())]
                    ),
                ]
                for row in rows
                if row["parts"]
            ],
        ),
    ]
    return "\n".join(lines) + "\n"


def write(directory: Path, progress: Callable[[str], None] = lambda line: None) -> list[Path]:
    """Write ``logmac.md`` and ``logmac.json``; return their paths.

    Parameters
    ----------
    directory : where the files go; it is made if it is missing
    progress : takes a line for each thing that is measured
    """
    rows = collect(progress=progress)
    texts = {"md": table(rows), "json": json.dumps(rows, indent=1, allow_nan=False) + "\n"}
    return write_texts(directory, "logmac", texts)


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
def main(directory: Path) -> None:
    """Write the tables into DIRECTORY and print them."""
    write(directory, lambda line: print(line, file=sys.stderr, flush=True))
    print((directory / "logmac.md").read_text(encoding="utf-8"), end="")


if __name__ == "__main__":
    main()
