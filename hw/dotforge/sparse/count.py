"""Counting set bits, at once or in two parts that a stage may stand between."""

from collections.abc import Callable

from amaranth.hdl import Cat, Const, Module, Signal, Value

from ..arithmetic.carry import name_value
from ..arithmetic.heap import Heap
from ..network.columns import wires

__all__ = ["add_counts", "count_ones", "group_counts", "prefix", "two_set"]


def count_ones(m: Module, name: str, bits: Value) -> Value:
    """Return the number of set bits.

    Parameters
    ----------
    m : module that gets the logic
    name : stem of the names of its signals
    bits : any number of them
    """
    heap = Heap(len(bits).bit_length())
    for bit in bits:
        heap.add_bit(bit, 0)
    total = Signal(len(bits).bit_length(), name=name)
    m.d.comb += total.eq(heap.compress(m, name=name)[0])
    return total


def _group(count: int) -> int:
    """Return how many bits a group has: about the square root of all."""
    return 1 << count.bit_length() // 2


def group_counts(m: Module, name: str, bits: Value) -> Value:
    """Return the numbers of set bits of groups, for :func:`add_counts`: bit 0 of all, then bit 1 of all …

    All groups are counted side by side; ``bits`` are a power of two.

    Parameters
    ----------
    m : module that gets the logic
    name : stem of the names of its signals
    """
    size = _group(len(bits))
    heap = Heap(size.bit_length(), len(bits) // size)
    for place in range(size):
        heap.add_bit(name_value(m, f"{name}_bits_{place}", Cat(bits[place::size])), 0)
    return name_value(m, name, heap.compress(m, name=name)[0])


def add_counts(m: Module, name: str, counts: Value, bits: int) -> Value:
    """Return the number of set bits of ``bits`` bits from what :func:`group_counts` gave.

    Parameters
    ----------
    m : module that gets the logic
    name : stem of the names of its signals
    counts : as they were given
    """
    groups = bits // _group(bits)
    heap = Heap(bits.bit_length())
    for column, plane in enumerate(wires(counts, groups)):
        for bit in plane:
            heap.add_bit(bit, column)
    total = Signal(bits.bit_length(), name=name)
    m.d.comb += total.eq(heap.compress(m, name=name)[0])
    return total


def prefix(m: Module, name: str, bits: Value, operation: Callable[[Value, Value], Value]) -> Value:
    """Return, for each bit, the operation over it and all bits before, log2 of their number deep.

    Parameters
    ----------
    m : module that gets the logic
    name : stem of the names of its signals
    bits : any number of them, bit 0 first
    operation : associative; takes a vector of what is before and one of bits
    """
    distance = 1
    while distance < len(bits):
        level = Signal(len(bits), name=f"{name}_{distance}")
        # The last bit of the lower half of each block of 2·distance is combined with all of the upper half.
        blocks = wires(bits, distance)
        for number in range(1, len(blocks), 2):
            block, below = blocks[number], blocks[number - 1]
            blocks[number] = operation(below[-1].replicate(len(block)), block)
        m.d.comb += level.eq(Cat(blocks))
        bits, distance = level, 2 * distance
    return bits


def two_set(m: Module, name: str, bits: Value) -> Value:
    """Return whether two or more bits are set, log2 of their number deep.

    Parameters
    ----------
    m : module that gets the logic
    name : stem of the names of its signals
    bits : a power of two of them
    """
    found: list[tuple[Value, Value]] = [(bit, Const(0, 1)) for bit in bits]  # any, and two, of a block
    while len(found) > 1:
        pairs = [(*found[index], *found[index + 1]) for index in range(0, len(found), 2)]
        level = Signal(2 * len(pairs), name=f"{name}_{len(pairs)}")
        m.d.comb += level.eq(
            Cat(Cat(one | other, two | more | (one & other)) for one, two, other, more in pairs)
        )
        found = [(level[2 * index], level[2 * index + 1]) for index in range(len(pairs))]
    return found[0][1]
