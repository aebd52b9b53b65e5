"""Writes a block and everything below it as Verilog.

Each distinct block is converted on its own, with the ports of its signature, and its parent holds instances of
it. So identical modules are merged before anything is written, port names are those of the signatures, and the
time to write grows with the number of distinct modules, not of instances.
"""

import contextlib
import gc
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from amaranth.back import rtlil  # pyright: ignore[reportAttributeAccessIssue] - the stubs lack it
from amaranth.hdl import ClockSignal, Instance, ResetSignal, Value, ValueCastable
from amaranth.lib import wiring

from ..block import Block
from . import yosys
from .names import is_legal, legal_names, snake_case
from .widths import equal_widths

__all__ = ["Design", "Port", "convert"]

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
    verilog : the text, one definition a distinct module, children before parents
    ports : of the top module, clock and reset included
    children : module → {child module: number of instances}
    """

    top: str
    verilog: str
    ports: list[Port]
    children: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """Hash of the Verilog text, which reports and test results carry."""
        return hashlib.sha256(self.verilog.encode()).hexdigest()


@dataclass
class _Module:
    name: str
    ports: list[Port]
    rtlil: str
    children: dict[str, int]


class _VerilogPlatform:
    """An :class:`dotforge.block.Exporter` that converts each distinct block once."""

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
        values = dict(_flatten(block))
        arguments = []
        for port in module.ports:
            if port.name == "clk":
                value = ClockSignal()
            elif port.name == "rst":
                value = ResetSignal(allow_reset_less=True)
            else:
                value = values[port.name][0]
            arguments.append(("i" if port.direction == "input" else "o", port.name, value))
        return Instance(module.name, *arguments)

    def module(self, block: Block) -> _Module:
        if block.key not in self.modules:
            name = self._unique_name(block)
            counts: dict[str, int] = {}
            self._stack.append((block, counts))
            ports = {port: (value, None) for port, (value, _) in _flatten(block)}
            directions = {port: direction for port, (_, direction) in _flatten(block)}
            text = rtlil.convert(block, name=name, platform=self, ports=_ports(block), emit_src=False)
            self._stack.pop()
            text = _without_unused(text, "rst")
            listed = _clock_ports(text) + [
                Port(port, directions[port], len(value)) for port, (value, _) in ports.items()
            ]
            self.modules[block.key] = _Module(name, listed, text, counts)
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


def _flatten(block: Block) -> Iterator[tuple[str, tuple[Value, str]]]:
    for path, member, value in block.signature.flatten(block):
        cast = Value.cast(value.as_value() if isinstance(value, ValueCastable) else value)
        if len(cast):  # a zero-width port would read `[-1:0]`
            yield "_".join(map(str, path)), (cast, "input" if member.flow == wiring.In else "output")


def _ports(block: Block) -> dict:
    from amaranth.hdl._ir import PortDirection  # noqa: PLC0415 - no public name for it in Amaranth 0.5

    ports: dict = {}
    for name, (value, direction) in _flatten(block):
        if name in ports or name in ("clk", "rst"):
            raise ValueError(f"{type(block).__name__}: two ports would be named {name}")
        ports[name] = (value, PortDirection.Input if direction == "input" else PortDirection.Output)
    return ports


def _without_unused(text: str, port: str) -> str:
    """Take away a reset that Amaranth gives to memories, which have none."""
    declaration = re.compile(rf"^  wire width 1 input \d+ +\\{port}$\n", re.M)
    rest = declaration.sub("", text)
    return text if re.search(rf"\\{port}\b", rest) else rest


def _clock_ports(text: str) -> list[Port]:
    # The converted block is the first module of the text.
    head = text.split("\nend\n", 1)[0]
    return [
        Port(name, "input", 1)
        for name in ("clk", "rst")
        if re.search(rf"wire .*input \d+ +\\{name}$", head, re.M)
    ]


def convert(block: Block, *, name: str | None = None) -> Design:
    """Convert a block to Verilog.

    Parameters
    ----------
    block : any block
    name : name of the top module and prefix of all others (default: the block's module name), so that two
        generated designs can live in one chip

    Returns
    -------
    The same bytes for the same arguments, on any machine.
    """
    top_name = name or block.module_name or snake_case(type(block).__name__)
    platform = _VerilogPlatform(top_name)
    with _uncollected():
        top = platform.module(block)
    for port in top.ports:  # inside, names are changed where they must be
        if not is_legal(port.name):
            raise ValueError(f"{type(block).__name__}: {port.name} is no name for a port of a top module")
    modules = list(platform.modules.values())
    # Storage is not initialised: nothing reads a word before it is written, and a reset would not repeat it.
    for module in modules:
        module.rtlil = equal_widths(_ZERO_INIT.sub("", module.rtlil))
    # Only blocks are modules: what Amaranth makes below one of them is flattened into it.
    text = "".join(f"attribute \\keep_hierarchy 1\n{module.rtlil}\n" for module in modules)
    script = [
        "read_rtlil design.il",
        f"hierarchy -top {top.name}",
        "proc",
        "flatten",
        "memory_collect",
        "opt_clean -purge",
        "write_verilog -norename -noattr design.v",
    ]
    written = yosys.run(script, {"design.il": text}, ["design.v"])["design.v"]
    definitions = {
        found[1]: found[0] for found in re.finditer(r"^module (\w+).*?^endmodule$", written, re.M | re.S)
    }
    if not written.rstrip().endswith("endmodule") or any(
        module.name not in definitions for module in modules
    ):
        raise yosys.YosysError("Yosys: the Verilog is cut short: is the disk of temporary files full?")
    text = "\n\n".join(legal_names(definitions[module.name]) for module in modules) + "\n"
    return Design(top.name, text, top.ports, {module.name: module.children for module in modules})
