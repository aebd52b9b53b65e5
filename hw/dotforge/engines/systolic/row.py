"""A row of processing elements.

::

                 addends from above, column c comes c cycles after column 0
                    │               │               │
                 ┌──▼──┐         ┌──▼──┐         ┌──▼──┐
    activation ─►│ PE  ├────────►│ PE  ├────────►│ PE  │
                 └──┬──┘         └──┬──┘         └──┬──┘
                    ▼               ▼               ▼  sums
"""

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from ...block import Block
from .config import SystolicConfig
from .mac import Mac, sum_ports

__all__ = ["ProcessingElement", "Row"]


class ProcessingElement(Block):
    """Holds a weight, multiplies it by what comes from the left, adds what comes from above.

    Parameters
    ----------
    config : of the engine
    row : number of its row

    Interface attributes
    --------------------
    weight, load : a weight, and whether to take it: into the register that multiplies, or the one beside it
    i, o : activation from the left; to the right, a cycle later
    swap, swapped : with ``double_buffer``: the activation ``i`` is the first that meets the weight beside, which
        becomes the one that multiplies; the same a cycle later, to the right
    addend, addend_overflow, sum, overflow, en : of :class:`dotforge.engines.systolic.mac.Mac`; the addend
        belongs to the activation that came in ``multiplier_pipeline`` + 1 cycles before
    latency : from ``i`` to ``sum``
    """

    weight: Signal
    load: Signal
    i: Signal
    o: Signal
    swap: Signal
    swapped: Signal
    addend: Signal
    addend_overflow: Signal
    sum: Signal
    overflow: Signal
    en: Signal

    def __init__(self, config: SystolicConfig, row: int) -> None:
        self.config, self.row = config, row
        width = config.operand.width
        self.latency = 1 + config.multiplier_pipeline + config.adder_pipeline
        ports: dict[str, Any] = {"weight": In(width), "load": In(1), "i": In(width), "o": Out(width)}
        if config.double_buffer:
            ports |= {"swap": In(1), "swapped": Out(1)}
        super().__init__({**ports, **sum_ports(config, row)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        width = self.config.operand.width
        m.submodules.mac = mac = Mac(self.config, self.row)
        weight = Signal(width, name="multiplied", reset_less=True)
        activation = Signal(width, reset_less=True)
        with m.If(self.en):
            m.d.sync += activation.eq(self.i)
        if self.config.double_buffer:
            following = Signal(width, reset_less=True)
            swapped = Signal(
                reset_less=True
            )  # one from before a reset is overtaken by that of the first fold
            with m.If(self.load):
                m.d.sync += following.eq(self.weight)
            with m.If(self.en):
                m.d.sync += [swapped.eq(self.swap), weight.eq(Mux(self.swap, following, weight))]
            m.d.comb += self.swapped.eq(swapped)
        else:
            with m.If(self.load):
                m.d.sync += weight.eq(self.weight)
        m.d.comb += [mac.weight.eq(weight), mac.activation.eq(activation), self.o.eq(activation)]
        for name, member in sum_ports(self.config, self.row).items():
            ours, theirs = getattr(self, name), getattr(mac, name)
            m.d.comb += theirs.eq(ours) if member.flow == In else ours.eq(theirs)
        return m


class Row(Block):
    """Processing elements from left to right: column c works c cycles after column 0.

    Parameters
    ----------
    config : of the engine
    row : number of the row; rows of equal widths are one module

    Interface attributes
    --------------------
    weights, load : of all columns, column 0 in the low bits; whether to take them
    activation : for column 0
    swap : with ``double_buffer``: it is the first of a fold
    addends, overflows_above : from the row above; those of column c belong to the activation that came in
        ``multiplier_pipeline`` + 1 + c cycles before. Not in row 0, not where nothing overflows
    sums, overflows : to the row below, ``adder_pipeline`` cycles later
    en : lets all registers but those of loading advance
    """

    weights: Signal
    load: Signal
    activation: Signal
    swap: Signal
    addends: Signal
    overflows_above: Signal
    sums: Signal
    overflows: Signal
    en: Signal

    def __init__(self, config: SystolicConfig, row: int) -> None:
        self.config, self.row = config, row
        columns, width = config.columns, config.operand.width
        ports: dict[str, Any] = {
            "weights": In(columns * width),
            "load": In(1),
            "activation": In(width),
            "sums": Out(columns * config.partial_width(row)),
            "en": In(1),
        }
        if config.double_buffer:
            ports["swap"] = In(1)
        if row:
            ports["addends"] = In(columns * config.partial_width(row - 1))
        if row and config.flagged(row - 1):
            ports["overflows_above"] = In(columns)
        if config.flagged(row):
            ports["overflows"] = Out(columns)
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config, row = self.config, self.row
        activation: Value = self.activation
        swap: Value | None = self.swap if config.double_buffer else None
        sums, overflows = [], []
        for column in range(config.columns):
            element = ProcessingElement(config, row)
            m.submodules[f"column_{column}"] = element
            m.d.comb += [
                element.weight.eq(self.weights.word_select(column, config.operand.width)),
                element.load.eq(self.load),
                element.i.eq(activation),
                element.en.eq(self.en),
            ]
            activation = element.o
            if swap is not None:
                m.d.comb += element.swap.eq(swap)
                swap = element.swapped
            if row:
                m.d.comb += element.addend.eq(self.addends.word_select(column, len(element.addend)))
            if row and config.flagged(row - 1):
                m.d.comb += element.addend_overflow.eq(self.overflows_above[column])
            sums.append(element.sum)
            if config.flagged(row):
                overflows.append(element.overflow)
        m.d.comb += self.sums.eq(Cat(sums))
        if overflows:
            m.d.comb += self.overflows.eq(Cat(overflows))
        return m
