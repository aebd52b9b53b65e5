"""Switch: the 2×2 element of all networks here, with broadcast."""

from collections.abc import Sequence

from amaranth.hdl import Cat, Module

from ..columns import Piece, exchange, wires

__all__ = ["Switch"]


class Switch(Piece):
    """Two values in, two out; each output takes either input.

    ::

        settings   output 1, output 0 take inputs
        0b10       1, 0   straight
        0b01       0, 1   crossed
        0b00       0, 0   broadcast
        0b11       1, 1   broadcast

    Parameters
    ----------
    width, registers : see :class:`Piece`; one column of two lanes

    Interface attributes
    --------------------
    settings : bit i is the number of the input that output i takes

    Source: 004_cc286613ada5888f (SIGMA), Fig. 5, step iv.
    """

    def __init__(self, width: int, registers: Sequence[int] = ()) -> None:
        super().__init__(2, width, 1, 2, registers)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pipeline = self.pipeline(m)
        values = exchange(
            wires(self.inputs, self.width), 0, lambda _: self.settings[0], lambda _: self.settings[1]
        )
        m.d.comb += self.outputs.eq(Cat(*pipeline.end_column(values, "column")))
        return m
