"""What the block-format dot product says of a configuration."""

from ...facts import Facts, Rule
from .config import MXDotConfig

__all__ = ["facts"]


def facts(config: MXDotConfig) -> Facts:
    """Return them."""
    rules = [
        Rule("dot products", "Any number of beats, 1 or more; `tlast` of `activations` is on the last one."),
        Rule("blocks", _blocks(config)),
        Rule(
            "rounding",
            "The sum of a block's products is exact; times the scales it is rounded to FP32 once, and "
            "blocks add up in FP32 in order, all to nearest, ties to even.",
        ),
    ]
    nans = ["a scale"]
    if config.weight.has_nan or config.activation.has_nan:
        nans.append("an element")
    text = f"A block is NaN if {' or '.join(nans)} of it is"
    if config.weight.has_infinity or config.activation.has_infinity:
        text += ", or where infinity meets zero or infinities of both signs meet"
    rules.append(Rule("NaN", f"{text}; NaN in a block makes the dot product NaN."))
    return Facts(
        function=(
            f"Dot products of any length of blocks of {config.block} elements that share a scale: weights "
            f"`{config.weight_format}`, activations `{config.activation_format}`, sums in FP32.",
            "A sum that is not taken stalls the engine. The adder of the running sum is combinational, "
            "one cycle around its loop.",
        ),
        rules=tuple(rules),
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
