"""The parts of the engine for a configuration: block sum, scales, and what makes FP32 of both.

::

    scales ──► sum of exponents, product of significands ──┐
                                                           ▼
    block sum, exact, fixed point ────────────────► times significand ──► round to FP32
"""

from amaranth.hdl import Cat, Module, Signal, signed
from amaranth.lib.wiring import In, Out

from ...arithmetic.float_adder import FloatAdder
from ...arithmetic.heap import Heap
from ...arithmetic.product import add_product
from ...block import Block
from .block_sum import BlockSum
from .config import MXDotConfig
from .scale import PowerScale, SmallFloatScale
from .to_float import FixedToFloat

__all__ = ["BlockMac", "ScaledBlock", "block_sum"]


def block_sum(config: MXDotConfig) -> BlockSum:
    """Return the heap of the products that a block adds a cycle."""
    return BlockSum(
        lanes=config.lanes,
        weight=config.weight_format,
        activation=config.activation_format,
        width=config.block_bits,
        addend=config.beats > 1,
    )


class ScaledBlock(Block):
    """A block sum times the scales of its two blocks, rounded once to FP32, combinational.

    Parameters
    ----------
    config : of the engine

    Interface attributes
    --------------------
    total : exact block sum, in units of 2^``config.unit``
    weight_scale, activation_scale : codes
    nan, rises, falls : the block holds NaN, +infinity, −infinity
    o : FP32
    """

    total: Signal
    weight_scale: Signal
    activation_scale: Signal
    nan: Signal
    rises: Signal
    falls: Signal
    o: Signal

    def __init__(self, config: MXDotConfig) -> None:
        self.config = config
        super().__init__(
            {
                "total": In(signed(config.block_bits)),
                "weight_scale": In(config.scale_bits),
                "activation_scale": In(config.scale_bits),
                **dict.fromkeys(("nan", "rises", "falls"), In(1)),
                "o": Out(32),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        m.submodules.scale = scale = PowerScale() if config.weight.scale == "e8m0" else SmallFloatScale()
        m.submodules.to_float = to_float = FixedToFloat(
            width=config.scaled_bits,
            exponent_bits=config.exponent_bits,
            lowest=config.exponents[0],
            highest=config.exponents[-1],
        )
        scaled = self.total
        if isinstance(scale, SmallFloatScale):
            heap = Heap(config.scaled_bits)
            add_product(m, "scaled", heap, self.total, scale.significand)
            scaled = Cat(heap.compress(m))
        m.d.comb += [
            scale.weight.eq(self.weight_scale),
            scale.activation.eq(self.activation_scale),
            to_float.value.eq(scaled),
            to_float.exponent.eq(scale.exponent),
            to_float.nan.eq(self.nan | scale.nan),
            to_float.rises.eq(self.rises),
            to_float.falls.eq(self.falls),
            self.o.eq(to_float.o),
        ]
        return m


class BlockMac(Block):
    """The bare unit that the transistor figures are about: a block a cycle into an FP32 running sum.

    It has no operand registers, no clear and no streams (the engine has them). Initiation interval 1, latency 1.

    Parameters
    ----------
    config : whole blocks a beat (``beats`` is 1)

    Raises
    ------
    ValueError
        A block takes more than one beat.

    Interface attributes
    --------------------
    weights, activations : codes of all lanes, lane 0 in the low bits
    weight_scale, activation_scale : codes
    sum : the running sum, FP32, registered
    """

    weights: Signal
    activations: Signal
    weight_scale: Signal
    activation_scale: Signal
    sum: Signal
    latency = 1

    def __init__(self, config: MXDotConfig) -> None:
        if config.beats > 1:
            raise ValueError(f"BlockMac: lanes={config.lanes} is less than a block of {config.block}")
        self.config = config
        super().__init__(
            {
                "weights": In(config.lanes * config.weight.width),
                "activations": In(config.lanes * config.activation.width),
                "weight_scale": In(config.scale_bits),
                "activation_scale": In(config.scale_bits),
                "sum": Out(32),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        running = Signal(32, reset_less=True)
        m.submodules.block = block = block_sum(self.config)
        m.submodules.scaled = scaled = ScaledBlock(self.config)
        m.submodules.adder = adder = FloatAdder()
        m.d.comb += [
            block.weights.eq(self.weights),
            block.activations.eq(self.activations),
            scaled.weight_scale.eq(self.weight_scale),
            scaled.activation_scale.eq(self.activation_scale),
            adder.a.eq(running),
            adder.b.eq(scaled.o),
            self.sum.eq(running),
        ]
        m.d.comb += [
            getattr(scaled, name).eq(getattr(block, name)) for name in ("total", "nan", "rises", "falls")
        ]
        m.d.sync += running.eq(adder.o)
        return m
