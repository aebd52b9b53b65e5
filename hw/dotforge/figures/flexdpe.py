"""What a Flex-DPE does in how many cycles, what it costs by part, and how fast it runs.

Cycles are those of the model in :mod:`dotforge_sim.models.flexdpe`, which equals the RTL's count (tests); what is
measured on the RTL itself is in :mod:`dotforge.figures.flexdpe_rtl`. Configurations are those of
:data:`dotforge.engines.flexdpe.presets.PUBLISHED`.

``python -m dotforge.figures.flexdpe DIR [--only PART]`` writes the tables.
"""

from dataclasses import asdict
from typing import Any

import numpy as np

from dotforge_sim.models import flexdpe as flexdpe_model

from ..arithmetic.integer_adder import IntegerAdder
from ..arithmetic.integer_multiplier import IntegerMultiplier
from ..block import Block
from ..engines.flexdpe.presets import PUBLISHED
from ..export.design import Generated, from_parameters
from ..export.verilog import convert
from ..formats.table import IntegerFormat
from ..pictures import markdown
from ..registry import configure
from ..synthesis import area, hierarchy
from ..synthesis.targets.base import Settings
from ..synthesis.targets.fpga import FPGAS
from .flexdpe_rtl import (
    generation,
    generation_table,
    interval,
    interval_line,
    random_bits,
    rtl,
    rtl_table,
)
from .parts import Part, PartedFigure, Progress, Rows

__all__ = ["FIGURE", "collect", "main", "table", "write"]

#: Products of others' simulators: M, N, K, lanes, sparsity in percent of A and B, and cycles of STONNE's SIGMA.
STONNE = (
    (128, 128, 0, 0, 17_988),
    (128, 128, 50, 50, 11_082),
    (128, 128, 80, 0, 4_167),
    (128, 128, 80, 30, 4_167),
    (128, 128, 90, 50, 3_072),
    (64, 64, 0, 0, 4_765),
    (32, 32, 80, 30, 392),
)

#: What Verilog is written for: published configurations, and the smallest and largest one.
GENERATED: dict[str, dict[str, Any]] = {
    **{name: PUBLISHED[name] for name in ("int8-128", "bf16-128")},
    **{f"lanes={lanes}": {"lanes": lanes, "optimize": "none"} for lanes in (4, 512)},
}

#: Transistors of SIGMA's own RTL in the same flow, by lanes.
SIGMA = {16: 400_538, 32: 925_422}

#: MHz that the router works towards: a little above nine tenths of what the multiplier does alone. Where more is asked
#: than there is, it does not end.
CLOCK = 146

#: Which modules make up a part of the area; the first that a module's path has counts.
AREA_PARTS = {
    "multipliers": ("lane",),
    "reduction": ("fan", "overlap_fan"),
    "sums' control": ("drain_sums", "overlap_sums"),
    "routing": ("route_engines",),
    "distribution": ("distribution_network",),
    "stationary values": ("values",),
    "runs": ("runs",),
    "keep bits": ("keep_queue",),
    "positions": ("positions",),
    "rows, REGOR": ("regor", "row_mask", "row_share", "row_buffer"),
}


