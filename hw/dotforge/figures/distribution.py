"""Area, cycles and speed of the distribution networks and of routing: the tables of ``docs/distribution.md``.

``python -m dotforge.figures.all distribution -o DIR`` writes them. Results are kept on disk by Verilog text and flow;
measured for the first time, 128 lanes take half an hour.
"""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..block import Block
from ..export.design import Generated
from ..export.verilog import convert
from ..network.distribution.benes import Benes
from ..network.distribution.compress import Compress
from ..network.distribution.concentrator import Concentrator
from ..network.distribution.copy import CopyNetwork
from ..network.distribution.crossbar import Crossbar
from ..network.distribution.distribution import DistributionNetwork, fast
from ..network.distribution.expand import Expand
from ..network.distribution.rank_control import RankControl
from ..network.routing.engine import RouteEngine, route_cycles
from ..network.routing.engines import RouteEngines, fold_cycles
from ..pictures import markdown
from ..synthesis.targets.base import Settings
from ..synthesis.targets.fpga import FPGAS
from .measured import Measured, cost, kept, write_texts

__all__ = [
    "PIECES",
    "SIZES",
    "collect",
    "fmax",
    "networks",
    "pieces",
    "registered",
    "routes",
    "table",
    "write",
]

Progress = Callable[[str], None]

#: Lanes of the networks in the table.
SIZES = (4, 8, 16, 32, 64, 128)

#: Bits of a value.
WIDTH = 16

#: Placements of which the median is taken.
SEEDS = 5

#: Engines and walkers of the routing table.
ROUTES = ((1, 1), (1, 4), (1, 16), (2, 4), (2, 16), (3, 8), (5, 1))

#: Lanes whose pieces are in the table, of registered networks, and of networks that are placed.
PIECE_SIZES = (16, 32)
REGISTERED = (16, 32, 64)
PLACED = 32

#: Lanes of the route engines that are measured, and more lanes whose cycles stand beside theirs.
ROUTED, MORE = 32, 128

_SECONDS = 7200

PIECES: dict[str, Callable[[int], Block]] = {
    "Benes": lambda lanes: Benes(lanes, WIDTH),
    "CopyNetwork": lambda lanes: CopyNetwork(lanes, WIDTH),
    "Compress": lambda lanes: Compress(lanes, WIDTH),
    "Concentrator": lambda lanes: Concentrator(lanes, WIDTH),
    "Expand": lambda lanes: Expand(lanes, WIDTH),
    "RankControl": RankControl,
    "Crossbar": lambda lanes: Crossbar(lanes, WIDTH),
}


def _area(block: Block) -> tuple[int, int]:
    """Return transistors and flip-flops."""
    design = convert(block, name="network")
    found = cost(design.verilog, design.top)
    return found["transistors"], found["registers"]


def _fmax(block: Block) -> dict[str, Any]:
    """Return the report of a placement on an ECP5, out of context, between registers at all ports."""
    design = convert(block, name="network")
    settings = Settings(seeds=SEEDS, wide_luts=True, timeout=_SECONDS, jobs=os.cpu_count() or 1)
    target = FPGAS["ecp5"]

    def measure() -> dict[str, Any]:
        ports = [{"name": p.name, "direction": p.direction, "width": p.width} for p in design.ports]
        manifest = {"top": design.top, "engine": design.top, "clock": "clk", "reset": "rst", "ports": ports}
        found = target.measure(Generated(design.verilog, manifest), settings)
        if found["timing"] is None:
            raise RuntimeError("; ".join(found["notes"]))
        return found

    return kept(design.verilog, (target.options(settings, design.top), target.tools(settings)), measure)


def networks(sizes: Sequence[int] = SIZES, progress: Progress = lambda line: None) -> list[Measured]:
    """Measure both topologies, settings included, and a route engine: rows of ``lanes`` and transistors of each.

    Parameters
    ----------
    sizes : lanes of the networks
    progress : takes a line for each thing that is measured
    """
    rows = []
    for lanes in sizes:
        progress(f"distribution: {lanes} lanes")
        row: Measured = {"lanes": lanes}
        for topology in ("crossbar", "multicast-benes"):
            row[topology], _ = _area(DistributionNetwork(lanes, WIDTH, topology=topology))
        row["route engine"], _ = _area(RouteEngine(lanes))
        rows.append(row)
    return rows


def pieces(sizes: Sequence[int] = PIECE_SIZES) -> list[Measured]:
    """Measure each piece: rows of ``piece`` and ``transistors``, by lanes as text.

    Parameters
    ----------
    sizes : lanes of the pieces
    """
    return [
        {"piece": name, "transistors": {str(lanes): _area(make(lanes))[0] for lanes in sizes}}
        for name, make in PIECES.items()
    ]


def routes(lanes: int = ROUTED, more: int = MORE) -> list[Measured]:
    """Measure route engines: rows of ``engines``, ``walkers``, ``transistors``, ``cycles`` of a fold and ``between``.

    Parameters
    ----------
    lanes : of the engines that are measured
    more : lanes of those whose cycles stand beside them
    """
    return [
        {
            "engines": engines,
            "walkers": walkers,
            "transistors": _area(RouteEngines("multicast-benes", lanes, None, engines, walkers))[0],
            "cycles": {str(size): route_cycles(size, walkers) for size in (lanes, more)},
            "between": {
                str(size): fold_cycles("multicast-benes", size, engines, walkers) for size in (lanes, more)
            },
        }
        for engines, walkers in ROUTES
    ]


