"""Switching of the netlist that the ``cmos`` flow counts: a proxy for energy, without a cell library.

The mapped netlist is simulated on many sequences of operands side by side, without delays: in each cycle every net
settles once, so glitches are not seen. A net that changes counts the transistors of the cell that drives it, the
register's 16 included; nets that no cell drives (ports, clock) count nothing.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..tools import yosys
from . import area

__all__ = ["TRANSISTORS", "Netlist", "Switching", "mapped"]

Bits = NDArray[np.uint64]

#: What ``stat -tech cmos`` counts for a cell.
TRANSISTORS = {
    "BUF": 1, "NOT": 2, "AND": 6, "NAND": 4, "OR": 6, "NOR": 4, "ANDNOT": 6, "ORNOT": 6, "XOR": 12, "XNOR": 12,
    "AOI3": 6, "OAI3": 6, "AOI4": 8, "OAI4": 8, "MUX": 12, "NMUX": 10, "DFF_P": 16,
}  # fmt: skip

_FUNCTIONS = {
    "BUF": lambda a: a,
    "NOT": lambda a: ~a,
    "AND": lambda a, b: a & b,
    "NAND": lambda a, b: ~(a & b),
    "OR": lambda a, b: a | b,
    "NOR": lambda a, b: ~(a | b),
    "ANDNOT": lambda a, b: a & ~b,
    "ORNOT": lambda a, b: a | ~b,
    "XOR": lambda a, b: a ^ b,
    "XNOR": lambda a, b: ~(a ^ b),
    "AOI3": lambda a, b, c: ~((a & b) | c),
    "OAI3": lambda a, b, c: ~((a | b) & c),
    "AOI4": lambda a, b, c, d: ~((a & b) | (c & d)),
    "OAI4": lambda a, b, c, d: ~((a | b) & (c | d)),
    "MUX": lambda a, b, s: (a & ~s) | (b & s),
    "NMUX": lambda a, b, s: ~((a & ~s) | (b & s)),
}

#: Bits that are set in a byte.
_ONES = np.array([byte.bit_count() for byte in range(256)], np.uint8)


@dataclass(frozen=True)
class Switching:
    """What a simulation saw.

    Attributes
    ----------
    transistors : that switch in a cycle, on average
    outputs : port → values after each cycle's inputs settled, (cycles, sequences, ceil(width / 8)), little-endian
    """

    transistors: float
    outputs: dict[str, NDArray[np.uint8]]


@dataclass(frozen=True)
class Netlist:
    """A mapped module.

    Attributes
    ----------
    area : what the flow counts
    ports : name → nets, of inputs and outputs
    inputs, outputs : names
    nets : number of nets; 0 and 1 are the constants
    steps : function, nets read, nets written: cells that can be evaluated together, in order
    registers : nets read and nets written at a clock edge
    weights : transistors of the cell that drives each net
    """

    area: area.Area
    ports: dict[str, list[int]]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    nets: int
    steps: list[tuple[str, list[NDArray[np.int64]], NDArray[np.int64]]]
    registers: tuple[NDArray[np.int64], NDArray[np.int64]]
    weights: NDArray[np.int64]

    def simulate(self, inputs: Mapping[str, NDArray[np.uint8]]) -> Switching:
        """Run all sequences from registers at zero.

        Parameters
        ----------
        inputs : port → bits, (cycles, sequences, width), bit 0 first; for every input but ``clk`` and ``rst``

        Returns
        -------
        Switching, averaged over sequences and over all cycles but the first, which has nothing to switch from.

        Raises
        ------
        ValueError
            There are fewer than two cycles, or an input has no bits.
        """
        cycles, sequences = next(iter(inputs.values())).shape[:2]
        if cycles < 2:
            raise ValueError("a net that switches needs two cycles")
        missing = set(self.inputs) - {"clk", "rst"} - set(inputs)
        if missing:
            raise ValueError(f"no bits for {', '.join(sorted(missing))}")
        words = -(-sequences // 64)
        values = np.zeros((self.nets, words), np.uint64)
        values[1] = ~np.uint64(0)
        counted = _packed(np.ones((1, sequences, 1), np.uint8))[0, 0]
        outputs: dict[str, list[NDArray[np.uint8]]] = {name: [] for name in self.outputs}
        packed = {name: _packed(bits) for name, bits in inputs.items()}
        switched = 0
        for cycle in range(cycles):
            before = values.copy()
            if cycle:
                values[self.registers[1]] = before[self.registers[0]]
            for name, bits in packed.items():
                values[self.ports[name]] = bits[cycle]
            for function, read, written in self.steps:
                values[written] = _FUNCTIONS[function](*(values[nets] for nets in read))
            if cycle:
                changed = ((values ^ before) & counted).view(np.uint8)
                changes = _ONES[changed].sum(axis=1, dtype=np.int64)
                switched += int(changes @ self.weights)
            for name, found in outputs.items():
                found.append(_unpacked(values[self.ports[name]], sequences))
        return Switching(
            switched / (cycles - 1) / sequences, {name: np.stack(found) for name, found in outputs.items()}
        )


def mapped(verilog: str, top: str) -> Netlist:
    """Map Verilog text as :func:`dotforge.synthesis.area.synthesize` does, and keep the netlist.

    Parameters
    ----------
    verilog : text of the design
    top : name of its top module

    Raises
    ------
    YosysError
        Yosys failed, or the netlist has a cell that is not counted.
    """
    script = ["read_verilog design.v", f"hierarchy -top {top}", *area.FLOW, "write_json netlist.json"]
    files = {"design.v": verilog, "abc.txt": area.ABC_SCRIPT}
    found = yosys.run(script, files, ["stat.txt", "netlist.json"])
    return _netlist(json.loads(found["netlist.json"])["modules"][top], area.parse_stat(found["stat.txt"]))


def _netlist(module: dict, counted: area.Area) -> Netlist:
    numbers: dict[int | str, int] = {"0": 0, "x": 0, "1": 1}

    def net(bit: int | str) -> int:
        return numbers.setdefault(bit, max(2, len(numbers) - 1))

    ports = {name: [net(bit) for bit in port["bits"]] for name, port in module["ports"].items()}
    cells, registers, drivers = [], [], {}
    for cell in module["cells"].values():
        kind = cell["type"].removeprefix("$_").removesuffix("_")
        nets = {pin: net(bits[0]) for pin, bits in cell["connections"].items()}
        output = nets.pop("Q" if kind == "DFF_P" else "Y")
        drivers[output] = TRANSISTORS[kind]
        if kind == "DFF_P":
            registers.append((nets["D"], output))
        else:
            cells.append((kind, [nets[pin] for pin in sorted(nets)], output))
    if sum(drivers.values()) != counted.transistors:
        raise yosys.YosysError(
            f"cells add up to {sum(drivers.values())} transistors, `stat -tech cmos` says {counted.transistors}"
        )
    weights = np.zeros(len(numbers) - 1, np.int64)
    weights[list(drivers)] = list(drivers.values())
    directions = {name: port["direction"] for name, port in module["ports"].items()}
    return Netlist(
        area=counted,
        ports=ports,
        inputs=tuple(name for name, direction in directions.items() if direction == "input"),
        outputs=tuple(name for name, direction in directions.items() if direction == "output"),
        nets=len(numbers) - 1,
        steps=_steps(cells),
        registers=_columns(registers, 2),
        weights=weights,
    )


def _steps(
    cells: list[tuple[str, list[int], int]],
) -> list[tuple[str, list[NDArray[np.int64]], NDArray[np.int64]]]:
    """Group cells by level and function, so that each group reads only what earlier ones wrote."""
    by_output = {output: (reads, kind) for kind, reads, output in cells}
    levels: dict[int, int] = {}
    for start in by_output:
        waiting = [start]
        while waiting:
            output = waiting[-1]
            if output in levels:
                waiting.pop()
                continue
            reads = [read for read in by_output[output][0] if read in by_output]
            unknown = [read for read in reads if read not in levels]
            if unknown:
                waiting += unknown
            else:
                levels[output] = 1 + max((levels[read] for read in reads), default=0)
                waiting.pop()
    groups: dict[tuple[int, str], list[int]] = {}
    for output, level in levels.items():
        groups.setdefault((level, by_output[output][1]), []).append(output)
    steps = []
    for (_, kind), outputs in sorted(groups.items()):
        reads = [by_output[output][0] for output in outputs]
        steps.append((kind, [np.array(column) for column in zip(*reads, strict=True)], np.array(outputs)))
    return steps


def _columns(rows: list[tuple[int, int]], count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    table = np.array(rows, np.int64).reshape(-1, count)
    return table[:, 0], table[:, 1]


def _packed(bits: NDArray[np.uint8]) -> Bits:
    """(cycles, sequences, width) → (cycles, width, words of 64 sequences)."""
    cycles, sequences, width = bits.shape
    padded = np.zeros((cycles, width, -(-sequences // 64) * 64), np.uint8)
    padded[:, :, :sequences] = bits.transpose(0, 2, 1)
    return np.packbits(padded, axis=2, bitorder="little").view(np.uint64)


def _unpacked(values: Bits, sequences: int) -> NDArray[np.uint8]:
    """(width, words) → (sequences, bytes)."""
    bits = np.unpackbits(np.ascontiguousarray(values).view(np.uint8), axis=1, bitorder="little")[
        :, :sequences
    ]
    return np.packbits(bits.T, axis=1, bitorder="little")
