"""CopyNetwork: a broadcast banyan that gives each value a run of lanes."""

from collections.abc import Sequence

from amaranth.hdl import Cat, Module, Value

from ..columns import Piece, Wires, check_lanes, exchange, wires
from .rank_control import RankControl

__all__ = ["CopyNetwork", "copy_column"]


def copy_column(values: Wires, bit: int, start: Value, middle: Value) -> Wires:
    """Return the outputs of the column of distance ``2**bit``, set by a :class:`RankControl`.

    Parameters
    ----------
    values : lanes of the column's input, one value each
    bit : of the column: wires q and q ^ 2**bit meet in a switch
    start : that column of the control's ``start``
    middle : that column of its ``middle``
    """
    return exchange(
        values, bit, lambda switch: start[switch] if switch >> bit else None, lambda switch: middle[switch]
    )


class CopyNetwork(Piece):
    """Input 0 goes to the first run of lanes, input 1 to the second, and so on.

    ::

        ends     0 0 1 1 0 0 0 –        lane i ends a run
        outputs  0 0 0 1 2 2 2 2        number of the input

    Parameters
    ----------
    lanes, width, registers : see :class:`Piece`; log2(lanes) columns

    Interface attributes
    --------------------
    settings : lanes − 1 bits; bit i is set if the run of lane i ends there (the last lane ends one anyway)

    A lane wants the input of number C(i), the runs that end before it. The numbers that a block of 2h lanes
    wants are consecutive and at most 2h, so they meet nowhere if number c travels on wire ``c mod 2h``: the
    network cannot block. One number can be wanted in both halves of a block; then the switch broadcasts.

    Source: T. T. Lee, "Nonblocking copy networks for multicast packet switching", IEEE JSAC 6(9), 1988.
    """

    def __init__(self, lanes: int, width: int, registers: Sequence[int] = ()) -> None:
        super().__init__(lanes, width, check_lanes(lanes), lanes - 1, registers)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pipeline = self.pipeline(m)
        m.submodules.ranks = ranks = RankControl(self.lanes, starts=True)
        m.d.comb += ranks.mask.eq(self.settings)
        values = wires(self.inputs, self.width)
        for bit in reversed(range(self.columns)):
            start, middle = (
                pipeline.now(ranks.settings(bit, start=True), f"start_{bit}"),
                pipeline.now(ranks.settings(bit), f"middle_{bit}"),
            )
            values = pipeline.end_column(copy_column(values, bit, start, middle), "column")
        m.d.comb += self.outputs.eq(Cat(*values))
        return m
