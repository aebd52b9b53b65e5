"""The ``cmos`` area flow: transistors of a Verilog design, counted by Yosys.

``flat`` flattens the named module. ``sum`` synthesizes each distinct module with its children as black boxes and
adds up over instances, so that time grows with the number of distinct modules.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from ..block import Block
from ..export.verilog import convert
from ..tools import yosys as tool

__all__ = [
    "ABC_SCRIPT",
    "COUNTED",
    "FLOW",
    "MEMORY_BITS_LIMIT",
    "Area",
    "flat",
    "measure",
    "netlist",
    "parse_stat",
    "storage_bits",
    "synthesize",
]

#: What abc is told, one command a line.
ABC_SCRIPT = "strash\ndch -f\namap -m\n"

#: Storage arrays over this many bits are listed as memory bits, not as transistors.
MEMORY_BITS_LIMIT = 1024

#: Commands between reading and counting, in order.
FLOW = [
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


#: Cells that ``stat -tech cmos`` has a count for, among those that the flow can leave.
COUNTED = frozenset(
    f"$_{name}_"
    for name in """
    BUF NOT AND NAND ANDNOT OR NOR ORNOT MUX NMUX AOI3 OAI3 AOI4 OAI4 XOR XNOR DFF_P DFF_N
    """.split()
)


@dataclass(frozen=True)
class Area:
    """What a module costs.

    Attributes
    ----------
    transistors : by ``stat -tech cmos``
    cells : number by type, black boxes included
    memory_bits : storage in arrays over :data:`MEMORY_BITS_LIMIT` bits, which ``transistors`` leaves out
    """

    transistors: int
    cells: dict[str, int]
    memory_bits: int = 0

    @property
    def registers(self) -> int:
        """Flip-flops; each counts as 16 transistors."""
        return self.cells.get("$_DFF_P_", 0)


def synthesize(
    verilog: str,
    top: str,
    *,
    black_boxes: Collection[str] = (),
    yosys: str | None = None,
    timeout: float = 1800,
) -> Area:
    """Run the area flow on Verilog text.

    Parameters
    ----------
    verilog : source text
    top : name of the module to measure
    black_boxes : modules whose contents are left out, beside those that are large storage arrays
    yosys : which Yosys (see :mod:`dotforge.tools.yosys`)
    timeout : seconds

    Raises
    ------
    YosysError
        The netlist contains a cell that ``stat`` does not count, or Yosys failed.
    """
    storage = {name: bits for name, bits in storage_bits(verilog).items() if bits > MEMORY_BITS_LIMIT}
    boxes = [name for name in (*storage, *black_boxes) if name != top]
    script = [*_read(top, boxes), *FLOW]
    files = {"design.v": verilog, "abc.txt": ABC_SCRIPT}
    stat = tool.run(script, files, ["stat.txt"], yosys=yosys, timeout=timeout)["stat.txt"]
    found = parse_stat(stat, boxes)
    memory = sum(bits * found.cells.get(name, 0) for name, bits in storage.items())
    return replace(found, memory_bits=memory)


def _read(top: str, black_boxes: Collection[str]) -> list[str]:
    return ["read_verilog design.v", *(f"blackbox {name}" for name in black_boxes), f"hierarchy -top {top}"]


def netlist(verilog: str, top: str, *, yosys: str | None = None) -> str:
    """Return the netlist that :func:`synthesize` counts, as Verilog: for the benches at gate level.

    Parameters
    ----------
    verilog : text of the design
    top : name of its top module
    yosys : which Yosys (default: the one that is installed)
    """
    script = [*_read(top, ()), *FLOW, "clean -purge", "write_verilog -noattr netlist.v"]
    files = {"design.v": verilog, "abc.txt": ABC_SCRIPT}
    return tool.run(script, files, ["netlist.v"], yosys=yosys)["netlist.v"]


def storage_bits(verilog: str) -> dict[str, int]:
    """Bits of the storage arrays in each module that has any."""
    bits = {}
    for module in re.finditer(r"^module (\w+)(.*?)^endmodule$", verilog, re.M | re.S):
        arrays = re.findall(r"^\s*reg (?:\[(\d+):0\] )?\w+ \[(\d+):0\];$", module[2], re.M)
        if arrays:
            bits[module[1]] = sum((int(high or 0) + 1) * (int(rows) + 1) for high, rows in arrays)
    return bits


def parse_stat(stat: str, black_boxes: Collection[str] = ()) -> Area:
    """Read the report of ``stat -tech cmos``; a cell that it does not count is an error.

    Parameters
    ----------
    stat : the report of one module
    black_boxes : modules whose instances may be in it

    Raises
    ------
    YosysError
        The report has no transistor count, or a cell that ``stat -tech cmos`` does not count.
    """
    total = re.search(r"Estimated number of transistors:\s+(\d+)", stat)
    if total is None:
        raise tool.YosysError("the report of `stat -tech cmos` has no transistor count")
    counts = re.findall(r"^\s+(\d+)\s+([\w$]+)\s*$", stat, re.M)
    cells = {name: int(count) for count, name in counts if name.startswith("$") or name in black_boxes}
    uncounted = sorted(set(cells) - COUNTED - set(black_boxes))
    if uncounted:
        raise tool.YosysError(f"`stat -tech cmos` does not count {', '.join(uncounted)}")
    return Area(int(total[1]), cells)


def measure(block: Block, *, yosys: str | None = None) -> Area:
    """Area of a block and all below it, flattened.

    Parameters
    ----------
    block : any block
    yosys : which Yosys (default: the one that is installed)
    """
    design = convert(block)
    return synthesize(design.verilog, design.top, yosys=yosys)


def flat(block: Block) -> int:
    """Transistors of a block and all below it, flattened: the figure of tables and anchors."""
    return measure(block).transistors
