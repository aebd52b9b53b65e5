"""Concentrator: brings the used lanes together, whatever the others carry."""

from collections.abc import Sequence

from .compress import Compress

__all__ = ["Concentrator"]


class Concentrator(Compress):
    """The used inputs move, in order, to the outputs from 0 on; what follows them is any of the inputs.

    :class:`Compress` without the zeros: a static network between values with gaps and a network that wants
    none.

    Parameters
    ----------
    lanes, width, registers : see :class:`Piece`; log2(lanes) columns

    Interface attributes
    --------------------
    settings : 1 for each used input

    Source: Nassimi and Sahni, "Data broadcasting in SIMD computers", IEEE Trans. Computers (1981).
    """

    def __init__(self, lanes: int, width: int, registers: Sequence[int] = ()) -> None:
        super().__init__(lanes, width, registers, zero=False)
