"""Compress: the values at set bits, packed; the inverse of Expand."""

from collections.abc import Sequence

from amaranth.hdl import Cat, Module, Value

from ..columns import Piece, Wires, check_lanes, exchange, wires
from .rank_control import RankControl

__all__ = ["Compress", "compress_column"]


def compress_column(values: Wires, bit: int, select: Value, mask: Value | None = None) -> Wires:
    """Return the outputs of the column of distance ``2**bit`` of an inverse butterfly.

    ``select`` is that column of :class:`RankControl`'s ``middle``. The upper half of the first block can only
    move down, so that its outputs need no multiplexer. With a ``mask`` (of the last column), wires whose bit
    is clear give zero.

    Parameters
    ----------
    values : lanes of the column's input, one value each
    bit : of the column: wires q and q ^ 2**bit meet in a switch
    """

    def upper(switch: int) -> Value | None:
        return select[switch] if switch >> bit else None

    return exchange(values, bit, lambda switch: select[switch], upper, mask, inverted=(True, False))


class Compress(Piece):
    """The values at the set bits of a bitmap move, in order, to the outputs from 0 on.

    An inverse butterfly, smallest distance first: the mirror image of :class:`Expand`, with the same
    settings.

    Parameters
    ----------
    lanes, width, registers : see :class:`Piece`; log2(lanes) columns
    zero : give zero behind the last value (otherwise: any of the inputs)

    Interface attributes
    --------------------
    settings : the bitmap, one bit a position
    """

    def __init__(self, lanes: int, width: int, registers: Sequence[int] = (), zero: bool = True) -> None:
        self.zero = zero
        super().__init__(lanes, width, check_lanes(lanes), lanes, registers)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pipeline = self.pipeline(m)
        m.submodules.ranks = ranks = RankControl(self.lanes, filled=self.zero)
        m.d.comb += ranks.mask.eq(self.settings)
        values = wires(self.inputs, self.width)
        selects = [ranks.settings(bit) for bit in range(self.columns)]
        for bit in range(self.columns):
            last = self.zero and bit == self.columns - 1
            mask = pipeline.now(ranks.filled, "filled") if last else None
            values = compress_column(values, bit, pipeline.now(selects[bit], f"select_{bit}"), mask)
            values = pipeline.end_column(values, "column")
        m.d.comb += self.outputs.eq(Cat(*values))
        return m
