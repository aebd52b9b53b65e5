"""Products in a datapath of stages: rows of partial products in carry chains, or multiplier blocks of the FPGA.

A block of 18 × 18 bits (16 × 16 on an iCE40) multiplies two pairs of short numbers at once and adds the two products::

    A = a1 + a2 · 2^k       A · B = a1·b2 + (a1·b1 + a2·b2) · 2^k + a2·b1 · 2^2k
    B = b2 + b1 · 2^k                └────── wanted ──────┘

With k = bits of a + bits of b + 1 the middle field holds every sum of two products, and what the lowest field borrows
from it is that field's sign, its top bit: a bit to add.
"""

from amaranth.hdl import Cat, Const, Value

from .stages import Stages, Timed, signed_bits

__all__ = ["BLOCK_BITS", "multiply", "multiply_pair", "pair_shift"]

#: Device → width of the operands of its multiplier blocks, signed.
BLOCK_BITS = {"ecp5": 18, "ice40-up5k": 16}


def multiply(stages: Stages, name: str, a: Timed, b: Timed, *, dsp: bool = False) -> tuple[Timed, int, int]:
    """Return a product and its least and largest value.

    Parameters
    ----------
    stages : where it is made
    name : stem of names
    a, b : two bits or more, signed or unsigned; ``b`` is the one whose bits are rows
    dsp : as an operator, which the flow maps to a multiplier block
    """
    low_a, high_a = _range(a.value)
    low_b, high_b = _range(b.value)
    corners = [x * y for x in (low_a, high_a) for y in (low_b, high_b)]
    low, high = min(corners), max(corners)
    width = signed_bits(low, high)
    if dsp:
        return stages.product(name, a, b, width), low, high
    signed = b.value.shape().signed
    # Each row: partial product, its place, its least and largest value.
    rows: list[tuple[Timed, int, int, int]] = []
    for index in range(len(b)):
        top = signed and index == len(b) - 1

        def row(x: Value, y: Value, index: int = index, top: bool = top) -> Value:
            bit = y[index]
            if not x.shape().signed:
                x = Cat(x, Const(0, 1)).as_signed()
            x = x.as_unsigned()
            return ((~x if top else x) & bit.replicate(len(x))).as_signed()

        extremes = sorted((0, *((-1 - high_a, -1 - low_a) if top else (low_a, high_a))))
        rows.append((stages.logic(f"{name}_row_{index}", 1, row, a, b), index, extremes[0], extremes[-1]))
    carry: Timed | None = None
    if signed:  # the one that makes the complement of the top row its negative
        carry = stages.logic(f"{name}_negative", 0, lambda y: y[-1], b)
    level = 0
    while len(rows) > 1:
        pairs: list[tuple[Timed, int, int, int]] = []
        for index in range(0, len(rows) - 1, 2):
            (x, place, low_x, high_x), (y, above, low_y, high_y) = rows[index : index + 2]
            shift = above - place
            used = carry if index + 2 == len(rows) else None
            low_sum = (low_x >> shift) + low_y
            high_sum = (high_x >> shift) + high_y + (used is not None)
            label = f"{name}_{level}_{index // 2}"
            high_part = stages.logic(f"{label}_high", 0, lambda v, shift=shift: v[shift:].as_signed(), x)
            total = stages.add(label, high_part, y, signed_bits(low_sum, high_sum), used)
            joined = stages.logic(
                f"{label}_joined", 0, lambda v, t, shift=shift: Cat(v[:shift], t).as_signed(), x, total
            )
            carry = None if used is not None else carry
            pairs.append(
                (joined, place, low_x + (low_y << shift), high_x + (high_y + (used is not None) << shift))
            )
        rows = [*pairs, *rows[len(rows) & ~1 :]]
        level += 1
    product = stages.logic(f"{name}_product", 0, lambda v: v[:width].as_signed(), rows[0][0])
    return product, low, high


def pair_shift(a_bits: int, b_bits: int, device: str) -> int | None:
    """Return the distance of two numbers in an operand of a multiplier block, ``None`` where two do not fit.

    Parameters
    ----------
    a_bits, b_bits : widths of the numbers, signed
    device : one of :data:`BLOCK_BITS`
    """
    shift = a_bits + b_bits + 1
    # A bit more: the low number's sign may take one from the least high number.
    return shift if shift + max(a_bits, b_bits) + 1 <= BLOCK_BITS[device] else None


def multiply_pair(
    stages: Stages, name: str, a: tuple[Timed, Timed], b: tuple[Timed, Timed], shift: int
) -> tuple[Timed, int, int, Timed]:
    """Return a[0] · b[0] + a[1] · b[1] less a bit, its least and largest value, and that bit, of one multiplier block.

    Parameters
    ----------
    stages : where it is made
    name : stem of names
    a, b : signed
    shift : see :func:`pair_shift`
    """

    def packed(low: Value, high: Value) -> Value:
        return (low + (high << shift))[: shift + len(high) + 1].as_signed()

    # The low number reaches into the high one with its sign only.
    joined = [
        stages.logic(f"{name}_{side}", 2, packed, low, high)
        for side, low, high in (("a", a[0], a[1]), ("b", b[1], b[0]))
    ]
    product = stages.product(name, joined[0], joined[1], 2 * shift)
    total = stages.logic(f"{name}_sum", 0, lambda p: p[shift : 2 * shift].as_signed(), product)
    borrowed = stages.logic(f"{name}_borrowed", 0, lambda p: p[shift - 1], product)
    low_a, high_a = _range(a[0].value)
    low_b, high_b = _range(b[0].value)
    corners = [x * y for x in (low_a, high_a) for y in (low_b, high_b)]
    return total, 2 * min(corners) - 1, 2 * max(corners), borrowed


def _range(value: Value) -> tuple[int, int]:
    bits = len(value)
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if value.shape().signed else (0, (1 << bits) - 1)
