"""RouteEngines: routing for any topology, with as many engines as the folds are short.

::

                ┌─► RouteEngine 0 ─┐
    positions ──┼─► RouteEngine 1 ─┼──► rows of settings, fold after fold
    fold by fold└─► …             ─┘
"""

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Const, Module, Mux, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ...block import Block
from ..columns import check_lanes
from ..distribution.settings import TOPOLOGIES, setting_rows
from ..turned_tables import any_of
from .crossbar import CrossbarRoute
from .engine import RouteEngine
from .loop import loop_steps

__all__ = ["RouteEngines", "fold_cycles"]


def fold_cycles(topology: str, lanes: int, engines: int = 1, walkers: int = 1, registers: int = 0) -> int:
    """Return the cycles from the settings of one fold to those of the next, without end.

    Parameters
    ----------
    topology, lanes, engines, walkers : see :class:`RouteEngines`
    registers : of the network, before its last column; a swap takes as long to go through, if nothing stalls

    A fold comes in in ``lanes`` cycles, and its rows are made while the network has place for them; of several
    engines, the next one is then done with its first level. The rest is shared by the engines.
    """
    if topology == "crossbar":
        return lanes + registers + 1
    steps = loop_steps(lanes, walkers)
    blocked = steps + registers + 3 if engines == 1 else steps - lanes // 2 + registers + 4
    return max(lanes, -(-(lanes + steps + 1) // engines), blocked)


class RouteEngines(Block):
    """Turns the position of each lane into the settings of a network.

    Parameters
    ----------
    topology : ``multicast-benes`` or ``crossbar``
    lanes : power of two, 2…512
    window : number of positions (default: lanes)
    engines : folds that are routed at a time, 1 or more (``multicast-benes`` only)
    walkers : of each :class:`dotforge.network.routing.engine.RouteEngine`

    Raises
    ------
    ValueError
        The topology is unknown, ``window`` is no power of two from 2 to 512, or ``engines`` is less than 1.

    Interface attributes
    --------------------
    positions : stream of {``position``, ``empty``}, one lane a beat from lane 0 on; ``empty``: the lane has
        none
    write, row, data, writable : those of :class:`dotforge.network.distribution.distribution.DistributionNetwork`
    prepared : the settings of a fold are complete; those of the next wait for ``swapped``
    swapped : from the network

    Timing: see :func:`fold_cycles`, and :func:`dotforge.network.routing.engine.route_cycles` for the first fold.
    """

    positions: stream.Interface
    write: Signal
    row: Signal
    data: Signal
    writable: Signal
    prepared: Signal
    swapped: Signal

    def __init__(
        self, topology: str, lanes: int, window: int | None = None, engines: int = 1, walkers: int = 1
    ) -> None:
        if topology not in TOPOLOGIES:
            raise ValueError(f"topology={topology}: one of {', '.join(TOPOLOGIES)} is wanted")
        if engines < 1:
            raise ValueError(f"engines={engines}: at least 1 is wanted")
        self.topology, self.lanes, self.window = topology, lanes, lanes if window is None else window
        self.engines, self.walkers = 1 if topology == "crossbar" else engines, walkers
        rows = setting_rows(topology, lanes, self.window)
        position = data.StructLayout({"position": check_lanes(self.window), "empty": 1})
        super().__init__(
            {
                "positions": In(stream.Signature(position)),
                "write": Out(1),
                "row": Out(range(rows)),
                "data": Out(lanes),
                "writable": In(1),
                "prepared": Out(1),
                "swapped": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        last_lane = Signal(check_lanes(self.lanes))
        accepted = Signal()
        m.d.comb += accepted.eq(self.positions.valid & self.positions.ready)
        if self.engines == 1:
            entering = leaving = [Const(1)]  # one engine has every turn
        else:
            m.d.sync += last_lane.eq(last_lane + accepted)
            entering = self._turn(m, "entering", accepted & last_lane.all())
            leaving = self._turn(m, "leaving", self.swapped)
        engines: list[Any] = []
        for number in range(self.engines):
            engine: Any = (
                CrossbarRoute(self.lanes, self.window)
                if self.topology == "crossbar"
                else RouteEngine(self.lanes, self.window, self.walkers, ahead=self.engines > 1)
            )
            m.submodules[f"engine_{number}"] = engine
            m.d.comb += [
                engine.positions.valid.eq(self.positions.valid & entering[number]),
                engine.positions.payload.eq(self.positions.payload),
                engine.writable.eq(self.writable & leaving[number]),
                engine.swapped.eq(self.swapped & leaving[number]),
            ]
            engines.append(engine)

        def chosen(name: str, ports: list[Value], turn: Sequence[Value]) -> Value:
            gated = [port & bit.replicate(len(port)) for port, bit in zip(ports, turn, strict=True)]
            return any_of(m, name, gated if self.engines > 1 else ports)

        m.d.comb += [
            self.positions.ready.eq(chosen("ready", [e.positions.ready for e in engines], entering)),
            self.write.eq(chosen("written", [e.write for e in engines], leaving)),
            self.row.eq(chosen("row_of_turn", [e.row for e in engines], leaving)),
            self.data.eq(chosen("data_of_turn", [e.data for e in engines], leaving)),
            self.prepared.eq(chosen("prepared_of_turn", [e.prepared for e in engines], leaving)),
        ]
        return m

    def _turn(self, m: Module, name: str, step: Value) -> list[Signal]:
        """Return one bit an engine; the one that is set moves on with ``step``."""
        turn = [Signal(name=f"{name}_{number}", init=number == 0) for number in range(self.engines)]
        for number, bit in enumerate(turn):
            m.d.sync += bit.eq(Mux(step, turn[number - 1], bit))
        return turn
