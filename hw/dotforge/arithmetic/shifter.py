"""Logarithmic shifters of floating-point datapaths: aligning with a sticky bit, normalizing up to a limit."""

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Const, Module, Mux, Value

from .carry import name_value

__all__ = ["align", "normalize", "read_window", "shift_left"]


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
    # The tail stays out of far shifts: if their results had its bits too, one net would have two names.
    tail, value = value[:exact_tail], value[exact_tail:]
    free = None if limit is None else name_value(m, f"{name}_free", limit[rows:].any())
    shifts: list[Value] = []
    for stage in reversed(range(rows)):
        places = 1 << stage
        if places < 4:
            value, tail = Cat(tail, value), value[:0]
        width = len(value)
        shift = zeros = name_value(m, f"{name}_zeros_{places}", ~value[width - places :].any())
        if limit is not None and free is not None:
            shift = name_value(m, f"{name}_shift_{places}", zeros & (limit[stage] | free))
            if stage:
                free = name_value(m, f"{name}_free_{places}", free | (~zeros & limit[stage]))
        shifts.insert(0, shift)
        bits = []
        for index in range(width):
            if index < places:
                bits.append(value[index] & ~shift)
            elif index >= width - places:  # zero if it is shifted out
                bits.append(value[index] | (shift & value[index - places]))
            else:
                bits.append(Mux(shift, value[index - places], value[index]))
        value = name_value(m, f"{name}_by_{places}", Cat(*bits))
    return Cat(tail, value), Cat(*shifts)


def shift_left(m: Module, name: str, value: Value, places: Value) -> Value:
    """Shift left without loss: the result is 2^rows − 1 bits wider, near shifts come first.

    Parameters
    ----------
    m : module that gets the logic
    name : stem of the names of its signals
    value : of any width
    places : how far, unsigned: one row of multiplexers a bit
    """
    for stage in range(len(places)):
        step, width, shift = 1 << stage, len(value), places[stage]
        bits = []
        for index in range(width + step):
            if index < step:
                bits.append(value[index] & ~shift if index < width else Const(0, 1))
            elif index < width:
                bits.append(Mux(shift, value[index - step], value[index]))
            else:
                bits.append(value[index - step] & shift)
        value = name_value(m, f"{name}_by_{step}", Cat(*bits))
    return value


def read_window(
    m: Module, name: str, value: Value, places: Value, distances: dict[int, Value], *, top: int, width: int
) -> tuple[Value, Value]:
    """Shift in both directions and read the result.

    The value is shifted left by ``places`` and read at one of several distances, which are multiples of
    2^rows: a multiplexer row for every bit of ``places``, and one gate for every bit and distance.

    Parameters
    ----------
    m : module that gets the logic
    name : stem of the names of its signals
    value : what is shifted. Never its top bit alone, as a product of two significands never is: then a top
        bit just below the window is more than half of the window's lowest bit
    places : low bits of the number of places, in two's complement
    distances : number of places divided by 2^rows → whether it is that, at most one of them
    top : bit of ``value`` that is the window's top bit for no places
    width : bits of the window

    Returns
    -------
    The window, and the OR of all bits below it (of no meaning where the window's lowest bit is 0).
    Without a distance the window is zero.
    """
    rows = len(places)
    shifted = shift_left(m, name, value, places)

    def index(position: int, distance: int) -> int:
        return position + top - width + 1 - (distance << rows)

    bits = []
    for position in range(width):
        terms = [
            chosen & shifted[index(position, distance)]
            for distance, chosen in distances.items()
            if 0 <= index(position, distance) < len(shifted)
        ]
        bits.append(reduce(or_, terms, Const(0, 1)))
    window = name_value(m, name, Cat(*bits))

    # Bits that are below the window at one distance are so at all farther ones.
    sticky: Value = Const(0, 1)
    first, gated = 0, False
    for distance in sorted(distances, reverse=True):
        lowest = index(0, distance)
        if lowest == len(shifted) - 1:
            # Only the top bit of the value reaches the window, at its lowest bit, and others are below it.
            sticky = sticky | distances[distance]
            break
        if lowest > first:
            here = name_value(m, f"{name}_below_{distance % 64}", shifted[first:lowest].any())
            farther = [chosen for other, chosen in distances.items() if other <= distance]
            sticky = sticky | (here & reduce(or_, farther) if gated else here)
            first = lowest
        gated = gated or lowest >= 0
    return window, name_value(m, f"{name}_sticky", sticky)


def _bit(value: Value, index: int) -> Value | int:
    return value[index] if index < len(value) else 0
