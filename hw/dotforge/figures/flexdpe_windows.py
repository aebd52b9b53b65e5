"""Which network, for which window: what bringing values to multipliers costs, and the cycles of a narrow window.

Whole engines of the `cmos` flow, as a sum over modules, each able to begin a fold every ``lanes`` cycles. A lane of a
crossbar is a multiplexer of as many positions as a window has, and its settings are the positions: no routing. A
narrow window therefore buys area with folds: each window's last fold is not full.

``python -m dotforge.figures.all -o DIR flexdpe_windows`` writes the table.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dotforge_sim.models import flexdpe as flexdpe_model

from ..export.design import from_parameters
from ..network.routing.engines import fold_cycles
from ..pictures import markdown
from ..synthesis import hierarchy
from .flexdpe import AREA_PARTS
from .flexdpe_rtl import random_bits
from .measured import Measured, kept, write_texts

__all__ = ["LANES", "PRODUCTS", "collect", "products", "routers", "table", "write"]

Progress = Callable[[str], None]

#: Lanes of the engines.
LANES = (16, 32, 64, 128)

#: Sparsity in percent of A (stationary) and B of the products of lanes × lanes × lanes.
PRODUCTS = ((0, 0), (80, 0), (80, 30), (90, 50))

_SEED = 5


def routers(lanes: int) -> dict[str, int]:
    """Return route engines and walkers of least engines, then walkers, that route a fold every ``lanes`` cycles.

    Parameters
    ----------
    lanes : power of two, 8…512

    Raises
    ------
    ValueError
        No eight engines are as fast.
    """
    for engines in range(1, 9):
        for walkers in (1, 2, 4, 8, 16):
            if walkers <= lanes // 2 and fold_cycles("multicast-benes", lanes, engines, walkers) <= lanes:
                return {"route_engines": engines, "route_walkers": walkers}
    raise ValueError(f"lanes={lanes}: no eight route engines route a fold in {lanes} cycles")


def _candidates(lanes: int) -> list[dict[str, Any]]:
    common = {"lanes": lanes, "optimize": "none", "stationary_bandwidth": lanes, "row_buffer": lanes}
    crossbars = [
        common | {"distribution": "crossbar", "window": lanes >> halved}
        for halved in range(4)
        if lanes >> halved >= 4
    ]
    return [common | {"distribution": "multicast-benes", **routers(lanes)}, *crossbars]


def products(parameters: dict[str, Any]) -> list[int]:
    """Return the cycles of each of :data:`PRODUCTS`, routing in hardware, REGOR streamed; matrices of a fixed seed.

    Parameters
    ----------
    parameters : all of the engine's
    """
    lanes = parameters["lanes"]
    found = []
    for sparse_a, sparse_b in PRODUCTS:
        rng = np.random.default_rng(_SEED)
        a, b = random_bits(rng, (lanes, lanes), sparse_a), random_bits(rng, (lanes, lanes), sparse_b)
        cycles, _ = flexdpe_model.exact(parameters, a, b.T, given_regor=False)
        found.append(cycles.total)
    return found


def collect(
    lanes: Sequence[int] = LANES,
    progress: Progress = lambda line: None,
    *,
    widest: int = max(LANES),
) -> list[Measured]:
    """Measure area by part, and count cycles: a row an engine.

    Parameters
    ----------
    lanes : of the engines
    progress : takes a line for each thing that is measured
    widest : engines with a wider window are left out
    """
    rows = []
    for size in lanes:
        for parameters in _candidates(size):
            if parameters.get("window", size) > widest:
                continue
            made = from_parameters("flexdpe", parameters)
            every = made.manifest["parameters"]
            progress(f"flexdpe of {size} lanes: {every['distribution']}, window {every['window']}")

            def measure(verilog: str = made.verilog, top: str = made.top) -> Measured:
                tree = hierarchy.measure(verilog, top)
                return {"total": tree.total.transistors, **tree.by_part(AREA_PARTS, "other control")}

            parts = kept(made.verilog, ("parts", made.top, AREA_PARTS), measure)
            rows.append(
                {
                    "lanes": size,
                    "distribution": parameters["distribution"],
                    "window": parameters.get("window", size),
                    "routers": [parameters.get("route_engines", 0), parameters.get("route_walkers", 0)],
                    "transistors": {
                        name: parts[name] for name in ("total", "distribution", "routing", "multipliers")
                    },
                    "cycles": products(every),
                    "sha256": made.manifest["verilog_sha256"],
                }
            )
    return rows


def table(rows: Sequence[Measured]) -> str:
    """Return the rows as a Markdown table."""
    head = [
        "lanes",
        "distribution",
        "W",
        "route engines × walkers",
        "distribution",
        "routing",
        "both, of Benes",
    ]
    head += ["multipliers, of all", "whole engine"]
    head += [f"cycles {sparse_a}/{sparse_b}" for sparse_a, sparse_b in PRODUCTS]
    benes = {row["lanes"]: _both(row) for row in rows if row["distribution"] != "crossbar"}
    cells = []
    for row in rows:
        found = row["transistors"]
        routed = f"{row['routers'][0]} × {row['routers'][1]}" if row["routers"][0] else "—"
        cells.append(
            [
                *(row["lanes"], row["distribution"], row["window"], routed),
                *(f"{found['distribution']:,}", f"{found['routing']:,}"),
                f"{_both(row) / benes[row['lanes']]:.2f}",
                f"{found['multipliers'] / found['total']:.1%}".replace("%", " %"),
                f"{found['total']:,}",
                *(f"{cycles:,}" for cycles in row["cycles"]),
            ]
        )
    return "\n".join(markdown.table(head, cells, align="rlrr")) + "\n"


def _both(row: Measured) -> int:
    return row["transistors"]["distribution"] + row["transistors"]["routing"]


def write(directory: Path, progress: Progress = lambda line: None) -> list[Path]:
    """Write ``flexdpe_windows.md`` and ``flexdpe_windows.json``; return their paths.

    Parameters
    ----------
    directory : where the files go; it is made if it is missing
    progress : takes a line for each thing that is measured
    """
    rows = collect(progress=progress)
    texts = {"md": table(rows), "json": json.dumps(rows, indent=1, allow_nan=False) + "\n"}
    return write_texts(directory, "flexdpe_windows", texts)
