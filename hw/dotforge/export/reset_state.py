"""What an output is while reset is held: low, high, or what inputs make of it; found in the netlist.

Registers hold what one clock edge with reset leaves in them, whatever was there before; memories hold anything.
"""

from collections.abc import Iterable
from itertools import product
from typing import Any

from .cell_levels import Level, bit_level
from .netlist import Bit, Cell, Module, Netlist

__all__ = ["STATES", "state_in_reset"]

#: What an output may be: a level, one that follows inputs, or one that depends on what was before.
STATES = ("low", "high", "follows", "unknown")

#: Inputs that are tried with all their values, at most.
_TRIED = 8

#: Path of instances, its module, whether it is after the clock edge, bit of the module.
_Place = tuple[tuple[str, ...], Module, bool, Bit]


def state_in_reset(netlist: Netlist, output: str, inputs: Iterable[str], reset: str = "rst") -> str:
    """Return one of :data:`STATES` for an output of one bit.

    Parameters
    ----------
    netlist : of the design
    output : port
    inputs : those with a combinational path to it
    reset : port, synchronous, active high
    """
    inputs = [name for name in inputs if name != reset]
    bits = [name for name in inputs if len(netlist.top.inputs[name]) == 1][:_TRIED]
    found = _levels(netlist, output, reset, {name: (0, 1) for name in bits})
    if None not in found:
        return "follows" if len(found) > 1 else ("high" if 1 in found else "low")
    # Words are known as long as one is given: then it follows them.
    words = {name: (0, -1) for name in inputs if name not in bits}
    known = _levels(netlist, output, reset, {name: (0, 1) for name in bits} | words)
    return "unknown" if None in known else "follows"


def _levels(netlist: Netlist, output: str, reset: str, tried: dict[str, tuple[int, int]]) -> set[Level]:
    """Return the levels of an output over all combinations of values of inputs; others are not known."""
    (bit,) = netlist.top.outputs[output]
    return {
        _Evaluation(netlist, {reset: 1, **dict(zip(tried, values, strict=True))}, reset).level(bit)
        for values in product(*tried.values())
    }


class _Evaluation:
    """Levels of bits, asked for one by one, and of what they depend on only as far as it matters."""

    def __init__(self, netlist: Netlist, inputs: dict[str, int], reset: str) -> None:
        self.modules, self.top = netlist.modules, netlist.top
        self.inputs, self.reset = inputs, reset
        self._levels: dict[Any, Level] = {}
        self._parents: dict[tuple[str, ...], tuple[tuple[str, ...], Module, Cell]] = {}

    def level(self, bit: Bit) -> Level:
        """Return the level of a bit of the top module after the edge."""
        wanted: _Place = ((), self.top, True, bit)
        stack: list[_Place] = [wanted]
        waiting: set[Any] = set()
        while stack:
            place = stack[-1]
            try:
                level = self._settle(place)
            except _NeededError as error:
                if _key(error.place) not in waiting:
                    waiting.add(_key(error.place))
                    stack.append(error.place)
                    continue
                # It waits for itself: a loop of words, of which nothing is known.
                self._levels[_key(error.place)] = None
                continue
            self._levels[_key(place)] = level
            stack.pop()
        return self._levels[_key(wanted)]

    def _known(self, place: _Place) -> Level:
        """Return a level that is known by now.

        Raises
        ------
        _NeededError
            It is not.
        """
        if isinstance(place[3], str):
            return {"0": 0, "1": 1}.get(place[3])
        if _key(place) not in self._levels:
            raise _NeededError(place)
        return self._levels[_key(place)]

    def _settle(self, place: _Place) -> Level:
        path, module, after, bit = place
        if bit in module.input_places:
            port, index = module.input_places[bit]
            if not path:
                # What inputs were at the edge is not what they are after it; reset is held over both.
                known = port in self.inputs and (after or port == self.reset)
                return self.inputs[port] >> index & 1 if known else None
            above, parent, cell = self._parents[path]
            return self._known((above, parent, after, cell.connections[port][index]))
        if bit not in module.drivers:
            return self._known(place) if isinstance(bit, str) else None
        cell, port, index = module.drivers[bit]
        if cell.is_instance:
            child, below = self.modules[cell.type], (*path, cell.name)
            self._parents[below] = (path, module, cell)
            return self._known((below, child, after, child.outputs[port][index]))
        if cell.type == "$dff":
            return self._known((path, module, False, cell.connections["D"][index])) if after else None
        return bit_level(cell, index, lambda source: self._known((path, module, after, source)))


class _NeededError(Exception):
    """The level of a place is asked for."""

    def __init__(self, place: _Place) -> None:
        self.place = place


def _key(place: _Place) -> Any:
    path, _, after, bit = place
    return path, after, bit
