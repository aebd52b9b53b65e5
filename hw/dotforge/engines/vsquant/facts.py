"""What the vector-scaled MAC says of a configuration."""

from ...arithmetic.delays import clock_rule, when_auto
from ...facts import Facts, Rule
from .config import VSQuantConfig

__all__ = ["facts"]


def facts(config: VSQuantConfig) -> Facts:
    """Return them."""
    becomes = "wraps" if config.overflow == "wrap" else "is the largest or least there is"
    rules = [
        Rule("dot products", "Any number of beats, 1 or more; `tlast` of `activations` is on the last one."),
        Rule("vectors", _vectors(config)),
        Rule("scales", _scales(config)),
        Rule(
            "overflow",
            "It is judged once for each beat that ends a vector, the vectors of a beat summed exactly "
            f"first: a sum that does not fit {becomes}, and `overflow` stays set for that dot product.",
        ),
    ]
    if config.expansion > 1:
        rules.append(
            Rule(
                "2:4 sparsity",
                f"A beat holds {config.lanes} weights, two of every four, and {config.positions} "
                "activations; weight l multiplies activation 4 * (l // 2) + index.",
            )
        )
    if config.gate:
        how = (
            "their operand registers keep what they hold" if config.cuts >= 2 else "their weights are zeroed"
        )
        rules.append(
            Rule(
                "gating",
                f"The multipliers of a vector whose rounded scale product is 0 do not switch: {how}.",
            )
        )
    resolved, idle = {}, when_auto(config)
    if config.pipeline == "auto":
        from .clocked import plan  # noqa: PLC0415 - hardware, which only a clock needs

        resolved["pipeline"], longest = plan(config)
        rules.append(clock_rule(config, resolved["pipeline"], longest))
    if not config.scale_product_bits:
        resolved["scale_product_bits"] = config.weight_scale_bits + config.activation_scale_bits
    if not config.scale_position:
        idle = (*idle, "scale_rounding")
    return Facts(
        function=(
            f"Dot products of any length of vectors of {config.vector} elements that share an integer "
            f"scale: weights of {config.weight_bits} bits, activations of {config.activation_bits} "
            f"bits, summed in {config.sum_bits} bits.",
            "A sum that is not taken stalls the engine.",
        ),
        rules=tuple(rules),
        resolved=resolved,
        idle=idle,
    )


def _vectors(config: VSQuantConfig) -> str:
    if config.beats > 1:
        return (
            f"A vector takes {config.beats} beats and repeats its scale in all of them; one that a dot "
            "product ends early is shorter. What a last beat does not fill is zero."
        )
    if config.groups > 1:
        return f"A beat holds {config.groups} vectors, each with its scale. What a last beat does not fill is zero."
    return "A beat is a vector. What a last beat does not fill is zero."


def _scales(config: VSQuantConfig) -> str:
    if not config.scale_position:
        return "The product of the two scales is exact."
    rounding = "half up" if config.scale_rounding == "half_up" else "half to even"
    return (
        f"The product of the two scales loses its {config.scale_position} low bits, rounded {rounding}; "
        f"so sums are in units of 2^{config.scale_position}."
    )
