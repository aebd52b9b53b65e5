"""DistributionNetwork: compressed vectors in, any position of each vector at any lane, one vector a cycle.

::

    load (rows) ─► prepared ──────────────┐
                                     swap ▼ in use
    vectors ─────────────────────────► network ─────► lanes
    {values, bitmap, tag}              columns        {values, tag}

Source: 004_cc286613ada5888f (SIGMA), section IV-A1, which asks for a non-blocking network with multicast.
"""

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, ValueLike
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ...block import Block
from ..columns import check_lanes
from .crossbar_network import CrossbarNetwork, crossbar_columns
from .multicast import CONTROL_COLUMNS, MulticastBenes, multicast_columns
from .settings import TOPOLOGIES, SettingsBuffer, setting_places, setting_rows

__all__ = [
    "CROSSBAR_LANES",
    "FAST_CROSSBAR_LANES",
    "DistributionNetwork",
    "choose_topology",
    "distribution_columns",
    "evenly",
    "fast",
]

#: Up to this many lanes the crossbar is the smaller network, by the area table of ``docs/distribution.md``.
CROSSBAR_LANES = 4

#: The same with the registers of :func:`fast` and stalls: the crossbar has a third of the columns.
FAST_CROSSBAR_LANES = 64


def choose_topology(topology: str, lanes: int, *, fast: bool = False) -> str:
    """Return the topology that a name stands for: ``auto`` is the one of least measured area.

    Parameters
    ----------
    topology : one of :data:`TOPOLOGIES`, or ``auto``
    lanes : of the network
    fast : with the registers of :func:`fast`, instead of few or none

    Raises
    ------
    ValueError
        ``topology`` is neither ``auto`` nor one of :data:`TOPOLOGIES`.
    """
    if topology == "auto":
        largest = FAST_CROSSBAR_LANES if fast else CROSSBAR_LANES
        return "crossbar" if lanes <= largest else "multicast-benes"
    if topology not in TOPOLOGIES:
        raise ValueError(f"topology={topology}: one of auto, {', '.join(TOPOLOGIES)} is wanted")
    return topology


def distribution_columns(topology: str, lanes: int, window: int) -> int:
    """Return the number of columns after which a register may stand.

    Parameters
    ----------
    topology : ``multicast-benes``, ``crossbar`` or ``auto``
    lanes : power of two, 2…512
    window : positions of a vector, a power of two from 2 to ``lanes``
    """
    if choose_topology(topology, lanes) == "crossbar":
        return crossbar_columns(window)
    return multicast_columns(lanes, window)


