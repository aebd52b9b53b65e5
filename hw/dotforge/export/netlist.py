"""A netlist of word-level cells: modules as Yosys writes them, and who drives each bit.

Bits are numbered within a module; ``"0"``, ``"1"`` and ``"x"`` are constants.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

__all__ = ["Bit", "Cell", "Module", "Netlist"]

#: A net of a module, or a constant.
Bit = int | str


@dataclass(frozen=True)
class Cell:
    """An instance of a module, or of a primitive, whose type then begins with ``$``.

    Attributes
    ----------
    name, type : of the instance, and of what it is one of
    connections : port → bits, lowest first
    parameters : of a primitive
    outputs : names of the ports that it drives
    """

    name: str
    type: str
    connections: dict[str, list[Bit]]
    parameters: dict[str, int | str]
    outputs: tuple[str, ...]

    @property
    def is_instance(self) -> bool:
        """Whether it is a module with a netlist of its own."""
        return not self.type.startswith("$")


@dataclass(frozen=True)
class Module:
    """A module.

    Attributes
    ----------
    name : of the module
    inputs, outputs : port → bits, lowest first
    cells : in any order
    """

    name: str
    inputs: dict[str, list[Bit]]
    outputs: dict[str, list[Bit]]
    cells: tuple[Cell, ...]

    @cached_property
    def drivers(self) -> dict[Bit, tuple[Cell, str, int]]:
        """Bit → the cell, its port, and the place in it, that drives the bit."""
        return {
            bit: (cell, port, place)
            for cell in self.cells
            for port in cell.outputs
            for place, bit in enumerate(cell.connections[port])
        }

    @cached_property
    def input_places(self) -> dict[Bit, tuple[str, int]]:
        """Bit of an input port → the port, and the place in it."""
        return {bit: (port, place) for port, bits in self.inputs.items() for place, bit in enumerate(bits)}


class Netlist:
    """All modules of a design.

    Parameters
    ----------
    text : as ``write_json`` of Yosys writes it
    top : name of the top module
    """

    def __init__(self, text: str, top: str) -> None:
        self.modules = {name: _module(name, found) for name, found in json.loads(text)["modules"].items()}
        self.top = self.modules[top]

    @property
    def storage_bits(self) -> int:
        """Bits of all storage arrays, of all instances."""
        bits: dict[str, int] = {}

        def of(module: Module) -> int:
            if module.name not in bits:
                bits[module.name] = sum(
                    of(self.modules[cell.type]) if cell.is_instance else _array_bits(cell)
                    for cell in module.cells
                )
            return bits[module.name]

        return of(self.top)


def _module(name: str, found: dict[str, Any]) -> Module:
    ports = found["ports"]
    return Module(
        name,
        {port: told["bits"] for port, told in ports.items() if told["direction"] == "input"},
        {port: told["bits"] for port, told in ports.items() if told["direction"] == "output"},
        tuple(
            Cell(
                cell,
                told["type"],
                told["connections"],
                {key: _number(value) for key, value in told["parameters"].items()},
                tuple(port for port, way in told["port_directions"].items() if way == "output"),
            )
            for cell, told in found["cells"].items()
        ),
    )


def _number(value: str) -> int | str:
    """Return a parameter: binary digits are a number, all else stays text."""
    try:
        return int(value, 2)
    except ValueError:
        return value


def _array_bits(cell: Cell) -> int:
    if not cell.type.startswith("$mem"):
        return 0
    width, size = cell.parameters["WIDTH"], cell.parameters["SIZE"]
    assert isinstance(width, int)
    assert isinstance(size, int)
    return width * size
