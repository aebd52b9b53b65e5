"""MulticastBenes: every map from compressed window positions to lanes, in four passes of log2(lanes) columns.

::

    compressed    Compress          CopyNetwork           Benes                   lanes
    values ─────► 0, 1 … n−1 ─────► n−1 … 1, 0 ─────────► 0, 1 … n−1 … 1, 0 ──────►
                  drops what no     a slot for each lane, a permutation
                  lane wants        in order of positions
                  each vector       each vector           each fold

Numbers are the bits in which the two wires of a column's switches differ. CopyNetwork and Benes meet in bit
0, where two columns are one.

Decompression costs no pass of its own. After Compress the wanted values have consecutive ranks, and a copy
network takes them anywhere in order: a run of slots whose position is zero in this vector just does not
count. So only bits have to be brought into place for each vector, over networks of one bit a lane::

    used by bitmap    Compress ─────────────────► which compressed values are kept
    bitmap by used    Compress ─► CopyNetwork ──► which slots are filled

Slots are filled with zero where the bit is clear. Lanes without a position get the slots behind the last run,
which no value reaches.
"""

from collections.abc import Callable, Sequence

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ...arithmetic.carry import name_value
from ...block import Block
from ..columns import Pipeline, Wires, check_lanes, exchange, exchange_bits, wires
from .benes import benes_column, benes_switches, column_bit, column_settings
from .compress import compress_column
from .copy import copy_column
from .rank_control import RankControl

__all__ = ["CONTROL_COLUMNS", "MulticastBenes", "multicast_columns"]

#: Columns before the first switches, in which the values wait for their settings.
CONTROL_COLUMNS = 8


def multicast_columns(lanes: int, window: int) -> int:
    """Return the number of columns after which a register may stand.

    Parameters
    ----------
    lanes : power of two, 2…512
    window : positions of a vector, a power of two from 2 to ``lanes``
    """
    return CONTROL_COLUMNS + check_lanes(window) + 3 * check_lanes(lanes) - 2


