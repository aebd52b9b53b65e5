"""What a target of ``synth`` is, and what a run of it can be told."""

from dataclasses import dataclass
from typing import Any, Protocol

from ..generated import Generated

__all__ = ["HIERARCHIES", "OPTIMIZATIONS", "Settings", "Target", "TargetError"]

#: How a hierarchy is measured: as one flat netlist, or a sum over its modules.
HIERARCHIES = ("flat", "sum")

#: What a standard-cell mapping strives for.
OPTIMIZATIONS = ("area", "speed")


class TargetError(Exception):
    """A target that cannot be had here: no such file, or not the file that it should be; one line."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a run can be told.

    Parameters
    ----------
    mode : one of :data:`HIERARCHIES`
    engine : which Yosys (see :mod:`dotforge.flow.yosys`)
    timeout : seconds for one run of one tool
    clock_mhz : clock of the constraints
    seeds : placements whose Fmax is measured, 0 for none
    device : FPGA device for the placement; empty for the smallest that the design fits
    wide_luts : let the FPGA mapping use the multiplexers behind the lookup tables (ECP5)
    rip_up : let the router of an FPGA take wires away again for timing's sake: nearer to what the logic allows, in
        several times the time
    optimize : one of :data:`OPTIMIZATIONS`, for standard cells
    activity : simulate the bench on the netlist and report power (standard cells with OpenSTA)
    jobs : tool runs at the same time
    """

    mode: str = "flat"
    engine: str = "pyosys"
    timeout: float = 1800
    clock_mhz: float = 100.0
    seeds: int = 3
    device: str = ""
    wide_luts: bool = False
    rip_up: bool = False
    optimize: str = "area"
    activity: bool = False
    jobs: int = 1


class Target(Protocol):
    """A way to measure cost.

    Attributes
    ----------
    name : as reports record it
    kind : what its reports count, of :data:`dotforge.flow.metrics.KINDS`
    """

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    def tools(self, settings: Settings) -> dict[str, str]:
        """Return name and version of everything whose change could change a figure, but Yosys."""
        ...

    def options(self, settings: Settings) -> dict[str, Any]:
        """Return what was chosen, as reports record it; equal options make reports comparable."""
        ...

    def measure(self, generated: Generated, settings: Settings) -> dict[str, Any]:
        """Return ``totals``, ``modules``, ``timing``, ``power`` and ``notes`` of a report.

        Raises
        ------
        YosysError, ToolError
            A tool failed, or did not end in time.
        """
        ...
