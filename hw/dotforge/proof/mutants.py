"""Mutants of a design by Yosys: places and kinds drawn from a seed, all of them in one netlist.

An input ``mutsel`` chooses the mutant, 0 none, so that one compiled simulator serves for all. Kinds are Yosys's: a bit
of a cell's port is inverted, held at 0 or 1, or inverted while another bit of the port is 1 or 0.
"""

import re
from dataclasses import dataclass

from ..tools import yosys

__all__ = ["SELECT", "Mutant", "Mutants", "flattened", "mutants"]

#: The port that chooses.
SELECT = "mutsel"

_WIDTH = 16

#: What is done to a design before it is mutated: hierarchy is dissolved, names say where a cell was.
FLOW = ("hierarchy -top {top}", "proc", "flatten", "opt_expr", "opt_clean", "delete t:$scopeinfo")


@dataclass(frozen=True)
class Mutant:
    """A mutant: its number on ``mutsel``, the command of Yosys that makes it, and the module that it is in."""

    number: int
    command: str
    module: str

    @property
    def alone(self) -> str:
        """The command that makes it without ``mutsel``."""
        return re.sub(r" -ctrl \S+ \d+ \d+", "", self.command)

    @property
    def kind(self) -> str:
        """Return what is done to what, in a few words."""
        found = dict(re.findall(r" -(mode|cell|port|portbit) (\S+)", self.command))
        return f"{found['mode']} of {found['port']}[{found['portbit']}] of {found['cell']}"


@dataclass(frozen=True)
class Mutants:
    """A netlist with mutants.

    Attributes
    ----------
    verilog : with the port ``mutsel``
    flat : RTLIL of the design before it was mutated
    members : in order of their numbers, from 1 on
    """

    verilog: str
    flat: str
    members: tuple[Mutant, ...]


def flattened(verilog: str, top: str) -> str:
    """Return a design as RTLIL of one module.

    Parameters
    ----------
    verilog, top : the text, and the name of the module
    """
    script = ["read_verilog design.v", *(line.format(top=top) for line in FLOW), "write_rtlil flat.il"]
    return yosys.run(script, {"design.v": verilog}, ["flat.il"])["flat.il"]


def mutants(verilog: str, top: str, count: int, seed: int) -> Mutants:
    """Return so many mutants.

    Parameters
    ----------
    verilog, top : the design
    count : from 1 to 65,535
    seed : of the choice

    Raises
    ------
    ValueError
        ``count`` is out of range.
    """
    if not 1 <= count < 1 << _WIDTH:
        raise ValueError(f"mutants: allowed 1…{(1 << _WIDTH) - 1}, not {count}")
    flat = flattened(verilog, top)
    # The list has the places that the Verilog has, so the netlist is read again.
    listing = f"mutate -list {count} -seed {seed} -ctrl {SELECT} {_WIDTH} 1 -o list.txt"
    script = [
        "read_rtlil flat.il",
        listing,
        "script list.txt",
        "opt_clean",
        "write_verilog -noattr mutated.v",
    ]
    found = yosys.run(script, {"flat.il": flat}, ["list.txt", "mutated.v"])
    lines = verilog.splitlines()
    members = [
        Mutant(number, command, _module(command, lines, top))
        for number, command in enumerate(found["list.txt"].split("\n")[:-1], 1)
    ]
    return Mutants(found["mutated.v"], flat, tuple(members))


def _module(command: str, lines: list[str], top: str) -> str:
    """Return the module whose text made the cell, without the name of the top before it."""
    numbers = [int(number) for number in re.findall(r"-src design\.v:(\d+)", command)]
    for number in numbers[-1:]:
        for line in reversed(lines[:number]):
            if found := re.match(r"module (\w+)", line):
                return found[1].removeprefix(f"{top}_")
    return top
