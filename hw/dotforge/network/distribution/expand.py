"""Expand: compressed values into their places by a bitmap."""

from collections.abc import Sequence

from amaranth.hdl import Cat, Module, Value

from ..columns import Piece, Wires, check_lanes, exchange, wires
from .rank_control import RankControl

__all__ = ["Expand", "expand_column"]


def expand_column(values: Wires, bit: int, select: Value, mask: Value | None = None) -> Wires:
    """Return the outputs of the column of distance ``2**bit`` of a butterfly.

    ``select`` is that column of :class:`RankControl`'s ``middle``. The lower half of the first block only
    keeps what it has, so that its outputs need no multiplexer. With a ``mask`` (of the last column), wires
    whose bit is clear give zero.

    Parameters
    ----------
    values : lanes of the column's input, one value each
    bit : of the column: wires q and q ^ 2**bit meet in a switch
    """

    def lower(switch: int) -> Value | None:
        return select[switch] if switch >> bit else None

    return exchange(values, bit, lower, lambda switch: select[switch], mask, inverted=(True, False))


class Expand(Piece):
    """Value number r goes to the position of the r-th set bit; the other positions are zero.

    A butterfly, largest distance first; see :mod:`dotforge.network.distribution.rank_control` for why no two
    values meet. All switches of the first block of a column pass their lower input straight on, which saves
    lanes − 1 of lanes · log2 lanes multiplexers.

    Parameters
    ----------
    lanes, width, registers : see :class:`Piece`; log2(lanes) columns
    zero : give zero where the bit is clear (otherwise: any of the values)

    Interface attributes
    --------------------
    settings : the bitmap, one bit a position

    Source: 004_cc286613ada5888f (SIGMA), section IV-A1 and Fig. 7 for the bitmap format.
    """

    def __init__(self, lanes: int, width: int, registers: Sequence[int] = (), zero: bool = True) -> None:
        self.zero = zero
        super().__init__(lanes, width, check_lanes(lanes), lanes, registers)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pipeline = self.pipeline(m)
        m.submodules.ranks = ranks = RankControl(self.lanes)
        m.d.comb += ranks.mask.eq(self.settings)
        values = wires(self.inputs, self.width)
        selects = [ranks.settings(bit) for bit in range(self.columns)]
        for bit in reversed(range(self.columns)):
            mask = pipeline.now(self.settings, "mask") if bit == 0 and self.zero else None
            values = expand_column(values, bit, pipeline.now(selects[bit], f"select_{bit}"), mask)
            values = pipeline.end_column(values, "column")
        m.d.comb += self.outputs.eq(Cat(*values))
        return m
