"""Area by module: each distinct module synthesized once, with its children as black boxes.

The sum over all instances is the ``sum`` mode of reports: its time grows with the number of distinct modules,
not of instances. What it misses against one flat netlist is optimisation across module boundaries.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..tools import yosys as tool
from .area import ABC_SCRIPT, FLOW, MEMORY_BITS_LIMIT, Area, parse_stat, storage_bits

__all__ = ["ModuleArea", "Tree", "measure"]


@dataclass(frozen=True)
class ModuleArea:
    """A distinct module.

    Attributes
    ----------
    name : of the module
    instances : in the whole design
    own : area of one instance without its children
    children : module → instances in one instance of this one
    """

    name: str
    instances: int
    own: Area
    children: dict[str, int]


@dataclass(frozen=True)
class Tree:
    """All distinct modules of a design, the top module last."""

    modules: tuple[ModuleArea, ...]

    @property
    def total(self) -> Area:
        """Sum over all instances of all modules."""
        cells: dict[str, int] = {}
        for module in self.modules:
            for cell, count in module.own.cells.items():
                if cell.startswith("$"):
                    cells[cell] = cells.get(cell, 0) + count * module.instances
        return Area(
            sum(module.own.transistors * module.instances for module in self.modules),
            dict(sorted(cells.items())),
            sum(module.own.memory_bits * module.instances for module in self.modules),
        )

    def by_part(self, parts: Mapping[str, Sequence[str]], rest: str) -> dict[str, int]:
        """Return transistors by part.

        Parameters
        ----------
        parts : part → modules, by their names without the top module's and without a number; what is inside of one
            belongs to its part, unless it is of another that comes earlier
        rest : name of what is in none
        """
        modules = {module.name: module for module in self.modules}
        top = self.modules[-1].name
        found = dict.fromkeys([*parts, rest], 0)

        def add(name: str, path: tuple[str, ...], count: int) -> None:
            module = modules[name]
            path = (*path, re.sub(r"_\d+$", "", name.removeprefix(f"{top}_")))
            part = next((part for part, names in parts.items() if any(each in names for each in path)), rest)
            found[part] += module.own.transistors * count
            for child, number in module.children.items():
                if child in modules:
                    add(child, path, count * number)

        add(top, (), 1)
        return found

    def rows(self) -> list[dict[str, Any]]:
        """Return modules for a report, each with the figures of one instance without its children."""
        return [
            {
                "module": module.name,
                "instances": module.instances,
                "transistors": module.own.transistors,
                "registers": module.own.registers,
                "memory_bits": module.own.memory_bits,
                "cells": {cell: count for cell, count in module.own.cells.items() if cell.startswith("$")},
                "children": module.children,
            }
            for module in self.modules
        ]


def measure(verilog: str, top: str, *, yosys: str | None = None, timeout: float = 1800) -> Tree:
    """Synthesize every distinct module of a design.

    Parameters
    ----------
    verilog : source text, as :func:`dotforge.export.verilog.convert` writes it: children before parents
    top : name of the top module
    yosys : which Yosys (see :mod:`dotforge.tools.yosys`)
    timeout : seconds for the whole design
    """
    bodies = {
        found[1]: found[2] for found in re.finditer(r"^module (\w+)(.*?)^endmodule$", verilog, re.M | re.S)
    }
    children = {name: _children(body, bodies) for name, body in bodies.items()}
    storage = storage_bits(verilog)
    large = {name for name, bits in storage.items() if bits > MEMORY_BITS_LIMIT}
    script = ["read_verilog design.v", "design -save all"]
    measured = [name for name in bodies if name not in large]
    for number, name in enumerate(measured):
        script += [
            "design -load all",
            *(f"blackbox {child}" for child in children[name]),
            f"hierarchy -top {name}",
        ]
        script += [command.replace("stat.txt", f"stat{number}.txt") for command in FLOW]
    outputs = [f"stat{number}.txt" for number in range(len(measured))]
    files = {"design.v": verilog, "abc.txt": ABC_SCRIPT}
    stats = tool.run(script, files, outputs, yosys=yosys, timeout=timeout)
    own = {
        name: parse_stat(stats[output], children[name])
        for name, output in zip(measured, outputs, strict=True)
    }
    own |= {name: Area(0, {}, storage[name]) for name in large}
    instances = _instances(top, children)
    return Tree(
        tuple(
            ModuleArea(name, instances[name], own[name], children[name])
            for name in bodies
            if name in instances
        )
    )


def _children(body: str, modules: dict[str, str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for kind in re.findall(r"^  (\w+) \w+ \($", body, re.M):
        if kind in modules:
            counts[kind] = counts.get(kind, 0) + 1
    return counts


def _instances(top: str, children: dict[str, dict[str, int]]) -> dict[str, int]:
    """Count instances of each module below and including ``top``."""
    counts = {top: 1}
    for name in reversed(list(children)):  # parents come after their children in the text
        for child, number in children[name].items():
            if name in counts:
                counts[child] = counts.get(child, 0) + counts[name] * number
    return counts
