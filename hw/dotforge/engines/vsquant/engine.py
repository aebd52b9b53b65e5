"""The vector-scaled MAC as an engine: streams in, one sum out per dot product.

::

                                2          ┌──────────┐ 1          3
    weights ──►┐ (select, 2:4)  ╎  gate ──►│ products ├─╎─►┌───────╎┐   ┌─────────────┐
               ├────────────────╎─────────►│ of each  │ ╎  │ scaled ├──►│ running sum ├──► sums
    activations┘                ╎          │ vector   │ ╎  │ sums   │◄─┐│ + overflow  │
               └─► scale product╎──────────└──────────┘─╎─►└───────╎┘  └┴─────────────┘

    ╎ register stages, in the order in which ``pipeline`` adds them
"""

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import stream

from ...arithmetic.accumulator import Accumulator
from ...arithmetic.pipeline import register_beat
from ...stream.axi import StreamBlock
from ...stream.vector_control import VectorControl
from .config import VSQuantConfig
from .datapath import RowSum, ScaledSum, block_sum, scale_product
from .payloads import payloads
from .select import Select

__all__ = ["VSQuant"]


class VSQuant(StreamBlock):
    """Dot products of vectors that have a scale each, of any length.

    Streams in, a beat of both at a time: ``weights`` and ``activations`` (``last`` ends a dot product), each
    with the scales of the vectors it holds. A vector that takes several beats repeats its scale in all of
    them; one that a dot product ends early is shorter. What a last beat does not fill is zero.
    Stream out: ``sums``, in units of 2^``scale_position``, with the sticky overflow flag of that sum.

    With 2:4 sparsity a beat holds ``lanes`` weights, two of every four, and 2 · ``lanes`` activations; weight
    l multiplies activation 4 · (l // 2) + index.

    The sum is there ``latency`` = ``pipeline`` + 1 cycles after its last beat; initiation interval 1. A sum
    that is not taken stalls the engine. With ``gate`` the multipliers of a vector whose rounded scale product
    is zero do not switch: with ``pipeline`` 2 or more their operand registers keep what they hold, below that
    the weights are zeroed.

    Parameters
    ----------
    config : see :class:`dotforge.engines.vsquant.config.VSQuantConfig`
    """

    module_name = "engine"
    activations: stream.Interface
    weights: stream.Interface
    sums: stream.Interface

    def __init__(self, config: VSQuantConfig) -> None:
        self.config = config
        self.latency = config.cuts + 1
        super().__init__(*payloads(config))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        enable = Signal()
        m.d.comb += enable.eq(~self.sums.valid | self.sums.ready)
        m.submodules.control = control = VectorControl(beats=config.beats)
        valid, place = control.join(m, self.activations, self.weights, enable)
        weights, activations, scales = self._operands(m)
        beat: dict[str, Value] = {"scales": Cat(*scales), **place}
        if config.cuts >= 2:
            weights = self._hold(m, "weights", control.fire, weights, scales)
            activations = self._hold(m, "activations", control.fire, activations, scales)
            valid, beat = register_beat(m, 2, enable, valid, beat)
        elif config.gate:
            weights = [
                weight & scale.any().replicate(len(weight))
                for weight, scale in zip(weights, scales, strict=True)
            ]
        blocks = self._blocks(m, enable & valid, weights, activations, beat["starts"])
        valid, beat = valid & beat["ends"], {name: beat[name] for name in ("scales", "first", "last")}
        if config.cuts >= 1:
            valid, beat = register_beat(m, 1, enable, valid, beat)
        self._accumulate(m, enable, valid, {**beat, "blocks": blocks})
        return m

    def _operands(self, m: Module) -> tuple[list[Value], list[Value], list[Value]]:
        """Weights, activations (those that are multiplied) and rounded scale product of each vector."""
        config = self.config
        weights, activations = self.weights.payload, self.activations.payload
        taken: Value = activations.activation
        if config.expansion > 1:
            m.submodules.select = select = Select(lanes=config.lanes, activation_bits=config.activation_bits)
            m.d.comb += [select.activations.eq(taken), select.indices.eq(weights.index)]
            taken = select.selected
        scales: list[Value] = []
        for group in range(config.groups):
            m.submodules[f"scale_{group}"] = product = scale_product(config)
            m.d.comb += [
                product.weight.eq(weights.scale.word_select(group, config.weight_scale_bits)),
                product.activation.eq(activations.scale.word_select(group, config.activation_scale_bits)),
            ]
            scales.append(product.scale)
        return _cut(weights.weight, config.groups), _cut(taken, config.groups), scales

    def _hold(
        self, m: Module, name: str, fire: Value, operands: list[Value], scales: list[Value]
    ) -> list[Value]:
        """Registers that load with a beat; gated, not with one whose scale is zero."""
        registers: list[Value] = []
        for group, (operand, scale) in enumerate(zip(operands, scales, strict=True)):
            held = Signal(len(operand), name=f"{name}_{group}", reset_less=True)
            with m.If(fire & scale.any() if self.config.gate else fire):
                m.d.sync += held.eq(operand)
            registers.append(held)
        return registers

    def _blocks(
        self, m: Module, load: Value, weights: list[Value], activations: list[Value], starts: Value
    ) -> Value:
        """Sum of products of each vector: of a vector's last beat, or a register behind it."""
        config = self.config
        blocks: list[Value] = []
        for group in range(config.groups):
            m.submodules[f"block_{group}"] = block = block_sum(config)
            m.d.comb += [block.weights.eq(weights[group]), block.activations.eq(activations[group])]
            total: Value = block.total
            if config.beats > 1 or config.cuts >= 1:
                partial = Signal(signed(config.block_bits), name=f"partial_{group}", reset_less=True)
                with m.If(load):
                    m.d.sync += partial.eq(block.total)
                if config.beats > 1:
                    m.d.comb += block.addend.eq(Mux(starts, 0, partial))
                if config.cuts >= 1:
                    total = partial
            blocks.append(total)
        return Cat(*blocks)

    def _accumulate(self, m: Module, enable: Signal, valid: Value, beat: dict[str, Value]) -> None:
        """Scale the block sums and add them to the running sum."""
        config = self.config
        in_rows = config.cuts >= 3
        m.submodules.scaled = scaled = ScaledSum(
            groups=config.groups,
            block_bits=config.block_bits,
            scale_bits=config.scale_bits,
            addend_bits=0 if in_rows else config.sum_bits,
            width=config.exact_bits,
            rows=2 if in_rows else 1,
        )
        m.d.comb += [scaled.blocks.eq(beat["blocks"]), scaled.scales.eq(beat["scales"])]
        final: ScaledSum | RowSum = scaled
        if in_rows:
            flags = {"rows": scaled.total, "first": beat["first"], "last": beat["last"]}
            valid, beat = register_beat(m, 3, enable, valid, flags)
            m.submodules.rows = final = RowSum(rows=2, addend_bits=config.sum_bits, width=config.exact_bits)
            m.d.comb += final.rows.eq(beat["rows"])
        m.submodules.accumulator = accumulator = Accumulator(
            exact_bits=config.exact_bits, sum_bits=config.sum_bits, saturate=config.overflow == "saturate"
        )
        m.d.comb += [
            final.addend.eq(Mux(beat["first"], 0, accumulator.sum)),
            accumulator.exact.eq(final.total),
            accumulator.enable.eq(enable),
            accumulator.valid.eq(valid),
            accumulator.clear.eq(beat["first"]),
            accumulator.last.eq(beat["last"]),
            self.sums.payload.sum.eq(accumulator.sum),
            self.sums.payload.overflow.eq(accumulator.overflow),
            self.sums.valid.eq(accumulator.done),
        ]


def _cut(value: Value, parts: int) -> list[Value]:
    size = len(value) // parts
    return [value[part * size : (part + 1) * size] for part in range(parts)]
