"""Combinational paths and states in reset, against what Yosys makes of the Verilog on its own."""

import functools
import json
from typing import Any

import pytest
from amaranth.hdl import Array, Cat, Module, Signal
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from dotforge.block import Block
from dotforge.export.cell_levels import bit_level
from dotforge.export.netlist import Bit, Cell, Netlist
from dotforge.export.port_paths import port_paths
from dotforge.export.reset_state import state_in_reset
from dotforge.export.verilog import Design, convert
from dotforge.registry import configure
from dotforge.tools import yosys

#: Small ones in which handshakes differ.
DESIGNS: list[tuple[str, dict[str, Any]]] = [
    ("logmac", {"lanes": 2, "sum_bits": 8}),
    ("logmac", {"lanes": 2, "sum_bits": 8, "weight_depth": 2, "fold_sign": True}),
    ("requantise", {"element_bits": 2, "scale_bits": 2, "unit_bits": 2, "sum_bits": 8}),
    ("vsquant", {"lanes": 4, "weight_bits": 2, "activation_bits": 2, "sum_bits": 8}),
    ("flexdpe", {"lanes": 4, "format": "int4", "host_routes": True}),
]
each_design = pytest.mark.parametrize(("engine", "parameters"), DESIGNS, ids=str)

#: Verilog to gates, memories to registers.
GATES = ["read_verilog design.v", "prep -flatten", "memory_map", "techmap", "simplemap", "opt_clean"]


def design(engine: str, parameters: dict[str, Any]) -> Design:
    """Return a design, which is converted once a process."""
    return _design(engine, json.dumps(parameters))


@functools.cache
def _design(engine: str, parameters: str) -> Design:
    entry, config = configure(engine, json.loads(parameters))
    return convert(entry.top(config), name=engine)


def handshakes(found: Design) -> list[str]:
    outputs = [port.name for port in found.ports if port.direction == "output"]
    return [name for name in outputs if name.endswith(("tready", "tvalid"))]


@each_design
def test_paths_are_those_of_the_gates(engine: str, parameters: dict[str, Any]) -> None:
    found = design(engine, parameters)
    outputs = [port.name for port in found.ports if port.direction == "output"]
    script = [*GATES, "splitnets -ports -format [", f"cd {engine}"]
    script += [
        f"tee -q -o {name}.txt select -list o:{name} o:{name}[* %u %ci*:-$_DFF_P_ i:* %i" for name in outputs
    ]
    told = yosys.run(script, {"design.v": found.verilog}, [f"{name}.txt" for name in outputs])
    wanted = {
        (line.split("/")[1].split("[")[0], name)
        for name in outputs
        for line in told[f"{name}.txt"].splitlines()
        if "/" in line
    }
    paths = port_paths(Netlist(found.cells, found.top))
    assert len(paths) == len(set(paths))
    assert set(paths) == wanted


@each_design
def test_states_in_reset_are_proven(engine: str, parameters: dict[str, Any]) -> None:
    """From any state, one clock edge in reset: what is low or high is so whatever comes, the rest may be either."""
    found = design(engine, parameters)
    netlist = Netlist(found.cells, found.top)
    paths = port_paths(netlist)
    script, files = list(GATES), []
    for port in handshakes(found):
        for level in (0, 1):
            files.append(f"{port}.{level}.txt")
            script.append(
                f"tee -q -o {files[-1]} sat -seq 2 -prove-skip 1 -set rst 1 -prove {port} {level} {engine}"
            )
    said = yosys.run(script, {"design.v": found.verilog}, files)
    for port in handshakes(found):
        low, high = ("SUCCESS!" in said[f"{port}.{level}.txt"] for level in (0, 1))
        state = state_in_reset(netlist, port, [source for source, target in paths if target == port])
        wanted = {(True, False): "low", (False, True): "high", (False, False): "follows"}[low, high]
        assert state == wanted, port


