"""Registers behind AXI4-Lite, from the table of a register map."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ..block import Block
from .axi_lite import PORTS, AxiLite, Response, ports, strobed
from .packets.fields import is_number

__all__ = ["ACCESS", "TABLE", "RegisterFile", "address_width", "read_table", "registers"]

#: What a field of a register may be.
ACCESS = {
    "constant": "read only; fixed when the hardware is made",
    "kept": "written and read by software alone",
    "read": "read only; the hardware's",
    "write": "written and read by software, read by the hardware",
    "clear": "set by the hardware; software clears it by writing a one",
    "pulse": "write only; a one is high for one cycle",
}

#: Name of the file with a map's table.
TABLE = "registers.json"


@cache
def read_table(path: Path) -> dict[str, Any]:
    """Return the table of a register map: registers, and arrays of slots of registers.

    A register is ``name``, ``offset`` (of an array's, from the slot's begin), ``meaning`` and ``fields``: ``name``,
    ``low``, ``width``, ``access`` (:data:`ACCESS`), ``reset``, ``meaning``. An array is ``name``, ``offset``,
    ``stride`` and ``registers``.
    """
    return json.loads(path.read_text(encoding="utf-8"))


def registers(table: dict[str, Any], slots: int) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Yield stem of its fields' names, byte address and description of each register.

    Parameters
    ----------
    table : of :func:`read_table`
    slots : of an array
    """
    for register in table["registers"]:
        yield register["name"], register["offset"], register
    for array in table["arrays"]:
        for slot in range(slots):
            for register in array["registers"]:
                address = array["offset"] + slot * array["stride"] + register["offset"]
                yield f"{array['name']}_{slot}_{register['name']}", address, register


def address_width(table: dict[str, Any], slots: int) -> int:
    """Return the bits of a byte address.

    Parameters
    ----------
    table : of :func:`read_table`
    slots : of an array
    """
    return max(3, max(address for _, address, _ in registers(table, slots)).bit_length())


