"""What vector scaling costs beside plain integer MACs, and where its transistors go.

Area is the ``cmos`` flow on one flat netlist. The *core* is products, heaps, scale product, running sum and its
register, a vector a cycle, ``overflow=wrap``; the *engine* is all that ``dotforge generate`` writes: streams,
operand handshake, clear, overflow flag.

``python -m dotforge.figures.all vsquant -o DIR`` writes the tables.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..arithmetic.mac import MultiplyAccumulate
from ..block import Block
from ..engines.requantise.config import RequantiseConfig
from ..engines.requantise.engine import Requantise
from ..engines.vsquant.config import VSQuantConfig
from ..engines.vsquant.datapath import VectorMac
from ..export.design import from_parameters
from ..export.verilog import convert
from ..pictures import markdown
from ..pictures.bar_chart import Panel, render
from .measured import by_part, cost, engine_table, write_texts

__all__ = ["UNITS", "VECTORS", "choices", "collect", "post_processing", "table", "write"]

VECTORS = (16, 32, 64)

#: Lines of the breakdown: the modules that each holds.
PARTS = {
    "products and block sum": ("block_sum",),
    "scale product": ("scale_product",),
    "scaling and running sum": ("scaled_sum",),
    "register of the running sum": ("",),
}


@dataclass(frozen=True)
class Unit:
    """A line of the table: a plain integer MAC, or vector scaling (``parameters`` of ``vsquant``)."""

    name: str
    short: str
    bits: int
    sum_bits: int
    parameters: dict[str, Any] | None = None
    longest: int = 64  #: vector that is measured; wider 8-bit netlists take minutes

    def core(self, vector: int) -> Block:
        """Return the bare unit with as many lanes as a vector has elements."""
        if self.parameters is None:
            return MultiplyAccumulate(
                lanes=vector, a_bits=self.bits, b_bits=self.bits, sum_bits=self.sum_bits
            )
        return VectorMac(VSQuantConfig(vector=vector, lanes=vector, **self.parameters))


_EIGHT: dict[str, Any] = {
    f"{kind}_{what}": 8 for kind in ("weight", "activation") for what in ("bits", "scale_bits")
}
UNITS = (
    Unit("INT4", "INT4", 4, 24),
    Unit("VS-Quant 4/4, 4-bit scales, product rounded to 4", "VS-Quant 4/4", 4, 24, {}),
    Unit("VS-Quant 4/4, 4-bit scales, full product", "4/4, full product", 4, 24, {"scale_product_bits": 0}),
    Unit("INT8", "INT8", 8, 32, longest=32),
    Unit(
        "VS-Quant 8/8, 8-bit scales, product rounded to 8",
        "VS-Quant 8/8",
        8,
        32,
        {**_EIGHT, "scale_product_bits": 8, "sum_bits": 32},
        longest=32,
    ),
)

#: Engines that differ from the default one in a parameter or two.
CHOICES: tuple[dict[str, Any], ...] = (
    {},
    {"pipeline": 1},
    {"pipeline": 2},
    {"pipeline": 3},
    {"gate": True},
    {"gate": True, "pipeline": 2},
    {"overflow": "saturate"},
    {"scale_rounding": "half_even"},
    {"sparsity": "2:4", "vector": 32},
    {"lanes": 4},
    {"lanes": 64},
)

#: arXiv 2102.04503: W4A4 against INT8, a whole accelerator with its memories.
PAPER_SAVING = 0.37


def collect(
    vectors: Sequence[int] = VECTORS,
    units: Sequence[Unit] = UNITS,
    progress: Callable[[str], None] = lambda line: None,
) -> list[dict[str, Any]]:
    """Measure units at some vector lengths.

    Parameters
    ----------
    vectors : elements of a vector, as many as lanes
    units : what to measure
    progress : takes a line for each thing that is measured

    Returns
    -------
    Rows of ``unit``, ``vector``, ``core`` (transistors), ``over_plain`` (against the integer MAC of that width
    above it), ``parts`` and ``engine`` (``None`` for plain MACs, which are a baseline and no engine).
    """
    rows: list[dict[str, Any]] = []
    plain: dict[tuple[int, int], int] = {}
    for unit in units:
        for vector in [vector for vector in vectors if vector <= unit.longest]:
            progress(f"{unit.name}, {vector} lanes")
            design = convert(unit.core(vector))
            found = cost(design.verilog, design.top)
            base = plain.setdefault((unit.bits, vector), found["transistors"])
            row: dict[str, Any] = {
                "unit": unit.name,
                "vector": vector,
                "core": found["transistors"],
                "over_plain": found["transistors"] / base - 1 if unit.parameters is not None else None,
                "parts": None,
                "engine": None,
            }
            if unit.parameters is not None:
                parameters = {"vector": vector, "lanes": vector, **unit.parameters}
                engine = from_parameters("vsquant", parameters)
                row["parts"] = by_part(design.verilog, design.top, PARTS)
                row["engine"] = cost(engine.verilog, engine.top)["transistors"]
            rows.append(row)
    return rows


def choices(progress: Callable[[str], None] = lambda line: None) -> list[dict[str, Any]]:
    """Measure whole engines that differ from the default one: ``choice``, ``lanes``, ``transistors`` and more."""
    rows = []
    for parameters in CHOICES:
        name = ", ".join(f"{key}={value}" for key, value in parameters.items()).replace("True", "true")
        progress(f"engine, {name or 'default'}")
        engine = from_parameters("vsquant", parameters)
        found = cost(engine.verilog, engine.top)
        rows.append({"choice": name or "default", "lanes": engine.manifest["parameters"]["lanes"], **found})
    return rows


def post_processing(vectors: Sequence[int] = VECTORS) -> list[dict[str, Any]]:
    """Measure the post-processing unit: transistors, memory bits and cycles a vector."""
    rows = []
    for vector in vectors:
        config = RequantiseConfig(vector=vector)
        design = convert(Requantise(config))
        found = cost(design.verilog, design.top)
        rows.append({"vector": vector, "cycles": config.period, **found})
    return rows


def table(
    rows: Sequence[dict[str, Any]], engines: Sequence[dict[str, Any]], units: Sequence[dict[str, Any]]
) -> str:
    """Return all as Markdown tables.

    Parameters
    ----------
    rows : of :func:`collect`
    engines : rows of :func:`choices`
    units : rows of :func:`post_processing`
    """
    lines = [
        "Transistors a MAC (flow `cmos`, flat); 24-bit sums with 4-bit elements, 32-bit sums with 8-bit ones:",
        "",
        *markdown.table(
            ["unit", "lanes = vector", "core", "over plain integers", "whole engine"],
            [
                [
                    row["unit"],
                    row["vector"],
                    f"{row['core'] / row['vector']:.1f}",
                    None if row["over_plain"] is None else f"{row['over_plain']:+.1%}",
                    f"{row['engine'] / row['vector']:.1f}" if row["engine"] else None,
                ]
                for row in rows
            ],
        ),
        "",
        "Where they go, transistors a MAC (each part synthesized on its own, hierarchy `sum`):",
        "",
        *markdown.table(
            ["unit", "lanes", *PARTS],
            [
                [
                    row["unit"],
                    row["vector"],
                    *(f"{row['parts'][part] / row['vector']:.1f}" for part in PARTS),
                ]
                for row in rows
                if row["parts"]
            ],
        ),
        "",
        *_claim(rows),
        "",
        "Whole engines, V = 16, 16 lanes, INT4, but for what is said:",
        "",
        *engine_table(engines),
        "",
        "The post-processing unit (`requantise`, 24-bit sums, 4-bit elements and scales, 16-bit unit):",
        "",
        *markdown.table(
            [
                "vector",
                "transistors",
                "flip-flops",
                "bits in arrays left out of them",
                "cycles a vector",
                "cycles a sum",
            ],
            [
                [
                    row["vector"],
                    *(f"{row[name]:,}" for name in ("transistors", "registers", "memory_bits", "cycles")),
                    f"{row['cycles'] / row['vector']:.1f}",
                ]
                for row in units
            ],
            align="r",
        ),
    ]
    return "\n".join(lines) + "\n"


def _claim(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Set the paper's saving beside what the MACs alone say."""
    cores = {(row["unit"], row["vector"]): row["core"] for row in rows}
    found = [
        [f"{unit}, V = {vector}", f"{core / cores['INT8', vector] - 1:+.0%}", f"{-PAPER_SAVING:+.0%}"]
        for (unit, vector), core in cores.items()
        if unit.startswith("VS-Quant 4/4") and ("INT8", vector) in cores
    ]
    head = ["area of W4A4 with vector scaling against INT8", "here, MAC alone", "paper"]
    return markdown.table(head, found) if found else []