def cycles(progress: Progress) -> Rows:
    """Count cycles of products, with routing in hardware and REGOR streamed, and with both given."""
    rows = []
    for lanes, size, sparse_a, sparse_b, stonne in STONNE:
        progress(f"cycles of {size}³, {sparse_a}/{sparse_b} % sparse")
        rng = np.random.default_rng(5)
        a, b = random_bits(rng, (size, size), sparse_a), random_bits(rng, (size, size), sparse_b)
        parameters = PUBLISHED["int8-128"] | {
            "lanes": lanes,
            "stationary_bandwidth": lanes,
            "route_walkers": min(8, lanes // 2),
        }
        row: dict[str, Any] = {
            "size": size,
            "lanes": lanes,
            "sparsity": [sparse_a, sparse_b],
            "stonne": stonne,
        }
        useful = int((a.astype(int) @ b.astype(int)).sum())
        for name, given in (("hardware", False), ("given", True)):
            made = _defaults() | parameters | {"host_routes": given}
            found, folds = flexdpe_model.exact(made, a, b.T, given_regor=given)
            row[name] = {"cycles": found.total, "efficiency": useful / (found.total * lanes), "folds": folds}
        rows.append(row)
    return rows


def _defaults() -> dict[str, Any]:
    return asdict(configure("flexdpe", {"lanes": 4, "optimize": "none"})[1])


def areas(progress: Progress) -> Rows:
    """Measure area: flat up to 16 lanes, as a sum over modules beyond, and by part."""
    rows = []
    for name in ("bf16-16", "bf16-32", "int8-16", "int8-32"):
        progress(f"area of {name}")
        parameters = PUBLISHED[name]
        made = from_parameters("flexdpe", parameters)
        tree = hierarchy.measure(made.verilog, made.top)
        lanes = parameters["lanes"]
        row: dict[str, Any] = {
            "name": name,
            "lanes": lanes,
            "sha256": made.manifest["verilog_sha256"],
            "flat": area.synthesize(made.verilog, made.top).transistors if lanes <= 16 else None,
            "sum": tree.total.transistors,
            "parts": tree.by_part(AREA_PARTS, "other control"),
        }
        if parameters.get("format") == "bf16":
            row["ratio"] = (row["flat"] or row["sum"]) / SIGMA[lanes]
        rows.append(row)
    return rows


def _alone(block: Block, name: str) -> Generated:
    """Return an arithmetic stage as a design of its own."""
    design = convert(block, name=name)
    ports = [vars(port) for port in design.ports]
    return Generated(
        design.verilog, {"engine": name, "top": design.top, "clock": "clk", "reset": "rst", "ports": ports}
    )


def clocks(progress: Progress) -> Rows:
    """Measure Fmax on an ECP5 of the engine and of its arithmetic stages alone."""
    int8 = IntegerFormat(8)
    engine = from_parameters("flexdpe", PUBLISHED["int8-16"])
    designs = {
        "engine, int8-16": engine,
        "multiplier, Baugh-Wooley": _alone(
            IntegerMultiplier(int8, method="baugh-wooley", pipeline=2, operators=True), "multiplier"
        ),
        "adder of the last level": _alone(
            IntegerAdder(IntegerFormat(20), pipeline=1, operators=True), "adder"
        ),
    }
    rows = []
    for name, made in designs.items():
        progress(f"Fmax of {name}")
        timing, _ = FPGAS["ecp5"].timing(made, Settings(seeds=3, clock_mhz=CLOCK, rip_up=True, timeout=7200))
        assert timing is not None
        rows.append({"name": name, **timing})
    return rows


def _cycles_table(rows: Rows) -> list[str]:
    def cells(row: dict[str, Any]) -> list[object]:
        both = [
            (f"{row[name]['cycles']:,}", f"{row[name]['efficiency']:.3f}") for name in ("hardware", "given")
        ]
        sparsity = "/".join(map(str, row["sparsity"]))
        first = row["size"], row["lanes"], sparsity, row["hardware"]["folds"]
        return [*first, *both[0], *both[1], f"{row['stonne']:,}"]

    head = [
        *("size", "lanes", "sparsity A/B, %", "folds", "all in hardware", "efficiency"),
        *("routes and REGOR given", "efficiency", "STONNE"),
    ]
    return [
        "Cycles of M = N = K, INT8, A stationary, from the first beat to the last sum:",
        "",
        *markdown.table(head, [cells(row) for row in rows], align="rrlr"),
    ]


def _area_table(rows: Rows) -> list[str]:
    lines = {
        "flat": [f"{row['flat']:,}" if row["flat"] else None for row in rows],
        "sum over modules": [f"{row['sum']:,}" for row in rows],
        "of SIGMA's own RTL": [f"{row['ratio']:.3f}" if "ratio" in row else None for row in rows],
        **{part: [f"{row['parts'][part]:,}" for row in rows] for part in rows[0]["parts"]},
        "Verilog sha256": [row["sha256"][:12] for row in rows],
    }
    return [
        "Transistors (flow `cmos`), and by part as a sum over modules:",
        "",
        *markdown.table(
            ["", *(row["name"] for row in rows)], [[name, *cells] for name, cells in lines.items()]
        ),
    ]


def _clock_table(rows: Rows) -> list[str]:
    def path(row: dict[str, Any]) -> str:
        found = row["critical_path"]
        return f"{found['levels']} levels, {found['logic_ns']} ns logic, {found['routing_ns']} ns wires"

    names = "fmax_mhz", "fmax_low_mhz", "fmax_high_mhz"
    return [
        "Fmax on an ECP5 (speed grade 6, out of context, median of 3 seeds):",
        "",
        *markdown.table(
            ["design", "MHz", "lowest", "highest", "longest path"],
            [[row["name"], *(row[name] for name in names), path(row)] for row in rows],
            align="lrrrl",
        ),
    ]


FIGURE = PartedFigure(
    "flexdpe",
    {
        "cycles": Part(cycles, _cycles_table),
        "interval": Part(interval, interval_line),
        "rtl": Part(rtl, rtl_table),
        "areas": Part(areas, _area_table),
        "clocks": Part(clocks, _clock_table),
        "generation": Part(
            lambda progress: generation(progress, "flexdpe", GENERATED),
            generation_table,
        ),
    },
    {"parameters": PUBLISHED},
)
collect, table, write = FIGURE.collect, FIGURE.table, FIGURE.write
main = FIGURE.command()

if __name__ == "__main__":
    main()
