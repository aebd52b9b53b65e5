"""Products for carry-save heaps, by the method that is smaller."""

from amaranth.hdl import Module, Value

from . import baugh_wooley, booth
from .heap import Heap

__all__ = ["METHODS", "add_product", "smaller_method"]

#: How partial products are made.
METHODS = ("baugh-wooley", "booth")


def smaller_method(a_bits: int, b_bits: int) -> str:
    """Return the method that takes fewer transistors for a product of two signed integers.

    Measured for all pairs of 2…9 bits, 12 and 16 bits; 4 × 2 bits are two transistors smaller the other way
    (:mod:`dotforge.figures.arithmetic` measures them again).

    Parameters
    ----------
    a_bits : width of one integer
    b_bits : width of the other one
    """
    narrow, wide = sorted((a_bits, b_bits))
    return "booth" if narrow >= 2 and wide >= 5 and narrow + wide >= 8 else "baugh-wooley"


def add_product(
    m: Module,
    name: str,
    heap: Heap,
    a: Value,
    b: Value,
    *,
    method: str | None = None,
    shift: int = 0,
    ready: int = 0,
) -> None:
    """Add ``a · b · 2**shift`` to a heap.

    Parameters
    ----------
    m : module that gets the logic
    name : stem of the names of its signals
    heap : where the partial products go
    a, b : values of any width and signedness
    method : one of :data:`METHODS` (default: the smaller one)
    shift : weight of the product's least significant bit
    ready : depth, in full adders, at which the operands arrive

    Raises
    ------
    ValueError
        ``method`` is none of :data:`METHODS`.
    """
    method = method or smaller_method(len(a), len(b))
    if method == "booth":
        a, b = (a, b) if len(a) >= len(b) else (b, a)
        booth.add_product(m, name, heap, a, b, shift=shift, ready=ready)
    elif method == "baugh-wooley":
        baugh_wooley.add_product(heap, a, b, shift=shift, ready=ready)
    else:
        raise ValueError(f"method is one of {', '.join(METHODS)}, not {method}")
