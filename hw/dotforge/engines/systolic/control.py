"""Lets weights and activations in: which row loads, when a fold begins, when its registers are free again."""

from typing import Any

from amaranth.hdl import Module, ResetSignal, Signal
from amaranth.lib.wiring import In, Out

from ...block import Block
from .config import SystolicConfig

__all__ = ["Control"]


class Control(Block):
    """Joins the two input streams of an array.

    Parameters
    ----------
    config : of the engine

    Interface attributes
    --------------------
    weights_valid, weights_ready : of the stream of weights
    activations_valid, activations_ready, last : of the stream of activations
    en : the array moves
    load : a bit a row: it takes the weights that are offered
    take : an activation vector is taken
    swap : it is the first of its fold; only with ``double_buffer``
    """

    weights_valid: Signal
    weights_ready: Signal
    activations_valid: Signal
    activations_ready: Signal
    last: Signal
    en: Signal
    load: Signal
    take: Signal
    swap: Signal

    def __init__(self, config: SystolicConfig) -> None:
        self.config = config
        ports: dict[str, Any] = dict.fromkeys(("weights_valid", "activations_valid", "last", "en"), In(1))
        ports |= dict.fromkeys(("weights_ready", "activations_ready", "take"), Out(1))
        ports["load"] = Out(config.rows)
        if config.double_buffer:
            ports["swap"] = Out(1)
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        runs = Signal()  # moves, and is not in reset
        loaded = Signal()  # a fold's weights wait, or, with one weight a multiplier, are there
        free = Signal()
        taken = Signal()  # a row of weights is taken
        freed = Signal()
        row = Signal(config.rows, init=1)
        m.d.comb += [
            runs.eq(self.en & ~ResetSignal()),
            self.weights_ready.eq(runs & ~loaded & free),
            taken.eq(self.weights_valid & self.weights_ready),
            self.load.eq(row & taken.replicate(config.rows)),
            self.take.eq(self.activations_valid & self.activations_ready),
        ]
        with m.If(taken):
            m.d.sync += row.eq(row.rotate_left(1))
        with m.If(taken & row[-1]):
            m.d.sync += loaded.eq(1)
        with m.If(freed):
            m.d.sync += loaded.eq(0)
        if config.double_buffer:
            streaming = Signal()
            m.d.comb += [
                self.activations_ready.eq(runs & (streaming | loaded)),
                self.swap.eq(self.take & ~streaming),
                freed.eq(self.swap),
            ]
            with m.If(self.take):
                m.d.sync += streaming.eq(~self.last)
        else:
            m.d.comb += [self.activations_ready.eq(runs & loaded), freed.eq(self.take & self.last)]
        if not config.hold:
            m.d.comb += free.eq(1)
            return m
        hold = Signal(range(config.hold + 1))
        m.d.comb += free.eq(~hold.any())
        with m.If(freed):
            m.d.sync += hold.eq(config.hold)
        with m.Elif(self.en & ~free):
            m.d.sync += hold.eq(hold - 1)
        return m
