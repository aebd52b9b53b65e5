"""The post-processing unit as an engine: sums in, vectors of elements with their scale out.

::

    sums ──►┌─────────────┐ largest magnitude  ┌─────────┐
            │ two banks,  ├───────────────────►│ divider ├─► scale ──────► step = scale · unit ─┐
            │ maximum     ├──── each sum ─────►│         ├─► element ─► vector ──► activations  │
            └─────────────┘                    └────▲────┘                                      │
                                                    └───────────────────────────────────────────┘

One divider of a bit a cycle makes both: ``element_bits`` cycles an element. A dot product of K elements on V
lanes takes K / V cycles, so one unit serves many MACs.
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import stream

from ...arithmetic.carry import increment, less_than, name_value, subtract
from ...stream.axi import StreamBlock
from .banks import SumBanks
from .config import RequantiseConfig
from .divider import Divider
from .payloads import payloads
from .quotients import ElementQuotient, ScaleQuotient

__all__ = ["Requantise"]


class Requantise(StreamBlock):
    """Finds a vector's largest magnitude, its integer scale, and its elements.

    Stream in: ``sums``, one a beat, with the ``unit`` of its vector, 1 or more: the second-level scale of the
    result over that of the sums. A vector ends after ``vector`` sums or with ``last``, which goes with it.
    Stream out: ``activations``, a vector a beat, as :class:`dotforge.engines.vsquant.engine.VSQuant` takes them (with
    ``lanes`` = ``vector``); behind a vector that ended early are zeros.

    With L = 2^(element_bits − 1) − 1, the largest element, and x the sums::

        scale   = max |x| / (L · unit), rounded, at most 2^scale_bits − 1
        element = x / (scale · unit), rounded half away from zero, within ±L; 0 where the scale is

    A vector leaves ``latency`` cycles after its last sum came, if the unit was idle; the next one ``period``
    cycles later. A vector that is not taken holds up the elements of the next.

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
        inputs, outputs = payloads(config)
        super().__init__(inputs, outputs)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        m.submodules.banks = banks = SumBanks(config, self.inputs["sums"])
        m.submodules.divider = divider = Divider(
            remainder_bits=config.remainder_bits, divisor_bits=config.divisor_bits
        )
        m.submodules.scale = scale = ScaleQuotient(config)
        m.submodules.elements = elements = ElementQuotient(config)
        index = Signal(range(config.vector + 1), reset_less=True)
        count = Signal(range(max(config.scale_bits, config.magnitude_bits) + 1), reset_less=True)
        done = Signal()
        last = Signal(reset_less=True)
        # A cycle is one of: waiting, a step of the scale, the first load, a step of an element.
        idle, scaling, first, dividing = (
            Signal(init=name == "idle", name=name) for name in ("idle", "scaling", "first", "dividing")
        )
        begins = Signal()
        loads = Signal()
        completes = Signal()
        rounds = Signal()
        at_end = Signal()
        m.d.comb += [
            # The vector before must be gone from the registers.
            begins.eq(idle & banks.valid & (~done | self.activations.ready)),
            rounds.eq(~count.any()),
            at_end.eq(index == config.vector),
            loads.eq(first | (dividing & rounds & ~at_end)),
            completes.eq(dividing & rounds & at_end),
            scale.shift.eq(scaling & ~rounds),
            scale.round.eq(scaling & rounds),
            elements.shift.eq(dividing & ~rounds),
            elements.round.eq(dividing & rounds),
        ]
        m.d.sync += [
            idle.eq((idle & ~begins) | completes),
            scaling.eq(begins | (scaling & ~rounds)),
            first.eq(scaling & rounds),
            dividing.eq(first | (dividing & ~completes)),
            count.eq(Mux(begins, config.scale_bits, Mux(loads, config.magnitude_bits, count - 1))),
            index.eq(Mux(begins, 0, index + loads)),
            done.eq(completes | (done & ~self.activations.ready)),
        ]
        with m.If(completes):
            m.d.sync += last.eq(banks.last)

        dividend, divisor, sign = self._loaded(m, banks, scale.step, index, element=loads)
        m.d.comb += [
            banks.i.payload.eq(self.sums.payload),
            banks.i.valid.eq(self.sums.valid),
            self.sums.ready.eq(banks.i.ready),
            banks.index.eq(index),
            banks.release.eq(completes),
            divider.load.eq(begins | loads),
            divider.dividend.eq(dividend),
            divider.divisor.eq(divisor),
            scale.clear.eq(begins),
            scale.fits.eq(divider.fits),
            scale.rest.eq(divider.rest),
            scale.unit.eq(banks.unit),
            elements.fits.eq(divider.fits),
            elements.valid.eq(scale.scale.any()),
            self.activations.valid.eq(done),
            self.activations.payload.activation.eq(elements.vector),
            self.activations.payload.scale.eq(scale.scale),
            self.activations.payload.last.eq(last),
        ]
        negative = Signal(reset_less=True)
        with m.If(loads):
            m.d.sync += negative.eq(sign)
        m.d.comb += elements.negative.eq(negative)
        return m

    def _loaded(
        self, m: Module, banks: SumBanks, step: Value, index: Value, *, element: Value
    ) -> tuple[Value, Value, Value]:
        """Dividend, and divisor, shifted up, of an element or of the scale; the element's sign."""
        config = self.config
        total, negative = banks.sum.as_unsigned(), banks.sum[-1]
        flipped = name_value(m, "flipped", total ^ negative.replicate(config.sum_bits))
        magnitude, _ = increment(m, "magnitude", flipped, negative)
        inside = ~less_than(m, "beyond", banks.last_index, index[: len(banks.last_index)])
        of_element = name_value(m, "magnitude", magnitude & inside.replicate(config.sum_bits))
        # unit · L = unit · 2^magnitude_bits − unit
        high = name_value(m, "high", Cat(Const(0, config.magnitude_bits), banks.unit))
        largest, _ = subtract(m, "largest", high, name_value(m, "low", banks.unit))
        of_scale = name_value(m, "largest", Cat(Const(0, config.scale_bits), largest))
        shifted = name_value(m, "shifted", Cat(Const(0, config.magnitude_bits), step))
        dividend = Mux(element, of_element, banks.maximum)
        return dividend, Mux(element, shifted, of_scale), negative & inside
