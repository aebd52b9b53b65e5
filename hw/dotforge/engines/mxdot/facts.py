"""What the block-format dot product says of a configuration."""

from ...arithmetic.delays import clock_rule, when_auto
from ...facts import Facts, Rule
from .config import MXDotConfig
from .wide_plan import BELOW, GROWTH, ORIGIN, WidePlan

__all__ = ["facts"]


def facts(config: MXDotConfig) -> Facts:
    """Return them."""
    rules = [
        Rule("dot products", "Any number of beats, 1 or more; `tlast` of `activations` is on the last one."),
        Rule("blocks", _blocks(config)),
        Rule("rounding", _rounding(config)),
    ]
    nans = ["a scale"]
    if config.weight.has_nan or config.activation.has_nan:
        nans.append("an element")
    text = f"A block is NaN if {' or '.join(nans)} of it is"
    if config.weight.has_infinity or config.activation.has_infinity:
        text += ", or where infinity meets zero or infinities of both signs meet"
    rules.append(Rule("NaN", f"{text}; NaN in a block makes the dot product NaN."))
    resolved = {}
    if config.pipeline == "auto":
        from .clocked import longest, plan  # noqa: PLC0415 - hardware, which only a clock needs

        resolved["pipeline"], _ = plan(config)
        rules.append(clock_rule(config, resolved["pipeline"], longest(config), "from operands to sums"))
    wide = config.accumulation == "wide"
    return Facts(
        function=(
            f"Dot products of any length of blocks of {config.block} elements that share a scale: weights "
            f"`{config.weight_format}`, activations `{config.activation_format}`, sums in FP32.",
            "The running sum is in fixed point and is rounded once. Sums that are not taken wait in a queue; "
            "when it is full with those on their way, no beat is taken."
            if wide
            else "A sum that is not taken stalls the engine. The adder of the running sum is combinational, "
            "one cycle around its loop.",
        ),
        rules=tuple(rules),
        resolved=resolved,
        idle=when_auto(config),
    )


def _rounding(config: MXDotConfig) -> str:
    if config.accumulation == "fp32":
        return (
            "The sum of a block's products is exact; times the scales it is rounded to FP32 once, and "
            "blocks add up in FP32 in order, all to nearest, ties to even."
        )
    if config.weight.scale != "e8m0":
        return (
            f"The sum of all products times scales is exact, of up to 2^{GROWTH} blocks, and is rounded to FP32 "
            "once, to nearest, ties to even."
        )
    plan = WidePlan(config)
    return (
        f"The sum of a block's products is exact. Blocks add up in a window in fixed point that moves in steps of "
        f"{plan.step} places, counted from 2^-{ORIGIN} on, and begins {BELOW} places below the step of the largest "
        "block so far, a block of zero left out. What is further below is cut off, rounded down; a sum that is two "
        f"steps or more below a block is dropped, and a block two steps below the sum. The window holds 2^{GROWTH} "
        "blocks; the sum is rounded to FP32 once, to nearest, ties to even."
    )


def _blocks(config: MXDotConfig) -> str:
    if config.beats == 1:
        return (
            "A beat is a block. One that a dot product ends early is shorter: what its last beat does not "
            "fill is zero."
        )
    return (
        f"A block takes {config.beats} beats; the scale of its last one counts. A block that a dot "
        "product ends early is shorter: what its last beat does not fill is zero."
    )
