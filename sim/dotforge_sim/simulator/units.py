"""Takes out of a design the arithmetic that repeats, so that it is compiled once, however many lanes there are.

Verilator flattens a design: 32 lanes of BF16 are 32 copies of a multiplier in C++, and compiling them was nine tenths
of the time to the first answer. Here the gates between the registers of a module that repeats become a *unit*: a module
without registers, which is verilated and compiled on its own, once for all instances, engines and configurations that
hold it. In the design its place takes a call of a C function; ports and registers stay where they are.

A unit remembers results by operands. Most lanes of a sparse engine hold still in most cycles, and Verilator evaluates a
lane more than once a cycle: a design with units simulates faster than one without.
"""

import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Unit", "without_units"]

#: Characters of Verilog that a unit must save: compiling it on its own costs as much as these.
_WORTH = 60_000

#: Bits of operands by which results are remembered; wider ones hardly repeat.
_REMEMBERED_BITS = 512

#: Results that a unit remembers, a power of two.
_RESULTS = 1024

_MODULE = re.compile(r"^module (\w+)\((.*?)\);\n(.*?)^endmodule$", re.M | re.S)
_INSTANCE = re.compile(r"^  (\w+) \w+ \(", re.M)
_DECLARATION = re.compile(r"  (input|output|wire|reg) (?:\[(\d+):0\] )?(\w+)(?: = [^;]+)?;")
_ASSIGNMENT = re.compile(r"  assign [^;]+;")
_CLOCKED = "  always @(posedge clk)"
_STEP = re.compile(r"    +(?:(?:else )?if \([^;]*\)|else)?(?: *\w+(?:\[\d+(?::\d+)?\])? <= [^;]+;)?")
_NAME = re.compile(r"(?<![\w'])[A-Za-z_]\w*")


@dataclass(frozen=True)
class Unit:
    """A module without registers, and the C function that evaluates it.

    Attributes
    ----------
    name : of the module and of the function, made of a hash of the module's text
    verilog : the module
    inputs, outputs : widths in bits, in the order of the function's arguments; ports ``unit_i0``…, ``unit_o0``…
    """

    name: str
    verilog: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @property
    def declaration(self) -> str:
        """The function as Verilog imports it."""
        arguments = [f"input {_verilog_type(width)} i{place}" for place, width in enumerate(self.inputs)]
        arguments += [f"output {_verilog_type(width)} o{place}" for place, width in enumerate(self.outputs)]
        return f'  import "DPI-C" pure function void {self.name}_f({", ".join(arguments)});'

    @property
    def function(self) -> str:
        """The function in C++; ``V`` and the name is the class of the verilated module."""
        arguments = [_type(width, _C).format(f"i{place}") for place, width in enumerate(self.inputs)]
        arguments += [_type(width, _C_RESULT).format(f"o{place}") for place, width in enumerate(self.outputs)]
        taken = [
            f"X(unit_i{place}, {'' if width > 64 else '&'}i{place}, {-(-width // 32)})"
            for place, width in enumerate(self.inputs)
        ]
        given = [f"X(unit_o{place}, o{place}, {-(-width // 32)})" for place, width in enumerate(self.outputs)]
        macros = {
            "MODEL": f"V{self.name}",
            "FUNCTION": f"void {self.name}_f({', '.join(arguments)})",
            "INPUTS": " ".join(taken),
            "OUTPUTS": " ".join(given),
            "RESULTS": str(_RESULTS if sum(self.inputs) <= _REMEMBERED_BITS else 0),
        }
        text = (Path(__file__).parent / "unit.cpp").read_text(encoding="utf-8")
        return "".join(f"#define {name} {value}\n" for name, value in macros.items()) + text


#: Types of arguments up to 32, up to 64 and above 64 bits.
_VERILOG = ("int unsigned", "longint unsigned", "bit [{}:0]")
_C = ("uint32_t {}", "unsigned long long {}", "const uint32_t* {}")
_C_RESULT = ("uint32_t* {}", "unsigned long long* {}", "uint32_t* {}")


def _verilog_type(width: int) -> str:
    return _type(width, _VERILOG).format(width - 1)


def _type(width: int, types: tuple[str, str, str]) -> str:
    return types[0] if width <= 32 else types[1] if width <= 64 else types[2]


def without_units(verilog: str, top: str) -> tuple[str, list[Unit]]:
    """Return a design with calls in the place of what repeats, and the units that they call.

    Verilog that is not written as :func:`dotforge.export.verilog.convert` does stays as it is.

    Parameters
    ----------
    verilog : modules
    top : the one that holds all others
    """
    modules = {found[1]: found for found in _MODULE.finditer(verilog)}
    held = {
        name: Counter(child for child in _INSTANCE.findall(found[0]) if child in modules)
        for name, found in modules.items()
    }
    counts = _instances(held, top)
    units: dict[str, Unit] = {}
    replaced: dict[str, str] = {}
    for name, found in modules.items():
        if held[name] or len(found[0]) * (counts[name] - 1) < _WORTH:
            continue
        if (parts := _Parts.of(found[2], found[3])) is not None:
            unit = parts.unit()
            units[unit.name] = unit
            replaced[name] = parts.shell(name, unit)
    if not units:
        return verilog, []
    return _MODULE.sub(lambda found: replaced.get(found[1], found[0]), verilog), list(units.values())


