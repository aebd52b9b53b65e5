"""Area, cycles and speed of the distribution networks and of routing: the tables of ``docs/distribution.md``.

``python -m dotforge.figures.distribution -o DIR [--lanes …] [--no-fmax]`` writes them in Markdown.
Results are kept on disk by Verilog text and flow; measured for the first time, 128 lanes take half an hour.
"""

import argparse
import os
import sys
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
from .measured import cost, kept

__all__ = ["SIZES", "fmax_table", "network_table", "piece_table", "registered_table", "route_table", "write"]

#: Lanes of the networks in the table.
SIZES = (4, 8, 16, 32, 64, 128)

#: Bits of a value.
WIDTH = 16

#: Placements of which the median is taken.
SEEDS = 5

#: Engines and walkers of the routing table.
ROUTES = ((1, 1), (1, 4), (1, 16), (2, 4), (2, 16), (3, 8), (5, 1))

_SECONDS = 7200


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


def _table(head: Sequence[object], rows: Sequence[Sequence[object]]) -> str:
    return "\n".join(markdown.table(head, rows, align="l")) + "\n"


def network_table(sizes: Sequence[int], progress: Callable[[str], None] = lambda line: None) -> str:
    """Return the area of both topologies, settings included, and what a route engine adds.

    Parameters
    ----------
    sizes : lanes of the networks
    progress : takes a line for each thing that is measured
    """
    rows = []
    for lanes in sizes:
        crossbar, multicast = (
            _area(DistributionNetwork(lanes, WIDTH, topology=topology))[0]
            for topology in ("crossbar", "multicast-benes")
        )
        engine, _ = _area(RouteEngine(lanes))
        row = [f"{crossbar:,}", f"{multicast:,}", f"{multicast / crossbar:.3f}", f"{engine:,}"]
        rows.append([lanes, *row, f"{engine / multicast:.2f}"])
        progress(f"distribution: {lanes} lanes, {multicast / crossbar:.3f} of the crossbar")
    return _table(["N", "crossbar", "multicast-benes", "ratio", "route engine", "of the network"], rows)


def piece_table(sizes: Sequence[int]) -> str:
    """Return the area of each piece."""
    pieces: dict[str, Callable[[int], Block]] = {
        "Benes": lambda lanes: Benes(lanes, WIDTH),
        "CopyNetwork": lambda lanes: CopyNetwork(lanes, WIDTH),
        "Compress": lambda lanes: Compress(lanes, WIDTH),
        "Concentrator": lambda lanes: Concentrator(lanes, WIDTH),
        "Expand": lambda lanes: Expand(lanes, WIDTH),
        "RankControl": RankControl,
        "Crossbar": lambda lanes: Crossbar(lanes, WIDTH),
    }
    rows = [[name, *(f"{_area(make(lanes))[0]:,}" for lanes in sizes)] for name, make in pieces.items()]
    return _table(["piece", *(f"N = {lanes}" for lanes in sizes)], rows)


def route_table(lanes: int, more: int) -> str:
    """Return area and cycles of route engines, and the cycles of as many at ``more`` lanes.

    Parameters
    ----------
    lanes : of the engines that are measured
    """
    rows = []
    for engines, walkers in ROUTES:
        found, _ = _area(RouteEngines("multicast-benes", lanes, None, engines, walkers))
        cycles = [
            cell
            for size in (lanes, more)
            for cell in (
                route_cycles(size, walkers),
                fold_cycles("multicast-benes", size, engines, walkers),
            )
        ]
        rows.append([engines, walkers, f"{found:,}", *cycles])
    head = ["engines", "walkers of each", f"transistors, N = {lanes}"]
    for size in (lanes, more):
        head += [f"cycles of a fold, N = {size}", "between folds"]
    return _table(head, rows)


def registered_table(sizes: Sequence[int]) -> str:
    """Return the area of networks for a high clock rate."""
    rows = []
    for lanes in sizes:
        for topology in ("multicast-benes", "crossbar"):
            registers = fast(topology, lanes, lanes)
            cells: list[str] = []
            for stallable in (True, False):
                network = DistributionNetwork(
                    lanes, WIDTH, topology=topology, registers=registers, stallable=stallable
                )
                transistors, flip_flops = _area(network)
                cells += [f"{transistors:,}"]
            rows.append([lanes, topology, len(registers), f"{flip_flops:,}", *cells])
    return _table(["N", "topology", "latency", "flip-flops", "transistors", "without stalls"], rows)


def fmax_table(lanes: int, topologies: Sequence[str] = ("multicast-benes",)) -> str:
    """Return the clock rate of fast networks on an ECP5.

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
        timing, totals = found["timing"], found["totals"]
        seeds = ", ".join(str(value) for value in timing["seeds"].values())
        rows.append(
            [lanes, topology, network.latency, timing["fmax_mhz"], seeds, totals["luts"], totals["ffs"]]
        )
    return _table(["N", "topology", "latency", "Fmax, median", "MHz by seed", "LUT4", "flip-flops"], rows)


def write(
    directory: Path,
    progress: Callable[[str], None] = lambda line: None,
    sizes: Sequence[int] = SIZES,
    *,
    fmax: bool = True,
) -> list[Path]:
    """Write ``distribution.md`` into a directory, and return its path.

    Parameters
    ----------
    directory : where the files go; it is made if it is missing
    progress : takes a line for each thing that is measured
    sizes : lanes of the networks
    fmax : also place and route, which takes long
    """
    directory.mkdir(parents=True, exist_ok=True)
    small = [size for size in sizes if size in (16, 32)]
    tables: dict[str, Callable[[], str]] = {
        "Networks with expand and double-buffered settings, transistors": lambda: network_table(
            sizes, progress
        ),
        "Pieces, transistors": lambda: piece_table(small),
        "Routing": lambda: route_table(32, 128),
        "Registered networks": lambda: registered_table([size for size in sizes if size in (16, 32, 64)]),
    }
    if fmax:
        tables["ECP5, nextpnr, out of context"] = lambda: fmax_table(32)
    parts = []
    for name, make in tables.items():
        progress(f"distribution: {name}")
        parts.append(f"{name} ({WIDTH}-bit values, window = lanes)\n\n{make()}")
    path = directory / "distribution.md"
    path.write_text("\n".join(parts), encoding="utf-8")
    return [path]


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Write the tables from the command line."""
    parser = argparse.ArgumentParser(description="Area, cycles and speed of the distribution networks.")
    parser.add_argument("-o", "--output", type=Path, default=Path("build/figures"))
    parser.add_argument("--lanes", default=",".join(map(str, SIZES)), help="sizes (default: %(default)s)")
    parser.add_argument("--no-fmax", action="store_true", help="leave out placement on an ECP5")
    arguments = parser.parse_args()
    sizes = [int(size) for size in arguments.lanes.split(",")]
    for path in write(arguments.output, _say, sizes, fmax=not arguments.no_fmax):
        print(path)


if __name__ == "__main__":
    main()
