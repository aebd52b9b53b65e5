"""Standard cells: area by a Liberty file, and with OpenSTA the shortest period, power and energy."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...export.design import Generated
from ...tools import source, yosys
from ...tools.process import ToolError
from .. import area
from ..area import MEMORY_BITS_LIMIT, storage_bits
from . import activity, library, sta, stat
from .activity import power_of_bench
from .base import Settings
from .library import Library
from .sta import opensta_version, timing
from .stat import ModuleCells, modules

__all__ = ["StandardCells", "from_path", "nangate45"]

#: What abc is told, by what is strived for.
SCRIPTS = {
    "area": "strash\ndch -f\namap -m\n",
    "speed": "strash\ndch -f\nmap -B 0.9\ntopo\nbuffer -c\nupsize\ndnsize\n",
}


@dataclass(frozen=True)
class StandardCells:
    """A target with the cells of a Liberty file."""

    name: str
    library: Library
    kind: str = "cells"
    uses: frozenset[str] = frozenset({"optimize", "activity", "clock_mhz"})
    devices: tuple[str, ...] = ()

    def tools(self, settings: Settings) -> dict[str, str]:
        """Return the Liberty by its hash, and OpenSTA where it is."""
        tools = {"liberty": f"{self.library.label} sha256 {self.library.sha256[:16]}"}
        version = opensta_version()
        return {**tools, "timing": version} if version else tools

    def options(self, settings: Settings, engine: str) -> dict[str, Any]:
        """Return hierarchy mode, goal and commands of the mapping, how cells count, and how power is measured.

        Parameters
        ----------
        settings : what was chosen for the run
        engine : name of the engine
        """
        chosen: dict[str, Any] = {
            "hierarchy": settings.mode,
            "optimize": settings.optimize,
            "flow": "; ".join(self._flow("TOP", settings.mode == "flat")),
            "abc": SCRIPTS[settings.optimize].strip().replace("\n", "; "),
            "counting": source.digest(MEMORY_BITS_LIMIT, source.code(stat, library, area, __name__)),
        }
        if opensta_version():
            chosen |= {"timing": sta.flow()}
        if settings.activity and opensta_version():
            chosen |= {"activity": f"bench {activity.flow(engine)}", "clock_mhz": settings.clock_mhz}
        return chosen

    def measure(self, generated: Generated, settings: Settings) -> dict[str, Any]:
        """Map, sum areas, flat or over modules, and by module; time the flat netlist.

        Parameters
        ----------
        generated : the design
        settings : what was chosen for the run
        """
        tree, _ = self._map(generated, settings, flat=False)
        rows = [self._row(module, generated) for module in tree]
        flat, netlist = self._map(generated, settings, flat=True)
        counted = flat if settings.mode == "flat" else tree
        result: dict[str, Any] = {
            "totals": self._total(counted, generated),
            "modules": rows,
            "timing": None,
            "power": None,
            "notes": [],
        }
        if not opensta_version():
            result["notes"].append("no period and no power: needs OpenSTA (apt-get install opensta)")
            return result
        if not self.library.has_timing:
            result["notes"].append("no period and no power: the Liberty has no timing")
            return result
        if self._boxes(generated):
            result["notes"].append("no period and no power: storage arrays are not mapped to cells")
            return result
        try:
            result["timing"] = timing(netlist, generated.manifest, self.library, settings)
        except ToolError as error:
            result["notes"].append(f"no period and no power: {error}")
            return {**result, "incomplete": True}
        if settings.activity:
            try:
                result["power"] = power_of_bench(netlist, generated, self.library, settings)
            except ToolError as error:
                result["notes"].append(f"no power: {error}")
                return {**result, "incomplete": True}
        return result

    def _boxes(self, generated: Generated) -> dict[str, int]:
        return {
            name: bits
            for name, bits in storage_bits(generated.verilog).items()
            if bits > MEMORY_BITS_LIMIT and name != generated.top
        }

    def _flow(self, top: str, flat: bool) -> list[str]:
        return [
            f"synth -top {top} -noabc{' -flatten' if flat else ''}",
            "dfflibmap -liberty cells.lib",
            "abc -liberty cells.lib -script abc.txt",
            "opt_clean -purge",
        ]

    def _map(self, generated: Generated, settings: Settings, *, flat: bool) -> tuple[list[ModuleCells], str]:
        script = [
            "read_verilog design.v",
            *(f"blackbox {name}" for name in self._boxes(generated)),
            *self._flow(generated.top, flat),
            "delete t:$scopeinfo",
            "rename -enumerate -pattern n_%",
            "tee -q -o stat.json stat -json",
            # Assignments to concatenations are more than the reader of OpenSTA knows.
            "write_verilog -noattr -noexpr -simple-lhs netlist.v",
        ]
        files = {
            "design.v": generated.verilog,
            "cells.lib": self.library.text,
            "abc.txt": SCRIPTS[settings.optimize],
        }
        found = yosys.run(
            script, files, ["stat.json", "netlist.v"], yosys=settings.yosys, timeout=settings.timeout
        )
        tree = modules(found["stat.json"], generated.top)
        known = {*self.library.areas, *self._boxes(generated)}
        unmapped = sorted({cell for module in tree for cell in module.cells} - known)
        if unmapped:
            raise yosys.YosysError(
                f"{self.name}: no cell of {self.library.label} does the work of {', '.join(unmapped)}"
            )
        return tree, found["netlist.v"]

    def _row(self, module: ModuleCells, generated: Generated) -> dict[str, Any]:
        boxes = self._boxes(generated)
        cells = {cell: count for cell, count in module.cells.items() if cell not in boxes}
        return {
            "module": module.name,
            "instances": module.instances,
            "area_um2": round(sum(self.library.areas[cell] * count for cell, count in cells.items()), 3),
            "registers": sum(count for cell, count in cells.items() if cell in self.library.flip_flops),
            "memory_bits": sum(boxes[cell] * n for cell, n in module.cells.items() if cell in boxes),
            "cells": cells,
            "children": module.children,
        }

    def _total(self, tree: Iterable[ModuleCells], generated: Generated) -> dict[str, Any]:
        totals: dict[str, Any] = {"area_um2": 0.0, "registers": 0, "memory_bits": 0}
        cells: dict[str, int] = {}
        for module in tree:
            row = self._row(module, generated)
            for name in totals:
                totals[name] += row[name] * module.instances
            for cell, count in row["cells"].items():
                cells[cell] = cells.get(cell, 0) + count * module.instances
        totals["area_um2"] = round(totals["area_um2"], 3)
        return {**totals, "cells": dict(sorted(cells.items()))}


def nangate45() -> StandardCells:
    """Return the target ``nangate45``."""
    return StandardCells("nangate45", library.nangate45())


def from_path(path: Path) -> StandardCells:
    """Return the target ``liberty:PATH``; reports name the file and its hash, not where it lies."""
    read = library.load(path)
    return StandardCells(f"liberty:{read.label}", read)
