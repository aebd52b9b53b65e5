"""OpenSTA: the shortest period of a netlist, and its power with given activities."""

import functools
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from typing import Any

from dotforge_sim.simulator import processes

from ...export import constraints
from ...export.constraints import constraint
from ...tools import source
from ...tools.files import data_directory
from ...tools.process import ToolError, run_tool
from .base import Settings
from .library import Library

__all__ = ["flow", "opensta_version", "power", "reported_power", "run", "setting", "slews", "timing"]


def flow() -> str:
    """Return a hash of the constraints, and of the code that runs OpenSTA."""
    template = (data_directory("constraints") / "engine.sdc").read_text(encoding="utf-8")
    return source.digest(template, source.code(constraints, __name__))


@functools.cache
def opensta_version() -> str | None:
    """Return the version of OpenSTA, ``None`` where it is not installed."""
    program = shutil.which("sta")
    if program is None:
        return None
    try:
        done = processes.run([program, "-version"], timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"\d+\.\d+[.\d]*", done.stdout)
    return f"OpenSTA {found[0]}" if found else None


def run(script: str, files: Mapping[str, str], timeout: float) -> str:
    """Run a script; returns what it printed.

    Parameters
    ----------
    script : Tcl
    files : that it reads: name → content
    timeout : seconds

    Raises
    ------
    ToolError
        OpenSTA failed, or complained, or did not end in time.
    """
    said = run_tool(
        "OpenSTA", ["sta", "-no_init", "-no_splash", "-exit", "run.tcl"], {**files, "run.tcl": script}, [""],
        timeout=timeout,
    )[""]  # fmt: skip
    # It ends with 0 whatever happened.
    errors = [line for line in said.splitlines() if line.startswith("Error")]
    if errors:
        raise ToolError(f"OpenSTA: {errors[0]}")
    return said


def _read(manifest: Mapping[str, Any]) -> str:
    return (
        "read_liberty cells.lib\nread_verilog netlist.v\n"
        f"link_design {manifest['top']}\nread_sdc design.sdc\n"
    )


def timing(netlist: str, manifest: Mapping[str, Any], library: Library, settings: Settings) -> dict[str, Any]:
    """Return the shortest period in which every path fits, ports counted as registers, without wires.

    The constraints are those of the ``sdc`` template, with the delays outside of the ports set to nothing.

    Parameters
    ----------
    netlist : flat Verilog of cells of the library
    manifest : of the design
    library : cells that the netlist is made of
    settings : what was chosen for the run

    Raises
    ------
    ToolError
        OpenSTA fails, takes too long, or finds no path that is constrained.
    """
    clock = manifest["clock"]
    script = (
        _read(manifest)
        + f"set_input_delay 0 -clock {clock} [all_inputs]\nset_output_delay 0 -clock {clock} [all_outputs]\n"
        + 'puts "slack [format %.6g [expr [sta::worst_slack_cmd max] * 1e9]]"\n'
        + "report_checks -path_delay max -format full -digits 4\n"
    )
    files = _files(netlist, manifest, library, settings)
    said = run(script, files, settings.timeout)
    slack = re.search(r"^slack (-?[\d.e+-]+)$", said, re.M)
    if slack is None:
        raise ToolError("OpenSTA: no path is constrained")
    period = 1000 / settings.clock_mhz - float(slack[1])
    start = re.search(r"^Startpoint: (\S+)", said, re.M)
    end = re.search(r"^Endpoint: (\S+)", said, re.M)
    cells = re.findall(r"^\s+[\d.]+\s+[\d.]+ [v^] \S+ \((\w+)\)$", said, re.M)
    return {
        "min_period_ns": round(period, 4),
        "fmax_mhz": round(1000 / period, 2),
        "between": "registers and ports, without wires",
        "critical_path": {
            "from": _signal(start, netlist),
            "to": _signal(end, netlist),
            "levels": sum(1 for cell in cells if cell not in library.flip_flops and cell in library.areas),
        },
    }


def _signal(point: re.Match[str] | None, netlist: str) -> str | None:
    """Return the signal that a register holds: instances of registers have no names that say anything."""
    if point is None:
        return None
    instance = re.search(rf"^  \w+ {re.escape(point[1])} \(\n(.*?)\n  \);", netlist, re.M | re.S)
    held = re.search(r"\.Q\((.*?)\)", instance[1]) if instance else None
    return held[1].strip("\\ ") if held else point[1]


