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

from collections.abc import Sequence

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ..block import Block
from .benes import benes_column, benes_switches, column_bit, column_settings
from .compress import compress_column
from .copy import copy_column
from .piece import Pipeline, Wires, check_lanes, exchange, wires
from .ranks import RankControl

__all__ = ["CONTROL_COLUMNS", "MulticastBenes", "multicast_columns"]

#: Columns before the first switches, in which the values wait for their settings.
CONTROL_COLUMNS = 3


def multicast_columns(lanes: int, window: int) -> int:
    """Return the number of columns after which a register may stand."""
    return CONTROL_COLUMNS + check_lanes(window) + 3 * check_lanes(lanes) - 2


class MulticastBenes(Block):
    """Compress, copy, permute.

    Parameters
    ----------
    lanes, window : powers of two from 2, window ≤ lanes
    width : bits of a value
    registers : columns that a register follows, see :func:`multicast_columns`. Column 0 counts, column 1
        packs bits, column 2 counts again; then come the columns of Compress, CopyNetwork and Benes

    Interface attributes
    --------------------
    values, bitmap : window values, compressed, and their places
    used : window bits, the positions that lanes want
    ends : lanes − 1 bits, see :class:`dotforge.network.copy.CopyNetwork`
    crossed : see :class:`dotforge.network.benes.Benes`
    outputs : lanes values
    advance : registered networks only; low holds all registers
    """

    values: Signal
    bitmap: Signal
    used: Signal
    ends: Signal
    crossed: Signal
    outputs: Signal
    advance: Signal

    def __init__(self, lanes: int, window: int, width: int, registers: Sequence[int] = ()) -> None:
        self.lanes, self.window, self.width, self.registers = lanes, window, width, tuple(registers)
        self.latency = len(self.registers)
        ports = {
            "values": In(window * width),
            "bitmap": In(window),
            "used": In(window),
            "ends": In(lanes - 1),
            "crossed": In(len(benes_switches(lanes))),
            "outputs": Out(lanes * width),
        }
        if self.registers:
            ports["advance"] = In(1)
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        line = Pipeline(m, self.width, self.registers, self.advance if self.registers else None)
        depth, levels = check_lanes(self.window), check_lanes(self.lanes)
        values = wires(self.values, self.width)
        present = self.ranks(m, "present_ranks", self.bitmap)
        used = self.ranks(m, "used_ranks", self.used)
        runs = self.ranks(m, "run_ranks", self.ends, starts=True)

        def part(flat: Value, bit: int, since: int, name: str) -> Value:
            half = self.window // 2 if name in ("present", "used", "keep") else self.lanes // 2
            return line.now(slices.setdefault((name, bit), flat[bit * half : (bit + 1) * half]), name, since)

        slices: dict[tuple[str, int], Value] = {}
        values = line.end_column(values, "waiting")
        both = Signal(self.window)
        m.d.comb += both.eq(line.now(self.bitmap, "bitmap") & line.now(self.used, "used"))
        kept, arrived = list(both), list(both)
        for bit in range(depth):
            kept = _pack(kept, bit, part(present.middle, bit, 0, "present"))
            arrived = _pack(arrived, bit, part(used.middle, bit, 0, "used"))
        kept_bits, arrived_bits = Signal(self.window), Signal(self.window)
        m.d.comb += [kept_bits.eq(Cat(*kept)), arrived_bits.eq(Cat(*arrived))]

        values = line.end_column(values, "waiting")
        keep = self.ranks(m, "keep_ranks", line.now(kept_bits, "kept", 1))
        slots = [*line.now(arrived_bits, "arrived", 1), *[Const(0, 1)] * (self.lanes - self.window)]
        for bit in reversed(range(levels)):
            start, middle = part(runs.start, bit, 0, "run_start"), part(runs.middle, bit, 0, "run_middle")
            slots = copy_column(slots, bit, start, middle)
        filled = Signal(self.lanes)
        m.d.comb += filled.eq(Cat(*slots))

        values = line.end_column(values, "waiting")
        ends = line.now(self.ends, "ends")
        place = self.ranks(m, "place_ranks", line.now(filled, "filled", 2)[:-1] & ends, starts=True)
        for bit in range(depth):
            values = line.end_column(
                compress_column(values, bit, part(keep.middle, bit, 2, "keep")), "packed"
            )
        values = values + [Const(0, self.width)] * (self.lanes - self.window)
        for bit in reversed(range(1, levels)):
            start, middle = part(place.start, bit, 3, "start"), part(place.middle, bit, 3, "middle")
            values = line.end_column(copy_column(values, bit, start, middle), "copied")

        groups = column_settings(self.crossed, self.lanes)
        start, middle = part(place.start, 0, 3, "start"), part(place.middle, 0, 3, "middle")
        values = _copy_and_cross(
            values, start, middle, line.now(filled, "filled", 2), line.now(groups[0], "crossed")
        )
        values = line.end_column(values, "permuted")
        for column, group in enumerate(groups[1:], 1):
            values = benes_column(values, column_bit(column, self.lanes), line.now(group, "crossed"))
            values = line.end_column(values, "permuted")
        m.d.comb += self.outputs.eq(Cat(*values))
        return m

    def ranks(self, m: Module, name: str, mask: Value, starts: bool = False) -> RankControl:
        """Add a :class:`RankControl` for a mask."""
        control = RankControl(self.lanes if starts else self.window, starts)
        m.submodules[name] = control
        m.d.comb += control.mask.eq(mask)
        return control


def _pack(bits: Wires, bit: int, select: Value) -> Wires:
    """Return a column of Compress that leaves zeros behind: every wire goes somewhere, and only once."""
    return exchange(bits, bit, lambda switch: ~select[switch], lambda switch: select[switch])


def _copy_and_cross(values: Wires, start: Value, middle: Value, filled: Value, crossed: Value) -> Wires:
    """Return the last column of CopyNetwork, zero in unfilled slots, and the first of Benes, as one."""
    swapped = [Mux(crossed[slot // 2], filled[slot ^ 1], filled[slot]) for slot in range(len(values))]
    return exchange(
        values,
        0,
        lambda switch: Mux(crossed[switch], middle[switch], start[switch]),
        lambda switch: Mux(crossed[switch], start[switch], middle[switch]),
        Cat(*swapped),
    )
