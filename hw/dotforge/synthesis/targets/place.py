"""nextpnr: Fmax of a netlist, as the median over seeds with its spread."""

import json
import statistics
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass
from typing import Any

from ...export import constraints
from ...export.constraints import constraint
from ...tools import source
from ...tools.files import data_directory
from ...tools.process import ToolError, run_tool
from . import port_registers
from .base import Settings

__all__ = ["Device", "Placer", "fmax"]

_RUN = "import sys, {module} as tool; sys.exit(tool.{function}(sys.argv[1:]))"


@dataclass(frozen=True)
class Device:
    """An FPGA.

    Parameters
    ----------
    chosen : arguments that choose it
    pins : where the ports of the frame go, in its order, for a nextpnr that gives no port a pin by itself
    kind : devices of other kinds than the first one's are taken only when they are asked for: they are slower, or
        a netlist of theirs has other cells
    """

    chosen: tuple[str, ...]
    pins: tuple[str, ...] = ()
    kind: str = ""


@dataclass(frozen=True)
class Placer:
    """nextpnr for one family.

    Parameters
    ----------
    package : on PyPI; module and function in it have the same name with underscores
    devices : name → device, smallest first
    logic : its cells of logic in nextpnr's report of utilisation
    optional : the extra of this distribution that brings the package along
    constraints : suffix of the file, and the option that takes it; a template in ``constraints/`` has that suffix,
        unless there is a ``pin``
    pin : a line of that file that puts ``{port}`` on ``{pin}``, where ports need pins
    extra : more arguments
    """

    package: str
    devices: Mapping[str, Device]
    logic: str
    optional: str = "fpga"
    constraints: tuple[str, str] = ("", "")
    pin: str = ""
    extra: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        """What to import."""
        return self.package.replace("-", "_")

    @property
    def automatic(self) -> list[str]:
        """Devices that are tried where none is given: those of the first one's kind."""
        kind = next(iter(self.devices.values())).kind
        return [name for name, device in self.devices.items() if device.kind == kind]

    def version(self) -> str:
        """Return a hash of what is given to nextpnr beside the netlist, and of the code that reads its report."""
        suffix = self.constraints[0]
        template = self.pin
        if suffix and not self.pin:
            template = (data_directory("constraints") / f"engine.{suffix}").read_text(encoding="utf-8")
        devices = sorted((name, *astuple(device)) for name, device in self.devices.items())
        return source.digest(
            devices, self.logic, self.extra, template, source.code(port_registers, constraints, __name__)
        )

    def constraint(self, manifest: Mapping[str, Any], device: str, clock_mhz: float) -> str:
        """Return the constraints of a placement: the clock, or where the clock is an argument, the pins.

        Parameters
        ----------
        manifest : of the design
        device : name of a device
        clock_mhz : clock of the design
        """
        if not self.pin:
            return constraint(self.constraints[0], manifest, clock_mhz)
        ports = port_registers.ports(manifest)
        pins = zip(ports, self.devices[device].pins, strict=True)
        return "".join(self.pin.format(port=port, pin=pin) + "\n" for port, pin in pins)

    def run(
        self, netlist: str, manifest: Mapping[str, Any], device: str, seed: int, settings: Settings
    ) -> dict[str, Any]:
        """Place and route with one seed; returns nextpnr's report.

        Parameters
        ----------
        netlist : of the target's primitives, as Yosys writes JSON
        manifest : of the design
        device : name of a device
        seed : of the placement, 1 or more
        settings : what was chosen for the run

        Raises
        ------
        ToolError
            nextpnr fails, takes too long, or leaves a report that is no JSON.
        """
        suffix, option = self.constraints
        function = f"run_{self.module.removeprefix('yowasp_')}"
        command = [
            sys.executable, "-c", _RUN.format(module=self.module, function=function),
            *self.devices[device].chosen, "--json", "design.json", "--seed", str(seed),
            "--report", "report.json", "--timing-allow-fail", "--quiet", *self.extra,
            *(["--tmg-ripup"] if settings.rip_up else []),
        ]  # fmt: skip
        files = {"design.json": netlist}
        if suffix:
            command += option.format(f"design.{suffix}").split()
            files[f"design.{suffix}"] = self.constraint(manifest, device, settings.clock_mhz)
        if not suffix or self.pin:
            command += ["--freq", f"{settings.clock_mhz:g}"]
        out = run_tool(f"nextpnr ({device})", command, files, ["report.json"], timeout=settings.timeout)
        try:
            return json.loads(out["report.json"])
        except ValueError:
            raise ToolError(f"nextpnr ({device}): its report is cut short") from None


