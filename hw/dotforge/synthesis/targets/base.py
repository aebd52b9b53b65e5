"""What a target of ``synth`` is, and what a run of it can be told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Protocol

from ...export.design import Generated
from ..choices import HIERARCHIES, OPTIMIZATIONS

__all__ = [
    "COMMON",
    "HIERARCHIES",
    "OPTIMIZATIONS",
    "ChoiceError",
    "Settings",
    "Target",
    "TargetError",
    "check",
    "option",
]

#: What every target uses of :class:`Settings`.
COMMON = ("mode", "yosys", "timeout", "jobs")

#: Settings whose options have other names on the command line.
_OPTIONS = {"mode": "--hierarchy", "yosys": "--yosys", "activity": "--power"}


class TargetError(Exception):
    """A target that cannot be had here: no such file, or not the file that it should be; one line."""


class ChoiceError(TargetError):
    """An option that a target makes no use of, or a value that it does not know."""

    #: A command that ends so has not run (see :mod:`dotforge.tools.run_record`).
    refusal = True


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a run can be told.

    Parameters
    ----------
    mode : one of :data:`HIERARCHIES`
    yosys : which Yosys (see :mod:`dotforge.tools.yosys`)
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
    yosys: str = "pyosys"
    timeout: float = 1800
    clock_mhz: float = 100.0
    seeds: int = 3
    device: str = ""
    wide_luts: bool = False
    rip_up: bool = False
    optimize: str = "area"
    activity: bool = False
    jobs: int = 1

    @property
    def chosen(self) -> dict[str, Any]:
        """What is not as it is by default."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {field.name: given[field.name] for field in fields(self) if given[field.name] != field.default}


class Target(Protocol):
    """A way to measure cost.

    Attributes
    ----------
    name : as reports record it
    kind : what its reports count, of :data:`dotforge.synthesis.metrics.KINDS`
    uses : what it uses of :class:`Settings` beside :data:`COMMON`; nothing else may be given
    devices : names that ``device`` may have
    """

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def uses(self) -> frozenset[str]: ...

    @property
    def devices(self) -> tuple[str, ...]: ...

    def tools(self, settings: Settings) -> dict[str, str]:
        """Return name and version of everything whose change could change a figure, but Yosys."""
        ...

    def options(self, settings: Settings, engine: str) -> dict[str, Any]:
        """Return what was chosen, as reports record it; equal options make reports comparable.

        Hashes among them stand for all commands, tables and code that make a figure, and for the bench of the
        engine where that does.

        Parameters
        ----------
        settings : what was chosen for the run
        engine : name of the engine
        """
        ...

    def measure(self, generated: Generated, settings: Settings) -> dict[str, Any]:
        """Return ``totals``, ``modules``, ``timing``, ``power`` and ``notes`` of a report.

        Where the tool of timing or power fails, a note says why, what was counted stays, and ``incomplete`` is set:
        such a result is reported, but not kept.

        Parameters
        ----------
        generated : the design
        settings : what was chosen for the run

        Raises
        ------
        YosysError
            Yosys failed, or did not end in time.
        """
        ...


def option(name: str) -> str:
    """Return the option of the command line that stands for one of the fields of :class:`Settings`."""
    return _OPTIONS.get(name, "--" + name.replace("_", "-"))


def check(target: Target, given: Mapping[str, Any]) -> None:
    """Refuse what a target would ignore, and values that it does not know.

    Parameters
    ----------
    target : that is asked
    given : what the user chose, by field of :class:`Settings`

    Raises
    ------
    ChoiceError
        Naming the option, the target and what is allowed.
    """
    for name, value in given.items():
        if name not in COMMON and name not in target.uses:
            allowed = ", ".join(option(each) for each in _listed(target))
            raise ChoiceError(
                f"option {option(name)}: target {target.name} makes no use of it; allowed are {allowed}"
            )
        known = {"mode": HIERARCHIES, "optimize": OPTIMIZATIONS, "device": ("", *target.devices)}.get(name)
        if known is not None and value not in known:
            named = option(name).removeprefix("--")
            raise ChoiceError(f"{named} {value}: allowed are {', '.join(each for each in known if each)}")


def _listed(target: Target) -> Iterable[str]:
    """Return the settings that have an option on the command line, in the order of :class:`Settings`."""
    allowed = {*COMMON, *target.uses} - {"jobs", "rip_up"}
    return (field.name for field in fields(Settings) if field.name in allowed)
