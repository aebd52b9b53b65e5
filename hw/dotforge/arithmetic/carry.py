"""Carry chains: adders, subtracters, incrementers and comparators of unsigned values.

Each function comes in two forms. The ripple form is spelled out bit by bit and is the smallest in gates: a
synthesis tool would turn an operator into a parallel prefix adder, which is larger. The operator form is what
an FPGA flow maps to its carry chains, and what a timing-driven flow can choose an architecture for.
"""

from amaranth.hdl import Cat, Const, Module, Signal, Value, ValueLike

__all__ = ["add", "increment", "less_than", "name_value", "subtract"]


def name_value(m: Module, name: str, value: ValueLike) -> Signal:
    """Return a signal of that name with the value: it keeps expressions shallow and the Verilog readable.

    Parameters
    ----------
    m : module that gets the logic
    name : of the signal
    value : of any width
    """
    signal = Signal(len(Value.cast(value)), name=name)
    m.d.comb += signal.eq(value)
    return signal


def add(
    m: Module, name: str, a: Value, b: Value, carry: ValueLike = 0, *, operators: bool = False
) -> tuple[Value, Value]:
    """Return the sum of two values of one width and a carry, and the carry out.

    Parameters
    ----------
    m : module that gets the logic
    name : stem of the names of its signals
    a, b : unsigned, of equal width
    carry : one bit
    operators : leave the architecture to the flow
    """
    _equal_widths(a, b)
    if operators:
        total = name_value(m, f"{name}_sum", a + b + Value.cast(carry)[:1])
        return total[: len(a)], total[len(a)]
    carry = Value.cast(carry)
    bits = []
    for index in range(len(a)):
        half = name_value(m, f"{name}_half_{index}", a[index] ^ b[index])
        bits.append(half ^ carry)
        carry = name_value(m, f"{name}_carry_{index}", (a[index] & b[index]) | (half & carry))
    return Cat(*bits), carry


def subtract(
    m: Module, name: str, a: Value, b: Value, borrow: ValueLike = 0, *, operators: bool = False
) -> tuple[Value, Value]:
    """Return ``a − b − borrow`` modulo the width of ``a``, and the borrow out; ``b`` may be narrower.

    Parameters
    ----------
    m : module that gets the logic
    name : stem of the names of its signals
    borrow : one bit, subtracted too
    operators : write the carry chain as an operator, for flows that have carry chains or choose an
        architecture
    """
    if operators:
        difference = name_value(m, f"{name}_difference", a - b - Value.cast(borrow)[:1])
        return difference[: len(a)], difference[len(a)]
    borrow = Value.cast(borrow)
    bits = []
    for index in range(len(a)):
        if index < len(b):
            half = name_value(m, f"{name}_half_{index}", a[index] ^ b[index])
            bits.append(half ^ borrow)
            value = (~a[index] & b[index]) | (~half & borrow)
        else:
            bits.append(a[index] ^ borrow)
            value = ~a[index] & borrow
        borrow = name_value(m, f"{name}_borrow_{index}", value)
    return Cat(*bits), borrow


def increment(
    m: Module, name: str, a: Value, carry: Value, *, operators: bool = False
) -> tuple[Value, Value]:
    """Return ``a + carry`` modulo its width, and the carry out.

    Parameters
    ----------
    m : module that gets the logic
    name : stem of the names of its signals
    carry : one bit
    operators : write the carry chain as an operator, for flows that have carry chains or choose an
        architecture
    """
    if operators:
        total = name_value(m, f"{name}_sum", a + carry[:1])
        return total[: len(a)], total[len(a)]
    bits = []
    for index in range(len(a)):
        bits.append(a[index] ^ carry)
        carry = name_value(m, f"{name}_carry_{index}", a[index] & carry)
    return Cat(*bits), carry


def less_than(
    m: Module, name: str, a: Value, b: Value, tie: ValueLike = 0, *, operators: bool = False
) -> Value:
    """Return whether ``a < b``, or ``tie`` where they are equal.

    Parameters
    ----------
    m : module that gets the logic
    name : stem of the names of its signals
    b : as wide as ``a``; both count as unsigned
    operators : write the carry chain as an operator, for flows that have carry chains or choose an
        architecture
    """
    _equal_widths(a, b)
    tie = Value.cast(tie)
    if operators:
        return name_value(m, name, Cat(tie, b) > Cat(Const(0, 1), a))
    less = tie
    for index in range(len(a)):
        x, y = a[index], b[index]
        less = name_value(m, f"{name}_{index}", (~x & y) | (less & (~x | y)))
    return less


def _equal_widths(a: Value, b: Value) -> None:
    if len(a) != len(b):
        raise ValueError(f"operands of {len(a)} and {len(b)} bits")


def add_constant(m: Module, name: str, a: Value, constant: int) -> Value:
    """Return ``a + constant`` modulo its width; the low zeros of the constant cost nothing."""
    constant %= 1 << len(a)
    a = a if isinstance(a, Signal) else name_value(m, f"{name}_of", a)
    low = (constant & -constant).bit_length() - 1 if constant else len(a)
    bits, carry = list(a[:low]), None
    for index in range(low, len(a)):
        bit, one = a[index], constant >> index & 1
        if carry is None:
            bits.append(~bit)
            carry = bit
            continue
        bits.append(~(bit ^ carry) if one else bit ^ carry)
        carry = name_value(m, f"{name}_carry_{index}", bit | carry if one else bit & carry)
    return name_value(m, name, Cat(*bits))


def at_least(m: Module, name: str, a: Value, constant: int) -> Value:
    """Return whether ``a`` is ``constant`` or more."""
    if constant >> len(a):
        return Const(0, 1)
    a = a if isinstance(a, Signal) else name_value(m, f"{name}_of", a)
    result: Value = Const(1, 1)
    for index in range(len(a)):
        result = a[index] & result if constant >> index & 1 else a[index] | result
    return name_value(m, name, result)
