"""A stream of beats that are known in advance, out of block RAM."""

from amaranth.hdl import Module, Signal
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..block import Block

__all__ = ["PatternSource"]


class PatternSource(Block):
    """Offers its beats once, in order, after reset.

    A beat a cycle as long as it is taken; the first one two cycles after reset.

    Parameters
    ----------
    beats : contents, at least one
    width : bits of a beat

    Raises
    ------
    ValueError
        There is no beat, or one that is negative or has more than ``width`` bits.

    Interface attributes
    --------------------
    data, valid, ready : the stream
    done : the last beat was taken
    """

    module_name = "pattern_source"
    data: Signal
    valid: Signal
    ready: Signal
    done: Signal

    def __init__(self, *, beats: tuple[int, ...], width: int) -> None:
        if not beats or max(beats) >> width or min(beats) < 0:
            raise ValueError(f"beats: 1 or more of {width} bits are allowed")
        self.beats, self.width = beats, width
        super().__init__({"data": Out(width), "valid": Out(1), "ready": In(1), "done": Out(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        count = len(self.beats)
        m.submodules.memory = memory = Memory(shape=self.width, depth=count, init=self.beats)
        port = memory.read_port()
        address = Signal(range(count + 1))
        advance = Signal()
        m.d.comb += [
            # The port holds its word while it does not advance.
            advance.eq(~self.valid | self.ready),
            port.en.eq(advance),
            port.addr.eq(address),
            self.data.eq(port.data),
            self.done.eq((address == count) & ~self.valid),
        ]
        with m.If(advance):
            m.d.sync += self.valid.eq(address != count)
            with m.If(address != count):
                m.d.sync += address.eq(address + 1)
        return m