def registered(sizes: Sequence[int] = REGISTERED) -> list[Measured]:
    """Measure networks for a high clock rate, with and without stalls.

    Parameters
    ----------
    sizes : lanes of the networks
    """
    rows = []
    for lanes in sizes:
        for topology in ("multicast-benes", "crossbar"):
            registers = fast(topology, lanes, lanes)
            stalling, free = (
                _area(
                    DistributionNetwork(
                        lanes, WIDTH, topology=topology, registers=registers, stallable=stallable
                    )
                )
                for stallable in (True, False)
            )
            rows.append(
                {
                    "lanes": lanes,
                    "topology": topology,
                    "latency": len(registers),
                    "registers": free[1],
                    "transistors": stalling[0],
                    "without_stalls": free[0],
                }
            )
    return rows


def fmax(lanes: int = PLACED, topologies: Sequence[str] = ("multicast-benes",)) -> list[Measured]:
    """Place and route fast networks on an ECP5: rows of ``lanes``, ``fmax_mhz``, ``seeds``, ``luts`` and more.

    Parameters
    ----------
    lanes : of the networks
    topologies : of the networks, one row each
    """
    rows = []
    for topology in topologies:
        network = DistributionNetwork(
            lanes,
            WIDTH,
            topology=topology,
            registers=fast(topology, lanes, lanes),
            registered_ready=True,
            swap_apart=True,
            registered_writable=True,
        )
        found = _fmax(network)
        rows.append(
            {
                "lanes": lanes,
                "topology": topology,
                "latency": network.latency,
                "fmax_mhz": found["timing"]["fmax_mhz"],
                "seeds": list(found["timing"]["seeds"].values()),
                "luts": found["totals"]["luts"],
                "ffs": found["totals"]["ffs"],
            }
        )
    return rows


def collect(progress: Progress = lambda line: None) -> dict[str, list[Measured]]:
    """Measure all.

    Parameters
    ----------
    progress : takes a line for each thing that is measured
    """
    found = {"networks": networks(progress=progress)}
    parts = {"pieces": pieces, "routes": routes, "registered": registered, "fmax": fmax}
    for name, measure in parts.items():
        progress(f"distribution: {name}")
        found[name] = measure()
    return found


def _lines(title: str, head: Sequence[object], rows: Sequence[Sequence[object]]) -> list[str]:
    return [f"{title} ({WIDTH}-bit values, window = lanes):", "", *markdown.table(head, rows, align="l"), ""]


def _routes(rows: Sequence[Measured]) -> list[str]:
    sizes = list(rows[0]["cycles"])
    head = ["engines", "walkers of each", f"transistors, N = {sizes[0]}"]
    for size in sizes:
        head += [f"cycles of a fold, N = {size}", "between folds"]
    cells = [
        [
            *(row["engines"], row["walkers"], f"{row['transistors']:,}"),
            *(row[kind][size] for size in sizes for kind in ("cycles", "between")),
        ]
        for row in rows
    ]
    return _lines("Routing", head, cells)


def table(content: dict[str, list[Measured]]) -> str:
    """Return all as Markdown tables."""
    lines = _lines(
        "Networks with expand and double-buffered settings, transistors",
        ["N", "crossbar", "multicast-benes", "ratio", "route engine", "of the network"],
        [
            [
                row["lanes"],
                f"{row['crossbar']:,}",
                f"{row['multicast-benes']:,}",
                f"{row['multicast-benes'] / row['crossbar']:.3f}",
                f"{row['route engine']:,}",
                f"{row['route engine'] / row['multicast-benes']:.2f}",
            ]
            for row in content["networks"]
        ],
    )
    lines += _lines(
        "Pieces, transistors",
        ["piece", *(f"N = {lanes}" for lanes in content["pieces"][0]["transistors"])],
        [
            [row["piece"], *(f"{count:,}" for count in row["transistors"].values())]
            for row in content["pieces"]
        ],
    )
    lines += _routes(content["routes"])
    lines += _lines(
        "Registered networks",
        ["N", "topology", "latency", "flip-flops", "transistors", "without stalls"],
        [
            [
                *(row["lanes"], row["topology"], row["latency"]),
                *(f"{row[name]:,}" for name in ("registers", "transistors", "without_stalls")),
            ]
            for row in content["registered"]
        ],
    )
    lines += _lines(
        "ECP5, nextpnr, out of context",
        ["N", "topology", "latency", "Fmax, median", "MHz by seed", "LUT4", "flip-flops"],
        [
            [
                *(row["lanes"], row["topology"], row["latency"], row["fmax_mhz"]),
                *(", ".join(map(str, row["seeds"])), row["luts"], row["ffs"]),
            ]
            for row in content["fmax"]
        ],
    )
    return "\n".join(lines)


def write(directory: Path, progress: Progress = lambda line: None) -> list[Path]:
    """Write ``distribution.md`` and ``distribution.json`` into a directory; return their paths.

    Parameters
    ----------
    directory : where the files go; it is made if it is missing
    progress : takes a line for each thing that is measured
    """
    content = collect(progress)
    texts = {"md": table(content), "json": json.dumps(content, indent=1, allow_nan=False) + "\n"}
    return write_texts(directory, "distribution", texts)
