"""Register stages at named cuts of a datapath."""

from collections.abc import Collection

from amaranth.hdl import Module, Signal, Value, ValueLike
from amaranth.lib.wiring import In

__all__ = ["Cuts", "enable_port", "register_beat"]


def enable_port(pipeline: int, stallable: bool) -> dict:
    """Return the port ``en`` of a block whose ``pipeline`` registers advance only while it is high.

    Parameters
    ----------
    stallable : whether the registers have an enable at all
    """
    return {"en": In(1)} if pipeline and stallable else {}


class Cuts:
    """Registers where they are wanted, wires elsewhere.

    A datapath names the places where a register stage may go; :meth:`cut` makes registers of the values that
    cross a chosen place and returns the others as they are, so that one description serves every depth.
    The registers hold data, so they have no reset.

    Parameters
    ----------
    m : module that gets the registers
    chosen : names of the places that have a stage
    enable : lets all stages advance (default: they always do)
    """

    def __init__(self, m: Module, chosen: Collection[str], enable: Value | None = None) -> None:
        self._m, self._chosen, self._enable = m, chosen, enable

    def cut(self, place: str, **values: ValueLike) -> list[Value]:
        """Return the values behind ``place``, in the order given, each in a register if it was chosen."""
        if place not in self._chosen:
            return [Value.cast(value) for value in values.values()]
        registers: list[Value] = []
        for name, value in values.items():
            register = Signal(len(Value.cast(value)), name=f"{place}_{name}", reset_less=True)
            if self._enable is None:
                self._m.d.sync += register.eq(value)
            else:
                with self._m.If(self._enable):
                    self._m.d.sync += register.eq(value)
            registers.append(register)
        return registers


def register_beat(
    m: Module, stage: int, enable: Signal, valid: Value, beat: dict[str, Value]
) -> tuple[Value, dict[str, Value]]:
    """Make one pipeline stage of a beat: ``valid`` is reset, what it vouches for is not.

    Parameters
    ----------
    m : module that gets the registers
    stage : number of the stage, at the end of the registers' names
    enable : lets the stage advance
    valid : whether there is a beat
    beat : name → value

    Returns
    -------
    ``valid`` and the beat behind the stage.
    """
    held_valid = Signal(name=f"valid_{stage}")
    held = {
        name: Signal(value.shape(), name=f"{name}_{stage}", reset_less=True) for name, value in beat.items()
    }
    with m.If(enable):
        m.d.sync += held_valid.eq(valid)
        m.d.sync += [held[name].eq(value) for name, value in beat.items()]
    return held_valid, dict(held)
