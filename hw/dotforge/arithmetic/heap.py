"""Carry-save heap: adds any number of bits, each at its weight, with full adders only.

Every dot product of this project is one heap: the bits of all products, constants and the running sum are
thrown into columns, and a column is compressed until one bit is left::

    column   3     2     1     0
             o     o     o     o
             o     o     o     o        full adder: three bits of column c become
             o     o     o     o        one of column c and one of column c + 1
             o     o     o
    result   o     o     o     o

A full adder removes one bit and a half adder none, so the number of full adders is bits in minus bits out
whatever the order; the order decides the depth. Bits that are ready first are added first.
"""

import heapq
import itertools
from collections.abc import Callable, Sequence

from amaranth.hdl import Cat, Const, Module, Signal, Value, ValueLike

__all__ = ["Heap", "full_adder", "half_adder"]


def full_adder(a: Value, b: Value, c: Value) -> tuple[Value, Value]:
    """Return sum and carry of three bits.

    Parameters
    ----------
    a : bits, or vectors of them
    b : as ``a``
    c : as ``a``
    """
    half = a ^ b
    return half ^ c, (a & b) | (half & c)


def half_adder(a: Value, b: Value) -> tuple[Value, Value]:
    """Return sum and carry of two bits.

    Parameters
    ----------
    a : bits, or vectors of them
    b : as ``a``
    """
    return a ^ b, a & b


class Heap:
    """Bits to add, modulo ``2**width``.

    Parameters
    ----------
    width : number of columns
    count : number of heaps of one shape that are added side by side: what is added as a bit is a vector of so
        many bits, one of each heap

    Raises
    ------
    ValueError
        ``width`` is less than 1.
    """

    def __init__(self, width: int, count: int = 1) -> None:
        if width < 1:
            raise ValueError(f"a heap has at least one column, not {width}")
        self.width, self.count = width, count
        self.constant = 0
        self._columns: list[list[tuple[int, int, Value]]] = [[] for _ in range(width)]
        self._order = itertools.count()  # ties keep the order of arrival, so that the Verilog is reproducible

    def __len__(self) -> int:
        """Count the bits of a heap, those of the constant included."""
        return sum(map(len, self._columns)) + (self.constant % (1 << self.width)).bit_count()

    def add_bit(self, bit: Value, column: int, *, ready: int = 0) -> None:
        """Add ``bit`` · 2^``column``; ``ready`` is its depth in full adders when it arrives."""
        if 0 <= column < self.width:
            heapq.heappush(self._columns[column], (ready, next(self._order), bit))

    def add(self, value: ValueLike, *, shift: int = 0, ready: int = 0) -> None:
        """Add ``value`` · 2^``shift``; the sign bit of a signed value counts negative.

        −s·2^n = (1 − s)·2^n − 2^n: the sign bit is added inverted and the −2^n of all values become
        one constant, so no sign is extended over the columns.

        Parameters
        ----------
        ready : depth, in full adders, at which the value arrives
        """
        value = Value.cast(value)
        signed = value.shape().signed
        for index in range(len(value)):
            column = index + shift
            if signed and index == len(value) - 1 and column < self.width:
                self.add_bit(~value[index], column, ready=ready)
                self.add_constant(-(1 << column))
            else:
                self.add_bit(value[index], column, ready=ready)

    def add_constant(self, constant: int) -> None:
        """Add an integer of either sign."""
        self.constant += constant

    def compress(self, m: Module, *, rows: int = 1, name: str = "heap") -> list[Value]:
        """Compress to at most ``rows`` bits a column and return that many rows of ``width`` bits.

        With ``rows=1`` the last full adders of the columns form the ripple-carry adder; with ``rows=2``
        the result is a carry-save pair, for a register between heap and adder. Of several heaps side by side
        a row is ``width`` vectors, one a column.

        Parameters
        ----------
        m : module that gets the logic
        name : stem of the names of its signals
        """
        columns = [list(column) for column in self._columns]
        for column, bits in enumerate(columns):
            if self.constant >> column & 1:
                heapq.heappush(bits, (0, next(self._order), Const(-1, self.count)))
        for column, bits in enumerate(columns):
            carries = columns[column + 1] if column + 1 < self.width else None
            number = itertools.count()
            while len(bits) > rows:
                adder: Callable[..., tuple[Value, Value]] = half_adder if len(bits) == 2 else full_adder
                taken = [heapq.heappop(bits) for _ in range(2 if adder is half_adder else 3)]
                ready = max(bit[0] for bit in taken) + 1
                label = f"{name}_{column}_{next(number)}"
                total, carry = adder(*(bit[2] for bit in taken))
                if carries is not None:
                    carry_bit = Signal(self.count, name=f"{label}_carry")
                    m.d.comb += carry_bit.eq(carry)
                    heapq.heappush(carries, (ready, next(self._order), carry_bit))
                sum_bit = Signal(self.count, name=f"{label}_sum")
                m.d.comb += sum_bit.eq(total)
                heapq.heappush(bits, (ready, next(self._order), sum_bit))
        return [Cat(*(self._nth(bits, row) for bits in columns)) for row in range(rows)]

    def _nth(self, bits: Sequence[tuple[int, int, Value]], row: int) -> Value:
        ordered = sorted(bits, key=lambda bit: bit[:2])
        return ordered[row][2] if row < len(ordered) else Const(0, self.count)
