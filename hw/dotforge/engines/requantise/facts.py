"""What the post-processing unit says of a configuration."""

from ...arithmetic.delays import clock_rule, when_auto
from ...facts import Facts, Interval, Rule
from .config import RequantiseConfig

__all__ = ["facts"]


def facts(config: RequantiseConfig) -> Facts:
    """Return them."""
    largest = 2 ** (config.element_bits - 1) - 1
    rounded = "rounded half up" if config.scale_rounding == "nearest" else "rounded up, so that nothing clips"
    clock, resolved = (), {}
    if config.pipeline == "auto":
        from .clocked import plan  # noqa: PLC0415 - hardware, which only a clock needs

        resolved["pipeline"], longest = plan(config)
        clock = (clock_rule(config, resolved["pipeline"], longest, "ahead of the divider and behind it"),)
    return Facts(
        function=(
            f"Finds the largest magnitude of each vector of {config.vector} sums, its integer scale, "
            f"and its elements of {config.element_bits} bits. One divider of a bit a cycle makes both.",
        ),
        rules=(
            Rule(
                "scale",
                f"max |sum| / ({largest} · unit), {rounded}, at most {2**config.scale_bits - 1}; 0 "
                "where all elements are.",
            ),
            Rule(
                "elements",
                f"sum / (scale · unit), rounded half away from zero, within ±{largest}; 0 where the "
                "scale is.",
            ),
            Rule(
                "vectors",
                f"A vector ends after {config.vector} sums, or earlier with `tlast`, which goes with "
                "it; behind one that ended early are zeros. One that is not taken holds up the "
                "elements of the next.",
            ),
            *clock,
        ),
        intervals=(
            Interval("vector_to_vector", config.period, "a vector out", "the next one out", "sums are there"),
        ),
        resolved=resolved,
        idle=when_auto(config),
    )
