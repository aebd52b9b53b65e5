"""Signed multiplier as a bundle of partial-product bits for a carry-save heap.

Baugh and Wooley (1973): with −x·2^n = (1 − x)·2^n − 2^n every partial product that carries the sign of one
operand is added inverted, and what is left is a constant. For a of n and b of m bits::

    a·b = Σ a_i b_j 2^(i+j)                          i < n−1, j < m−1  or both sign bits
        + Σ (1 − a_i b_(m−1)) 2^(i+m−1)              i < n−1
        + Σ (1 − a_(n−1) b_j) 2^(j+n−1)              j < m−1
        − 2^(m−1)·(2^(n−1) − 1) − 2^(n−1)·(2^(m−1) − 1)
"""

from amaranth.hdl import Value

from .heap import Heap

__all__ = ["add_product"]


def add_product(heap: Heap, a: Value, b: Value, *, shift: int = 0, ready: int = 0) -> None:
    """Add ``a · b · 2**shift`` to a heap.

    Parameters
    ----------
    heap : where the n·m partial products and their constant go
    a, b : values of any width and signedness
    shift : weight of the product's least significant bit
    ready : depth, in full adders, at which the operands arrive
    """
    a_sign = len(a) - 1 if a.shape().signed else None
    b_sign = len(b) - 1 if b.shape().signed else None
    for i in range(len(a)):
        for j in range(len(b)):
            column = shift + i + j
            if (i == a_sign) != (j == b_sign):
                heap.add_bit(~(a[i] & b[j]), column, ready=ready)
                heap.add_constant(-(1 << column))
            else:
                heap.add_bit(a[i] & b[j], column, ready=ready)