class RegisterFile(Block):
    """Registers behind AXI4-Lite.

    A field ``f`` of register ``r`` is port ``r_f``, of a slot's register ``slot_0_r_f``: an input where the hardware
    tells it (``read``) or sets bits of it (``clear``; output ``r_f_set`` is what is set); an output where the hardware
    reads it (``write``, ``pulse``).

    Parameters
    ----------
    table : path of the table of the map
    slots : of an array
    constants : (name that a constant field's port would have, value) where it is not the map's reset

    Interface attributes
    --------------------
    s_axi_… : the bus
    refuse : what is written in this cycle is refused: SLVERR
    refused : a write was refused in this cycle, for whatever reason
    missed : for another reason than ``refuse``
    address : byte address of the write in this cycle
    latency : 2
    """

    refuse: Signal
    refused: Signal
    missed: Signal
    address: Signal
    latency = 2

    def __init__(self, table: Path, slots: int, constants: tuple[tuple[str, int], ...]) -> None:
        self.table, self.slots = table, slots
        self.constants: dict[str, int] = dict(constants)
        self._kept: dict[str, Signal] = {}
        found = list(registers(read_table(table), slots))
        self.address_width = address_width(read_table(table), slots)
        members: dict[str, Any] = {
            **ports("s_axi", self.address_width),
            "refuse": In(1),
            "refused": Out(1),
            "missed": Out(1),
            "address": Out(self.address_width),
        }
        for stem, _, register in found:
            for field in register["fields"]:
                if field["access"] in ("read", "clear"):
                    members[f"{stem}_{field['name']}"] = In(field["width"])
                elif field["access"] in ("write", "pulse"):
                    members[f"{stem}_{field['name']}"] = Out(field["width"])
                if field["access"] == "clear":
                    members[f"{stem}_{field['name']}_set"] = Out(field["width"])
        super().__init__(members)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.bus = bus = AxiLite(address_width=self.address_width)
        for name, (driven, _) in PORTS.items():
            ours, theirs = getattr(self, f"s_axi_{name}"), getattr(bus, f"s_axi_{name}")
            m.d.comb += theirs.eq(ours) if driven else ours.eq(theirs)
        m.d.comb += [
            self.address.eq(bus.write_address << 2),
            self.missed.eq(bus.write & (bus.write_response != Response.OKAY) & ~self.refuse),
            self.refused.eq(bus.write & (bus.write_response != Response.OKAY)),
        ]
        found = list(registers(read_table(self.table), self.slots))
        written = {address >> 2: self._written(m, stem, register, bus) for stem, address, register in found}
        words = {address >> 2: self._word(stem, register) for stem, address, register in found}
        writable: list[Value] = []
        for word, statements in written.items():
            if statements:
                hit = Signal(name=f"writes_{word}")
                m.d.comb += hit.eq(is_number(bus.write_address, word))
                writable.append(hit)
                with m.If(bus.write & hit):
                    m.d.comb += statements
        there = Cat(is_number(bus.write_address, word) for word in written).any()
        done = Cat(writable).any() & ~self.refuse
        refused = Mux(there, Response.SLVERR, Response.DECERR)
        m.d.comb += bus.write_response.eq(Mux(done, Response.OKAY, refused))
        value_read: Value = Const(0, 32)
        hits: list[Value] = []
        for word, value in words.items():
            hit = Signal(name=f"reads_{word}")
            m.d.comb += hit.eq(is_number(bus.read_address, word))
            hits.append(hit)
            value_read = value_read | (Cat(value, Const(0, 32 - len(value))) & hit.replicate(32))
        m.d.comb += [
            bus.read_data.eq(value_read),
            bus.read_response.eq(Mux(Cat(hits).any(), Response.OKAY, Response.DECERR)),
        ]
        return m

    def _written(self, m: Module, stem: str, register: dict[str, Any], bus: AxiLite) -> list[Any]:
        """Make the registers of what software writes; returns what happens in the cycle of a write."""
        statements = []
        for field in register["fields"]:
            name, low, width = f"{stem}_{field['name']}", field["low"], field["width"]
            data = bus.write_data[low : low + width]
            if field["access"] == "pulse":
                there = Cat(*(bus.write_strobes[(low + bit) // 8] for bit in range(width)))
                statements.append(getattr(self, name).eq(data & there))
                continue
            if field["access"] not in ("write", "kept", "clear"):
                continue
            moves = Signal(name=f"{name}_moves")
            statements.append(moves.eq(~self.refuse))
            if field["access"] == "clear":
                held = getattr(self, f"{name}_set")
                there = Cat(*(bus.write_strobes[(low + bit) // 8] for bit in range(width)))
                m.d.sync += held.eq((held & ~(data & there & moves.replicate(width))) | getattr(self, name))
                continue
            held = getattr(self, name) if field["access"] == "write" else Signal(width, name=name)
            self._kept[name] = held
            whole = strobed(
                Cat(Const(0, low), held, Const(0, 32 - low - width)), bus.write_data, bus.write_strobes
            )
            with m.If(moves):
                m.d.sync += held.eq(whole[low : low + width])
        return statements

    def _word(self, stem: str, register: dict[str, Any]) -> Value:
        """Return what is read."""
        word: list[Value] = []
        for field in sorted(register["fields"], key=lambda each: each["low"]):
            name = f"{stem}_{field['name']}"
            word.append(Const(0, field["low"] - sum(len(each) for each in word)))
            if field["access"] == "constant":
                value = Const(self.constants.get(name, int(field["reset"])), int(field["width"]))
            elif field["access"] == "kept":
                value = self._kept[name]
            elif field["access"] == "pulse":
                value = Const(0, field["width"])
            else:
                value = getattr(self, f"{name}_set" if field["access"] == "clear" else name)
            word.append(value)
        return Cat(*word)
