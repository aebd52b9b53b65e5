"""The log-weight MAC for a clock that is asked for: lanes and a tree of carry chains, registers where it needs them.

::

    activations ──►┌───────┐   ┌──────────┐   ┌─────────────┐
                   │ lanes ├──►│ adders,  ├──►│ running sum ├──► sums
    weights ──────►│ ╎   ╎ │ ╎ │ 2 a node ╎ ╎ │ + overflow  │
                   └───────┘   └──────────┘   └─────────────┘

    ╎ registers, at each operation that a cycle has no room for
"""

from functools import cache

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed

from ...arithmetic.delays import Path
from ...arithmetic.fast_accumulator import FastAccumulator
from ...arithmetic.stages import Stages, Timed, depth_for
from ...arithmetic.units import code_fields
from .config import LogMacConfig
from .engine import LogMac

__all__ = ["ClockedLogMac", "plan"]


def _products(
    stages: Stages, config: LogMacConfig, activations: Timed, weights: Timed
) -> list[tuple[Timed, Timed | None]]:
    """Shift-add products of all lanes, each with the bit to add on top of it unless signs are folded.

    As :class:`dotforge.engines.logmac.lane.ShiftAddLane` makes them, a multiplexer row a level.
    """
    code, bits = config.code, config.activation_bits
    reach = bits + code.max_shift
    made: list[tuple[Timed, Timed | None]] = []
    for lane in range(config.lanes):

        def word(value: Value, width: int, lane: int = lane) -> Value:
            return value.word_select(lane, width)

        def decoded(weight: Value) -> Value:
            shift, negative, zero = code_fields(code, word(weight, code.bits))
            return Cat(negative, zero, shift)

        def complemented(activation: Value, field: Value) -> Value:
            a, negative, zero = word(activation, bits), field[0], field[1]
            if config.fold_sign:
                return a ^ negative.replicate(bits)
            return (a ^ negative.replicate(bits)) | zero.replicate(bits)

        field = stages.logic(f"lane_{lane}_field", 0 if code.bits <= 3 else 1, decoded, weights)
        value = stages.logic(f"lane_{lane}_signed", 1, complemented, activations, field)
        rows = [row for row in range(code.shift_bits) if 1 << row <= code.max_shift]
        for row in rows:

            def shifted(value: Value, field: Value, amount: int = 1 << row, row: int = row) -> Value:
                fill = Const(0, 1) if config.fold_sign else field[0] | field[1]
                width = min(len(value) + amount, reach)
                low = Cat(value, value[-1].replicate(width - len(value)))
                return Mux(field[2 + row], Cat(fill.replicate(amount), value)[:width], low)

            value = stages.logic(f"lane_{lane}_by_{1 << row}", 1, shifted, value, field)
        negative: Timed | None = None
        if config.fold_sign:
            value = stages.logic(
                f"lane_{lane}_kept",
                1,
                lambda value, field: value & (~field[1]).replicate(len(value)),
                value,
                field,
            )
        else:
            negative = stages.logic(f"lane_{lane}_negative", 0, lambda field: field[0] | field[1], field)
        product = stages.logic(f"lane_{lane}_product", 0, lambda value: value.as_signed(), value)
        made.append((product, negative))
    return made


def _beat_sum(
    stages: Stages, config: LogMacConfig, activations: Timed, weights: Timed
) -> tuple[Timed, Timed | None]:
    """Sum of the products of a beat but for a last bit, which is added to the running sum with it."""
    made = _products(stages, config, activations, weights)
    largest = 1 << (config.product_bits - 1)
    total, left = stages.tree(
        "sum",
        [(product, -largest, largest - 1) for product, _ in made],
        [negative for _, negative in made if negative is not None],
    )
    FastAccumulator.need(stages, exact_bits=config.exact_bits, saturate=config.overflow == "saturate")
    return total, left[0] if left else None


@cache
def plan(config: LogMacConfig) -> tuple[int, Path]:
    """Return the register stages of a configuration, accumulator left out, and its longest path.

    Parameters
    ----------
    config : with ``pipeline=auto``
    """
    lanes = config.lanes

    def build(stages: Stages) -> int:
        total, _ = _beat_sum(
            stages,
            config,
            *_operands(
                stages, config, Signal(lanes * config.activation_bits), Signal(lanes * config.code.bits)
            ),
        )
        return total.stage + 1

    return depth_for(config, build)


def _operands(
    stages: Stages, config: LogMacConfig, activations: Value, weights: Value
) -> tuple[Timed, Timed]:
    # A stored set of weights is read from its memory first.
    return stages.given("activations", activations), stages.given(
        "weights", weights, levels=2 if config.weight_depth else 0
    )


class ClockedLogMac(LogMac):
    """:class:`dotforge.engines.logmac.engine.LogMac` with ``pipeline=auto``: the same sums, later and faster.

    Sums are there ``latency`` cycles after their last beat, by the depth that ``clock_mhz`` and ``device``
    ask for; initiation interval 1.

    Raises
    ------
    TooFast
        The running sum takes longer than a cycle.
    """

    def __init__(self, config: LogMacConfig) -> None:
        super().__init__(config)
        self.latency = plan(config)[0] + FastAccumulator.latency

    def _multiply(self, m: Module, weights: Value) -> Value:
        return weights  # multiplied where the registers are placed

    def _accumulate(self, m: Module, enable: Signal, valid: Value, beat: dict[str, Value]) -> None:
        config = self.config
        stages = Stages(m, config.device, 1e3 / config.clock_mhz, enable)
        operands = _operands(stages, config, self.activations.payload.activation, beat["products"])
        total, left = _beat_sum(stages, config, *operands)
        end = total.stage + 1
        flags = {name: stages.given(name, beat[name]) for name in ("first", "last")}
        flags["valid"] = stages.given("valid", valid, reset=True)
        m.submodules.accumulator = accumulator = FastAccumulator(
            addend_bits=len(total),
            exact_bits=max(config.exact_bits, len(total) + 1),
            sum_bits=config.sum_bits,
            saturate=config.overflow == "saturate",
        )
        start = stages.given("bias", beat.get("bias", Const(0, signed(config.sum_bits))))
        m.d.comb += [
            accumulator.addend.eq(stages.at(total, end)),
            accumulator.carry.eq(0 if left is None else stages.at(left, end)),
            accumulator.start.eq(stages.at(start, end) if config.fold_sign else 0),
            accumulator.enable.eq(enable),
            *(getattr(accumulator, name).eq(stages.at(flag, end)) for name, flag in flags.items()),
            self.sums.payload.sum.eq(accumulator.sum),
            self.sums.payload.overflow.eq(accumulator.overflow),
            self.sums.valid.eq(accumulator.done),
        ]
