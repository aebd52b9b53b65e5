"""FPGA targets: Yosys counts what a design takes, nextpnr places it and says how fast it runs."""

import importlib.metadata
import importlib.util
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...export.design import Generated
from ...tools import source, yosys
from ...tools.process import ToolError
from . import cells, flows, placers, stat
from .base import Settings
from .cells import RESOURCES, CellTable, Counts
from .place import Placer, fmax
from .port_registers import frame
from .stat import ModuleCells, modules

__all__ = ["FPGAS", "Fpga"]


#: What a placement uses of the settings.
_PLACING = frozenset({"seeds", "device", "clock_mhz", "rip_up"})


@dataclass(frozen=True)
class Fpga:
    """A family of FPGAs.

    Parameters
    ----------
    name : of the target
    table : what its primitives count as
    flow : commands that map a top module: (top, flat, settings) → commands
    placer : nextpnr for it, where there is one
    mapping : what the mapping uses of the settings; a placer uses seeds, device, clock and rip-up
    bare : options of the mapping that leave out pads and clock buffers; a netlist is counted with them, and
        placed, in its frame, without
    files : that the commands read
    """

    name: str
    table: CellTable
    flow: Callable[[str, bool, Settings], list[str]]
    placer: Placer | None = None
    mapping: frozenset[str] = frozenset()
    bare: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    kind: str = "fpga"

    @property
    def uses(self) -> frozenset[str]:
        """Settings of the mapping, and of the placer where there is one."""
        return self.mapping | (_PLACING if self.placer is not None else frozenset())

    @property
    def devices(self) -> tuple[str, ...]:
        """Devices that the placer knows."""
        return tuple(self.placer.devices) if self.placer is not None else ()

    def tools(self, settings: Settings) -> dict[str, str]:
        """Return the version of nextpnr, where it is used."""
        if self.placer is None or not settings.seeds or not self._present():
            return {}
        return {"placement": f"{self.placer.package} {importlib.metadata.version(self.placer.package)}"}

    def options(self, settings: Settings, engine: str) -> dict[str, Any]:
        """Return hierarchy mode, synthesis commands, how primitives count, and seeds and clock of the placement.

        Parameters
        ----------
        settings : what was chosen for the run
        engine : name of the engine
        """
        chosen: dict[str, Any] = {
            "hierarchy": settings.mode,
            "flow": "; ".join(self._counted("TOP", settings.mode == "flat", settings)),
            "counting": source.digest(
                self.table.rows, sorted(self.files.items()), source.code(cells, flows, stat, __name__)
            ),
        }
        if self.placer is not None and settings.seeds and self._present():
            chosen |= {"seeds": settings.seeds, "clock_mhz": settings.clock_mhz}
            chosen |= {"device": settings.device or "smallest that fits"}
            chosen |= {"placing": self.placer.version()}
            chosen |= {"rip_up": True} if settings.rip_up else {}
        return chosen

    def measure(self, generated: Generated, settings: Settings) -> dict[str, Any]:
        """Count resources, flat or as a sum, and by module; place with every seed.

        Parameters
        ----------
        generated : the design
        settings : what was chosen for the run
        """
        tree = self._count(generated, settings, flat=False)
        rows = [self._row(module) for module in tree]
        counted = self._count(generated, settings, flat=True) if settings.mode == "flat" else tree
        result: dict[str, Any] = {
            "totals": self._total(counted),
            "modules": rows,
            "timing": None,
            "notes": [],
        }
        try:
            result["timing"], result["notes"] = self.timing(generated, settings)
        except yosys.YosysError:
            raise
        except ToolError as error:
            return {**result, "notes": [f"no Fmax: {error}"], "incomplete": True}
        return result

    def _present(self) -> bool:
        return self.placer is not None and importlib.util.find_spec(self.placer.module) is not None

    def _counted(self, top: str, flat: bool, settings: Settings) -> list[str]:
        commands = self.flow(top, flat, settings)
        return [command + self.bare if command.startswith("synth_") else command for command in commands]

    def _count(self, generated: Generated, settings: Settings, *, flat: bool) -> list[ModuleCells]:
        script = [
            "read_verilog design.v",
            *self._counted(generated.top, flat, settings),
            "delete t:$scopeinfo",
            "tee -q -o stat.json stat -json",
        ]
        found = yosys.run(
            script, {"design.v": generated.verilog, **self.files}, ["stat.json"], yosys=settings.yosys,
            timeout=settings.timeout,
        )  # fmt: skip
        return modules(found["stat.json"], generated.top)

    def _row(self, module: ModuleCells) -> dict[str, Any]:
        return {
            "module": module.name,
            "instances": module.instances,
            **self.table.counts(module.cells),
            "cells": module.cells,
            "children": module.children,
        }

    def _total(self, tree: Iterable[ModuleCells]) -> dict[str, Any]:
        cells: dict[str, int] = {}
        for module in tree:
            for cell, count in module.cells.items():
                cells[cell] = cells.get(cell, 0) + count * module.instances
        return {**self.table.counts(cells), "cells": dict(sorted(cells.items()))}

    def counts(self, generated: Generated, settings: Settings) -> Counts:
        """Return the resources of the flat netlist.

        Parameters
        ----------
        generated : the design
        settings : what was chosen for the run
        """
        counted = self._total(self._count(generated, settings, flat=True))
        return {name: counted[name] for name in RESOURCES}

    def timing(self, generated: Generated, settings: Settings) -> tuple[dict[str, Any] | None, list[str]]:
        """Place with every seed; returns the timing of a report, or ``None`` and why there is none.

        Parameters
        ----------
        generated : the design
        settings : what was chosen for the run

        Raises
        ------
        ToolError
            Yosys or nextpnr failed, or took too long.
        """
        if self.placer is None:
            return None, [f"{self.name}: no open place and route, so no Fmax"]
        if not settings.seeds:
            return None, ["no placement was asked for, so no Fmax"]
        if not self._present():
            return None, [f"no Fmax: needs nextpnr (pip install 'dotforge[{self.placer.optional}]')"]
        name = f"{generated.top}_frame"
        script = ["read_verilog design.v", *self.flow(name, True, settings), "write_json design.json"]
        verilog = generated.verilog + frame(generated.manifest, name)
        netlist = yosys.run(
            script, {"design.v": verilog, **self.files}, ["design.json"], yosys=settings.yosys,
            timeout=settings.timeout,
        )["design.json"]  # fmt: skip
        return fmax(self.placer, netlist, {**generated.manifest, "top": name}, settings)


#: Settings of a mapping that may use the multiplexers behind lookup tables.
_WIDE = frozenset({"wide_luts"})

#: The FPGA targets by name.
FPGAS = {
    "ecp5": Fpga("ecp5", cells.ECP5, flows.ecp5, placers.ecp5, _WIDE),
    "ice40": Fpga("ice40", cells.ICE40, flows.ice40, placers.ice40),
    "gowin": Fpga("gowin", cells.GOWIN, flows.gowin, placers.gowin, _WIDE, " -noiopads"),
    "nexus": Fpga("nexus", cells.NEXUS, flows.nexus, placers.nexus, _WIDE, " -noiopad", flows.NEXUS_FILES),
    "gatemate": Fpga(
        "gatemate", cells.GATEMATE, flows.gatemate, placers.gatemate, bare=" -noiopad -noclkbuf"
    ),
    "machxo2": Fpga("machxo2", cells.MACHXO2, flows.machxo2, placers.machxo2, _WIDE),
    "xilinx": Fpga("xilinx", cells.XILINX, flows.xilinx),
    "intel": Fpga("intel", cells.INTEL, flows.intel),
    "quicklogic": Fpga("quicklogic", cells.QUICKLOGIC, flows.quicklogic),
}
