"""Triangles of registers: what makes a diagonal of a vector, and a vector of a diagonal."""

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from ...block import Block

__all__ = ["Skew"]


class Skew(Block):
    """Delays each lane by another number of cycles.

    Parameters
    ----------
    lanes, width : number of lanes and bits of each
    step : cycles between neighbouring lanes
    falling : lane 0 is delayed most and the last one not at all; otherwise the other way round

    Interface attributes
    --------------------
    i, o : all lanes, lane 0 in the low bits; lane l of ``o`` is l · ``step`` cycles late, or, falling,
        (``lanes`` − 1 − l) · ``step``
    en : lets all registers advance
    """

    i: Signal
    o: Signal
    en: Signal

    def __init__(self, lanes: int, width: int, step: int = 1, *, falling: bool = False) -> None:
        self.lanes, self.width, self.step, self.falling = lanes, width, step, falling
        super().__init__({"i": In(lanes * width), "o": Out(lanes * width), "en": In(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        # `late` holds the lanes that are delayed once more, next to the one that is not at its near end.
        late: Value = self.i
        done: list[Value] = []
        for lane in range(self.lanes):
            if lane:
                for cycle in range(self.step):
                    held = Signal(len(late), name=f"late_{lane}_{cycle}", reset_less=True)
                    with m.If(self.en):
                        m.d.sync += held.eq(late)
                    late = held
            if self.falling:
                done.insert(0, late[len(late) - self.width :])
                late = late[: len(late) - self.width]
            else:
                done.append(late[: self.width])
                late = late[self.width :]
        m.d.comb += self.o.eq(Cat(done))
        return m
