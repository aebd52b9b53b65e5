"""The post-processing unit for a clock that is asked for: loops of one carry chain, registers elsewhere.

::

    sums ──►┌───────────┐ magnitude ┌────────────┐       ┌─────────┐ bits  ┌──────────┐
            │ magnitude ├──╎───────►│ two banks, ├──╎───►│ divider ├──╎───►│ scale,   ├─╎─► activations
            └───────────┘           │ maximum    │       └────▲────┘       │ elements │
                                    └────────────┘            └── step ────┴──────────┘

    ╎ registers: behind the magnitude, unit · L and an element at each operation that a cycle has no room for

The divider's loop is a carry chain and the table that says whether the remainder takes it. A bit of a quotient is
used one cycle behind it, so a vector keeps the divider busy for one cycle more than without.
"""

from functools import cache

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from ...arithmetic.delays import Path
from ...arithmetic.stages import Stages, Timed, depth_for
from .clocked_banks import ClockedBanks, intake
from .clocked_divider import ClockedDivider
from .config import RequantiseConfig
from .engine import Requantise

__all__ = ["ClockedRequantise", "build", "plan"]


def _largest(stages: Stages, config: RequantiseConfig, unit: Timed) -> Timed:
    """Unit · L = unit · 2^magnitude_bits − unit."""
    bits = config.magnitude_bits
    high = stages.logic("unit_high", 0, lambda value: Cat(Const(0, bits), value), unit)
    low = stages.logic("unit_low", 0, lambda value: ~Cat(value, Const(0, bits)), unit)
    one = stages.given("unit_one", Const(1, 1))
    total = stages.add("largest", high, low, config.unit_bits + bits, one)
    return stages.logic("largest_unsigned", 0, lambda value: value.as_unsigned(), total)


def _element(stages: Stages, config: RequantiseConfig, given: dict[str, Timed]) -> Timed:
    """An element of its quotient, sign, and whether that rounds up: −(q + 1) is ~q, and −q is ~q + 1."""

    def flipped(quotient: Value, negative: Value, scaled: Value) -> Value:
        kept = quotient & scaled.replicate(len(quotient))
        return Cat(kept, Const(0, 1)) ^ negative.replicate(config.element_bits)

    names = ("quotient", "negative", "scaled")
    value = stages.logic("flipped", 1, flipped, *(given[name] for name in names))
    more = stages.logic("more", 1, lambda up, negative: up ^ negative, given["up"], given["negative"])
    zero = stages.given("element_zero", Const(0, 1))
    return stages.add("element", value, zero, config.element_bits, more)


def _loops(stages: Stages, config: RequantiseConfig) -> None:
    """Note what registers cannot cut."""
    beyond = max(0, config.divisor_bits - config.remainder_bits)
    stages.need(Path(levels=1, adders=1, bits=config.remainder_bits + 1 + (beyond > 0)))
    stages.need(Path(levels=1, adders=1, bits=config.sum_bits))
    stages.need(Path(levels=1, adders=1, bits=config.step_bits))
    # What is left of the divisor above the remainder, and whether there is a rest: tables of four inputs.
    stages.need(Path(levels=2 + _levels(beyond)))
    if config.scale_rounding == "ceil":
        stages.need(Path(levels=1 + _levels(config.remainder_bits)))


def _levels(width: int) -> int:
    return ((width - 1).bit_length() + 1) // 2 if width > 1 else 0


_GIVEN = ("quotient", "up", "negative", "scaled")


@cache
def _plan(config: RequantiseConfig) -> tuple[tuple[int, int, int], Path]:
    """Return the stages of magnitude, largest and element, and the longest path."""
    depths: list[int] = []

    def build(stages: Stages) -> int:
        _loops(stages, config)
        magnitude = intake(stages, config, Signal(config.sum_bits))
        largest = _largest(stages, config, stages.given("unit", Signal(config.unit_bits)))
        given = {name: Signal(1, name=name) for name in _GIVEN}
        given["quotient"] = Signal(config.magnitude_bits, name="quotient")
        element = _element(stages, config, {name: stages.given(name, value) for name, value in given.items()})
        depths[:] = magnitude.stage + 1, largest.stage + 1, element.stage + 1
        return sum(depths)

    _, longest = depth_for(config, build)
    return (depths[0], depths[1], depths[2]), longest


