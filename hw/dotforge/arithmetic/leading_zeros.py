"""Leading-zero counter: a tree of (any bit set, count) pairs."""

from amaranth.hdl import Cat, Module, Mux, Value

from .carry import name_value

__all__ = ["leading_zeros"]


def leading_zeros(m: Module, name: str, value: Value) -> tuple[Value, Value]:
    """Count the zeros above the highest one.

    Two halves join into a count one bit longer, whose top bit says that the upper half is all zero::

        any = any_high | any_low        count = {~any_high, any_high ? count_high : count_low}

    Parameters
    ----------
    m : module that gets the logic
    name : stem of the names of its signals
    value : two bits or more

    Returns
    -------
    The count, ``ceil(log2(width))`` bits, of no meaning for zero; and whether any bit is set.
    """
    if len(value) == 1:
        return Cat(), value
    half = 1 << (len(value) - 1).bit_length() - 1  # bits of the upper part
    any_high, count_high = _node(m, f"{name}_high", value[len(value) - half :])
    any_low, count_low = _node(m, f"{name}_low", value[: len(value) - half])
    low = Cat(count_low, *[0] * (len(count_high) - len(count_low)))
    rest = Mux(any_high, count_high, low) if len(count_high) else Cat()
    return name_value(m, f"{name}_count", Cat(rest, ~any_high)), name_value(
        m, f"{name}_any", any_high | any_low
    )


def _node(m: Module, name: str, value: Value) -> tuple[Value, Value]:
    count, any_set = leading_zeros(m, name, value)
    return any_set, count
