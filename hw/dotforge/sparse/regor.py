"""REGOR: which positions of a window any streaming vector uses.

::

    bitmaps ─► OR ─► gathered ─► regor
                ▲        │       of the window whose rows come in
                └────────┘

Source: 004_cc286613ada5888f (SIGMA), section IV-E, step ii: "row-wise OR across the streaming bitmap and store
the outputs to REGOR".
"""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from ..block import Block

__all__ = ["Regor", "bitmap_layout"]


def bitmap_layout(window: int) -> data.StructLayout:
    """Return a beat of streaming bitmaps."""
    return data.StructLayout({"bitmap": window, "last": 1})


class Regor(Block):
    """Gathers the bitmaps of a window's streaming vectors while another window's REGOR is in use.

    Parameters
    ----------
    window : positions

    Interface attributes
    --------------------
    bitmaps : stream of {``bitmap``, ``last``}, one a streaming vector; ``last`` ends the window. A host that
        knows the OR gives it as one beat
    regor, valid : of the window whose rows come in
    finished : the last of its rows came in
    latency : cycles from the last bitmap to ``valid``, if no other window is in use; initiation interval 1
    """

    latency = 2

    bitmaps: stream.Interface
    regor: Signal
    valid: Signal
    finished: Signal

    def __init__(self, window: int) -> None:
        self.window = window
        super().__init__(
            {
                "bitmaps": In(stream.Signature(bitmap_layout(window))),
                "regor": Out(window),
                "valid": Out(1),
                "finished": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        gathered = Signal(self.window, reset_less=True)
        first = Signal(init=1)  # of a window: forgets what is gathered
        full = Signal()
        regor = Signal(self.window, reset_less=True)
        taken = Signal()
        moves = Signal()
        payload = self.bitmaps.payload
        before = gathered & (~first).replicate(self.window)
        m.d.comb += [
            self.bitmaps.ready.eq(~full),
            taken.eq(self.bitmaps.valid & ~full),
            moves.eq(full & (~self.valid | self.finished)),
            self.regor.eq(regor),
        ]
        m.d.sync += [
            gathered.eq(Mux(taken, payload.bitmap | before, gathered)),
            first.eq(Mux(taken, payload.last, first)),
            full.eq((full & ~moves) | (taken & payload.last)),
            regor.eq(Mux(moves, gathered, regor)),
            self.valid.eq(moves | (self.valid & ~self.finished)),
        ]
        return m
