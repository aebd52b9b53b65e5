"""The vector-scaled MAC for a clock that is asked for: products, sums and scaling with registers where it needs them.

::

    weights ──►┐ (select, 2:4)   ┌───────────────┐     ┌────────┐     ┌─────────────┐
               ├─────────────────► products, sum ├─►Σ─►│ times  ├──►Σ─► running sum ├──► sums
    activations┘                 │ of a vector   │ beats scale  │     │ + overflow  │
               └─► scale product ────────────────────►└────────┘     └─────────────┘

    registers are at each operation that a cycle has no room for
"""

from functools import cache

from amaranth.hdl import Const, Module, Mux, Signal, Value

from ...arithmetic.delays import Path
from ...arithmetic.fast_accumulator import FastAccumulator
from ...arithmetic.staged_product import multiply, multiply_pair, pair_shift
from ...arithmetic.stages import Stages, Timed, depth_for
from ...stream.vector_control import VectorControl
from .config import VSQuantConfig
from .engine import VSQuant

__all__ = ["ClockedVSQuant", "plan"]

_Term = tuple[Timed, int, int]


class _Datapath:
    """What lies ahead of the running sum.

    Parameters
    ----------
    stages : where it is placed
    config : of the engine
    given : operands and flags of stage 0 by name
    """

    def __init__(self, stages: Stages, config: VSQuantConfig, given: dict[str, Timed]) -> None:
        self.stages, self.config, self.given = stages, config, given

    def total(self) -> Timed:
        """Sum of the scaled vectors of a beat."""
        config, stages = self.config, self.stages
        terms: list[_Term] = []
        for group in range(config.groups):
            scale = self._scale(group)
            terms.append(multiply(stages, f"scaled_{group}", self._block(group, scale), scale))
        total, _ = stages.tree("sum", terms, [])
        FastAccumulator.need(stages, exact_bits=config.exact_bits, saturate=config.overflow == "saturate")
        return total

    def _part(self, name: str, source: str, index: int, width: int, *, is_signed: bool = False) -> Timed:
        def word(value: Value) -> Value:
            part = value[index * width : (index + 1) * width]
            return part.as_signed() if is_signed else part

        return self.stages.logic(name, 0, word, self.given[source])

    def _scale(self, group: int) -> Timed:
        """Rounded product of the scales of a vector, unsigned."""
        config, stages = self.config, self.stages
        weight = self._part(f"weight_scale_{group}", "weight_scales", group, config.weight_scale_bits)
        activation = self._part(
            f"activation_scale_{group}", "activation_scales", group, config.activation_scale_bits
        )
        product, _, _ = multiply(stages, f"scale_{group}", weight, activation)
        dropped = config.scale_position
        if not dropped:
            return stages.logic(f"scale_{group}_kept", 0, lambda value: value[: config.scale_bits], product)

        def up(value: Value) -> Value:
            half = value[dropped - 1]
            if config.scale_rounding == "half_up":
                return half
            return half & (value[dropped] | value[: dropped - 1].any())

        rounds = stages.logic(
            f"scale_{group}_up", 2 if config.scale_rounding == "half_even" else 0, up, product
        )
        kept = stages.logic(f"scale_{group}_cut", 0, lambda value: value[dropped:], product)
        zero = stages.given(f"scale_{group}_zero", Const(0, 1))
        total = stages.add(f"scale_{group}_rounded", kept, zero, config.scale_bits + 1, rounds)
        return stages.logic(f"scale_{group}_kept", 0, lambda value: value[: config.scale_bits], total)

    def _element(self, source: str, lane: int, bits: int, keep: Timed | None) -> Timed:
        if source == "activations" and self.config.expansion > 1:
            four, place = self._part(f"four_{lane}", source, lane // 2, 4 * bits), lane

            def selected(four: Value, indices: Value) -> Value:
                index = indices.word_select(place, 2)
                each = [four.word_select(number, bits) for number in range(4)]
                low, high = (Mux(index[0], each[pair + 1], each[pair]) for pair in (0, 2))
                return Mux(index[1], high, low).as_signed()

            return self.stages.logic(f"activations_{lane}", 2, selected, four, self.given["indices"])
        part = self._part(f"{source}_{lane}", source, lane, bits, is_signed=True)
        if keep is None:
            return part
        return self.stages.logic(
            f"kept_{source}_{lane}",
            1,
            lambda value, keep: (value.as_unsigned() & keep.replicate(bits)).as_signed(),
            part,
            keep,
        )

    def _block(self, group: int, scale: Timed) -> Timed:
        """Sum of the products of a vector, of all its beats."""
        config, stages = self.config, self.stages
        keep = None
        if config.gate:
            keep = stages.logic(f"keep_{group}", 2, lambda value: value.any(), scale)
        lanes = range(group * config.group_lanes, (group + 1) * config.group_lanes)
        pairs = [
            (
                self._element("activations", lane, config.activation_bits, None),
                self._element("weights", lane, config.weight_bits, keep),
            )
            for lane in lanes
        ]
        terms, carries = self._products(group, pairs)
        total, left = stages.tree(f"block_{group}", terms, carries)
        if left:
            zero = stages.given(f"block_{group}_zero", Const(0, 1))
            total = stages.add(f"block_{group}_last", total, zero, config.block_bits, left[0])
        if config.beats > 1:
            total = stages.running(
                f"partial_{group}", total, self.given["starts"], self.given["valid"], config.block_bits
            )
        return total

    def _products(self, group: int, pairs: list[tuple[Timed, Timed]]) -> tuple[list[_Term], list[Timed]]:
        config, stages = self.config, self.stages
        dsp = config.multiplier == "dsp"
        shift = pair_shift(config.activation_bits, config.weight_bits, config.device) if dsp else None
        terms: list[_Term] = []
        carries: list[Timed] = []
        while pairs:
            label = f"product_{group}_{len(terms)}"
            if shift and len(pairs) > 1:
                (a, b), (c, d) = pairs[:2]
                total, low, high, carry = multiply_pair(stages, label, (a, c), (b, d), shift)
                terms.append((total, low, high))
                carries.append(carry)
                pairs = pairs[2:]
            else:
                terms.append(multiply(stages, label, *pairs[0], dsp=dsp))
                pairs = pairs[1:]
        return terms, carries


@cache
def plan(config: VSQuantConfig) -> tuple[int, Path]:
    """Return the register stages of a configuration, accumulator left out, and its longest path.

    Parameters
    ----------
    config : with ``pipeline=auto``
    """

    def build(stages: Stages) -> int:
        given = {
            name: stages.given(name, Signal(width, name=name), reset=name == "valid")
            for name, width in _widths(config).items()
        }
        total = _Datapath(stages, config, given).total()
        return total.stage + 1

    return depth_for(config, build)


def _widths(config: VSQuantConfig) -> dict[str, int]:
    flags = dict.fromkeys(("starts", "ends", "first", "last", "valid"), 1)
    return {
        "weights": config.lanes * config.weight_bits,
        "activations": config.positions * config.activation_bits,
        "weight_scales": config.groups * config.weight_scale_bits,
        "activation_scales": config.groups * config.activation_scale_bits,
        **({"indices": 2 * config.lanes} if config.expansion > 1 else {}),
        **flags,
    }


class ClockedVSQuant(VSQuant):
    """:class:`dotforge.engines.vsquant.engine.VSQuant` with ``pipeline=auto``: the same sums, later and faster.

    Sums are there ``latency`` cycles after their last beat, by the depth that ``clock_mhz`` and ``device``
    ask for; initiation interval 1. Gated, weights of a vector whose scale is zero are zeroed.

    Raises
    ------
    TooFast
        A running sum takes longer than a cycle.
    """

    def __init__(self, config: VSQuantConfig) -> None:
        super().__init__(config)
        self.latency = plan(config)[0] + FastAccumulator.latency

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        enable = Signal()
        m.d.comb += enable.eq(~self.sums.valid | self.sums.ready)
        m.submodules.control = control = VectorControl(beats=config.beats)
        valid, place = control.join(m, self.activations, self.weights, enable)
        weights, activations = self.weights.payload, self.activations.payload
        values = {
            "weights": weights.weight,
            "activations": activations.activation,
            "weight_scales": weights.scale,
            "activation_scales": activations.scale,
            "valid": valid,
            **place,
        }
        if config.expansion > 1:
            values["indices"] = weights.index
        stages = Stages(m, config.device, 1e3 / config.clock_mhz, enable)
        given = {
            name: stages.given(name, Value.cast(value), reset=name == "valid")
            for name, value in values.items()
        }
        total = _Datapath(stages, config, given).total()
        end = total.stage + 1
        m.submodules.accumulator = accumulator = FastAccumulator(
            addend_bits=len(total),
            exact_bits=max(config.exact_bits, len(total) + 1),
            sum_bits=config.sum_bits,
            saturate=config.overflow == "saturate",
        )
        ends = stages.at(given["ends"], end)
        m.d.comb += [
            accumulator.addend.eq(stages.at(total, end)),
            accumulator.enable.eq(enable),
            accumulator.valid.eq(stages.at(given["valid"], end) & ends),
            accumulator.first.eq(stages.at(given["first"], end)),
            accumulator.last.eq(stages.at(given["last"], end)),
            self.sums.payload.sum.eq(accumulator.sum),
            self.sums.payload.overflow.eq(accumulator.overflow),
            self.sums.valid.eq(accumulator.done),
        ]
        return m


def build(config: VSQuantConfig) -> VSQuant:
    """Return the engine of a configuration.

    Parameters
    ----------
    config : see :class:`dotforge.engines.vsquant.config.VSQuantConfig`
    """
    return (ClockedVSQuant if config.pipeline == "auto" else VSQuant)(config)
