"""Area of the distribution networks and of the route engine: ``python -m
dotforge.flow.figures_distribution``.

Writes the table of ``docs/distribution.md``, in Markdown. The largest crossbar takes minutes, so ``--lanes``
limits the sizes.
"""

from collections.abc import Callable

import click

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

__all__ = ["main", "network_table", "piece_table", "route_table"]

_SECONDS = 7200


def _area(block: Block) -> int:
    design = convert(block)
    return synthesize(design.verilog, design.top, timeout=_SECONDS).transistors


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def network_table(sizes: list[int], width: int = 16) -> str:
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


def piece_table(sizes: list[int], width: int = 16) -> str:
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


@click.command()
@click.option("--lanes", default="8,16,32,64,128", show_default=True, help="Sizes of the networks.")
@click.option("--pieces", default="16,32", show_default=True, help="Sizes of the pieces.")
@click.option("--engine", default=32, show_default=True, help="Size of the route engines with more walkers.")
def main(lanes: str, pieces: str, engine: int) -> None:
    """Print the tables: transistors of the cmos area flow, flat, 16-bit values, window as wide as the lanes."""
    click.echo(network_table([int(size) for size in lanes.split(",")]))
    click.echo(piece_table([int(size) for size in pieces.split(",")]))
    click.echo(route_table(engine))


if __name__ == "__main__":
    main()