class MulticastBenes(Block):
    """Compress, copy, permute.

    Parameters
    ----------
    lanes, window : powers of two from 2, window ≤ lanes
    width : bits of a value
    registers : columns that a register follows, see :func:`multicast_columns`. In columns 0 to 2 bits are
        counted, 3 and 4 pack them, 5 to 7 count and copy them, 8 to 10 count them again. From 8 on follow the
        columns of Compress, CopyNetwork and Benes
    stallable : with a port ``advance``

    Interface attributes
    --------------------
    values, bitmap : window values, compressed, and their places
    used : window bits, the positions that lanes want; prepared, and in use after a ``swap``
    ends : lanes − 1 bits, likewise, see :class:`dotforge.network.distribution.copy.CopyNetwork`
    crossed : likewise, see :class:`dotforge.network.distribution.benes.Benes`
    swap : vectors after the one that enters in this cycle, if any, have the settings that are prepared now
    settled : the last swap has been everywhere, so prepared settings may change
    outputs : lanes values
    advance : registered, stallable networks only; low holds all registers
    """

    values: Signal
    bitmap: Signal
    used: Signal
    ends: Signal
    crossed: Signal
    swap: Signal
    settled: Signal
    outputs: Signal
    advance: Signal

    def __init__(
        self, lanes: int, window: int, width: int, registers: Sequence[int] = (), stallable: bool = True
    ) -> None:
        self.lanes, self.window, self.width, self.registers = lanes, window, width, tuple(registers)
        self.latency, self.stallable = len(self.registers), stallable and bool(self.registers)
        ports = {
            "values": In(window * width),
            "bitmap": In(window),
            "used": In(window),
            "ends": In(lanes - 1),
            "crossed": In(len(benes_switches(lanes))),
            "swap": In(1),
            "settled": Out(1),
            "outputs": Out(lanes * width),
        }
        if self.stallable:
            ports["advance"] = In(1)
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        line = Pipeline(m, self.width, self.registers, self.advance if self.stallable else None, self.swap)
        depth, levels = check_lanes(self.window), check_lanes(self.lanes)
        values = wires(self.values, self.width)
        present = self.ranks(m, line, "present", self.bitmap)
        used = self.ranks(m, line, "used", line.in_use(self.used, "used"))
        both = name_value(m, "both", self.bitmap & line.in_use(self.used, "used"))
        values = line.pass_column(line.pass_column(values, "waiting"), "waiting")

        runs = self.ranks(m, line, "run", line.in_use(self.ends, "ends"), starts=True)
        values = line.pass_column(values, "waiting")
        kept = arrived = line.now(both, "both")
        for part in _share(range(depth), 2):
            for bit in part:
                kept = _pack(m, f"kept_bits_{bit}", kept, bit, present(bit))
                arrived = _pack(m, f"arrived_bits_{bit}", arrived, bit, used(bit))
            packed = name_value(m, f"packed_bits_{line.column}", Cat(kept, arrived))
            values = line.pass_column(values, "waiting")
            packed = line.now(packed, "packed_bits", line.column - 1)
            kept, arrived = packed[: self.window], packed[self.window :]

        keep = self.ranks(m, line, "keep", kept)
        slots: Value = Cat(arrived, Const(0, self.lanes - self.window))
        *before, last = _share(range(levels - 1, -1, -1), 3)
        for part in before:
            copied = name_value(m, f"copied_bits_{line.column}", _copy(m, slots, part, runs))
            values = line.pass_column(values, "waiting")
            slots = line.now(copied, "copied_bits", line.column - 1)
        filled, since = name_value(m, "filled", _copy(m, slots, last, runs)), line.column
        ending = name_value(m, "ending", filled[:-1] & line.in_use(self.ends, "ends"))
        values = line.pass_column(values, "waiting")

        # Values are copied ``depth`` columns from here.
        ending = line.now(ending, "ending", since)
        place = self.ranks(m, line, "place", ending, starts=True, columns=min(3, depth + 1))
        for bit in range(depth):
            values = line.end_column(compress_column(values, bit, keep(bit)), "packed")
        values = values + [Const(0, self.width)] * (self.lanes - self.window)
        for bit in reversed(range(1, levels)):
            values = line.end_column(copy_column(values, bit, place(bit, start=True), place(bit)), "copied")

        groups = column_settings(self.crossed, self.lanes)
        filled = line.now(filled, "filled", since)
        crossed = line.in_use(groups[0], "crossed_0")
        values = _copy_and_cross(m, values, place(0, start=True), place(0), filled, crossed)
        values = line.end_column(values, "permuted")
        for column, group in enumerate(groups[1:], 1):
            crossed = line.in_use(group, f"crossed_{column}")
            values = benes_column(values, column_bit(column, self.lanes), crossed)
            values = line.end_column(values, "permuted")
        m.d.comb += [self.outputs.eq(Cat(*values)), self.settled.eq(line.settled())]
        return m

    def ranks(
        self, m: Module, line: Pipeline, name: str, mask: Value, *, starts: bool = False, columns: int = 3
    ) -> Callable[..., Value]:
        """Count a mask in this column and those that follow; return a function from bit to settings, in step.

        Parameters
        ----------
        m : module that gets the logic
        line : where the vector is
        name : stem of the names of its signals
        mask : whose set bits are counted
        starts : settings for the start of each block too
        columns : how many the counting takes
        """
        lanes, last = self.lanes if starts else self.window, line.column + columns - 1
        inside = sum(line.column <= register < last for register in self.registers)
        control = RankControl(lanes, starts, registers=((), (1,), (0, 2))[inside], stallable=self.stallable)
        m.submodules[f"{name}_ranks"] = control
        m.d.comb += control.mask.eq(mask)
        if control.stallable:
            m.d.comb += control.advance.eq(self.advance)

        def settings(bit: int, start: bool = False) -> Value:
            return line.now(control.settings(bit, start=start), f"{name}_start" if start else name, last)

        return settings


def _share(bits: Sequence[int], columns: int) -> list[Sequence[int]]:
    """Return the bits of each column, the first ones no fewer than the last."""
    size = -(-len(bits) // columns)
    return [bits[column * size : (column + 1) * size] for column in range(columns)]


def _pack(m: Module, name: str, bits: Value, bit: int, select: Value) -> Value:
    """Return a column of Compress that leaves zeros behind: every wire goes somewhere, and only once."""
    return exchange_bits(m, name, bits, bit, select, select, inverted=(True, False))


def _copy(m: Module, slots: Value, bits: Sequence[int], settings: Callable[..., Value]) -> Value:
    """Return the columns of CopyNetwork of these bits."""
    for bit in bits:
        # The lower wires of the first block keep what they have.
        start = Cat(Const(0, 1 << bit), settings(bit, start=True)[1 << bit :])
        slots = exchange_bits(m, f"copied_bits_of_{bit}", slots, bit, start, settings(bit))
    return slots


def _copy_and_cross(
    m: Module, values: Wires, start: Value, middle: Value, filled: Value, crossed: Value
) -> Wires:
    """Return the last column of CopyNetwork, zero in unfilled slots, and the first of Benes, as one."""
    swapped = [Mux(crossed[slot // 2], filled[slot ^ 1], filled[slot]) for slot in range(len(values))]
    return exchange(
        values,
        0,
        lambda switch: Mux(crossed[switch], middle[switch], start[switch]),
        lambda switch: Mux(crossed[switch], start[switch], middle[switch]),
        name_value(m, "filled_crossed", Cat(*swapped)),
    )
