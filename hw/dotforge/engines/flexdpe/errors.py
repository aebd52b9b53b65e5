"""Protocol errors: the first one is kept, with its cause."""

from enum import IntEnum

from amaranth.hdl import Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ...block import Block

__all__ = ["MEANINGS", "Cause", "Errors"]


class Cause(IntEnum):
    """What was wrong with the streams."""

    #: Nothing.
    NONE = 0
    #: A row's id is not above that of the row before it in the window.
    ROW_ORDER = 1
    #: A beat of stationary values says that it holds more than fit in a beat.
    STATIONARY_COUNT = 2
    #: A stationary value came that no set bit of the window's rows stands for, or ``last`` was missing.
    STATIONARY_SURPLUS = 3
    #: ``last`` came before the values of all set bits of the window's rows.
    STATIONARY_SHORT = 4
    #: ``last`` came with another row of settings than the last one of a fold, or did not come with that.
    ROUTE_LENGTH = 5


#: What each cause means to who sent the streams.
MEANINGS = {
    Cause.NONE: "no error",
    Cause.ROW_ORDER: "a row's id is not above the one before it in the window",
    Cause.STATIONARY_COUNT: "a beat of stationary values says that it holds more than fit in a beat",
    Cause.STATIONARY_SURPLUS: "a value came that no set bit of the window's rows stands for, or tlast was late",
    Cause.STATIONARY_SHORT: "tlast came before the values of all set bits of the window's rows",
    Cause.ROUTE_LENGTH: "tlast of settings did not come with a fold's last row, or came with another",
}


class Errors(Block):
    """Keeps the first error until reset.

    Interface attributes
    --------------------
    seen : a bit a cause, those of this cycle; bit 0 is not used
    error : an error was seen
    cause : :class:`Cause` of the first one; of several in one cycle the lowest
    """

    seen: Signal
    error: Signal
    cause: Signal
    latency = 1

    def __init__(self) -> None:
        super().__init__({"seen": In(len(Cause)), "error": Out(1), "cause": Out(range(len(Cause)))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        cause = Signal(len(self.cause))
        lowest: Value = Const(0, len(cause))
        for code in sorted(Cause, reverse=True):
            if code is not Cause.NONE:
                lowest = Mux(self.seen[code], code.value, lowest)
        m.d.comb += cause.eq(lowest)
        held = Signal(len(self.cause))
        m.d.sync += [
            self.error.eq(self.error | self.seen[1:].any()),
            held.eq(Mux(self.error, held, cause)),
        ]
        m.d.comb += self.cause.eq(held)
        return m
