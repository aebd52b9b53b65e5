"""The log-weight MAC as an engine: streams in, one sum out per dot product.

::

                        ┌───────────┐   ┌──────┐   ┌─────────────┐
    activations ───────►│ products  ├─┬►│ heap ├─┬►│ running sum ├──► sums
    weights ──[banks]──►│ (lanes)   │ │ │      │ │ │ + overflow  │
    bias ───────────────┴───────────┘ │ └──▲───┘ │ └──────┬──────┘
                            pipeline ≥ 1   │  pipeline = 2│
                                           └──────────────┘
"""

from amaranth.hdl import Const, Module, Mux, Signal, Value, signed
from amaranth.lib import stream

from ...arithmetic.accumulator import Accumulator
from ...arithmetic.pipeline import register_beat
from ...stream.axi import StreamBlock
from .bias import StationaryBias
from .config import LogMacConfig
from .datapath import ProductHeap, Products, lane_bits
from .payloads import payloads
from .storage import StationaryWeights

__all__ = ["LogMac", "build"]


class LogMac(StreamBlock):
    """Shift-add dot products of any length.

    Streams in: ``activations`` (``last`` ends a dot product), ``weights`` (beside the activations, or in sets
    that stay, see :class:`dotforge.engines.logmac.storage.StationaryWeights`; then ``release`` with a vector's last
    beat gives the set up after it), with ``fold_sign`` ``bias`` (one beat a dot product, or one a set).
    Stream out: ``sums``, in units of 2^low of the weight code, with the sticky overflow flag of that sum.

    The sum is there ``latency`` = ``pipeline`` + 1 cycles after its last beat; initiation interval 1. A sum
    that is not taken stalls the engine. With ``fold_sign`` the running sum starts at the bias
    Σ 2^shift over the negative weights of the dot product (to which a layer's own bias may be added), and
    overflow is judged on the running sum that includes it.

    Parameters
    ----------
    config : see :class:`dotforge.engines.logmac.config.LogMacConfig`
    """

    module_name = "engine"
    activations: stream.Interface
    weights: stream.Interface
    bias: stream.Interface
    sums: stream.Interface

    def __init__(self, config: LogMacConfig) -> None:
        self.config = config
        self.latency = config.cuts + 1
        super().__init__(*payloads(config))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        enable = Signal()
        fire = Signal()
        first = Signal(init=1)
        last = self.activations.payload.last
        m.d.comb += enable.eq(~self.sums.valid | self.sums.ready)
        with m.If(fire):
            m.d.sync += first.eq(last)

        weights, weights_valid, bias, bias_valid = self._operands(m, fire, first)
        m.d.comb += [
            fire.eq(self.activations.valid & weights_valid & bias_valid & enable),
            self.activations.ready.eq(weights_valid & bias_valid & enable),
        ]

        beat: dict[str, Value] = {"products": self._multiply(m, weights), "first": first, "last": last}
        if config.fold_sign:
            beat["bias"] = bias
        self._accumulate(m, enable, fire, beat)
        return m

    def _multiply(self, m: Module, weights: Value) -> Value:
        """Products of the current beat."""
        config = self.config
        m.submodules.products = products = Products(
            lanes=config.lanes,
            activation_bits=config.activation_bits,
            code=config.code,
            fold_sign=config.fold_sign,
        )
        m.d.comb += [
            products.activations.eq(self.activations.payload.activation),
            products.weights.eq(weights),
        ]
        return products.products

    def _operands(self, m: Module, fire: Signal, first: Signal) -> tuple[Value, Value, Value, Value]:
        """Weights and bias of the current beat, and whether each is there."""
        config = self.config
        last = self.activations.payload.last
        weights, weights_valid = self.weights.payload.weight, self.weights.valid
        bias: Value = Const(0, signed(config.sum_bits))
        bias_valid: Value = Const(1, 1)
        if config.weight_depth:
            m.submodules.stationary = bank = StationaryWeights(
                payload=self.inputs["weights"], depth=config.weight_depth
            )
            release = last & self.activations.payload.release
            m.d.comb += [
                bank.i.payload.eq(self.weights.payload),
                bank.i.valid.eq(self.weights.valid),
                self.weights.ready.eq(bank.i.ready),
                bank.advance.eq(fire),
                bank.restart.eq(last),
                bank.retire.eq(release),
            ]
            weights, weights_valid = bank.weights, bank.valid
            if config.fold_sign:
                m.submodules.bias = held = StationaryBias(width=config.sum_bits)
                m.d.comb += [
                    held.i.payload.eq(self.bias.payload.bias),
                    held.i.valid.eq(self.bias.valid),
                    self.bias.ready.eq(held.i.ready),
                    held.retire.eq(fire & release),
                ]
                bias, bias_valid = held.bias, held.valid
        else:
            m.d.comb += self.weights.ready.eq(fire)
            if config.fold_sign:
                m.d.comb += self.bias.ready.eq(fire & first)
                bias, bias_valid = self.bias.payload.bias.as_signed(), self.bias.valid | ~first
        return weights, weights_valid, bias, bias_valid

    def _accumulate(self, m: Module, enable: Signal, valid: Value, beat: dict[str, Value]) -> None:
        """Carry a beat through the register stages and the heap into the running sum."""
        config = self.config
        lanes, width = config.lanes, lane_bits(config.activation_bits, config.code, config.fold_sign)
        form = "folded" if config.fold_sign else "plain"
        if config.cuts >= 1:
            valid, beat = register_beat(m, 1, enable, valid, beat)
        if config.cuts >= 2:
            m.submodules.lanes_heap = lanes_heap = ProductHeap(
                lanes=lanes, lane_bits=width, form=form, addend_bits=0, width=config.exact_bits, rows=2
            )
            m.d.comb += lanes_heap.products.eq(beat["products"])
            valid, beat = register_beat(m, 2, enable, valid, {**beat, "products": lanes_heap.total})
            lanes, width, form = 2, config.exact_bits, "rows"

        m.submodules.heap = heap = ProductHeap(
            lanes=lanes,
            lane_bits=width,
            form=form,
            addend_bits=config.sum_bits,
            width=config.exact_bits,
        )
        m.submodules.accumulator = accumulator = Accumulator(
            exact_bits=config.exact_bits, sum_bits=config.sum_bits, saturate=config.overflow == "saturate"
        )
        m.d.comb += [
            heap.products.eq(beat["products"]),
            heap.addend.eq(Mux(beat["first"], beat.get("bias", 0), accumulator.sum)),
            accumulator.exact.eq(heap.total),
            accumulator.enable.eq(enable),
            accumulator.valid.eq(valid),
            accumulator.clear.eq(beat["first"]),
            accumulator.last.eq(beat["last"]),
            self.sums.payload.sum.eq(accumulator.sum),
            self.sums.payload.overflow.eq(accumulator.overflow),
            self.sums.valid.eq(accumulator.done),
        ]


def build(config: LogMacConfig) -> LogMac:
    """Return the engine of a configuration."""
    from .clocked import ClockedLogMac  # noqa: PLC0415 - they are built upon this module
    from .log_engine import LogNumberMac  # noqa: PLC0415

    if config.pipeline == "auto":
        return ClockedLogMac(config)
    return (LogNumberMac if config.is_log else LogMac)(config)
