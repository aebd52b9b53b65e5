"""Writes a block and everything below it as Verilog.

Each distinct block is converted on its own, with the ports of its signature, and its parent holds instances of
it. So identical modules are merged before anything is written, port names are those of the signatures, and the
time to write grows with the number of distinct modules, not of instances. Every core converts some of them.
"""

import contextlib
import gc
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from amaranth.back import rtlil  # pyright: ignore[reportAttributeAccessIssue] - the stubs lack it
from amaranth.hdl import ClockSignal, Fragment, Instance, ResetSignal, Value, ValueCastable
from amaranth.hdl._ir import PortDirection  # no public name for it in Amaranth 0.5
from amaranth.lib import wiring

from ..block import Block
from ..memory import MemoryArray
from ..tools import yosys
from ..tools.forked import forked_map
from .comments import code_sha256, comment
from .names import is_legal, legal_names, snake_case
from .operand_widths import equal_widths

__all__ = ["Design", "Port", "convert"]

#: What every module is given, and keeps if it has a use for it.
_CLOCK_PORTS = ("clk", "rst")

#: What a register holds before the first reset.
_INITIAL_VALUE = re.compile(r"^ +attribute \\init .*\n", re.M)
#: Storage whose words are not read while they are written, in RTLIL, and any storage in Verilog.
_NO_COLLISIONS = re.compile(r'^\s*attribute \\no_rw_check "1"\n', re.M)
_ARRAY = re.compile(r"^(\s*)reg (?:\[\d+:0\] )?\w+ \[\d+:0\];$", re.M)
_ZERO_INIT = re.compile(
    r"^  cell \$meminit_v2 (?:(?!^  end$).)*?connect \\DATA \d+'0+$.*?^  end$\n", re.M | re.S
)


@dataclass(frozen=True)
class Port:
    """A port of a Verilog module: ``direction`` is ``"input"`` or ``"output"``, ``width`` counts bits."""

    name: str
    direction: str
    width: int


@dataclass
class Design:
    """Verilog text of a block and its modules.

    Attributes
    ----------
    top : name of the top module
    verilog : the text, one definition a distinct module, children before parents, and above each what it is
    ports : of the top module, clock and reset included
    children : module → {child module: number of instances}
    cells : the netlist of the same modules, as JSON of Yosys, for :class:`dotforge.export.netlist.Netlist`
    """

    top: str
    verilog: str
    ports: list[Port]
    children: dict[str, dict[str, int]] = field(default_factory=dict)
    cells: str = field(default="", repr=False)

    @property
    def sha256(self) -> str:
        """Hash of the Verilog without its comments, which reports and test results carry."""
        return code_sha256(self.verilog)


@dataclass
class _Module:
    name: str
    comment: str
    fragment: Fragment
    ports: dict[str, tuple[Value, str]]
    children: dict[str, int]

    def rtlil(self) -> str:
        """Return it as RTLIL, with clock and reset."""
        ways = {"input": PortDirection.Input, "output": PortDirection.Output}
        ports = {name: (value, ways[direction]) for name, (value, direction) in self.ports.items()}
        return rtlil.convert_fragment(self.fragment, ports, self.name, emit_src=False)[0]


class _Elaboration:
    """An :class:`dotforge.block.Exporter` that elaborates each distinct block once."""

    def __init__(self, top_name: str) -> None:
        self.top_name = top_name
        self.modules: dict[tuple, _Module] = {}  # children before parents
        self._stack: list[tuple[Block, dict[str, int]]] = []
        self._names: set[str] = set()

    def boundary(self, block: Block) -> Instance | None:
        if self._stack and self._stack[-1][0] is block:
            return None
        module = self.module(block)
        counts = self._stack[-1][1]
        counts[module.name] = counts.get(module.name, 0) + 1
        reset: Value = ResetSignal(allow_reset_less=True)
        if block.cleared_by is not None:
            reset = reset | block.cleared_by
        return Instance(
            module.name,
            # Of a module without registers these are taken away again.
            ("i", "clk", ClockSignal()),
            ("i", "rst", reset),
            *(("i" if way == "input" else "o", name, value) for name, (value, way) in _ports(block).items()),
        )

    def module(self, block: Block) -> _Module:
        if block.key not in self.modules:
            name = self._unique_name(block)
            counts: dict[str, int] = {}
            self._stack.append((block, counts))
            fragment = Fragment.get(block, self)
            self._stack.pop()
            self.modules[block.key] = _Module(name, comment(block), fragment, _ports(block), counts)
        return self.modules[block.key]

    def _unique_name(self, block: Block) -> str:
        if not self._stack:
            name = self.top_name
        else:
            stem = f"{self.top_name}_{block.module_name or snake_case(type(block).__name__)}"
            name, number = stem, 1
            while name in self._names:
                number += 1
                name = f"{stem}_{number}"
        self._names.add(name)
        return name


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Let no garbage be looked for: elaborating makes millions of objects, and a quarter of its time went there."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _ports(block: Block) -> dict[str, tuple[Value, str]]:
    """Return name → value and direction of each port of a block."""
    ports: dict[str, tuple[Value, str]] = {}
    for path, member, value in block.signature.flatten(block):
        name = "_".join(map(str, path))
        cast = Value.cast(value.as_value() if isinstance(value, ValueCastable) else value)
        if name in ports or name in ("clk", "rst"):
            raise ValueError(f"{type(block).__name__}: two ports would be named {name}")
        if len(cast):  # a zero-width port would read `[-1:0]`
            ports[name] = (cast, "input" if member.flow == wiring.In else "output")
    return ports


