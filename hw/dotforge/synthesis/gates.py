"""What a target makes of a design, as Verilog that a simulator takes: benches run on it.

The cells come from the commands that the target's reports name; what a cell does is Yosys's own model of an ECP5, or
the functions of a Liberty file. Storage arrays of standard cells are flip-flops here, however large.
"""

import json
import re
from dataclasses import dataclass

from ..export.design import Generated
from ..tools import yosys as tool
from . import area
from .targets import Settings, target
from .targets.liberty import SCRIPTS, StandardCells

__all__ = ["MODELLED", "Gates", "gates"]

#: Targets whose cells can be simulated.
MODELLED = ("cmos", "ecp5", "nangate45")

#: The models of an ECP5's cells in Yosys; of multipliers and block memories it has none.
_ECP5 = "+/lattice/cells_sim_ecp5.v"


@dataclass(frozen=True)
class Gates:
    """A netlist.

    Attributes
    ----------
    verilog : of one module with the ports of the design, the functions of its cells in place of them
    cells : number by type
    """

    verilog: str
    cells: dict[str, int]


def gates(generated: Generated, name: str, *, yosys: str | None = None) -> Gates:
    """Return the netlist of a target.

    Parameters
    ----------
    generated : the design
    name : of the target, one of :data:`MODELLED`
    yosys : which Yosys (default: the one that is installed)

    Raises
    ------
    ValueError
        The cells of this target have no models here.
    TargetError
        The target needs what is not installed.
    YosysError
        There is a cell that no model is known of, or Yosys failed.
    """
    if name not in MODELLED:
        raise ValueError(f"target {name}: cells are known of {', '.join(MODELLED)}")
    yosys = yosys or tool.installed()
    top, files = generated.top, {"design.v": generated.verilog}
    if name == "cmos":
        flow, models = area.FLOW[:-1], []
        flow, files = [f"hierarchy -top {top}", *flow], {**files, "abc.txt": area.ABC_SCRIPT}
    else:
        what = target(name)
        told = str(what.options(Settings(yosys=yosys), generated.engine)["flow"])
        flow = [command.replace("TOP", top) for command in told.split("; ")]
        models = [f"read_verilog -nowb -overwrite {_ECP5}"]
        if isinstance(what, StandardCells):
            files |= {"cells.lib": what.library.text, "abc.txt": SCRIPTS["area"]}
            models = ["read_liberty -overwrite -ignore_miss_func cells.lib"]
    script = [
        "read_verilog design.v",
        *flow,
        "delete t:$scopeinfo",
        "tee -q -o cells.json stat -json",
        "write_verilog -noattr mapped.v",
        "design -reset",  # what the mapping knew of its cells is not their function
        *models,
        "read_verilog mapped.v",
        f"hierarchy -top {top}",
        "proc",
        "flatten",
        "opt_clean -purge",
        "delete t:$scopeinfo",
        "tee -q -o left.json stat -json",
        "write_verilog -noattr netlist.v",
    ]
    found = tool.run(script, files, ["cells.json", "left.json", "netlist.v"], yosys=yosys)
    left = _cells(found["left.json"], top)
    if unknown := [cell for cell in left if not re.fullmatch(r"\$(?!paramod)\w+", cell)]:
        raise tool.YosysError(f"{name}: there is no model of {', '.join(sorted(unknown))}")
    return Gates(found["netlist.v"], _cells(found["cells.json"], top))


def _cells(stat: str, top: str) -> dict[str, int]:
    return json.loads(stat)["modules"][f"\\{top}"]["num_cells_by_type"]
