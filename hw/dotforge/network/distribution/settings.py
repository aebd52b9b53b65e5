"""The settings word of a network, and the buffer in which the next one is prepared.

A word is written row by row, ``lanes`` bits each, while the word before it is in use.

``multicast-benes``, log2(lanes) + 2 rows::

    row 0          used positions (window bits)
    row 1          ends of runs (lanes − 1 bits)
    row 2 + l      of each pair of wires q and q + 2**l: at q the crossing of their switch in column l of
                   Benes, at q + 2**l that of their switch in the mirror image of the column

``crossbar``, ``lanes`` rows::

    row j          position of lane j, log2(window) bits; the bit above them is set if the lane has one

Bits that have no meaning, such as those of the switches that Benes does without, are not stored.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from dotforge_golden import route

from ...arithmetic.carry import name_value
from ...block import Block
from ..columns import check_lanes, lower
from ..turned_tables import decode, turn
from .benes import benes_switches, column_bit

__all__ = ["TOPOLOGIES", "SettingsBuffer", "host_settings", "setting_places", "setting_rows"]

#: Names of the networks.
TOPOLOGIES = ("multicast-benes", "crossbar")


def setting_places(topology: str, lanes: int, window: int) -> dict[str, list[tuple[int, int]]]:
    """Return field → (row, bit of the row) of each of its bits.

    Parameters
    ----------
    topology : ``multicast-benes``, ``crossbar`` or ``auto``
    lanes : power of two, 2…512
    window : positions of a vector, a power of two from 2 to ``lanes``
    """
    levels = check_lanes(lanes)
    if topology == "crossbar":
        bits = check_lanes(window)
        return {
            "numbers": [(lane, bit) for lane in range(lanes) for bit in range(bits)],
            "occupied": [(lane, bits) for lane in range(lanes)],
        }
    middle = levels - 1
    crossed = []
    for column, switch in benes_switches(lanes):
        bit = column_bit(column, lanes)
        crossed.append((2 + bit, lower(switch, bit) + (1 << bit if column > middle else 0)))
    return {
        "used": [(0, position) for position in range(window)],
        "ends": [(1, slot) for slot in range(lanes - 1)],
        "crossed": crossed,
    }


def setting_rows(topology: str, lanes: int, window: int) -> int:
    """Return the number of rows of a settings word.

    Parameters
    ----------
    topology : ``multicast-benes``, ``crossbar`` or ``auto``
    lanes : power of two, 2…512
    window : positions of a vector, a power of two from 2 to ``lanes``
    """
    return 1 + max(row for field in setting_places(topology, lanes, window).values() for row, _ in field)


def host_settings(topology: str, positions: Sequence[int], window: int) -> list[int]:
    """Return the settings of a fold, one integer a row, for a host that knows the fold ahead to write.

    Parameters
    ----------
    topology : one of :data:`TOPOLOGIES`
    positions : window position of each lane, −1 for a lane that gets nothing
    window : number of positions

    The whole word, row 0 lowest, is ``sum(row << lanes * number for number, row in enumerate(rows))``.
    """
    rows = route.route(topology, np.array([positions]), window)[0]
    return [sum(int(bit) << lane for lane, bit in enumerate(row)) for row in rows]


class SettingsBuffer(Block):
    """The word of settings that is prepared.

    Parameters
    ----------
    topology, lanes, window : of the network

    Interface attributes
    --------------------
    write, row, data : a row of the word
    used, ends, crossed / numbers, occupied : the fields of the word (see :func:`setting_places`)
    """

    def __init__(self, topology: str, lanes: int, window: int) -> None:
        self.places = setting_places(topology, lanes, window)
        self.rows = setting_rows(topology, lanes, window)
        ports = {"write": In(1), "row": In(range(self.rows)), "data": In(lanes)}
        ports |= {field: Out(len(places)) for field, places in self.places.items()}
        super().__init__(ports)

    write: Signal
    row: Signal
    data: Signal

    def elaborate(self, platform: object) -> Module:
        m = Module()
        writes = name_value(m, "row_writes", turn(decode(m, "writes", self.row, self.write)))
        for field, places in self.places.items():
            prepared = Signal(len(places), name=f"{field}_prepared", reset_less=True)
            m.d.sync += prepared.eq(
                Cat(
                    Mux(writes[row], self.data[first : first + size], prepared[index : index + size])
                    for index, (row, first), size in _spans(places)
                )
            )
            m.d.comb += getattr(self, field).eq(prepared)
        return m


def _spans(places: Sequence[tuple[int, int]]) -> Iterator[tuple[int, tuple[int, int], int]]:
    """Return index and place of the first, and the number, of those that follow one another in a row."""
    start = 0
    for index in range(1, len(places) + 1):
        row, bit = places[index - 1]
        if index == len(places) or places[index] != (row, bit + 1):
            yield start, places[start], index - start
            start = index
