"""What dot products of log numbers cost, and how exact they are.

Area is the ``cmos`` flow on one flat netlist. The *core* is lanes, heaps, running sums and their registers, with
bins also the lookup behind them where that is said; the *engine* is all that ``dotforge generate`` writes.

``python -m dotforge.figures.all log_numbers -o DIR`` writes the tables.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dotforge_golden.log_number import log_number, lookup_error, worst_error

from ..block import Block
from ..engines.logmac.config import LogMacConfig
from ..engines.logmac.log_bins import LogCore, LookupSum
from ..engines.logmac.log_converter import LogConverter
from ..export.design import from_parameters
from ..export.verilog import convert
from ..formats.logarithm import parse_log_code
from ..pictures import markdown
from .measured import cost, write_texts

__all__ = ["UNITS", "Unit", "collect", "errors", "search", "table", "write"]


@dataclass(frozen=True)
class Unit:
    """A line of the table: parameters of ``logmac``."""

    name: str
    lanes: int
    parameters: dict[str, Any]

    @property
    def config(self) -> LogMacConfig:
        """Configuration of the engine."""
        return LogMacConfig(lanes=self.lanes, **self.parameters)


_L22: dict[str, Any] = {"weight_code": "log:2:2", "activation_code": "log:2:2", "sum_bits": 24}
_L43: dict[str, Any] = {
    "weight_code": "log:4:3",
    "activation_code": "log:4:3",
    "sum_bits": 48,
    "lookup_bits": 8,
}
_FLAG: dict[str, Any] = {"weight_code": "log:2:2:flag", "activation_code": "log:2:2:flag", "sum_bits": 24}
_BINNED: dict[str, Any] = {"accumulator": "binned", "bin_bits": 16}
UNITS = (
    *(Unit("L2.2 × L2.2, each product converted", lanes, _L22) for lanes in (1, 16, 64)),
    *(Unit("L2.2 × L2.2, four 16-bit bins", lanes, {**_L22, **_BINNED}) for lanes in (1, 16, 64)),
    Unit("the same with a flag for zero, converted", 16, _FLAG),
    Unit("the same with a flag for zero, bins", 16, {**_FLAG, **_BINNED}),
    *(
        Unit(f"L2.2 × L2.2, converted, {bits}-bit lookup", 16, {**_L22, "lookup_bits": bits})
        for bits in (3, 8)
    ),
    Unit("L2.2 × INT4, converted", 16, {"weight_code": "log:2:2", "sum_bits": 24}),
    Unit("L2.2 × INT4, four 16-bit bins", 16, {"weight_code": "log:2:2", "sum_bits": 24, **_BINNED}),
    Unit("L4.3 × L4.3, converted, 48-bit sum, 8-bit lookup", 16, _L43),
)

#: Sums that are taken back to log numbers: width, format, octaves of scale.
CONVERTERS = ((24, "log:2:2", 4), (24, "log:4:3", 4), (48, "log:4:3", 7))

#: Fraction bits and widths of the lookup.
FRACTIONS, LOOKUPS = (0, 1, 2, 3, 4, 5), (3, 5, 8, 12)


def _transistors(block: Block | None, engine: dict[str, Any] | None = None) -> int:
    """Transistors of a block, or of an engine; kept on disk by text and flow."""
    if engine is not None:
        made = from_parameters("logmac", engine)
        verilog, top = made.verilog, made.top
    else:
        assert block is not None
        design = convert(block)
        verilog, top = design.verilog, design.top
    return cost(verilog, top)["transistors"]


def collect(
    units: Sequence[Unit] = UNITS, progress: Callable[[str], None] = lambda line: None
) -> list[dict[str, Any]]:
    """Measure units.

    Parameters
    ----------
    units : what to measure
    progress : takes a line for each thing that is measured

    Returns
    -------
    Rows of ``unit``, ``lanes`` and, in transistors, ``core``, ``lookup`` (of all bins, ``None`` where each product
    is converted) and ``engine``.
    """
    rows = []
    for unit in units:
        progress(f"{unit.name}, {unit.lanes} lanes")
        config, plan = unit.config, unit.config.plan
        lookup = None
        if plan.binned:
            lookup = _transistors(LookupSum(plan, sum_bits=config.sum_bits, saturate=False))
        rows.append(
            {
                "unit": unit.name,
                "lanes": unit.lanes,
                "core": _transistors(LogCore(plan)),
                "lookup": lookup,
                "engine": _transistors(None, {"lanes": unit.lanes, **unit.parameters}),
            }
        )
    return rows


def converters() -> list[dict[str, Any]]:
    """Measure conversions back to log numbers: ``sum_bits``, ``code``, ``scale`` and ``transistors``."""
    return [
        {
            "sum_bits": width,
            "code": code,
            "scale": scale,
            "transistors": _transistors(LogConverter(sum_bits=width, code=parse_log_code(code), scale=scale)),
        }
        for width, code, scale in CONVERTERS
    ]


def search(fraction_bits: int, points: int = 200_001) -> float:
    """Largest relative error found among evenly spaced numbers of the range of L2.y.

    Parameters
    ----------
    fraction_bits : y
    points : how many numbers
    """
    number = log_number(f"log:2:{fraction_bits}:flag")
    wanted = np.linspace(1, number.decode([2 ** (2 + fraction_bits) - 1])[0], points)
    return float(np.abs(number.decode(number.encode(wanted)) / wanted - 1).max())


def errors() -> list[dict[str, Any]]:
    """Worst relative errors by fraction bits: of a number, by formula and by search, and of the lookup by width."""
    return [
        {
            "fraction_bits": bits,
            "formula": worst_error(bits),
            "search": search(bits),
            "lookup": {width: lookup_error(bits, width) for width in LOOKUPS},
        }
        for bits in FRACTIONS
    ]


def table(
    rows: Sequence[dict[str, Any]], back: Sequence[dict[str, Any]], worst: Sequence[dict[str, Any]]
) -> str:
    """Return all as Markdown tables.

    Parameters
    ----------
    rows : of :func:`collect`
    back : of :func:`converters`
    worst : of :func:`errors`
    """

    def each(row: dict[str, Any], name: str) -> str | None:
        return f"{row[name] / row['lanes']:.1f}" if row[name] else None

    widths = list(worst[0]["lookup"])
    lines = [
        "Transistors a MAC (flow `cmos`, flat); 24-bit sums and 5-bit lookups but for what is said:",
        "",
        *markdown.table(
            ["unit", "lanes", "core", "lookup of all bins", "whole engine"],
            [
                [row["unit"], row["lanes"], *(each(row, name) for name in ("core", "lookup", "engine"))]
                for row in rows
            ],
        ),
        "",
        "Back to a log number, transistors in all, once an engine:",
        "",
        *markdown.table(
            ["sum", "result", "transistors"],
            [[f"{row['sum_bits']} bits", row["code"], f"{row['transistors']:,}"] for row in back],
            align="rlr",
        ),
        "",
        "Worst relative error of a number, (r − 1)/(r + 1) with r = 2^(2^−y), beside the worst that a search finds; "
        "and what the lookup adds to a product, by its width:",
        "",
        *markdown.table(
            ["y", "formula", "search", *(f"{width}-bit lookup" for width in widths)],
            [
                [
                    row["fraction_bits"],
                    *(f"{row[name]:.3%}" for name in ("formula", "search")),
                    *(f"{row['lookup'][width]:.2%}" for width in widths),
                ]
                for row in worst
            ],
            align="r",
        ),
    ]
    return "\n".join(lines) + "\n"


def write(directory: Path, progress: Callable[[str], None] = lambda line: None) -> list[Path]:
    """Write ``log_numbers.md`` and ``log_numbers.json``; return their paths.

    Parameters
    ----------
    directory : where the files go; it is made if it is missing
    progress : takes a line for each thing that is measured
    """
    rows, back, worst = collect(progress=progress), converters(), errors()
    content = {"units": rows, "converters": back, "errors": worst}
    texts = {"md": table(rows, back, worst), "json": json.dumps(content, indent=1, allow_nan=False) + "\n"}
    return write_texts(directory, "log_numbers", texts)