def plan(config: RequantiseConfig) -> tuple[int, Path]:
    """Return the register stages of a configuration outside its loops, and its longest path.

    Parameters
    ----------
    config : with ``pipeline=auto``
    """
    depths, longest = _plan(config)
    return sum(depths), longest


class ClockedRequantise(Requantise):
    """:class:`dotforge.engines.requantise.engine.Requantise` with ``pipeline=auto``: the same vectors, faster.

    A vector leaves ``latency`` cycles after its last sum came, if the unit was idle; the next one ``period``
    cycles later. The scale of a vector is found while the one before waits to be taken; its elements are not.

    Raises
    ------
    TooFast
        A step of the divider takes longer than a cycle.
    """

    def __init__(self, config: RequantiseConfig) -> None:
        stages = sum(_plan(config)[0])
        super().__init__(config)
        # To the maximum, to the bank's head, a period, and what an element takes behind the divider.
        self.latency = stages + 3 + config.period

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        m.submodules.banks = banks = ClockedBanks(config, self.inputs["sums"])
        m.submodules.divider = divider = ClockedDivider(config)
        index = Signal(range(config.vector + 1), reset_less=True)
        count = Signal(range(max(config.scale_bits, config.magnitude_bits) + 1), reset_less=True)
        # A cycle is one of: waiting, a step of the scale, one for its last bit, the first load, a step of an element.
        idle, scaling, settling, first, dividing = (
            Signal(init=name == "idle", name=name)
            for name in ("idle", "scaling", "settling", "first", "dividing")
        )
        there, held, done = Signal(), Signal(), Signal()
        begins, starts, loads, completes, rounds, at_end, free = (
            Signal(name=name)
            for name in ("begins", "starts", "loads", "completes", "rounds", "at_end", "free")
        )
        m.d.comb += [
            begins.eq(idle & there),
            rounds.eq(~count.any()),
            at_end.eq(index == config.vector),
            # The vector before must be gone from the registers.
            free.eq(~held | (done & self.activations.ready)),
            starts.eq(first & free),
            loads.eq(starts | (dividing & rounds & ~at_end)),
            completes.eq(dividing & rounds & at_end),
        ]
        m.d.sync += [
            idle.eq((idle & ~begins) | completes),
            scaling.eq(begins | (scaling & ~rounds)),
            settling.eq(scaling & rounds),
            first.eq(settling | (first & ~free)),
            dividing.eq(starts | (dividing & ~completes)),
            count.eq(Mux(begins, config.scale_bits, Mux(loads, config.magnitude_bits, count - 1))),
            index.eq(Mux(begins, 0, index + loads)),
            held.eq(completes | (held & ~(done & self.activations.ready))),
        ]

        ahead = Stages(m, config.device, 1e3 / config.clock_mhz, Const(1, 1))
        largest = _largest(ahead, config, ahead.given("unit", banks.unit))
        moved = ahead.given("moved", banks.moved, reset=True)
        end = largest.stage + 1
        m.d.sync += there.eq(ahead.at(moved, end - 1) | (there & ~begins))

        scale, step = self._scale(m, banks.unit, divider, begins=begins, scaling=scaling, rounds=rounds)
        in_vector = Signal(reset_less=True)
        last_index = Signal(len(banks.last_index), reset_less=True)
        last = Signal(reset_less=True)
        m.d.sync += in_vector.eq(index[: len(last_index)] <= last_index)  # index 0 is, always
        with m.If(starts):
            m.d.sync += [last_index.eq(banks.last_index), last.eq(banks.last)]
        magnitude = banks.magnitude & in_vector.replicate(config.sum_bits)
        shifted = Cat(Const(0, config.magnitude_bits), step)
        of_scale = Cat(Const(0, config.scale_bits), ahead.at(largest, end))
        m.d.comb += [
            banks.i.payload.eq(self.sums.payload),
            banks.i.valid.eq(self.sums.valid),
            self.sums.ready.eq(banks.i.ready),
            banks.index.eq(index),
            banks.take.eq(starts),
            banks.release.eq(completes),
            divider.load.eq(begins | loads),
            divider.dividend.eq(Mux(idle, banks.maximum, magnitude)),
            divider.divisor.eq(Mux(idle, of_scale, shifted)),
        ]

        vector, finished = self._elements(
            m, banks, divider, scale.any(), in_vector=in_vector, starts=starts, loads=loads, dividing=dividing,
            rounds=rounds, completes=completes,
        )  # fmt: skip
        scale_out, last_out = Signal(config.scale_bits, reset_less=True), Signal(reset_less=True)
        with m.If(completes):
            m.d.sync += [scale_out.eq(scale), last_out.eq(last)]
        m.d.sync += done.eq(finished | (done & ~self.activations.ready))
        m.d.comb += [
            self.activations.valid.eq(done),
            self.activations.payload.activation.eq(vector),
            self.activations.payload.scale.eq(scale_out),
            self.activations.payload.last.eq(last_out),
        ]
        return m

    def _scale(
        self, m: Module, unit: Value, divider: ClockedDivider, *, begins: Value, scaling: Value, rounds: Value
    ) -> tuple[Signal, Signal]:
        """The scale and scale · unit, a bit a cycle, a cycle behind the divider.

        As :class:`dotforge.engines.requantise.quotients.ScaleQuotient` makes them.
        """
        config = self.config
        up = Signal(name="scale_up", reset_less=True)
        shift, rounding = (Signal(name=f"{name}_held") for name in ("scale_shift", "scale_round"))
        at_round = divider.fits if config.scale_rounding == "nearest" else divider.rest
        m.d.sync += [
            up.eq(Mux(rounds, at_round & ~divider.ones, divider.fits)),
            shift.eq(scaling & ~rounds),
            rounding.eq(scaling & rounds),
        ]
        scale = Signal(config.scale_bits, name="scale_register", reset_less=True)
        step = Signal(config.step_bits, name="step_register", reset_less=True)
        base = Mux(rounding, step, Cat(Const(0, 1), step[:-1]))
        total = base + (unit & up.replicate(config.unit_bits))
        with m.If(begins):
            m.d.sync += step.eq(0)
        with m.Elif(shift | rounding):
            m.d.sync += [
                step.eq(total[: config.step_bits]),
                scale.eq(Mux(rounding, (scale + up)[: config.scale_bits], Cat(up, scale[:-1]))),
            ]
        return scale, step

    def _elements(
        self,
        m: Module,
        banks: ClockedBanks,
        divider: ClockedDivider,
        nonzero: Value,
        *,
        in_vector: Value,
        starts: Value,
        loads: Value,
        dividing: Value,
        rounds: Value,
        completes: Value,
    ) -> tuple[Signal, Value]:
        """The vector of elements, and whether its last one goes into it in this cycle."""
        config = self.config
        scaled = Signal(reset_less=True)
        with m.If(starts):
            m.d.sync += scaled.eq(nonzero)
        negative = Signal(reset_less=True)
        with m.If(loads):
            m.d.sync += negative.eq(banks.negative & in_vector)
        quotient = Signal(config.magnitude_bits, name="quotient_register", reset_less=True)
        with m.If(dividing & ~rounds):
            m.d.sync += quotient.eq(Cat(divider.fits, quotient[:-1]))
        sign, up, rounded, ends = (
            Signal(name=name, reset_less=name in ("sign_held", "up_held"))
            for name in ("sign_held", "up_held", "rounded_held", "ends_held")
        )
        m.d.sync += [
            sign.eq(negative),
            up.eq(divider.fits & ~divider.ones & scaled),
            rounded.eq(dividing & rounds),
            ends.eq(completes),
        ]
        behind = Stages(m, config.device, 1e3 / config.clock_mhz, Const(1, 1))
        values = {"quotient": quotient, "up": up, "negative": sign, "scaled": scaled}
        given = {name: behind.given(name, value) for name, value in values.items()}
        element = _element(behind, config, given)
        shifts, finished = (
            behind.at(behind.given(name, value, reset=True), element.stage)
            for name, value in (("rounded", rounded), ("ends", ends))
        )
        vector = Signal(config.vector * config.element_bits, name="elements", reset_less=True)
        with m.If(shifts):
            m.d.sync += vector.eq(Cat(vector[config.element_bits :], behind.at(element, element.stage)))
        return vector, finished


def build(config: RequantiseConfig) -> Requantise:
    """Return the engine of a configuration.

    Parameters
    ----------
    config : see :class:`dotforge.engines.requantise.config.RequantiseConfig`
    """
    return (ClockedRequantise if config.pipeline == "auto" else Requantise)(config)