def plot(rows: Sequence[dict[str, Any]]) -> str:
    """Return transistors a MAC by vector length as SVG, a panel for each width of element."""
    panels = []
    for bits in (4, 8):
        series: dict[str, list[float]] = {}
        vectors: list[int] = []
        for unit in UNITS:
            found = [row for row in rows if row["unit"] == unit.name]
            if unit.bits == bits and found:
                vectors = [row["vector"] for row in found]
                series[unit.short] = [row["core"] / row["vector"] for row in found]
        if series:
            groups = [f"V = {vector}" for vector in vectors]
            panels.append(Panel(f"{bits}-bit elements", "transistors a MAC", groups, series))
    return render(panels)


def write(directory: Path, progress: Callable[[str], None] = lambda line: None) -> list[Path]:
    """Write ``vsquant.md``, ``vsquant.svg`` and ``vsquant.json``; return their paths.

    Parameters
    ----------
    directory : where the files go; it is made if it is missing
    progress : takes a line for each thing that is measured
    """
    rows = collect(progress=progress)
    engines = choices(progress)
    progress("post-processing unit")
    units = post_processing()
    content = {"macs": rows, "engines": engines, "post_processing": units}
    texts = {
        "md": table(rows, engines, units),
        "svg": plot(rows),
        "json": json.dumps(content, indent=1, allow_nan=False) + "\n",
    }
    return write_texts(directory, "vsquant", texts)
