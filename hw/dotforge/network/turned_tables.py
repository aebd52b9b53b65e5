"""Tables: arrays of registers with several ports, for the route engine.

Entries stand in turned order: entry e at the place whose number is e with its bits read backwards. ::

    place   0  1  2  3  4  5  6  7
    entry   0  4  2  6  1  5  3  7

Entries that differ in their lowest bit are half a table apart, and so on. So one operation over the halves is a
level of a decoder or of a tree that reads, and all entries with the same low bits are one slice.
"""

from collections.abc import Sequence

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from ..arithmetic.carry import name_value

__all__ = ["Table", "any_among", "any_of", "decode", "first_set", "place", "read", "turn"]


def place(entry: int, bits: int) -> int:
    """Return ``entry``, of so many bits, with its bits in reverse.

    Parameters
    ----------
    bits : width of ``entry``
    """
    return sum((entry >> bit & 1) << (bits - 1 - bit) for bit in range(bits))


def turn(value: Value) -> Value:
    """Return the bits of a plane in the order of the entries, or the other way round."""
    bits = (len(value) - 1).bit_length()
    return Cat(value[place(entry, bits)] for entry in range(len(value)))


def any_of(m: Module, name: str, terms: Sequence[Value]) -> Value:
    """Return the OR of some values as a balanced tree.

    Parameters
    ----------
    m : module that gets the logic
    name : of the result
    terms : one or more, of one width
    """
    return name_value(m, name, _tree(terms))


def _tree(terms: Sequence[Value]) -> Value:
    terms = list(terms)
    while len(terms) > 1:
        terms = [terms[i] | terms[i + 1] if i + 1 < len(terms) else terms[i] for i in range(0, len(terms), 2)]
    return terms[0]


def any_among(m: Module, name: str, size: int, terms: Sequence[tuple[int, Value]]) -> Value:
    """Return the OR of vectors that stand at some bits of ``size``, the others zero.

    Parameters
    ----------
    m, name : module that gets the logic, and the name of the result
    size : bits, a power of two
    terms : first bit, a multiple of its length, and vector, a power of two of bits
    """

    def block(start: int, size: int) -> Value:
        inside = [(first, term) for first, term in terms if start <= first < start + size]
        here = [term for _, term in inside if len(term) == size]
        if any(len(term) < size for _, term in inside):
            half = size // 2
            here.append(Cat(block(start, half), block(start + half, half)))
        return _tree(here) if here else Const(0, size)

    return name_value(m, name, block(0, size))


def decode(m: Module, name: str, address: Value, enable: Value) -> Value:
    """Return one bit an entry, in turned order, set where ``address`` points if ``enable`` is high.

    Parameters
    ----------
    m : module that gets the logic
    name : stem of the names of its signals
    """
    address, hits = name_value(m, f"{name}_address", address), name_value(m, f"{name}_enable", enable)
    for index, bit in enumerate(reversed(address)):
        hits = name_value(m, f"{name}_{index}", Cat(Mux(bit, 0, hits), Mux(bit, hits, 0)))
    return hits


def read(m: Module, name: str, entries: Value, address: Value) -> Value:
    """Return one of the entries, which are in turned order, over a tree of multiplexers.

    Parameters
    ----------
    m : module that gets the logic
    name : stem of the names of its signals
    entries : a power of two, one bit each
    address : of the entry
    """
    for index, bit in enumerate(name_value(m, f"{name}_address", address)):
        half = len(entries) // 2
        entries = name_value(m, f"{name}_{index}", Mux(bit, entries[half:], entries[:half]))
    return entries


def first_set(m: Module, name: str, mask: Value) -> tuple[Value, Value]:
    """Return the lowest entry whose bit is set in a mask in turned order, and whether there is one.

    Parameters
    ----------
    m : module that gets the logic
    name : stem of the names of its signals
    mask : a power of two of bits
    """
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

    def write(self, writes: Sequence[tuple[int, Value, Value]]) -> None:
        """Give entries that a write hits, at most one each, its value; the others hold theirs.

        Parameters
        ----------
        writes : of each port the first of its entries in turned order, as of :func:`any_among`, hits, a bit an
            entry from there on, and value
        """
        name, entries = self.held.name, len(self.held) // self.width
        hit = any_among(self.m, f"{name}_hit", entries, [(first, hits) for first, hits, _ in writes])
        if len(writes) == 1:
            values = [writes[0][2]] * entries
        else:
            bits = [
                any_among(
                    self.m,
                    f"{name}_bit_{bit}",
                    entries,
                    [(first, Mux(value[bit], hits, 0)) for first, hits, value in writes],
                )
                for bit in range(self.width)
            ]
            values = [Cat(bit[number] for bit in bits) for number in range(entries)]
        self.m.d.sync += self.held.eq(
            Cat(Mux(here, values[number], self.entry(number)) for number, here in enumerate(hit))
        )
