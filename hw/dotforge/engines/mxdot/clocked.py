"""Dot products of block formats for a clock that is asked for: a wide sum, registers where the clock needs them.

::

    weights ──►┐   ┌───────────┐     ┌────────────┐     ┌───────────────┐     ┌──────────┐
               ├──►│ block sum ├────►│ times      ├────►│ running sum,  ├────►│ round to ├──► sums
    activations┘   │ exact     │     │ scales     │     │ fixed point   │     │ FP32     │
                   └───────────┘     └────────────┘     └───────────────┘     └──────────┘

    registers are at each operation that a cycle has no room for; a queue behind them, so that nothing stalls them
"""

from functools import cache

from amaranth.hdl import Cat, Const, Module, Signal, Value

from ...arithmetic.delays import Path, delays
from ...arithmetic.staged_product import multiply
from ...arithmetic.stages import Stages, Timed, depth_for
from ...stream.vector_control import VectorControl
from .clocked_block import less_one, staged_block
from .config import MXDotConfig
from .engine import MXDot
from .sum_queue import SumQueue
from .wide_plan import WidePlan
from .wide_sum import accumulate, placed
from .wide_to_float import rounded

__all__ = ["ClockedMXDot", "build", "longest", "plan"]

_NAN = 0x7FC00000


def _scaled(
    stages: Stages, config: MXDotConfig, total: Timed, scales: tuple[Timed, Timed]
) -> tuple[Timed, Timed]:
    """A block times the significands of its scales, and the sum of their exponents."""
    if config.weight.scale == "e8m0":
        exponent = stages.add("exponent_sum", scales[0], scales[1], 10)
        return total, stages.logic("exponent", 0, lambda value: value.as_unsigned()[:9], exponent)
    weight, activation = (
        (
            stages.logic(f"{name}_significand", 1, lambda code: Cat(code[:3], code[3:].any()), scale),
            stages.logic(f"{name}_exponent", 1, lambda code: less_one(code[3:]), scale),
        )
        for name, scale in zip(("scale_weight", "scale_activation"), scales, strict=True)
    )
    both, _, _ = multiply(stages, "scale", weight[0], activation[0])
    significand = stages.logic("scale_unsigned", 0, lambda value: value.as_unsigned()[:8], both)
    exponent = stages.add("exponent_sum", weight[1], activation[1], 6)
    product, _, _ = multiply(stages, "scaled", total, significand)
    return (
        stages.logic("scaled_kept", 0, lambda value: value[: config.scaled_bits].as_signed(), product),
        stages.logic("exponent", 0, lambda value: value.as_unsigned()[:5], exponent),
    )


def _sum(stages: Stages, config: MXDotConfig, given: dict[str, Timed]) -> Timed:
    """FP32 of a dot product, of its last beat."""
    widths = WidePlan(config)
    total = staged_block(stages, config, given)
    scales = given["weight_scale"], given["activation_scale"]
    scaled, exponent = _scaled(stages, config, total, scales)
    block, step = placed(stages, widths, scaled, exponent)
    load = stages.logic("block_there", 1, lambda valid, ends: valid & ends, given["valid"], given["ends"])
    nan = stages.logic("scale_nan", 3, lambda a, b: a.all() | b.all(), *scales)
    stage, _ = stages.place(Path(levels=1), (nan, load, given["first"]))
    found, loads, first = (stages.at(each, stage) for each in (nan, load, given["first"]))
    sticky = Signal(name="nan_so_far", reset_less=True)
    with stages.m.If(stages.enable & loads):
        stages.m.d.sync += sticky.eq(found | (sticky & ~first))
    resolved, top = accumulate(stages, widths, block, step, given["first"], load)
    result = rounded(stages, widths, resolved, top)
    return stages.logic(
        "sum",
        1,
        lambda result, nan: (
            (result & ~Const(_NAN, 32) & (~nan).replicate(32))
            | (result & Const(_NAN, 32))
            | (Const(_NAN, 32) & nan.replicate(32))
        ),
        result,
        Timed("nan_so_far", sticky, stage + 1),
    )


def _widths(config: MXDotConfig) -> dict[str, int]:
    flags = dict.fromkeys(("starts", "ends", "first", "last", "valid"), 1)
    return {
        "weights": config.lanes * config.weight.width,
        "activations": config.lanes * config.activation.width,
        "weight_scale": config.scale_bits,
        "activation_scale": config.scale_bits,
        **flags,
    }


@cache
def plan(config: MXDotConfig) -> tuple[int, Path]:
    """Return the register stages of a configuration, and its longest path.

    Parameters
    ----------
    config : with ``pipeline=auto``
    """

    def build(stages: Stages) -> int:
        given = {
            name: stages.given(name, Signal(width, name=name), reset=name == "valid")
            for name, width in _widths(config).items()
        }
        return _sum(stages, config, given).stage + 1

    return depth_for(config, build)


def _places(depth: int) -> int:
    """Return the places of the queue: one for each dot product that is inside at one beat a cycle."""
    return 1 << (depth + SumQueue.latency + 1).bit_length()


def longest(config: MXDotConfig) -> Path:
    """Return the longest path of all, that of the queue included, which no registers cut.

    Parameters
    ----------
    config : with ``pipeline=auto``
    """
    depth, found = plan(config)
    return max(found, SumQueue.path(_places(depth)), key=lambda path: path.after(delays(config.device)))


class ClockedMXDot(MXDot):
    """:class:`dotforge.engines.mxdot.engine.MXDot` with ``pipeline=auto`` and ``accumulation=wide``.

    The sum of a dot product is there ``latency`` cycles after its last beat, by the depth that ``clock_mhz`` and
    ``device`` ask for; initiation interval 1. Blocks add up in fixed point, and the sum is rounded once. Sums that
    are not taken wait in a queue, and when as many dot products are inside as it holds, no beat is taken.

    Raises
    ------
    TooFast
        A loop takes longer than a cycle.
    """

    def __init__(self, config: MXDotConfig) -> None:
        self.depth, _ = plan(config)
        super().__init__(config)
        self.latency = self.depth + SumQueue.latency

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        m.submodules.queue = queue = SumQueue(width=32, depth=_places(self.depth))
        m.submodules.control = control = VectorControl(beats=config.beats)
        valid, place = control.join(m, self.activations, self.weights, queue.room)
        weights, activations = self.weights.payload, self.activations.payload
        values = {
            "weights": weights.weight,
            "activations": activations.activation,
            "weight_scale": weights.scale,
            "activation_scale": activations.scale,
            "valid": valid,
            **place,
        }
        stages = Stages(m, config.device, 1e3 / config.clock_mhz, Const(1, 1))
        given = {
            name: stages.given(name, Value.cast(value), reset=name == "valid")
            for name, value in values.items()
        }
        total = _sum(stages, config, given)
        end = total.stage + 1
        m.d.comb += [
            queue.enters.eq(valid & place["last"]),
            queue.done.eq(stages.at(given["valid"], end) & stages.at(given["last"], end)),
            queue.result.eq(stages.at(total, end)),
            queue.ready.eq(self.sums.ready),
            self.sums.payload.sum.eq(queue.value),
            self.sums.valid.eq(queue.valid),
        ]
        return m


def build(config: MXDotConfig) -> MXDot:
    """Return the engine of a configuration.

    Parameters
    ----------
    config : see :class:`dotforge.engines.mxdot.config.MXDotConfig`
    """
    return (ClockedMXDot if config.pipeline == "auto" else MXDot)(config)
