"""What the arithmetic units cost: floating point, integers by method, dot products, pipeline depths.

Area is the ``cmos`` flow on one flat netlist; without a pipeline it is the combinational core, all rounding and
special cases included. *Gates* is the number of cells on the longest path from port or register to the next, as
the area flow leaves them: the forms are the smallest ones, with ripple carries.

``python -m dotforge.figures.arithmetic [DIR]`` writes the tables; results are kept on disk by Verilog text.
"""

import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from amaranth.hdl import Module, Signal, signed
from amaranth.lib.wiring import In, Out

from ..arithmetic import units
from ..arithmetic.mac import MultiplyAccumulate
from ..arithmetic.product import METHODS, smaller_method
from ..block import Block
from ..export.verilog import convert
from ..formats.table import BF16, FP8_E4M3, FP8_E5M2, FP16, FP32, INT4, INT8, INT16, INT32
from ..pictures import markdown
from ..synthesis import area
from ..tools import yosys
from .measured import kept, write_texts

__all__ = ["Figure", "collect", "every_figure", "measure", "table", "write"]


class OperatorMultiplier(Block):
    """A signed product written as an operator: what the integer multipliers are compared with."""

    a: Signal
    b: Signal
    o: Signal

    def __init__(self, bits: int) -> None:
        super().__init__({"a": In(signed(bits)), "b": In(signed(bits)), "o": Out(signed(2 * bits))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.o.eq(self.a * self.b)
        return m


@dataclass(frozen=True)
class Figure:
    """A line of a table: what is measured, and what others need for the same.

    Attributes
    ----------
    section : name of the table
    unit, block : what it is
    share : what the count is divided by: lanes of a dot product
    reference : of others, or a bar
    """

    section: str
    unit: str
    block: Block
    share: int = 1
    reference: str = ""


_CORES = "Combinational cores"
_METHODS = "Signed products by method"
_DOT = "Dot products with running sum, transistors a lane"
_PIPELINES = "Pipelines"
_TITLES = {
    _CORES: ("unit", "transistors", "gates", "others"),
    _METHODS: ("product", *METHODS, "operator `*`", "chosen"),
    _DOT: ("product, sum", "lanes", *METHODS, "chosen"),
    _PIPELINES: ("unit", "depth", "transistors", "registers", "gates a stage", "others"),
}


def _cores() -> list[Figure]:
    cores: list[tuple[str, Block, str]] = [
        ("FP32 adder", units.adder(FP32), "5,726: KU Leuven's"),
        ("FP32 adder, subnormals flushed", units.adder(FP32, flush_subnormals=True), ""),
        ("FP16 adder", units.adder(FP16), ""),
        ("BF16 adder", units.adder(BF16), ""),
        ("FP8 E5M2 adder", units.adder(FP8_E5M2), ""),
        ("FP8 E4M3 adder", units.adder(FP8_E4M3), ""),
        ("BF16 × BF16 → FP32", units.multiplier(BF16), ""),
        ("BF16 × BF16 → FP32, flushed", units.multiplier(BF16, flush_subnormals=True), "2,560: an open core"),
        ("FP16 × FP16 → FP32", units.multiplier(FP16), ""),
        ("FP8 E4M3 × E4M3 → FP32", units.multiplier(FP8_E4M3), ""),
        ("FP8 E5M2 × E5M2 → FP32", units.multiplier(FP8_E5M2), ""),
        ("FP32 → BF16", units.converter(FP32, BF16), ""),
        ("FP32 → FP16", units.converter(FP32, FP16), ""),
        ("FP32 → FP8 E4M3", units.converter(FP32, FP8_E4M3), ""),
        ("FP16 → FP32", units.converter(FP16, FP32), ""),
        ("INT32 adder", units.adder(INT32), ""),
        ("INT32 adder, saturating", units.adder(INT32, overflow="saturate"), ""),
        ("INT32 → INT8, saturating", units.converter(INT32, INT8), ""),
    ]
    return [Figure(_CORES, unit, block, reference=others) for unit, block, others in cores]


def _methods() -> list[Figure]:
    figures = []
    for a, b in ((INT4, INT4), (INT8, INT4), (INT8, INT8), (INT16, INT8), (INT16, INT16)):
        unit = f"{a.name} × {b.name}"
        chosen = smaller_method(a.width, b.width)
        blocks: list[Block] = [units.multiplier(a, b, method=method) for method in METHODS]
        if a == b:
            blocks.append(OperatorMultiplier(a.width))
        figures += [Figure(_METHODS, unit, block, reference=chosen) for block in blocks]
    return figures


def _dot_products() -> list[Figure]:
    figures = []
    for lanes in (1, 16):
        for bits, sum_bits in ((4, 16), (8, 24), (8, 32), (16, 40)):
            for method in METHODS:
                block = MultiplyAccumulate(
                    lanes=lanes, a_bits=bits, b_bits=bits, sum_bits=sum_bits, method=method
                )
                unit = f"INT{bits}, {sum_bits} bits"
                figures.append(Figure(_DOT, unit, block, lanes, smaller_method(bits, bits)))
    return figures


def _pipelines() -> list[Figure]:
    pipelined: dict[str, tuple[Sequence[int], Callable[[int], Block]]] = {
        "FP32 adder": (range(6), lambda depth: units.adder(FP32, pipeline=depth, stallable=False)),
        "BF16 × BF16 → FP32": (
            range(4),
            lambda depth: units.multiplier(BF16, pipeline=depth, stallable=False),
        ),
        "BF16 × BF16 → FP32, flushed": (
            range(4),
            lambda depth: units.multiplier(BF16, pipeline=depth, stallable=False, flush_subnormals=True),
        ),
        "FP32 → FP8 E4M3": (
            range(3),
            lambda depth: units.converter(FP32, FP8_E4M3, pipeline=depth, stallable=False),
        ),
        "INT8 × INT8": (range(3), lambda depth: units.multiplier(INT8, pipeline=depth, stallable=False)),
        "INT32 adder": ((0, 1, 2, 4, 8), lambda depth: units.adder(INT32, pipeline=depth, stallable=False)),
    }
    others = {  # the authors' published RTL with its registers and latches, same flow
        ("FP32 adder", 1): "13,800: SIGMA's own RTL",
        ("BF16 × BF16 → FP32", 1): "4,174: SIGMA's own RTL",
        ("BF16 × BF16 → FP32, flushed", 1): "4,174: SIGMA's own RTL",
    }
    return [
        Figure(_PIPELINES, unit, make(depth), reference=others.get((unit, depth), ""))
        for unit, (depths, make) in pipelined.items()
        for depth in depths
    ]


def every_figure() -> list[Figure]:
    """Return the lines of all tables."""
    return [*_cores(), *_methods(), *_dot_products(), *_pipelines()]


def measure(block: Block) -> dict[str, int]:
    """Return transistors, registers and gates on the longest path of one flat netlist."""
    design = convert(block)
    script = [
        "read_verilog design.v",
        f"hierarchy -top {design.top}",
        *area.FLOW,
        "tee -q -o path.txt ltp -noff",
    ]

    def count() -> dict[str, int]:
        files = {"design.v": design.verilog, "abc.txt": area.ABC_SCRIPT}
        texts = yosys.run(script, files, ["stat.txt", "path.txt"])
        counted = area.parse_stat(texts["stat.txt"])
        path = re.search(r"\(length=(\d+)\)", texts["path.txt"])
        if path is None:
            raise yosys.YosysError("the report of `ltp` has no length")
        return {
            "transistors": counted.transistors,
            "registers": counted.registers,
            "gates": int(path[1]),
        }

    return kept(design.verilog, script, count, code=[__name__])


def collect(
    figures: Sequence[Figure] | None = None, progress: Callable[[str], None] = lambda line: None
) -> list[dict[str, Any]]:
    """Measure; return one row for every figure (default: all).

    Parameters
    ----------
    figures : what to measure
    progress : takes a line for each thing that is measured
    """
    if figures is None:
        figures = every_figure()
    rows = []
    for figure in figures:
        found = measure(figure.block)
        row: dict[str, Any] = {
            "section": figure.section,
            "unit": figure.unit,
            "lanes": figure.share,
            "method": getattr(figure.block, "method", None),
            "depth": figure.block.latency,
            **found,
            "reference": figure.reference,
        }
        rows.append(row)
        progress(f"{figure.unit}: {found['transistors']:,} transistors")
    return rows


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return the tables as Markdown."""
    parts: list[str] = []
    for section, titles in _TITLES.items():
        found = [row for row in rows if row["section"] == section]
        if not found:
            continue
        parts += [f"### {section}", "", *markdown.table(titles, _lines(section, found)), ""]
    return "\n".join(parts)


def _lines(section: str, rows: list[dict[str, Any]]) -> list[list[str]]:
    if section == _CORES:
        return [[row["unit"], f"{row['transistors']:,}", f"{row['gates']}", row["reference"]] for row in rows]
    if section == _PIPELINES:
        return [
            [
                row["unit"],
                f"{row['depth']}",
                f"{row['transistors']:,}",
                f"{row['registers']}",
                f"{row['gates']}",
                row["reference"],
            ]
            for row in rows
        ]
    grouped: dict[tuple[str, int], dict[str | None, dict[str, Any]]] = {}
    for row in rows:
        grouped.setdefault((row["unit"], row["lanes"]), {})[row["method"]] = row
    lines = []
    for (unit, lanes), by_method in grouped.items():
        counts = [f"{by_method[method]['transistors'] / lanes:,.0f}" for method in METHODS]
        chosen = next(iter(by_method.values()))["reference"]
        if section == _DOT:
            lines.append([unit, f"{lanes}", *counts, chosen])
        else:
            operator = by_method.get(None)
            lines.append([unit, *counts, f"{operator['transistors']:,}" if operator else "", chosen])
    return lines


def write(directory: Path, progress: Callable[[str], None] = lambda line: None) -> list[Path]:
    """Write ``arithmetic.md`` and ``arithmetic.json``; return their paths.

    Parameters
    ----------
    directory : where the files go; it is made if it is missing
    progress : takes a line for each thing that is measured
    """
    rows = collect(progress=progress)
    texts = {"md": table(rows), "json": json.dumps(rows, indent=1, allow_nan=False) + "\n"}
    return write_texts(directory, "arithmetic", texts)


@click.command()
@click.argument("directory", type=click.Path(path_type=Path), default=Path("build/figures"))
def main(directory: Path) -> None:
    """Write the tables of the arithmetic units."""
    for path in write(directory, lambda line: click.echo(line, err=True)):
        click.echo(path)


if __name__ == "__main__":
    sys.exit(main())
