"""Other tools' flows: what each of them takes of a generated engine, from the templates in ``constraints/flows``."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from ..export.constraints import values
from ..tools.files import data_directory, write_text

__all__ = ["FLOWS", "Flow", "chosen", "write_flows"]


@dataclass(frozen=True)
class Flow:
    """What a tool's flow takes.

    Attributes
    ----------
    summary : the tool, and what its files are
    use : the command that takes them, from the generated directory; ``TOP`` is the engine's name
    files : template in ``constraints/flows`` → where it goes, in the generated directory
    """

    summary: str
    use: str
    files: Mapping[str, str]


#: What `generate --flow` takes, by name. ``ipxact`` has no template: it is written from the manifest.
FLOWS = {
    "fusesoc": Flow(
        "FuseSoC core: targets lint, sim and synth",
        "fusesoc --cores-root . run --target lint dotforge:engine:TOP",
        {"fusesoc/engine.core.template": "TOP.core"},
    ),
    "ipxact": Flow("IP-XACT component, IEEE 1685-2014", "its file for the catalog of your tool: TOP.xml", {}),
    "librelane": Flow(
        "LibreLane configuration, and constraints that keep what its own set",
        "librelane config.json",
        {
            "librelane/config.json": "config.json",
            "librelane/engine_librelane.sdc": "constraints/TOP_librelane.sdc",
        },
    ),
    "orfs": Flow(
        "OpenROAD-flow-scripts design",
        "make -C FLOW DESIGN_CONFIG=$PWD/flows/orfs/config.mk",
        {
            "orfs/config.mk": "flows/orfs/config.mk",
            "orfs/constraint.sdc": "flows/orfs/constraint.sdc",
        },
    ),
    "quartus": Flow(
        "Quartus Prime project, all ports but the clock virtual pins",
        "make -C flows/quartus import",
        {
            f"quartus/{name}": f"flows/quartus/{name.replace('engine', 'TOP')}"
            for name in ("Makefile", "compile.tcl", "engine.qpf", "engine.qsf", "engine.sdc")
        },
    ),
    "siliconcompiler": Flow(
        "SiliconCompiler design, and a script that lays it out",
        "python flows/siliconcompiler/TOP.py",
        {"siliconcompiler/engine.py.template": "flows/siliconcompiler/TOP.py"},
    ),
    "vivado": Flow(
        "Vivado script, out of context",
        "vivado -mode batch -source flows/vivado/TOP.tcl",
        {"vivado/engine.tcl": "flows/vivado/TOP.tcl"},
    ),
    "yosys": Flow(
        "Makefile for Yosys: an FPGA family, or a Liberty file's cells",
        "make -C flows/yosys TARGET=ecp5",
        {"yosys/Makefile": "flows/yosys/Makefile"},
    ),
}


def chosen(names: str) -> tuple[str, ...]:
    """Return the flows of a list with commas, in the order of :data:`FLOWS`.

    Parameters
    ----------
    names : ``all``, ``none``, or names of :data:`FLOWS`

    Raises
    ------
    ValueError
        There is no such flow.
    """
    asked = {name.strip() for name in names.split(",")}
    if asked == {"all"}:
        return tuple(FLOWS)
    if asked == {"none"}:
        return ()
    unknown = sorted(asked - set(FLOWS))
    if unknown:
        raise ValueError(f"{', '.join(map(repr, unknown))}: allowed are all, none and {', '.join(FLOWS)}")
    return tuple(name for name in FLOWS if name in asked)


def write_flows(
    names: Sequence[str], out: Path, manifest: Mapping[str, Any], clock_mhz: float, *, vectors_there: bool
) -> None:
    """Write the files of flows.

    Parameters
    ----------
    names : of :data:`FLOWS`
    out : generated directory
    manifest : of the engine
    clock_mhz : clock of constraints
    vectors_there : whether the bench has golden vectors, which FuseSoC's ``sim`` replays
    """
    filled = values(manifest, clock_mhz)
    templates = data_directory("constraints") / "flows"
    for name in names:
        for template, place in FLOWS[name].files.items():
            text = Template((templates / template).read_text(encoding="utf-8")).substitute(filled)
            if name == "fusesoc" and not vectors_there:
                text = re.sub(r"  bench:\n(    .*\n)+|  # Replays.*\n  sim:\n(    .*\n)+", "", text)
            file = out / place.replace("TOP", manifest["top"])
            file.parent.mkdir(parents=True, exist_ok=True)
            write_text(file, text)
