"""Register stages at named cuts of a datapath."""

from collections.abc import Collection

from amaranth.hdl import Module, Signal, Value, ValueLike

__all__ = ["Cuts"]


class Cuts:
    """Registers where they are wanted, wires elsewhere.

    A datapath names the places where a register stage may go; :meth:`cut` makes registers of the values that
    cross a chosen place and returns the others as they are, so that one description serves every depth.
    The registers hold data: they have no reset and advance while ``enable`` is high.

    Parameters
    ----------
    m : module that gets the registers
    chosen : names of the places that have a stage
    enable : lets all stages advance
    """

    def __init__(self, m: Module, chosen: Collection[str], enable: Value) -> None:
        self._m, self._chosen, self._enable = m, chosen, enable

    def cut(self, place: str, **values: ValueLike) -> list[Value]:
        """Return the values behind ``place``, in the order given, each in a register if it was chosen."""
        if place not in self._chosen:
            return [Value.cast(value) for value in values.values()]
        registers: list[Value] = []
        for name, value in values.items():
            register = Signal(len(Value.cast(value)), name=f"{place}_{name}", reset_less=True)
            with self._m.If(self._enable):
                self._m.d.sync += register.eq(value)
            registers.append(register)
        return registers
