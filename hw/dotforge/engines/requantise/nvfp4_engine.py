"""The post-processing unit for NVFP4: integer sums in, blocks of E2M1 with a scale in E4M3 out.

::

    sums ──►┌─────────────┐ largest magnitude  ┌─────────┐
            │ two banks,  ├───────────────────►│ divider ├─► scale ────► step = scale · unit ──┐
            │ maximum     ├──── each sum ─────►│         ├─► element ─► block, error           │
            └─────────────┘                    └────▲────┘      │                              │
              twice with four_over_six              └───────────│──────────────────────────────┘
                                                                └─► the block of less error ──► activations
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import stream

from ...arithmetic.carry import add, increment, less_than, name_value
from ...arithmetic.integer_multiplier import IntegerMultiplier
from ...formats.integer import IntegerFormat
from ...stream.axi import StreamBlock
from .banks import SumBanks
from .config import NVFP4_SCALE_BITS, RequantiseConfig
from .divider import Divider
from .nvfp4_element import ERROR_BITS, QUOTIENT_BITS, Nvfp4Element
from .nvfp4_scale import Nvfp4Scale
from .payloads import payloads

__all__ = ["Nvfp4Requantise"]

#: A scale in units of 2^-9, a quotient in sixteenths.
_SCALE_SHIFT, _ELEMENT_SHIFT = 9, 13


class Nvfp4Requantise(StreamBlock):
    """Finds a block's largest magnitude m, its scale, and its elements; with a search, of two scales the better one.

    Streams as those of :class:`dotforge.engines.requantise.engine.Requantise`, with blocks of 16; ``unit`` is the
    tensor scale over the unit of a sum, known ahead, as calibration finds it. ``activations`` are as
    :class:`dotforge.engines.mxdot.engine.MXDot` takes NVFP4 with 16 lanes. With x the sums::

        scale   = m / (6 · unit) to E4M3, nearest, ties to even, at most 448
        element = x / (scale · unit) to E2M1, nearest, ties to even, within ±6; 0 where the scale is

    ``scale_search=four_over_six`` also makes the block with m / (4 · unit), and takes it if its squared error is less,
    or if the first scale is 0. An error is Σ d² · scale², d = |⌊16 · |x| / (scale · unit)⌋ − 16 · |element||, its
    quotient at most 127.

    A block leaves ``latency`` cycles after its last sum came, if the unit was idle; the next one ``period`` cycles
    later. A block that is not taken holds up the next.

    Parameters
    ----------
    config : see :class:`dotforge.engines.requantise.config.RequantiseConfig`
    """

    module_name = "engine"
    sums: stream.Interface
    activations: stream.Interface

    def __init__(self, config: RequantiseConfig) -> None:
        self.config = config
        self.latency = config.period + 1
        self.initiation_interval = -(-config.period // config.vector)
        super().__init__(*payloads(config))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        searches = config.passes == 2
        m.submodules.banks = banks = SumBanks(config, self.inputs["sums"])
        m.submodules.divider = divider = Divider(
            remainder_bits=config.sum_bits + _ELEMENT_SHIFT + 1,
            divisor_bits=config.unit_bits + NVFP4_SCALE_BITS + QUOTIENT_BITS,
        )
        m.submodules.scale = scale = Nvfp4Scale(config)
        m.submodules.elements = elements = Nvfp4Element(measures=searches)
        index = Signal(range(config.vector + 1), reset_less=True)
        count = Signal(range(NVFP4_SCALE_BITS + 2), reset_less=True)
        done = Signal()
        last = Signal(reset_less=True)
        second = Signal()
        # A cycle is one of: waiting, a step of the scale, the first load, a step of an element, the comparison.
        idle, scaling, first, dividing, judging = (
            Signal(init=name == "idle", name=name)
            for name in ("idle", "scaling", "first", "dividing", "judging")
        )
        begins, again, loads, completes, ends, rounds, at_end = (
            Signal(name=name)
            for name in ("begins", "again", "loads", "completes", "ends", "rounds", "at_end")
        )
        starts = begins | again
        m.d.comb += [
            # The block before must be gone from the registers.
            begins.eq(idle & banks.valid & (~done | self.activations.ready)),
            rounds.eq(~count.any()),
            at_end.eq(index == config.vector),
            loads.eq(first | (dividing & rounds & ~at_end)),
            completes.eq(dividing & rounds & at_end),
            again.eq(completes & ~second if searches else 0),
            ends.eq(judging if searches else completes),
            scale.clear.eq(starts),
            scale.shift.eq(scaling & (count > 1)),
            scale.half.eq(scaling & (count == 1)),
            scale.round.eq(scaling & rounds),
            elements.clear.eq(first),
            elements.shift.eq(dividing & ~rounds),
            elements.round.eq(dividing & rounds),
        ]
        m.d.sync += [
            idle.eq((idle & ~begins) | ends),
            scaling.eq(starts | (scaling & ~rounds)),
            first.eq(scaling & rounds),
            dividing.eq(first | (dividing & ~completes)),
            judging.eq(completes & second),
            count.eq(Mux(starts, NVFP4_SCALE_BITS + 1, Mux(loads, QUOTIENT_BITS, count - 1))),
            index.eq(Mux(starts, 0, index + loads)),
            done.eq(ends | (done & ~self.activations.ready)),
        ]
        with m.If(starts):
            m.d.sync += second.eq(again)
        with m.If(ends):
            m.d.sync += last.eq(banks.last)
        negative = self._divide(m, banks, divider, scale, index, loads=loads, starts=starts, four=again)
        m.d.comb += [
            banks.i.payload.eq(self.sums.payload),
            banks.i.valid.eq(self.sums.valid),
            self.sums.ready.eq(banks.i.ready),
            banks.index.eq(index[: len(banks.index)]),
            banks.release.eq(ends),
            scale.fits.eq(divider.fits),
            scale.rest.eq(divider.rest),
            scale.unit.eq(banks.unit),
            elements.fits.eq(divider.fits),
            elements.rest.eq(divider.rest),
            elements.negative.eq(negative),
            elements.valid.eq(scale.code.any()),
        ]
        block, code = elements.vector, scale.code
        if searches:
            block, code = self._better(m, elements, scale, kept=again, judging=judging)
        m.d.comb += [
            self.activations.valid.eq(done),
            self.activations.payload.activation.eq(block),
            self.activations.payload.scale.eq(code),
            self.activations.payload.last.eq(last),
        ]
        return m

    def _divide(
        self, m: Module, banks: SumBanks, divider: Divider, scale: Nvfp4Scale, index: Value,
        *, loads: Value, starts: Value, four: Value,
    ) -> Signal:  # fmt: skip
        """Load the divider with the largest magnitude and a multiple of the unit, or with a sum and the step.

        Returns the sign of the element that is divided.
        """
        config = self.config
        total, negative = banks.sum.as_unsigned(), banks.sum[-1]
        flipped = name_value(m, "flipped", total ^ negative.replicate(config.sum_bits))
        magnitude, _ = increment(m, "magnitude", flipped, negative)
        inside = ~less_than(m, "beyond", banks.last_index, index[: len(banks.last_index)])
        of_element = name_value(m, "magnitude", magnitude & inside.replicate(config.sum_bits))
        # 6 · unit = 2 · (2 · unit + unit), and 4 · unit without the last one.
        high = name_value(m, "high", Cat(Const(0, 1), banks.unit))
        low = name_value(m, "low", Cat(banks.unit & (~four).replicate(config.unit_bits), Const(0, 1)))
        half, carry = add(m, "multiple", high, low)
        multiple = name_value(m, "multiple", Cat(Const(0, 1), half, carry))
        of_scale = Cat(Const(0, NVFP4_SCALE_BITS), multiple)
        m.d.comb += [
            divider.load.eq(loads | starts),
            divider.dividend.eq(
                Mux(
                    loads,
                    Cat(Const(0, _ELEMENT_SHIFT), of_element),
                    Cat(Const(0, _SCALE_SHIFT), banks.maximum),
                )
            ),
            divider.divisor.eq(Mux(loads, Cat(Const(0, QUOTIENT_BITS), scale.step), of_scale)),
        ]
        sign = Signal(name="negative", reset_less=True)
        with m.If(loads):
            m.d.sync += sign.eq(negative & inside)
        return sign

    def _better(
        self, m: Module, elements: Nvfp4Element, scale: Nvfp4Scale, *, kept: Value, judging: Value
    ) -> tuple[Value, Value]:
        """Keep the first block while the second one is made, and return the one of less error."""
        block = Signal(64, name="first_block", reset_less=True)
        code = Signal(7, name="first_code", reset_less=True)
        weighted = Signal(ERROR_BITS + 8, name="first_error", reset_less=True)
        m.submodules.weigh = weigh = IntegerMultiplier(IntegerFormat(ERROR_BITS + 1), IntegerFormat(9))
        # The square of the significand: four bits, of a subnormal three.
        significand = name_value(m, "significand", Cat(scale.code[:3], scale.code[3:].any()))
        square = Signal(9)
        with m.Switch(significand):
            for number in range(16):
                with m.Case(number):
                    m.d.comb += square.eq(number * number)
        m.d.comb += [weigh.a.eq(Cat(elements.error, Const(0, 1))), weigh.b.eq(square)]
        # The last element is in the registers a cycle after it is complete.
        held = Signal()
        m.d.sync += held.eq(kept)
        with m.If(held):
            m.d.sync += [block.eq(elements.vector), code.eq(scale.code), weighted.eq(weigh.o)]
        # The second scale's exponent is the first one's, or the next; a subnormal's is that of the least normal.
        more = (code[3:] != scale.code[3:]) & code[3:].any()
        error = weigh.o[: len(weighted)]
        second = name_value(m, "second_error", Mux(more, Cat(Const(0, 2), error), Cat(error, Const(0, 2))))
        better = less_than(m, "better", second, Cat(weighted, Const(0, 2))) | ~code.any()
        takes = Signal(reset_less=True)
        with m.If(judging):
            m.d.sync += takes.eq(better)
        return Mux(takes, elements.vector, block), Mux(takes, scale.code, code)
