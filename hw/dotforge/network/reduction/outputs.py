"""What may follow a reduction tree: alignment of all sums of a vector, and compaction in run order."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ...block import Block
from .parts import Summation, enable_port, register

__all__ = ["Align", "Compact"]


class Align(Block):
    """Holds the sum of one slot until the last level of the tree is done.

    A sum of level h enters the delay line where ``levels − 1 − h`` levels are left, so a run that the last
    level completes passes through at once.

    Parameters
    ----------
    width : bits of a payload: value, valid, tag
    levels : of the tree
    summation : gives cycles a level and whether the registers stall

    Interface attributes
    --------------------
    i : payload, at the time at which its level completes
    level : that level; held while the fold lasts
    o : payload, when all sums of its vector are complete
    """

    i: Signal
    level: Signal
    o: Signal
    enable: Signal

    def __init__(self, width: int, levels: int, summation: Summation) -> None:
        self.levels = levels
        self.summation = summation
        self.valid_bit = summation.width
        ports = {"i": In(width), "o": Out(width)}
        if levels > 1:
            ports["level"] = In((levels - 1).bit_length())
        super().__init__({**ports, **enable_port(summation.stallable)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        enable = self.enable if self.summation.stallable else None
        line: Value = self.i
        if self.levels > 1:  # what enters later must not come round again in the next fold
            line = Cat(self.i[: self.valid_bit], self.i[self.valid_bit] & (self.level == 0))
            line = Cat(line, self.i[self.valid_bit + 1 :])
        for level in range(1, self.levels):
            for cycle in range(self.summation.depth):
                line = register(m, line, f"hold_{level}_{cycle}", enable)
            line = Mux(self.level == level, self.i, line)
        m.d.comb += self.o.eq(line)
        return m


class Compact(Block):
    """Moves valid slots to the lowest positions, order kept; one cycle.

    Every valid slot moves down by the number of empty slots below it, lowest bit of the distance first. Two
    neighbours' distances differ by the empty slots between them, so no two ever meet.

    Parameters
    ----------
    lanes : slots
    width : bits of a slot
    valid_bit : position of the bit that tells whether a slot holds something
    stallable : whether the output register has an enable
    """

    i: Signal
    o: Signal
    enable: Signal
    latency = 1

    def __init__(self, lanes: int, width: int, valid_bit: int, stallable: bool) -> None:
        self.lanes = lanes
        self.width = width
        self.valid_bit = valid_bit
        self.stallable = stallable
        super().__init__({"i": In(lanes * width), "o": Out(lanes * width), **enable_port(stallable)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        valid_bit = self.valid_bit
        slots: list[Value] = [self.i.word_select(lane, self.width) for lane in range(self.lanes)]
        distance: Value = Const(0, 1)
        distances: list[Value] = []
        for lane, slot in enumerate(slots):
            distances.append(distance)
            count = Signal((lane + 1).bit_length(), name=f"empty_{lane}")  # empty slots up to here
            m.d.comb += count.eq(distance + ~slot[valid_bit])
            distance = count
        for bit in range((self.lanes - 1).bit_length()):
            step = 1 << bit
            moved_slots: list[Value] = []
            moved_distances: list[Value] = []
            for lane in range(self.lanes):
                stays = _bit(slots[lane][valid_bit], ~_at(distances[lane], bit))
                slot = slots[lane] & stays.replicate(self.width)
                away = distances[lane] & stays.replicate(len(distances[lane]))
                if lane + step < self.lanes:
                    other = lane + step
                    comes = _bit(slots[other][valid_bit], _at(distances[other], bit))
                    slot = slot | (slots[other] & comes.replicate(self.width))
                    away = away | (distances[other] & comes.replicate(len(distances[other])))
                slot_here = Signal(self.width, name=f"slot_{bit}_{lane}")
                away_here = Signal(len(away), name=f"distance_{bit}_{lane}")
                m.d.comb += [slot_here.eq(slot), away_here.eq(away)]
                moved_slots.append(slot_here)
                moved_distances.append(away_here)
            slots, distances = moved_slots, moved_distances
        packed = Signal(self.lanes * self.width)
        m.d.comb += packed.eq(Cat(slots))
        m.d.comb += self.o.eq(register(m, packed, "packed_register", self.enable if self.stallable else None))
        return m


def _at(value: Value, bit: int) -> Value:
    return value[bit] if bit < len(value) else Const(0, 1)


def _bit(valid: Value, condition: Value) -> Value:
    return (valid & condition)[0]