def _without_unused(text: str, clocked: dict[str, list[str]]) -> tuple[str, list[str]]:
    """Return a module without a clock and a reset that it does not use, and which of them it uses.

    ``clocked`` tells that of the modules that it may hold.
    """
    lines, lacking = [], ()
    for line in text.split("\n"):
        if line.startswith("  cell \\"):
            lacking = tuple(
                f"    connect \\{port} "
                for port in _CLOCK_PORTS
                if port not in clocked.get(line.split()[1][1:], _CLOCK_PORTS)
            )
        if not (lacking and line.startswith(lacking)):
            lines.append(line)
    text, used = "\n".join(lines), []
    for port in _CLOCK_PORTS:
        rest = re.sub(rf"^  wire width 1 input \d+ +\\{port}$\n", "", text, flags=re.M)
        if re.search(rf"\\{port}\b", rest):
            used.append(port)
        else:
            text = rest
    return text, used


def convert(
    block: Block, *, name: str | None = None, initial_values: bool = True, storage: str = "auto"
) -> Design:
    """Convert a block to Verilog.

    Parameters
    ----------
    block : any block
    name : name of the top module and prefix of all others (default: the block's module name), so that two
        generated designs can live in one chip
    initial_values : registers have values before the first reset; some synthesizers refuse such flip-flops.
        Tables of constants keep theirs
    storage : ``ram_style`` of storage arrays (:class:`dotforge.memory.MemoryArray`), ``auto`` for none

    Returns
    -------
    The same bytes for the same arguments, on any machine.

    Raises
    ------
    ValueError
        A port of the block has a name that a top module's port cannot have.
    YosysError
        Yosys fails, or the Verilog that it writes is cut short.
    """
    top_name = name or block.module_name or snake_case(type(block).__name__)
    elaboration = _Elaboration(top_name)
    with _uncollected():
        top = elaboration.module(block)
        for port in top.ports:  # inside, names are changed where they must be
            if not is_legal(port):
                raise ValueError(f"{type(block).__name__}: {port} is no name for a port of a top module")
        modules = list(elaboration.modules.values())
        texts = forked_map(_Module.rtlil, modules)
    clocked: dict[str, list[str]] = {}
    for index, module in enumerate(modules):
        text, clocked[module.name] = _without_unused(texts[index], clocked)
        # Storage is not initialised: nothing reads a word before it is written, and a reset would not repeat it.
        texts[index] = equal_widths(_ZERO_INIT.sub("", text))
        if not initial_values:
            texts[index] = _INITIAL_VALUE.sub("", texts[index])
    # Only blocks are modules: what Amaranth makes below one of them is flattened into it.
    text = "".join(f"attribute \\keep_hierarchy 1\n{text}\n" for text in texts)
    script = [
        "read_rtlil design.il",
        f"hierarchy -top {top.name}",
        "proc",
        "flatten",
        "memory_collect",
        "opt_clean -purge",
        "write_json design.json",
        "write_verilog -norename -noattr design.v",
    ]
    found = yosys.run(script, {"design.il": text}, ["design.v", "design.json"])
    written = found["design.v"]
    definitions = {
        module[1]: module[0] for module in re.finditer(r"^module (\w+).*?^endmodule$", written, re.M | re.S)
    }
    if not written.rstrip().endswith("endmodule") or any(
        module.name not in definitions for module in modules
    ):
        raise yosys.YosysError("Yosys: the Verilog is cut short: is the disk of temporary files full?")
    for module, source in zip(modules, texts, strict=True):
        if _NO_COLLISIONS.search(source):
            definitions[module.name] = _ARRAY.sub(r"\1(* no_rw_check *)\n\g<0>", definitions[module.name])
    for key, module in elaboration.modules.items():
        if storage != "auto" and key[0] is MemoryArray:
            style = rf'\1(* ram_style = "{storage}" *)\n\g<0>'
            definitions[module.name] = _ARRAY.sub(style, definitions[module.name])
    text = "\n\n".join(module.comment + legal_names(definitions[module.name]) for module in modules) + "\n"
    ports = [Port(name, "input", 1) for name in clocked[top.name]]
    ports += [Port(name, direction, len(value)) for name, (value, direction) in top.ports.items()]
    children = {module.name: module.children for module in modules}
    return Design(top.name, text, ports, children, found["design.json"])