def evenly(count: int, columns: int) -> tuple[int, ...]:
    """Return ``count`` columns to put registers after, spread evenly, the last one after the last column.

    Raises
    ------
    ValueError
        ``count`` is not in 0…``columns``.
    """
    if not 0 <= count <= columns:
        raise ValueError(f"count={count}: 0…{columns} registers are possible")
    return tuple((index + 1) * columns // count - 1 for index in range(count))


def fast(topology: str, lanes: int, window: int) -> tuple[int, ...]:
    """Return registers for a high clock rate: after columns that count or pack bits, and every second one.

    With ``registered_ready`` and ``registered_writable`` 32 lanes of 16 bits reach 181 MHz on an ECP5
    (``docs/distribution.md``). The multiplexers of a crossbar have no registers between them: they would hold
    half of all products of lanes and positions.

    Parameters
    ----------
    topology : ``multicast-benes``, ``crossbar`` or ``auto``
    lanes : power of two, 2…512
    window : positions of a vector, a power of two from 2 to ``lanes``
    """
    columns = distribution_columns(topology, lanes, window)
    crossbar = choose_topology(topology, lanes) == "crossbar"
    first = min(2 if crossbar else CONTROL_COLUMNS + 2, columns)
    last = check_lanes(window) + 1 if crossbar else columns - 1
    ends = (columns - 1,) if crossbar else ()
    return (*range(first), *range(last - (last - first) // 2 * 2, last + 1, 2), *ends)


class DistributionNetwork(Block):
    """Delivers any window position of a compressed vector to any lane.

    Parameters
    ----------
    lanes : power of two, 2…512
    width : bits of a value. A bit of one's own in each value, always 1, tells useful lanes from zeros
    window : positions of a vector, a power of two from 2 to ``lanes`` (default: as many)
    topology : ``multicast-benes``, ``crossbar``, or ``auto``: the one of least measured area, without
        registers (with many, see :func:`choose_topology`)
    registers : columns that a register follows (:func:`distribution_columns`, :func:`evenly`)
    tag_width : bits that go with each vector, untouched
    registered_ready : the stall of a registered network comes from a register and not from
        ``lanes_out.ready``, for a high clock rate; one more vector can wait at the output
    swap_apart : rows are never written in a cycle with ``swap``, so ``writable`` need not look at it
    registered_writable : ``writable`` comes from a register, a cycle later; with ``swap_apart`` only
    stallable : without it ``lanes_out.ready`` is ignored: whoever gives a vector in has room for its lanes
        when they come, ``latency`` cycles later. Saves a multiplexer a register, a third of its area

    Raises
    ------
    ValueError
        A parameter is out of its range, ``registers`` do not rise, or an option is given without the one that
        it goes with.

    Interface attributes
    --------------------
    vectors : stream of {``values``: the values at set bits, packed from value 0, ``bitmap``, ``tag``}
    lanes_out : stream of {``values``, ``tag``}: each lane has the value of its position, zero if the bit is
        clear or the lane has no position
    write, row, data : while ``write`` is high, ``data`` becomes row ``row`` of the prepared settings
        (:mod:`dotforge.network.distribution.settings`)
    writable : a row is taken; low with ``swap``, and until the swap has gone through all registers, behind
        the last vector before it
    swap : the prepared settings are used by all vectors after the one that is accepted in this cycle, if any.
        To be held until ``swapped``; no cycle is lost. Prepared settings keep their value
    swapped : the swap is done at the end of this cycle (it waits only for a vector that is offered and not
        accepted)
    latency : cycles from a vector to its lanes, one a register; initiation interval 1. ``lanes_out.ready``
        low stalls all columns
    """

    vectors: stream.Interface
    lanes_out: stream.Interface
    write: Signal
    row: Signal
    data: Signal
    writable: Signal
    swap: Signal
    swapped: Signal

    def __init__(
        self,
        lanes: int,
        width: int,
        window: int | None = None,
        topology: str = "auto",
        *,
        registers: Sequence[int] = (),
        tag_width: int = 0,
        registered_ready: bool = False,
        stallable: bool = True,
        swap_apart: bool = False,
        registered_writable: bool = False,
    ) -> None:
        check_lanes(lanes)
        self.lanes, self.width, self.window = lanes, width, lanes if window is None else window
        if check_lanes(self.window) > check_lanes(lanes):
            raise ValueError(f"window={window}: at most lanes={lanes} positions are wanted")
        if width < 1 or tag_width < 0:
            raise ValueError(f"width={width}, tag_width={tag_width}: at least 1 and 0 bits are wanted")
        self.topology = choose_topology(topology, lanes)
        columns = distribution_columns(self.topology, lanes, self.window)
        if list(registers) != sorted(set(registers)) or not all(0 <= r < columns for r in registers):
            raise ValueError(f"registers={registers}: rising numbers of columns, 0…{columns - 1}, are wanted")
        if registered_ready and not registers:
            raise ValueError("registered_ready: a network with registers is wanted")
        if registered_ready and not stallable:
            raise ValueError("registered_ready: a stallable network is wanted")
        if registered_writable and not swap_apart:
            raise ValueError("registered_writable: swap_apart is wanted")
        self.registers, self.tag_width = tuple(registers), tag_width
        self.registered_writable = registered_writable
        self.registered_ready, self.stallable, self.swap_apart = registered_ready, stallable, swap_apart
        self.latency = len(self.registers)
        self.rows = setting_rows(self.topology, lanes, self.window)
        tag = {"tag": tag_width} if tag_width else {}
        vector = data.StructLayout({"values": self.window * width, "bitmap": self.window, **tag})
        result = data.StructLayout({"values": lanes * width, **tag})
        super().__init__(
            {
                "vectors": In(stream.Signature(vector)),
                "lanes_out": Out(stream.Signature(result)),
                "write": In(1),
                "row": In(range(self.rows)),
                "data": In(lanes),
                "writable": Out(1),
                "swap": In(1),
                "swapped": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.settings = settings = SettingsBuffer(self.topology, self.lanes, self.window)
        network: Any = (CrossbarNetwork if self.topology == "crossbar" else MulticastBenes)(
            self.lanes, self.window, self.width, self.registers, self.stallable
        )
        m.submodules.network = network
        advance = Signal()
        free: Value = network.settled
        if self.registered_writable:
            # Low from the first cycle behind a swap on.
            settled = Signal()
            m.d.sync += settled.eq(network.settled & ~self.swapped)
            free = settled
        m.d.comb += [
            self.writable.eq(free if self.swap_apart else free & ~self.swap),
            settings.write.eq(self.write & self.writable),
            settings.row.eq(self.row),
            settings.data.eq(self.data),
            network.swap.eq(self.swapped),
            self.swapped.eq(self.swap & (~self.vectors.valid | self.vectors.ready)),
            network.values.eq(self.vectors.payload.values),
            network.bitmap.eq(self.vectors.payload.bitmap),
            self.vectors.ready.eq(advance),
        ]
        for field in setting_places(self.topology, self.lanes, self.window):
            m.d.comb += getattr(network, field).eq(getattr(settings, field))
        valid: ValueLike = self.vectors.valid
        tag = self.vectors.payload.tag if self.tag_width else None
        for number in range(self.latency):
            held = Signal(name=f"valid_{number}")
            m.d.sync += held.eq(Mux(advance, valid, held) if self.stallable else valid)
            valid = held
            if tag is not None:
                moved = Signal(self.tag_width, name=f"tag_{number}", reset_less=True)
                m.d.sync += moved.eq(Mux(advance, tag, moved) if self.stallable else tag)
                tag = moved
        output = network.outputs if tag is None else Cat(network.outputs, tag)
        ready = self.lanes_out.ready
        if self.registered_ready:
            # All columns move as long as nothing waits here; so what is not taken at once waits here.
            # one register for the output, one for all columns
            waits = Signal()
            moves = Signal(init=1)
            waiting = Signal(len(output), reset_less=True)
            stays = (waits | valid) & ~ready
            m.d.sync += [
                waits.eq(stays),
                moves.eq(~stays),
                waiting.eq(Mux(waits, waiting, output)),
            ]
            m.d.comb += [
                self.lanes_out.valid.eq(waits | valid),
                self.lanes_out.payload.eq(Mux(waits, waiting, output)),
                advance.eq(moves),
            ]
        else:
            m.d.comb += [
                self.lanes_out.valid.eq(valid),
                self.lanes_out.payload.eq(output),
                advance.eq(self._moves(valid, ready)),
            ]
        if network.stallable:
            m.d.comb += network.advance.eq(advance)
        return m

    def _moves(self, valid: ValueLike, ready: Value) -> ValueLike:
        if not self.stallable:
            return Const(1)
        return ~Value.cast(valid) | ready if self.latency else ready
