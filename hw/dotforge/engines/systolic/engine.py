"""The systolic array as an engine: vectors in, vectors of sums out.

::

    weights ─────────────────────┬──────────┬──────────┐ a row a beat
                                 ▼          ▼          ▼
                   ┌─────┐    ┌────┐     ┌────┐     ┌────┐
    activations ──►│  ◣  ├───►│ PE ├────►│ PE ├────►│ PE │ row 0
                   │     │    └─┬──┘     └─┬──┘     └─┬──┘
                   │skew ├───►  …          …          …     each row later by an adder's latency
                   └─────┘    ┌─▼──────────▼──────────▼──┐
                              │ ◣  skew, the other way   ├──► sums
                              └──────────────────────────┘
"""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib import stream

from ...arithmetic.carry import name_value
from ...stream.axi import StreamBlock
from .config import SystolicConfig
from .control import Control
from .payloads import payloads
from .row import Row
from .skew import Skew

__all__ = ["Systolic"]


class Systolic(StreamBlock):
    """Weight-stationary array of multipliers: a matrix of weights times vectors of activations.

    Streams in: ``weights``, ``rows`` beats a fold, row 0 first; ``activations``, a vector a beat, ``last`` ends a
    fold. Stream out: ``sums``, a beat a vector, ``last`` ends a fold: column c is
    ((a[0] · w[0][c] + a[1] · w[1][c]) + a[2] · w[2][c]) + …, each step in the format of the sums.

    The sums are there ``latency`` = ``rows`` · ``adder_pipeline`` + ``columns`` + ``multiplier_pipeline`` cycles
    after their vector; initiation interval 1. Folds follow each other without a lost cycle where a fold has as
    many vectors as the next one takes to load: ``rows`` + 1 + ``config.hold`` cycles from its first vector on. A sum
    that is not taken stalls all of the array.

    Parameters
    ----------
    config : see :class:`dotforge.engines.systolic.config.SystolicConfig`
    """

    module_name = "engine"
    weights: stream.Interface
    activations: stream.Interface
    sums: stream.Interface

    def __init__(self, config: SystolicConfig) -> None:
        self.config = config
        self.latency = config.latency
        super().__init__(*payloads(config))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        enable = Signal()
        m.submodules.control = control = Control(config)
        m.d.comb += [
            control.weights_valid.eq(self.weights.valid),
            control.activations_valid.eq(self.activations.valid),
            control.last.eq(self.activations.payload.last),
            control.en.eq(enable),
            self.weights.ready.eq(control.weights_ready),
            self.activations.ready.eq(control.activations_ready),
        ]
        sums, overflows = self._rows(m, enable, control)
        self._leave(m, enable, sums, overflows)
        valid = self._later(m, "valid", control.take, config.latency, enable, reset=True)[-1]
        last = self._later(m, "last", self.activations.payload.last, config.latency, enable)[-1]
        m.d.comb += [
            enable.eq(~valid | self.sums.ready),
            self.sums.valid.eq(valid),
            self.sums.payload.last.eq(last),
        ]
        return m

    def _rows(self, m: Module, enable: Value, control: Control) -> tuple[Value, Value | None]:
        """Make skew and rows; return what leaves the last one: sums, and flags where it may overflow."""
        config = self.config
        width, step = config.operand.width, config.adder_pipeline
        m.submodules.skew = skew = Skew(config.rows, width, step)
        m.d.comb += [skew.i.eq(self.activations.payload.activation), skew.en.eq(enable)]
        swaps: list[Value] = []
        if config.double_buffer:
            swaps = self._later(m, "swap", control.swap, (config.rows - 1) * step, enable)
        load = name_value(m, "load", control.load)
        skewed = name_value(m, "skewed", skew.o)
        sums: Value = Const(0, 0)
        overflows: Value | None = None
        for number in range(config.rows):
            row = Row(config, _representative(config, number))
            m.submodules[f"row_{number}"] = row
            m.d.comb += [
                row.weights.eq(self.weights.payload.weight),
                row.load.eq(load[number]),
                row.activation.eq(skewed.word_select(number, width)),
                row.en.eq(enable),
            ]
            if swaps:
                m.d.comb += row.swap.eq(swaps[number * step])
            if number:
                m.d.comb += row.addends.eq(sums)
            if overflows is not None:
                m.d.comb += row.overflows_above.eq(overflows)
            sums = name_value(m, f"sums_{number}", row.sums)
            overflows = (
                name_value(m, f"overflows_{number}", row.overflows) if config.flagged(number) else None
            )
        return sums, overflows

    def _leave(self, m: Module, enable: Value, sums: Value, overflows: Value | None) -> None:
        """Make vectors of the diagonals that leave the last row."""
        config = self.config
        width, columns = config.partial_width(config.rows - 1), range(config.columns)
        lanes: list[Value] = [sums.word_select(column, width) for column in columns]
        if overflows is not None:
            lanes = [Cat(lane, overflows[column]) for column, lane in enumerate(lanes)]
        size = len(lanes[0])
        m.submodules.align = align = Skew(config.columns, size, falling=True)
        m.d.comb += [align.i.eq(name_value(m, "diagonal", Cat(lanes))), align.en.eq(enable)]
        payload: Any = self.sums.payload
        aligned = name_value(m, "aligned", align.o)
        found = [aligned.word_select(column, size) for column in columns]
        spare = config.sum.width - width
        m.d.comb += payload.sum.eq(Cat(Cat(lane[:width], lane[width - 1].replicate(spare)) for lane in found))
        if overflows is not None:
            m.d.comb += payload.overflow.eq(Cat(lane[-1] for lane in found))

    def _later(
        self, m: Module, name: str, value: Value, cycles: int, enable: Value, *, reset: bool = False
    ) -> list[Value]:
        """Return a bit as it is 0, 1, …, ``cycles`` cycles later."""
        if not cycles:
            return [value]
        held = Signal(cycles, name=name, reset_less=not reset)
        with m.If(enable):
            m.d.sync += held.eq(Cat(value, held[:-1]))
        return [value, *held]


def _representative(config: SystolicConfig, row: int) -> int:
    """Return the first row that is made of the same hardware, so that all of them are one module."""

    def made_of(number: int) -> tuple[Any, ...]:
        before = (config.partial_width(number - 1), config.flagged(number - 1)) if number else ()
        return before, config.partial_width(number), config.flagged(number)

    return next(number for number in range(row + 1) if made_of(number) == made_of(row))
