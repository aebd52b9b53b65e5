"""The ``cmos`` area flow: transistors of a Verilog design, counted by Yosys.

``flat`` flattens the named module. ``sum`` synthesizes each distinct module with its children as black boxes and
adds up over instances, so that time grows with the number of distinct modules.
"""

import re
from dataclasses import dataclass

from ..block import Block
from . import yosys
from .verilog import convert

__all__ = ["ABC_SCRIPT", "MEMORY_BITS_LIMIT", "Area", "flat", "measure", "synthesize"]

#: What abc is told, one command a line.
ABC_SCRIPT = "strash\ndch -f\namap -m\n"

#: Storage arrays over this many bits are listed as memory bits, not as transistors.
MEMORY_BITS_LIMIT = 1024

_FLOW = [
    "synth -flatten -noabc",
    "dfflegalize -cell $_DFF_P_ 01",
    "simplemap",
    "opt_expr",
    "opt_merge",
    "opt_clean",
    "abc -g cmos -script abc.txt",
    "opt_clean",
    "delete t:$scopeinfo",  # notes of `flatten` about hierarchy, no hardware
    "tee -q -o stat.txt stat -tech cmos",
]


@dataclass(frozen=True)
class Area:
    """What a module costs: ``transistors`` by ``stat -tech cmos``, and its ``cells`` by type."""

    transistors: int
    cells: dict[str, int]

    @property
    def registers(self) -> int:
        """Flip-flops; each counts as 16 transistors."""
        return self.cells.get("$_DFF_P_", 0)


def synthesize(
    verilog: str, top: str, *, prepare: list[str] | None = None, engine: str | None = None, timeout: float = 1800
) -> Area:
    """Run the area flow on Verilog text.

    Parameters
    ----------
    verilog : source text
    top : name of the module to measure
    prepare : commands between reading and synthesis (default: ``hierarchy -top TOP``)
    engine : which Yosys (see :mod:`dotforge.flow.yosys`)
    timeout : seconds

    Raises
    ------
    YosysError
        The netlist contains a cell that ``stat`` does not count, or Yosys failed.
    """
    script = ["read_verilog design.v", *(prepare or [f"hierarchy -top {top}"]), *_FLOW]
    files = {"design.v": verilog, "abc.txt": ABC_SCRIPT}
    return _parse(yosys.run(script, files, ["stat.txt"], engine=engine, timeout=timeout)["stat.txt"])


def _parse(stat: str) -> Area:
    total = re.search(r"Estimated number of transistors:\s+(\d+)(\+?)", stat)
    if total is None:
        raise yosys.YosysError("the report of `stat -tech cmos` has no transistor count")
    cells = {name: int(count) for count, name in re.findall(r"^\s+(\d+)\s+(\$\w+)\s*$", stat, re.M)}
    if total[2]:
        raise yosys.YosysError(f"`stat -tech cmos` does not count every cell of the netlist: {sorted(cells)}")
    return Area(int(total[1]), cells)


def measure(block: Block, *, engine: str | None = None) -> Area:
    """Area of a block and all below it, flattened."""
    design = convert(block)
    return synthesize(design.verilog, design.top, engine=engine)


def flat(block: Block) -> int:
    """Transistors of a block and all below it, flattened: the figure of tables and anchors."""
    return measure(block).transistors