class Parts(Block):
    """Every kind of path, and some that only a word at a time would have."""

    a: Signal
    b: Signal
    wide: Signal
    both: Signal
    registered: Signal
    crossed: Signal
    lowest: Signal
    carried: Signal
    looked_up: Signal
    remembered: Signal

    def __init__(self) -> None:
        ports = {
            "both": 1,
            "registered": 1,
            "crossed": 2,
            "lowest": 1,
            "carried": 1,
            "looked_up": 1,
            "remembered": 4,
        }
        super().__init__(
            {"a": In(1), "b": In(1), "wide": In(4), **{name: Out(width) for name, width in ports.items()}}
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        word = Signal(2)
        # Bit 1 depends on bit 0 of the same word: no loop, and no path from b to bit 0.
        m.d.comb += [
            word[0].eq(self.a),
            word[1].eq(word[0] ^ self.b),
            self.crossed.eq(word),
            self.both.eq(self.a & self.b),
            self.lowest.eq((self.wide + Cat(self.b, self.a))[0]),
            self.carried.eq((self.wide + Cat(self.b, self.a))[1]),
            self.looked_up.eq(Array([0, self.a, 1, self.a])[self.wide[:2]]),
        ]
        m.d.sync += self.registered.eq(self.a)
        m.submodules.array = array = Memory(shape=4, depth=16, init=range(16))
        read = array.read_port(domain="comb")
        m.d.comb += [read.addr.eq(Cat(self.a, self.b, 0)), self.remembered.eq(read.data)]
        return m


class Swapped(Block):
    """Twice the same module, with its words the other way round: paths are of bits, and of each place."""

    x: Signal
    y: Signal
    p: Signal
    q: Signal

    def __init__(self) -> None:
        super().__init__({"x": In(1), "y": In(1), "p": Out(1), "q": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.first = first = Parts()
        m.submodules.second = second = Parts()
        m.d.comb += [
            first.a.eq(self.x),
            first.b.eq(self.y),
            second.a.eq(first.crossed[0]),
            second.b.eq(first.registered),
            self.p.eq(second.crossed[1]),
            self.q.eq(second.both | first.crossed[1]),
        ]
        return m


def test_paths_by_bit() -> None:
    found = convert(Parts())
    assert port_paths(Netlist(found.cells, found.top)) == [
        ("a", "both"), ("a", "carried"), ("a", "crossed"), ("a", "looked_up"), ("a", "remembered"),
        ("b", "both"), ("b", "carried"), ("b", "crossed"), ("b", "lowest"), ("b", "remembered"),
        ("wide", "carried"), ("wide", "looked_up"), ("wide", "lowest"),
    ]  # fmt: skip


def test_paths_through_instances() -> None:
    found = convert(Swapped())
    assert port_paths(Netlist(found.cells, found.top)) == [("x", "p"), ("x", "q"), ("y", "q")]


def test_an_unknown_cell_is_no_path_that_is_missed() -> None:
    found = convert(Parts())
    text = found.cells.replace('"$and"', '"$secret"')
    with pytest.raises(ValueError, match=r"is a \$secret, whose paths are not known"):
        port_paths(Netlist(text, found.top))


class Resets(Block):
    """Registers with and without a reset, and what is made of them and of inputs."""

    i: Signal
    wide: Signal

    def __init__(self) -> None:
        outputs = ("low", "high", "kept", "gated", "inverted", "greater", "either")
        super().__init__({"i": In(1), "wide": In(4), **{name: Out(1) for name in outputs}})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        low, high, kept = Signal(), Signal(init=1), Signal(reset_less=True)
        m.d.sync += [low.eq(self.i), high.eq(self.i), kept.eq(self.i)]
        found = {
            "low": low, "high": high, "kept": kept, "gated": kept & low, "inverted": ~self.i,
            "greater": self.wide > 4, "either": kept ^ self.i,
        }  # fmt: skip
        m.d.comb += [getattr(self, name).eq(value) for name, value in found.items()]
        return m


def test_states_of_registers() -> None:
    found = convert(Resets())
    netlist = Netlist(found.cells, found.top)
    paths = port_paths(netlist)
    states = {
        name: state_in_reset(netlist, name, [source for source, target in paths if target == name])
        for name in netlist.top.outputs
    }
    # A register without a reset holds what comes in while reset is held.
    assert states == {
        "low": "low", "high": "high", "kept": "unknown", "gated": "low", "inverted": "follows",
        "greater": "follows", "either": "unknown",
    }  # fmt: skip


def test_words_that_depend_on_each_other_end() -> None:
    """A loop of words has the paths of all that goes into it."""

    def cell(a: list[int], b: list[int], y: list[int]) -> dict[str, Any]:
        return {
            "type": "$or", "connections": {"A": a, "B": b, "Y": y}, "parameters": {},
            "port_directions": {"A": "input", "B": "input", "Y": "output"},
        }  # fmt: skip

    ports = {
        "a": {"direction": "input", "bits": [1]},
        "b": {"direction": "input", "bits": [2]},
        "o": {"direction": "output", "bits": [3]},
        "p": {"direction": "output", "bits": [4]},
    }
    cells = {"first": cell([1], [4], [3]), "second": cell([2], [3], [4])}
    netlist = Netlist(json.dumps({"modules": {"top": {"ports": ports, "cells": cells}}}), "top")
    assert port_paths(netlist) == [("a", "o"), ("a", "p"), ("b", "o"), ("b", "p")]
    assert state_in_reset(netlist, "o", ["a", "b"]) == "unknown"


@pytest.mark.parametrize(
    ("kind", "a", "b", "wanted"),
    [
        ("$and", "x", "0", [0]), ("$and", "x", "1", [None]), ("$or", "x", "1", [1]), ("$xor", "1", "1", [0]),
        ("$not", "0", None, [1]), ("$reduce_or", "x1", None, [1]), ("$reduce_and", "x1", None, [None]),
        ("$logic_not", "x0", None, [None]), ("$logic_not", "00", None, [1]), ("$eq", "10", "10", [1, 0]),
        ("$lt", "10", "01", [1]), ("$add", "11", "10", [0, 0, 1]), ("$reduce_xor", "110", None, [0]),
        ("$logic_and", "x1", "00", [0]), ("$ge", "x0", "00", [None]), ("$shl", "11", "10", [None]),
    ],
)  # fmt: skip
def test_levels(kind: str, a: str, b: str | None, wanted: list[int | None]) -> None:
    """Words are written lowest bit first; x is not known."""
    words: dict[str, list[Bit]] = {"A": list(a), "Y": ["x"] * len(wanted)}
    if b is not None:
        words["B"] = list(b)
    cell = Cell("cell", kind, words, {}, ("Y",))
    found = [
        bit_level(cell, place, lambda bit: {"0": 0, "1": 1}.get(str(bit))) for place in range(len(wanted))
    ]
    assert found == wanted
