"""Bandwidth that all jobs share: which of them may take elements in a cycle.

Loading goes before streaming, since it is short and what streams next waits for it; jobs have the first turn one after
the other, a cycle each.
"""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from ...arithmetic.carry import name_value
from .config import FlexDpuConfig

__all__ = ["is_number", "share"]


def is_number(value: Value, number: int) -> Value:
    """Tell whether a value is a number: a comparison with zero that lint tools take as one.

    Parameters
    ----------
    value : unsigned
    number : 0 or more
    """
    return value == number if number else ~value.any()


def share(m: Module, config: FlexDpuConfig, slots: list[Any]) -> None:
    """Let slots take elements as far as the bandwidth of the configuration goes.

    Parameters
    ----------
    m : module that holds the slots
    config : of the engine
    slots : :class:`dotforge.engines.flexdpu.slot.Slot`
    """
    if not config.limited:
        for slot in slots:
            m.d.comb += [slot.stationary_may.eq(1), slot.vector_may.eq(1)]
        return
    count = len(slots)
    turn = Signal(range(max(2, count)))
    m.d.sync += turn.eq(Mux(is_number(turn, count - 1), 0, turn + 1))
    found: list[list[Value]] = []
    for first in range(count):
        granted: list[Value] = [Const(0, 1)] * (2 * count)
        used: Value = Const(0, config.elements.bit_length() + 1)
        for step in range(2 * count):
            number = (first + step % count) % count
            wants, needs = _asked(slots[number], step < count)
            total = name_value(m, f"used_{first}_{step}", used + needs)
            fits = wants & (total <= config.elements)
            granted[number if step < count else count + number] = fits
            used = name_value(m, f"after_{first}_{step}", Mux(fits, total, used))
        found.append(granted)
    chosen = [
        Cat(granted[place] & is_number(turn, first) for first, granted in enumerate(found)).any()
        for place in range(2 * count)
    ]
    for number, slot in enumerate(slots):
        m.d.comb += [slot.stationary_may.eq(chosen[number]), slot.vector_may.eq(chosen[count + number])]


def _asked(slot: Any, loading: bool) -> tuple[Value, Value]:
    if loading:
        return slot.stationary_wants, slot.stationary_count
    return slot.vector_wants, slot.vector_count