def _instances(held: dict[str, Counter[str]], top: str) -> Counter[str]:
    """Return how many instances there are of each module in the top one."""
    counts: Counter[str] = Counter()
    level = Counter({top: 1}) if top in held else Counter()
    while level:
        counts += level
        below: Counter[str] = Counter()
        for name, number in level.items():
            for child, times in held[name].items():
                below[child] += number * times
        level = below
    return counts


@dataclass(frozen=True)
class _Parts:
    """A module that holds no other: its ports, wires and registers (name → width), and its lines by kind."""

    inputs: dict[str, int]
    outputs: dict[str, int]
    wires: dict[str, int]
    registers: dict[str, int]
    kept: list[str]
    assignments: list[str]
    clocked: list[str]

    @classmethod
    def of(cls, ports: str, body: str) -> "_Parts | None":
        """Read a module; ``None`` where it holds more than gates and registers, or answers without them.

        An output that is not a register, beside registers, may depend on other inputs than the unit's other outputs
        do: one call for all of them would close loops that are none.
        """
        parts = cls({}, {}, {}, {}, [], [], [])
        kinds = {"input": parts.inputs, "output": parts.outputs, "wire": parts.wires, "reg": parts.registers}
        step = False
        for line in filter(None, body.split("\n")):
            if found := _DECLARATION.fullmatch(line):
                kinds[found[1]][found[3]] = int(found[2] or 0) + 1
                if found[1] == "reg":
                    parts.kept.append(line)
            elif _ASSIGNMENT.fullmatch(line):
                parts.assignments.append(line)
            elif line == _CLOCKED or (step and _STEP.fullmatch(line)):
                parts.clocked.append(line)
                step = True
                continue
            else:
                return None
            step = False
        for declared in (parts.inputs, parts.wires):
            declared.pop("clk", None)
        registered = all(name in parts.registers for name in parts.outputs)
        whole = registered if parts.registers else bool(parts.outputs)
        names, clock = set(ports.split(", ")), {"clk"} if parts.clocked else set()
        return parts if whole and names == {*parts.inputs, *parts.outputs, *clock} else None

    @property
    def taken(self) -> dict[str, int]:
        """What the gates take: inputs, and what registers hold."""
        return self.inputs | self.registers

    @property
    def given(self) -> dict[str, int]:
        """What the gates give: outputs, and what registers take."""
        used = {name for line in self.clocked for name in _NAME.findall(line)}
        return {
            name: width
            for name, width in (self.outputs | self.wires).items()
            if name not in self.taken and (name in used or name in self.outputs)
        }

    def unit(self) -> Unit:
        """Return the gates as a module."""
        ports, lines = [], []
        for place, (name, width) in enumerate(self.taken.items()):
            ports.append(f"unit_i{place}")
            lines.append(f"  input [{width - 1}:0] unit_i{place};")
            lines.append(f"  wire [{width - 1}:0] {name};\n  assign {name} = unit_i{place};")
        for place, (name, width) in enumerate(self.given.items()):
            ports.append(f"unit_o{place}")
            lines.append(f"  output [{width - 1}:0] unit_o{place};")
            lines.append(f"  wire [{width - 1}:0] {name};\n  assign unit_o{place} = {name};")
        known = {**self.taken, **self.given}
        lines += [
            f"  wire [{width - 1}:0] {name};" for name, width in self.wires.items() if name not in known
        ]
        body = f"({', '.join(ports)});\n" + "\n".join([*lines, *self.assignments, "endmodule\n"])
        name = "unit_" + hashlib.sha256(body.encode()).hexdigest()[:16]
        return Unit(name, f"module {name}{body}", tuple(self.taken.values()), tuple(self.given.values()))

    def shell(self, name: str, unit: Unit) -> str:
        """Return the module with its registers, and a call in the place of its gates."""
        ports = [*self.inputs, *self.outputs, *(["clk"] if self.clocked else [])]
        lines = [f"module {name}({', '.join(ports)});"]
        lines += [f"  input [{width - 1}:0] {port};" for port, width in self.inputs.items()]
        lines += ["  input clk;"] if self.clocked else []
        lines += [f"  output [{width - 1}:0] {port};" for port, width in self.outputs.items()]
        lines += [*self.kept, unit.declaration]
        for output, width in self.given.items():
            lines += [f"  wire [{width - 1}:0] {output};"] if output not in self.outputs else []
            lines += [
                f"  {_verilog_type(width)} {output}_whole;",
                f"  assign {output} = {output}_whole[{width - 1}:0];",
            ]
        given = [*self.taken, *(f"{output}_whole" for output in self.given)]
        lines += [f"  always_comb {unit.name}_f({', '.join(given)});", *self.clocked, "endmodule"]
        return "\n".join(lines)