def fmax(
    placer: Placer, netlist: str, manifest: Mapping[str, Any], settings: Settings
) -> tuple[dict[str, Any] | None, list[str]]:
    """Place with seeds 1, 2, …; returns the timing of a report, or why there is none.

    Where no device is given, the smallest of ``placer.automatic`` that holds the design, and where it can be routed,
    is taken.

    Parameters
    ----------
    netlist : of the target's primitives, as Yosys writes JSON
    manifest : of the design
    settings : what was chosen for the run
    """
    candidates = [settings.device] if settings.device else placer.automatic
    why = ""
    for device in candidates:
        try:
            first = placer.run(netlist, manifest, device, 1, settings)
        except ToolError as error:
            if _too_large(str(error)):
                why = f"the design does not fit {device}"
            elif "Failed to route" in str(error):
                why = str(error)
            else:
                raise
            continue
        with ThreadPoolExecutor(settings.jobs) as pool:
            rest = pool.map(
                lambda seed, device=device: placer.run(netlist, manifest, device, seed, settings),
                range(2, settings.seeds + 1),
            )
            reports = [first, *rest]
        return _summary(placer, device, reports, manifest), []
    return None, [f"no Fmax: {why}"]


def _too_large(message: str) -> bool:
    # What nextpnr says where cells or places run out.
    return any(said in message for said in ("Unable to place cell", "no Bels remaining", "too many"))


def _summary(
    placer: Placer, device: str, reports: list[dict[str, Any]], manifest: Mapping[str, Any]
) -> dict[str, Any]:
    achieved = []
    for report in reports:
        clocks = [clock["achieved"] for clock in report["fmax"].values()]
        if not clocks:
            raise ToolError(f"nextpnr ({device}): the design has no path from register to register")
        achieved.append(round(min(clocks), 2))
    median = statistics.median(achieved)
    # The path of the seed nearest to the median.
    nearest = min(range(len(reports)), key=lambda index: abs(achieved[index] - median))
    return {
        "fmax_mhz": round(median, 2),
        "fmax_low_mhz": min(achieved),
        "fmax_high_mhz": max(achieved),
        "spread": round((max(achieved) - min(achieved)) / median, 4),
        "seeds": {str(seed): value for seed, value in enumerate(achieved, 1)},
        "device": device,
        "between": "registers, one at every port included",
        "logic_used": reports[0]["utilization"][placer.logic]["used"],
        "critical_path": _critical_path(reports[nearest]),
    }


def _critical_path(report: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return start, end, length and delays of the longest path between registers."""
    between = [
        path["path"]
        for path in report["critical_paths"]
        if path["from"].startswith("posedge") and path["to"].startswith("posedge")
    ]
    if not between:
        return None
    path = max(between, key=lambda steps: sum(step["delay"] for step in steps))
    delays = {kind: sum(s["delay"] for s in path if (s["type"] == "routing") == (kind == "routing"))
              for kind in ("logic", "routing")}  # fmt: skip
    return {
        "from": path[0]["from"]["cell"],
        "to": path[-1]["to"]["cell"],
        "levels": sum(step["type"] == "logic" for step in path),
        "logic_ns": round(delays["logic"], 3),
        "routing_ns": round(delays["routing"], 3),
    }
