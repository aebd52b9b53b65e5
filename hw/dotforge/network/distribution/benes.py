"""Benes: every permutation of the lanes, over 2·log2(lanes) − 1 columns of switches.

::

    column  0      1      2      1'     0'        wires are never crossed between columns: column ``bit``
    wire 0 ─┬──────┬──────┬──────┬──────┬─        joins wires q and q ^ 2**bit in one switch
         1 ─┘      │┬     │┬     │┬     ┘─
         2 ─┬──────┘│     ││┬    ┘│─────┬─
         3 ─┘       ┘     │││┬    ┘     ┘─ …

Without its first and last column the network is two of half the size, over the even and over the odd wires.
One switch of the last column can be left out, and so on inward (Waksman): lanes · log2(lanes) − lanes + 1
remain.
"""

from collections.abc import Sequence

from amaranth.hdl import Cat, Module, Value

from ..columns import Piece, Wires, check_lanes, exchange, wires

__all__ = ["Benes", "benes_column", "benes_switches", "column_bit", "column_settings"]


def column_bit(column: int, lanes: int) -> int:
    """Return the bit in which the two wires of a switch of this column differ.

    Parameters
    ----------
    column : 0…2·log2(lanes) − 2
    lanes : power of two, 2…512
    """
    top = check_lanes(lanes) - 1
    return column if column <= top else 2 * top - column


def benes_switches(lanes: int) -> list[tuple[int, int]]:
    """Return (column, switch) of every switch that can be set, in the order of the setting bits.

    Of a column behind the middle, the first switch of each sub-network is straight for good.
    """
    top = check_lanes(lanes) - 1
    return [
        (column, switch)
        for column in range(2 * top + 1)
        for switch in range(lanes // 2)
        if column <= top or switch >= 1 << column_bit(column, lanes)
    ]


def column_settings(settings: Value, lanes: int) -> list[Value]:
    """Cut the setting bits into those of each column.

    Parameters
    ----------
    settings : a bit for each of :func:`benes_switches`, in their order
    lanes : power of two, 2…512
    """
    sizes = [0] * (2 * check_lanes(lanes) - 1)
    for column, _ in benes_switches(lanes):
        sizes[column] += 1
    starts = [sum(sizes[:column]) for column in range(len(sizes))]
    return [settings[start : start + size] for start, size in zip(starts, sizes, strict=True)]


def benes_column(values: Wires, bit: int, crossed: Value) -> Wires:
    """Return the outputs of one column; switches that ``crossed`` has no bit for, the first, are straight.

    Parameters
    ----------
    values : lanes of the column's input, one value each
    bit : of the column: wires q and q ^ 2**bit meet in a switch
    """
    fixed = len(values) // 2 - len(crossed)

    def crosses(switch: int) -> Value | None:
        return crossed[switch - fixed] if switch >= fixed else None

    return exchange(values, bit, crosses, crosses, inverted=(False, True))


class Benes(Piece):
    """A permutation of the lanes.

    Parameters
    ----------
    lanes, width, registers : see :class:`Piece`; 2·log2(lanes) − 1 columns

    Interface attributes
    --------------------
    settings : one bit for each of :func:`benes_switches`: crossed

    Sources: V. E. Benes, Bell System Technical Journal 43, 1964; D. C. Opferman and N. T. Tsao-Wu, BSTJ 50,
    1971 (the looping algorithm that finds the settings); A. Waksman, Journal of the ACM 15, 1968.
    """

    def __init__(self, lanes: int, width: int, registers: Sequence[int] = ()) -> None:
        columns = 2 * check_lanes(lanes) - 1
        super().__init__(lanes, width, columns, len(benes_switches(lanes)), registers)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pipeline = self.pipeline(m)
        values = wires(self.inputs, self.width)
        for column, group in enumerate(column_settings(self.settings, self.lanes)):
            settings = pipeline.now(group, f"settings_{column}")
            values = benes_column(values, column_bit(column, self.lanes), settings)
            values = pipeline.end_column(values, "column")
        m.d.comb += self.outputs.eq(Cat(*values))
        return m
