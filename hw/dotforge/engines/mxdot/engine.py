"""Dot products of block formats as an engine: streams in, one FP32 sum out per dot product.

::

                     2                  1                            3
    weights ──►┐     ╎  ┌───────────┐   ╎  ┌──────────────────────┐  ╎  ┌───────────────┐
               ├─────╎─►│ block sum ├───╎─►│ times scales, to FP32├──╎─►│ FP32 running  ├──► sums
    activations┘     ╎  │ exact     │   ╎  └─────────▲────────────┘  ╎  │ sum           │
               └─ scales└───────────┘───╎────────────┘               ╎  └───────────────┘

    ╎ register stages, in the order in which ``pipeline`` adds them
"""

from amaranth.hdl import Module, Mux, Signal, Value, signed
from amaranth.lib import stream

from ...arithmetic.float_adder import FloatAdder
from ...arithmetic.pipeline import register_beat
from ...stream.axi import StreamBlock
from ...stream.vector_control import VectorControl
from .config import MXDotConfig
from .datapath import ScaledBlock, block_sum
from .payloads import payloads

__all__ = ["MXDot"]

_FLAGS = ("nan", "rises", "falls")


class MXDot(StreamBlock):
    """Dot products of blocks that have a scale each, of any length.

    Streams in, a beat of both at a time: ``weights`` and ``activations`` (``last`` ends a dot product), each
    with the scale of its block; where a block takes several beats, that of its last beat counts. A block that a
    dot product ends early is shorter. What a last beat does not fill is zero.
    Stream out: ``sums``, FP32. The sum of a block's products is exact, times the scales it is rounded to FP32
    once, and the blocks of a dot product add up in FP32 in order, all to nearest, ties to even.

    A block is NaN if a scale or an element of it is, or where infinity meets zero or infinities of both signs
    meet; NaN in a block makes the dot product NaN.

    The sum is there ``latency`` = ``pipeline`` + 1 cycles after its last beat; initiation interval 1: the FP32
    adder of the running sum is combinational, one cycle around its loop. A sum that is not taken stalls the
    engine.

    Parameters
    ----------
    config : see :class:`dotforge.engines.mxdot.config.MXDotConfig`
    """

    module_name = "engine"
    activations: stream.Interface
    weights: stream.Interface
    sums: stream.Interface

    def __init__(self, config: MXDotConfig) -> None:
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
        beat: dict[str, Value] = {
            "weights": self.weights.payload.weight,
            "activations": self.activations.payload.activation,
            "weight_scale": self.weights.payload.scale,
            "activation_scale": self.activations.payload.scale,
            **place,
        }
        if config.cuts >= 2:
            valid, beat = register_beat(m, 2, enable, valid, beat)
        blocks = self._blocks(m, enable & valid, beat)
        valid = valid & beat["ends"]
        beat = {name: beat[name] for name in ("weight_scale", "activation_scale", "first", "last")}
        if config.cuts >= 1:
            valid, beat = register_beat(m, 1, enable, valid, beat)
        m.submodules.scaled = scaled = ScaledBlock(config)
        m.d.comb += [getattr(scaled, name).eq(value) for name, value in blocks.items()]
        m.d.comb += [getattr(scaled, name).eq(beat[name]) for name in ("weight_scale", "activation_scale")]
        beat = {"block": scaled.o, "first": beat["first"], "last": beat["last"]}
        if config.cuts >= 3:
            valid, beat = register_beat(m, 3, enable, valid, beat)
        self._accumulate(m, enable, valid, beat)
        return m

    def _blocks(self, m: Module, load: Value, beat: dict[str, Value]) -> dict[str, Value]:
        """Block sum and flags of a block's last beat, or registers behind it."""
        config = self.config
        m.submodules.block = block = block_sum(config)
        m.d.comb += [block.weights.eq(beat["weights"]), block.activations.eq(beat["activations"])]
        found: dict[str, Value] = {"total": block.total, **{name: getattr(block, name) for name in _FLAGS}}
        if config.beats == 1 and config.cuts == 0:
            return found
        partial = {
            "total": Signal(signed(config.block_bits), name="partial", reset_less=True),
            **{name: Signal(name=f"partial_{name}", reset_less=True) for name in _FLAGS},
        }
        if config.beats > 1:
            m.d.comb += block.addend.eq(Mux(beat["starts"], 0, partial["total"]))
            earlier = {name: partial[name] & ~beat["starts"] for name in _FLAGS}
            both = (found["rises"] | earlier["rises"]) & (found["falls"] | earlier["falls"])
            found |= {name: found[name] | earlier[name] for name in _FLAGS}
            found["nan"] = found["nan"] | both
        with m.If(load):
            m.d.sync += [partial[name].eq(value) for name, value in found.items()]
        return dict(partial) if config.cuts else found

    def _accumulate(self, m: Module, enable: Signal, valid: Value, beat: dict[str, Value]) -> None:
        """Add a block to the running sum, in FP32."""
        running = Signal(32, reset_less=True)
        done = Signal()
        m.submodules.adder = adder = FloatAdder()
        m.d.comb += [
            adder.a.eq(Mux(beat["first"], 0, running)),
            adder.b.eq(beat["block"]),
            self.sums.payload.sum.eq(running),
            self.sums.valid.eq(done),
        ]
        with m.If(enable):
            m.d.sync += done.eq(valid & beat["last"])
        with m.If(enable & valid):
            m.d.sync += running.eq(adder.o)
