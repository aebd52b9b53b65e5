"""What other formats than a bitmap cost in front of a Flex-DPE: logic that makes bitmaps of indices or of run
lengths.

A beat of values comes with an index (CSR, CSC, COO inside a window) or a run of zeros (RLC) each; the bits at their
places are set in a window's bitmap. A bitmap itself costs nothing. Registers and the memory's side are the same for
all.
"""

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ..block import Block
from ..export.verilog import convert
from ..pictures.markdown import table
from .measured import cost

__all__ = ["IndexFrontEnd", "RunFrontEnd", "costs", "costs_table"]

#: Positions of a window, and values a beat, that are measured.
SIZES = ((16, 4), (64, 4))


class IndexFrontEnd(Block):
    """Bits at the places of indices.

    Parameters
    ----------
    window : positions, a power of two
    values : a beat, 1 or more

    Interface attributes
    --------------------
    indices : In(values · log2 window), value 0 first
    valid : In(values)
    bitmap : Out(window)
    """

    latency = 0

    indices: Signal
    valid: Signal
    bitmap: Signal

    def __init__(self, window: int, values: int) -> None:
        self.window, self.values = window, values
        self.index_bits = (window - 1).bit_length()
        super().__init__(
            {"indices": In(values * self.index_bits), "valid": In(values), "bitmap": Out(window)}
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        found: Value = Const(0)
        for number in range(self.values):
            index = self.indices.word_select(number, self.index_bits)
            found = found | (self.valid[number] << index)
        m.d.comb += self.bitmap.eq(found)
        return m


class RunFrontEnd(Block):
    """Bits behind runs of zeros: each value lies one place behind its run, counted from the value before.

    Parameters
    ----------
    window : positions, a power of two
    values : a beat, 1 or more
    bits : of a run

    Interface attributes
    --------------------
    start : In(log2 window + 1), place behind the last value of the beat before
    runs : In(values · bits), value 0 first
    valid : In(values), leading ones
    bitmap : Out(window); places beyond the window set nothing
    next : Out(log2 window + 1), place behind the last value, modulo 2 · window
    """

    latency = 0

    start: Signal
    runs: Signal
    valid: Signal
    bitmap: Signal
    next: Signal

    def __init__(self, window: int, values: int, bits: int) -> None:
        self.window, self.values, self.bits = window, values, bits
        self.place_bits = (window - 1).bit_length() + 1
        super().__init__(
            {"start": In(self.place_bits), "runs": In(values * bits), "valid": In(values), "bitmap": Out(window),
             "next": Out(self.place_bits)}
        )  # fmt: skip

    def elaborate(self, platform: object) -> Module:
        m = Module()
        place: Value = self.start
        found: Value = Const(0)
        for number in range(self.values):
            here = (place + self.runs.word_select(number, self.bits))[: self.place_bits]
            inside = self.valid[number] & ~here[-1]
            found = found | (inside << here[:-1])
            place = Mux(self.valid[number], (here + 1)[: self.place_bits], place)
        m.d.comb += Cat(self.bitmap, self.next).eq(Cat(found[: self.window], place))
        return m


def costs() -> list[dict[str, int | str]]:
    """Return transistors (flow ``cmos``, flat) of each front end."""
    rows: list[dict[str, int | str]] = []
    for window, values in SIZES:
        blocks: dict[str, Block] = {
            "index": IndexFrontEnd(window, values),
            "rlc-4": RunFrontEnd(window, values, 4),
            "rlc-2": RunFrontEnd(window, values, 2),
        }
        for name, block in blocks.items():
            design = convert(block, name="front_end")
            rows.append({"format": name, "window": window, "values": values,
                         "transistors": cost(design.verilog, design.top)["transistors"]})  # fmt: skip
    return rows


def costs_table() -> list[str]:
    """Return the lines of a table."""
    rows = [[row["format"], row["window"], row["values"], f"{row['transistors']:,}"] for row in costs()]
    return table(["front end", "window", "values a beat", "transistors"], rows)
