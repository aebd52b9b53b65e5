"""Tables: arrays of registers with several ports, for the route engine.

Entries stand in turned order: entry e at the place whose number is e with its bits read backwards. ::

    place   0  1  2  3  4  5  6  7
    entry   0  4  2  6  1  5  3  7

Entries that differ in their lowest bit are half a table apart, and so on. So one operation over the halves is a
level of a decoder or of a tree that reads, and all entries with the same low bits are one slice.
"""

from collections.abc import Sequence

from amaranth.hdl import Cat, Module, Mux, Signal, Value

from ..arithmetic.carry import name_value

__all__ = ["Table", "any_of", "decode", "first_set", "place", "read", "turn"]


def place(entry: int, bits: int) -> int:
    """Return ``entry``, of so many bits, with its bits in reverse."""
    return sum((entry >> bit & 1) << (bits - 1 - bit) for bit in range(bits))


def turn(value: Value) -> Value:
    """Return the bits of a plane in the order of the entries, or the other way round."""
    bits = (len(value) - 1).bit_length()
    return Cat(value[place(entry, bits)] for entry in range(len(value)))


def any_of(m: Module, name: str, terms: Sequence[Value]) -> Value:
    """Return the OR of some values as a balanced tree."""
    terms = list(terms)
    while len(terms) > 1:
        terms = [terms[i] | terms[i + 1] if i + 1 < len(terms) else terms[i] for i in range(0, len(terms), 2)]
    return name_value(m, name, terms[0])


def decode(m: Module, name: str, address: Value, enable: Value) -> Value:
    """Return one bit an entry, in turned order, set where ``address`` points if ``enable`` is high."""
    address, hits = name_value(m, f"{name}_address", address), name_value(m, f"{name}_enable", enable)
    for index, bit in enumerate(reversed(address)):
        hits = name_value(m, f"{name}_{index}", Cat(Mux(bit, 0, hits), Mux(bit, hits, 0)))
    return hits


def read(m: Module, name: str, entries: Value, address: Value) -> Value:
    """Return one of the entries, which are in turned order, over a tree of multiplexers."""
    for index, bit in enumerate(name_value(m, f"{name}_address", address)):
        half = len(entries) // 2
        entries = name_value(m, f"{name}_{index}", Mux(bit, entries[half:], entries[:half]))
    return entries


def first_set(m: Module, name: str, mask: Value) -> tuple[Value, Value]:
    """Return the lowest entry whose bit is set in a mask in turned order, and whether there is one."""
    some, number = mask, []
    while len(some) > 1:
        half = len(some) // 2
        low, high = some[:half], some[half:]
        chosen = [
            Mux(here, plane[index], plane[half + index]) for plane in number for index, here in enumerate(low)
        ]
        level = name_value(m, f"{name}_{len(number)}", Cat(*chosen, ~low, low | high))
        *number, some = [level[start : start + half] for start in range(0, len(level), half)]
    return Cat(*number), some


class Table:
    """Registers of a table.

    Parameters
    ----------
    m, name : module that gets them, and their name
    entries : a power of two
    width : bits of an entry
    """

    def __init__(self, m: Module, name: str, entries: int, width: int) -> None:
        self.m, self.width = m, width
        self.held = Signal(entries * width, name=name, reset_less=True)

    def entry(self, number: int) -> Value:
        """Return the entry at a place."""
        return self.held[number * self.width : (number + 1) * self.width]

    def write(self, writes: Sequence[tuple[Value, Value]]) -> None:
        """Give entries that a write hits, at most one each, its value; the others hold theirs.

        Parameters
        ----------
        writes : hits, a bit an entry in turned order, and value of each port
        """
        name = self.held.name
        hit = any_of(self.m, f"{name}_hit", [hits for hits, _ in writes])
        if len(writes) == 1:
            values = [writes[0][1]] * len(hit)
        else:
            bits = [
                any_of(self.m, f"{name}_bit_{bit}", [Mux(value[bit], hits, 0) for hits, value in writes])
                for bit in range(self.width)
            ]
            values = [Cat(bit[number] for bit in bits) for number in range(len(hit))]
        self.m.d.sync += self.held.eq(
            Cat(Mux(here, values[number], self.entry(number)) for number, here in enumerate(hit))
        )
