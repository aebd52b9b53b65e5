"""Logarithmic shifters of floating-point datapaths: aligning with a sticky bit, normalizing up to a limit."""

from amaranth.hdl import Cat, Module, Mux, Value

from .carry import name_value

__all__ = ["align", "normalize"]


def align(m: Module, name: str, value: Value, amount: Value) -> tuple[Value, Value]:
    """Shift right and collect what falls out.

    Parameters
    ----------
    m : module that gets the logic
    name : stem of the names of its signals
    value : what is shifted; its width is kept
    amount : places, one multiplexer row a bit

    Returns
    -------
    The shifted value, and the OR of all bits that left it (the sticky bit).
    """
    lost = []
    for stage in reversed(range(len(amount))):  # far shifts first: few bits are live then
        places, width = 1 << stage, len(value)
        lost.append(amount[stage] & value[:places].any())
        value = name_value(
            m,
            f"{name}_by_{places}",
            Cat(*(Mux(amount[stage], _bit(value, index + places), value[index]) for index in range(width))),
        )
    return value, name_value(m, f"{name}_sticky", Cat(*lost).any())


def normalize(
    m: Module, name: str, value: Value, rows: int, *, limit: Value | None = None, exact_tail: int = 0
) -> tuple[Value, Value]:
    """Shift left until the top bit is one, at most ``limit`` places.

    Leading zeros are counted and shifted out a bit of the count at a time, most significant first: each row
    asks whether the top 2^k bits are all zero. That is the smallest normalizer there is; its depth is
    ``rows`` zero tests and multiplexers in series. The limit (subnormal results) is followed bit by bit:
    while count and limit agree so far, a row shifts only if the limit's bit is set; once the count is
    below the limit, rows are ``free`` to shift as they find zeros.

    Parameters
    ----------
    m : module that gets the logic
    name : stem of the names of its signals
    value : what is shifted; its width is kept
    rows : bits of the count; a value of zero is shifted by 2^rows − 1
    limit : most places, any width of at least ``rows``
    exact_tail : number of low bits that are known to be zero whenever the shift is 4 places or more

    Returns
    -------
    The shifted value, and the number of places.
    """
    width = len(value)
    free = None if limit is None else name_value(m, f"{name}_free", limit[rows:].any())
    shifts: list[Value] = []
    for stage in reversed(range(rows)):
        places = 1 << stage
        shift = zeros = name_value(m, f"{name}_zeros_{places}", ~value[width - places :].any())
        if limit is not None and free is not None:
            shift = name_value(m, f"{name}_shift_{places}", zeros & (limit[stage] | free))
            if stage:
                free = name_value(m, f"{name}_free_{places}", free | (~zeros & limit[stage]))
        shifts.insert(0, shift)
        tail = exact_tail if places >= 4 else 0
        bits = []
        for index in range(width):
            if index < tail:
                bits.append(value[index])
            elif index - places < tail:
                bits.append(value[index] & ~shift)
            elif index >= width - places:  # zero if it is shifted out
                bits.append(value[index] | (shift & value[index - places]))
            else:
                bits.append(Mux(shift, value[index - places], value[index]))
        value = name_value(m, f"{name}_by_{places}", Cat(*bits))
    return value, Cat(*shifts)


def _bit(value: Value, index: int) -> Value | int:
    return value[index] if index < len(value) else 0