def power(
    netlist: str,
    manifest: Mapping[str, Any],
    library: Library,
    activity: Mapping[str, tuple[float, float]],
    settings: Settings,
) -> dict[str, float]:
    """Return the power of a netlist, as OpenSTA reports it.

    Parameters
    ----------
    activity : pin (``instance/PIN`` or port) → toggles a clock cycle, part of the time that it is high
    netlist : flat Verilog of cells of the library
    manifest : of the design
    library : cells that the netlist is made of
    settings : what was chosen for the run

    Returns
    -------
    Watts: ``internal``, ``switching``, ``leakage`` and ``total``.

    Raises
    ------
    ToolError
        OpenSTA failed, or reports no switching of a netlist that toggles.
    """
    script = _read(manifest) + setting(activity)
    watts = reported_power(run(script, _files(netlist, manifest, library, settings), settings.timeout))
    if not watts["switching"] and any(rate for rate, _ in activity.values()):
        raise ToolError("OpenSTA: its report has no switching power, though nets toggle")
    return watts


def setting(activity: Mapping[str, tuple[float, float]]) -> str:
    """Return commands that set activities pin by pin, and report the power.

    The public command is used where it works: what lies behind it is toggles a clock cycle in some releases, toggles
    a second in others. That of 2019 fails at pins.
    """
    lines = [
        "report_power",  # which makes the defaults
        "proc activity {pin rate duty} {",
        "  set found [sta::find_pin $pin]",
        '  if {$found == "NULL"} {puts "Error: no pin $pin"; return}',
        "  if {[catch {set_power_activity -pins $found -activity $rate -duty $duty}]} {",
        "    sta::set_power_pin_activity $found $rate $duty",
        "  }",
        "}",
        *(f"activity {{{pin}}} {rate:.6g} {duty:.6g}" for pin, (rate, duty) in sorted(activity.items())),
        'puts "with activities"',
        "report_power -digits 6",
    ]
    return "\n".join(lines) + "\n"


def reported_power(said: str) -> dict[str, float]:
    """Read watts from what :func:`setting` lets OpenSTA print.

    Raises
    ------
    ToolError
        There is no total in what OpenSTA printed.
    """
    total = re.search(
        r"^Total\s+([\d.e+-]+)\s+([\d.e+-]+)\s+([\d.e+-]+)\s+([\d.e+-]+)",
        said.partition("with activities")[2],
        re.M,
    )
    if total is None:
        raise ToolError("OpenSTA: the report of power has no total")
    return dict(zip(("internal", "switching", "leakage", "total"), map(float, total.groups()), strict=True))


def slews(
    netlist: str, manifest: Mapping[str, Any], library: Library, pins: Iterable[str], settings: Settings
) -> dict[str, tuple[float, float]]:
    """Return seconds of a rising and of a falling edge at pins (``instance/PIN``).

    Parameters
    ----------
    netlist : flat Verilog of cells of the library
    manifest : of the design
    library : cells that the netlist is made of
    pins : names, as OpenSTA has them
    settings : what was chosen for the run
    """
    script = (
        _read(manifest)
        + "set_cmd_units -time ns\nproc slew {pin} {\n  set found [sta::find_pin $pin]\n"
        + '  puts "slew $pin [get_property $found actual_rise_transition_max]'
        + ' [get_property $found actual_fall_transition_max]"\n}\n'
        + "".join(f"slew {{{pin}}}\n" for pin in sorted(pins))
    )
    said = run(script, _files(netlist, manifest, library, settings), settings.timeout)
    # A pin without an edge, such as one that is constant, has the slew of nothing, which is negative.
    return {
        pin: (max(0.0, float(rise)) * 1e-9, max(0.0, float(fall)) * 1e-9)
        for pin, rise, fall in re.findall(r"^slew (\S+) (\S+) (\S+)$", said, re.M)
    }


def _plain(netlist: str) -> str:
    """Return a netlist without what the reader of the 2019 release refuses: signs of signals, which tell it nothing."""
    return re.sub(
        r"^(\s*(?:input|output|inout|wire|reg)(?: wire| reg)?) signed\b", r"\1", netlist, flags=re.M
    )


def _files(netlist: str, manifest: Mapping[str, Any], library: Library, settings: Settings) -> dict[str, str]:
    return {
        "cells.lib": library.text,
        "netlist.v": _plain(netlist),
        "design.sdc": constraint("sdc", manifest, settings.clock_mhz),
    }
