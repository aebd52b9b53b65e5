"""Area of the distribution networks and of the route engine: ``python -m
dotforge.flow.figures_distribution``.

Writes the tables of ``docs/distribution.md``, in Markdown. The largest crossbar takes minutes, so ``--lanes``
limits the sizes.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from ..block import Block
from ..network.benes import Benes
from ..network.compress import Compress
from ..network.concentrator import Concentrator
from ..network.copy import CopyNetwork
from ..network.crossbar import Crossbar
from ..network.distribution import DistributionNetwork
from ..network.expand import Expand
from ..network.ranks import RankControl
from ..network.route import RouteEngine, route_cycles
from .area import synthesize
from .verilog import convert

__all__ = ["SIZES", "network_table", "piece_table", "route_table", "write"]

#: Lanes of the networks in the table.
SIZES = (8, 16, 32, 64, 128)

_SECONDS = 7200


def _area(block: Block) -> int:
    design = convert(block)
    return synthesize(design.verilog, design.top, timeout=_SECONDS).transistors


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def network_table(sizes: Sequence[int], width: int = 16) -> str:
    """Return the area of both topologies, settings included, and what a route engine adds."""
    rows = []
    for lanes in sizes:
        crossbar, multicast = (
            _area(DistributionNetwork(lanes, width, topology=topology))
            for topology in ("crossbar", "multicast-benes")
        )
        engine = _area(RouteEngine(lanes))
        rows.append(
            [
                str(lanes),
                f"{crossbar:,}",
                f"{multicast:,}",
                f"{multicast / crossbar:.3f}",
                f"{engine:,}",
                f"{engine / multicast:.2f}",
            ]
        )
    return _table(["N", "crossbar", "multicast-benes", "ratio", "route engine", "of the network"], rows)


def piece_table(sizes: Sequence[int], width: int = 16) -> str:
    """Return the area of each piece."""
    pieces: dict[str, Callable[[int], Block]] = {
        "Benes": lambda lanes: Benes(lanes, width),
        "CopyNetwork": lambda lanes: CopyNetwork(lanes, width),
        "Compress": lambda lanes: Compress(lanes, width),
        "Concentrator": lambda lanes: Concentrator(lanes, width),
        "Expand": lambda lanes: Expand(lanes, width),
        "RankControl": RankControl,
        "Crossbar": lambda lanes: Crossbar(lanes, width),
    }
    rows = [[name, *(f"{_area(make(lanes)):,}" for lanes in sizes)] for name, make in pieces.items()]
    return _table(["piece", *(f"N = {lanes}" for lanes in sizes)], rows)


def route_table(lanes: int) -> str:
    """Return area and cycles of route engines with more and more walkers."""
    rows = []
    walkers = 1
    while walkers <= lanes // 2:
        rows.append(
            [str(walkers), str(route_cycles(lanes, walkers)), f"{_area(RouteEngine(lanes, None, walkers)):,}"]
        )
        walkers *= 2
    return _table(["walkers", "cycles after the last position", "transistors"], rows)


def write(
    directory: Path, progress: Callable[[str], None] = lambda line: None, sizes: Sequence[int] = SIZES
) -> list[Path]:
    """Write ``distribution.md`` into a directory, and return its path."""
    directory.mkdir(parents=True, exist_ok=True)
    parts = []
    for name, make in (
        ("Networks with expand and double-buffered settings", lambda: network_table(sizes)),
        ("Pieces", lambda: piece_table([size for size in sizes if size in (16, 32)])),
        ("Route engine of 32 lanes", lambda: route_table(32)),
    ):
        progress(f"distribution: {name}")
        parts.append(f"{name}, transistors (16-bit values, window = lanes)\n\n{make()}")
    path = directory / "distribution.md"
    path.write_text("\n".join(parts), encoding="utf-8")
    return [path]


def main() -> None:
    """Write the tables from the command line."""
    parser = argparse.ArgumentParser(description="Area of the distribution networks and of the route engine.")
    parser.add_argument("-o", "--output", type=Path, default=Path("build/figures"))
    parser.add_argument("--lanes", default=",".join(map(str, SIZES)), help="sizes (default: %(default)s)")
    arguments = parser.parse_args()
    sizes = [int(size) for size in arguments.lanes.split(",")]
    for path in write(arguments.output, print, sizes):
        print(path)


if __name__ == "__main__":
    main()
