"""Says one of several texts on a serial line, again and again: 8 data bits, no parity, one stop bit."""

from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..block import Block

__all__ = ["Announcer"]


class Announcer(Block):
    """Sends the chosen text while ``start`` is high, with a pause after each.

    Parameters
    ----------
    texts : all of one length, ASCII
    divisor : clock cycles a bit
    pause : clock cycles between texts, at least one

    Raises
    ------
    ValueError
        Texts are empty or of different lengths, ``divisor`` is less than 2, or ``pause`` less than 1.

    Interface attributes
    --------------------
    start : there is something to say
    choice : which text; it is looked at when a text begins
    tx : the line, high at rest
    """

    module_name = "announcer"
    start: Signal
    choice: Signal
    tx: Signal

    def __init__(self, *, texts: tuple[str, ...], divisor: int, pause: int) -> None:
        if len({len(text) for text in texts}) != 1 or not texts[0]:
            raise ValueError("texts: all must have one length, above 0")
        if divisor < 2 or pause < 1:
            raise ValueError("divisor: at least 2, pause: at least 1")
        self.texts, self.divisor, self.pause = texts, divisor, pause
        super().__init__({"start": In(1), "choice": In(range(max(2, len(texts)))), "tx": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        length = len(self.texts[0])
        letters = "".join(self.texts).encode("ascii")
        m.submodules.memory = memory = Memory(shape=8, depth=len(letters), init=letters)
        port = memory.read_port()
        position = Signal(range(length))
        address = Signal(range(len(letters)))
        timer = Signal(range(max(self.divisor, self.pause)))
        line = Signal(init=1)
        bits = Signal(9, init=0x1FF)
        left = Signal(range(11))
        m.d.comb += [port.addr.eq(address), port.en.eq(1), self.tx.eq(line)]
        with m.FSM(name="state"):
            with m.State("wait"):
                m.d.sync += timer.eq(timer - 1)
                with m.If(timer == 0):
                    m.d.sync += timer.eq(0)
                    with m.If(self.start):
                        m.d.sync += [address.eq(self.choice * Const(length)), position.eq(0)]
                        m.next = "read"
            with m.State("read"):
                m.next = "load"
            with m.State("load"):
                # Start bit on the line; data follows lowest bit first, then the stop bit.
                m.d.sync += [line.eq(0), bits.eq(Cat(port.data, Const(1, 1))), left.eq(9)]
                m.d.sync += timer.eq(self.divisor - 1)
                m.next = "send"
            with m.State("send"):
                m.d.sync += timer.eq(timer - 1)
                with m.If(timer == 0):
                    m.d.sync += [timer.eq(self.divisor - 1), left.eq(left - 1)]
                    m.d.sync += [line.eq(bits[0]), bits.eq(Cat(bits[1:], Const(1, 1)))]
                    with m.If(left == 0):
                        m.d.sync += [line.eq(1), address.eq(address + 1), position.eq(position + 1)]
                        m.next = "read"
                        with m.If(position == length - 1):
                            m.d.sync += timer.eq(self.pause - 1)
                            m.next = "wait"
        return m
