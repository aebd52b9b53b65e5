"""Switch settings of the order-preserving networks, from one bit a position.

A set bit at position p has the rank of its number of set bits before it. A butterfly whose blocks of 2h wires
keep the value of rank r at wire ``r mod 2h`` of the block routes every order-preserving map (the values of
one block have consecutive ranks, so no two of them meet). The half of a block that begins at position p
takes, on its wire i, the first rank ≥ C(p) that is ≡ i mod h, where C(p) counts the set bits before p: it
comes from the upper or lower half of the 2h wires as bit log2 h of that rank says. So all settings follow
from C, taken modulo 2h, at the middle of each block: 2 · lanes bits of counts in all, instead of lanes · log2
lanes.

Source: Nassimi and Sahni, "Data broadcasting in SIMD computers" (1981), for the routing by ranks; the counts
modulo the block size are those of bit-deposit circuits.
"""

from collections.abc import Sequence
from itertools import accumulate, pairwise

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ...arithmetic.carry import name_value
from ...block import Block
from ..columns import Wires, check_lanes
from ..turned_tables import place, turn

__all__ = ["RankControl", "below"]


class RankControl(Block):
    """Counts the set bits of a mask and derives the settings of every column of a butterfly.

    Parameters
    ----------
    lanes : power of two, 2…512
    starts : also give the settings for the lower half of each block (for networks that copy)
    filled : also give which of the lanes positions are below the number of set bits
    registers : where registers stand: 1 between counting blocks and deriving settings; 0 and 2 after one and
        two thirds of both
    stallable : with a port ``advance``
    apart : at place 1 the counts leave and come back, for a register that is elsewhere

    Raises
    ------
    ValueError
        ``lanes`` is no power of two from 2 to 512, or ``registers`` are not rising places of 0…2.

    Interface attributes
    --------------------
    mask : lanes bits
    counts, counted : numbers of set bits of blocks of the mask, and those that settings are derived from (with
        ``apart`` only)
    middle_0, middle_1, … : lanes/2 bits each, one a switch of the column of that bit: this bit of the first
        rank at or after the middle of the block that belongs to the switch
    start_0, start_1, … : the same at the start of the block (with ``starts`` only)
    filled : lanes bits, the lowest as many as bits of the mask are set (with ``filled`` only)
    advance : registered, stallable ones only; low holds all registers
    latency : number of registers
    """

    mask: Signal
    filled: Signal
    advance: Signal
    counts: Signal
    counted: Signal

    def __init__(
        self,
        lanes: int,
        starts: bool = False,
        filled: bool = False,
        registers: Sequence[int] = (),
        stallable: bool = True,
        apart: bool = False,
    ) -> None:
        if list(registers) != sorted(set(registers)) or not set(registers) <= {0, 1, 2}:
            raise ValueError(f"registers={registers}: rising places, 0…2, are wanted")
        self.lanes, self.starts, self.fills, self.registers = lanes, starts, filled, tuple(registers)
        self.latency, self.apart = len(self.registers), apart
        self.stallable = stallable and bool(self.registers)
        self.columns = check_lanes(lanes)
        # A port a column: settings of one column follow from counts that those of another begin with.
        kinds = ("middle", "start") if starts else ("middle",)
        ports = {"mask": In(lanes)}
        ports |= {f"{kind}_{bit}": Out(lanes // 2) for bit in range(self.columns) for kind in kinds}
        if filled:
            ports["filled"] = Out(lanes)
        if self.stallable:
            ports["advance"] = In(1)
        if apart:
            # Of blocks of 1, 2, 4 … lanes/2 positions.
            size = sum((lanes >> bit) * (bit + 1) for bit in range(self.columns))
            ports |= {"counts": Out(size), "counted": In(size)}
        super().__init__(ports)

    def settings(self, bit: int, *, start: bool = False) -> Signal:
        """Return the port ``middle_bit`` or ``start_bit``.

        Parameters
        ----------
        bit : of the column: wires q and q ^ 2**bit meet in a switch
        start : whether ``start`` is wanted, not ``middle``
        """
        return getattr(self, f"{'start' if start else 'middle'}_{bit}")

    def elaborate(self, platform: object) -> Module:
        m = Module()
        # Of all levels, up and then down: as many before place 0 as between it and place 2.
        up = round((2 * self.columns - 1) / 3)
        lowest = min(2 * self.columns - 1 - 2 * up, self.columns - 1)
        # Blocks of one size are counted together: plane k has bit k of all their counts, in turned order, in
        # which the left halves of the blocks of the next size come first (see :mod:`.route_parts`).
        # Up: counts[bit] are those of blocks of 2**bit positions.
        counts: list[Wires] = []
        level: Wires = [name_value(m, "turned_mask", turn(self.mask))]
        for bit in range(self.columns):
            if bit:
                total, carry = _add(m, f"count_{bit}", *_halves(level))
                level = [name_value(m, f"count_{bit}_{k}", plane) for k, plane in enumerate([*total, carry])]
            counts.append(level)
            if bit == up:
                counts = [self._hold(m, 0, f"part_{number}", item) for number, item in enumerate(counts)]
                level = counts[-1]
        counts = [self._hold(m, 1, f"counts_{number}", item) for number, item in enumerate(counts)]
        if self.apart:
            m.d.comb += self.counts.eq(Cat(*(Cat(*level) for level in counts)))
            counts = _cut(self.counted, counts)
        # Down: before[k] is bit k of how many bits are set before a block, modulo its size.
        before: Wires = [Const(0, 1)] * self.columns
        lower = counts
        for bit in reversed(range(self.columns)):
            total, _ = _add(m, f"before_{bit}", before, _halves(lower[bit])[0])
            middle: Wires = [name_value(m, f"before_{bit}_{k}", plane) for k, plane in enumerate(total)]
            # Counts are fewer bits than the settings that follow from them.
            held = [*before, *middle]
            if bit >= lowest:
                held = self._hold(m, 2, f"at_{bit}", held)
            m.d.comb += self.settings(bit).eq(_first_ranks(m, f"middle_{bit}", held[bit + 1 :]))
            if self.starts:
                m.d.comb += self.settings(bit, start=True).eq(
                    _first_ranks(m, f"start_{bit}", held[: bit + 1])
                )
            if bit == lowest:
                before, middle = held[: bit + 1], held[bit + 1 :]
                lower = [self._hold(m, 2, f"rest_{number}", item) for number, item in enumerate(counts[:bit])]
            before = [name_value(m, f"at_{bit}_{k}", Cat(before[k], middle[k])) for k in range(bit)]
        if self.fills:
            total, carry = _add(m, "total", *_halves(self._hold(m, 2, "halves", counts[-1])))
            m.d.comb += self.filled.eq(below(m, "total_below", Cat(*total, carry))[: self.lanes])
        return m

    def _hold(self, m: Module, where: int, name: str, values: list[Value]) -> list[Value]:
        """Return the values behind the register of that place, if there is one."""
        if where not in self.registers:
            return values
        moved = Cat(*values)
        held = Signal(len(moved), name=name, reset_less=True)
        m.d.sync += held.eq(Mux(self.advance, moved, held) if self.stallable else moved)
        ends = list(accumulate(len(value) for value in values))
        return [held[end - len(value) : end] for end, value in zip(ends, values, strict=True)]


def _cut(flat: Value, like: list[list[Value]]) -> list[list[Value]]:
    """Return a flat vector cut as the values ``like`` are."""
    cut, start = [], 0
    for level in like:
        ends = list(accumulate((len(value) for value in level), initial=start))
        cut.append([flat[begin:end] for begin, end in pairwise(ends)])
        start = ends[-1]
    return cut


def _halves(planes: Wires) -> tuple[Wires, Wires]:
    """Return the counts of left and of right halves."""
    half = len(planes[0]) // 2
    return [plane[:half] for plane in planes], [plane[half:] for plane in planes]


def _add(m: Module, name: str, a: Wires, b: Wires) -> tuple[Wires, Value]:
    """Return the planes of the sums of numbers whose planes these are, and their carries."""
    total: Wires = []
    carry: Value = Const(0, len(a[0]))
    for bit, (x, y) in enumerate(zip(a, b, strict=True)):
        half = name_value(m, f"{name}_half_{bit}", x ^ y)
        total.append(half ^ carry)
        carry = (x & y) | (half & carry)
        if bit < len(a) - 1:
            carry = name_value(m, f"{name}_carry_{bit}", carry)
    return total, carry


def below(m: Module, name: str, count: Value) -> Value:
    """Return a bit for each i that ``count`` can be above: whether it is.

    Parameters
    ----------
    m : module that gets the logic
    name : stem of the names of its signals
    """
    bits: Value = Const(0, 1)
    for index, digit in enumerate(count):
        spread = digit.replicate(len(bits))
        bits = name_value(m, f"{name}_{index}", Cat(bits | spread, bits & spread))
    return bits


def _first_ranks(m: Module, name: str, counts: Wires) -> Value:
    """Return, for each block and each i below h, bit log2 h of the first number ≥ count that is ≡ i mod h."""
    *digits, quotient = counts
    blocks = len(quotient)
    bits: Value = Const(0, blocks)  # of i = 0 first, and of each the blocks in turned order
    for index, digit in enumerate(digits):
        spread = digit.replicate(1 << index)
        bits = name_value(m, f"{name}_below_{index}", Cat(bits | spread, bits & spread))
    first = name_value(m, f"{name}_first", bits ^ quotient.replicate(1 << len(digits)))
    order = [place(block, blocks.bit_length() - 1) for block in range(blocks)]
    return Cat(first[i * blocks + block] for block in order for i in range(1 << len(digits)))
