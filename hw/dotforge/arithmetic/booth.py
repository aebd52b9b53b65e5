"""Signed multiplier with recoded digits, as a bundle of partial-product bits for a carry-save heap.

A. D. Booth (1951) and O. L. MacSorley (1961) take one operand two bits at a time, so that half as many rows
are added::

    a·b = Σ digit_k · a · 4^k

Here the digits of all places but the highest are −1, 0, 1, 2: three becomes −1 with a carry into the next
place, and so does four (3 + carry) as 0. The usual digits −2 … 2 need no carry from place to place, but an
XOR for every bit of a row (20 transistors a bit, 16 here); the carry is one gate a place. Only the highest
place, whose upper bit is the sign, has the digits −2 … 2.

A row has one bit more than a, and −a = ~a + 1 brings a bit more into its lowest column::

    column  2k + n  …           2k + 1            2k
            a_n−1   a_n−1 …     a_1               a_0           digit  1
            a_n−1   a_n−2 …     a_0               0             digit  2
            ~a_n−1  ~a_n−1 …    ~a_1              ~a_0, 1       digit −1
"""

from amaranth.hdl import Cat, Const, Module, Value

from .carry import name_value
from .heap import Heap

__all__ = ["add_product"]

#: Depth at which a bit of a row is ready, after recoding and selection.
_ROW_READY = 2


def add_product(
    m: Module, name: str, heap: Heap, a: Value, b: Value, *, shift: int = 0, ready: int = 0
) -> None:
    """Add ``a · b · 2**shift`` to a heap; ``b`` is recoded, so let it be the narrower one.

    Parameters
    ----------
    m : module that gets the recoding
    name : stem of the names of its signals
    heap : where the rows go
    a, b : values of any width and signedness
    shift : weight of the product's least significant bit
    ready : depth, in full adders, at which the operands arrive
    """
    a, b = _signed(a), _signed(b)
    carry: Value = Const(0, 1)
    places = range(0, len(b), 2)
    for place in places:
        low = b[place]
        high = b[min(place + 1, len(b) - 1)]  # an odd width is extended by its sign
        column, label = shift + place, f"{name}_{place}"
        odd = name_value(m, f"{label}_odd", low ^ carry)
        two = name_value(m, f"{label}_two", (high & ~low & ~carry) | (~high & low & carry))
        if place == places[-1]:
            _highest_row(heap, a, odd, two, high, column, ready + _ROW_READY)
            return
        _row(m, label, heap, a, odd, two, high, column, ready + _ROW_READY)
        carry = name_value(m, f"{label}_carry", high & (low | carry))


def _signed(value: Value) -> Value:
    return value if value.shape().signed else Cat(value, Const(0, 1))


def _row(
    m: Module, label: str, heap: Heap, a: Value, odd: Value, two: Value, high: Value, column: int, ready: int
) -> None:
    """Add the row of a digit −1, 0, 1 or 2."""
    plus = name_value(m, f"{label}_plus", odd & ~high)
    minus = name_value(m, f"{label}_minus", odd & high)
    bits = [(plus & a[0]) | (minus & ~a[0])]
    for index in range(1, len(a) + 1):
        same = a[min(index, len(a) - 1)]
        bits.append((plus & same) | (minus & ~same) | (two & a[index - 1]))
    _add_row(heap, bits, minus, column, ready)


def _highest_row(
    heap: Heap, a: Value, odd: Value, two: Value, negative: Value, column: int, ready: int
) -> None:
    """Add the row of a digit −2, −1, 0, 1 or 2."""
    bits = [(odd & a[0]) ^ negative]
    for index in range(1, len(a) + 1):
        same = a[min(index, len(a) - 1)]
        bits.append(((odd & same) | (two & a[index - 1])) ^ negative)
    _add_row(heap, bits, negative, column, ready)


def _add_row(heap: Heap, bits: list[Value], one: Value, column: int, ready: int) -> None:
    """Add a two's complement row and a one: −s·2^n = (1 − s)·2^n − 2^n."""
    for index, bit in enumerate(bits[:-1]):
        heap.add_bit(bit, column + index, ready=ready)
    top = column + len(bits) - 1
    heap.add_bit(~bits[-1], top, ready=ready)
    heap.add_constant(-(1 << top))
    heap.add_bit(one, column, ready=ready)
