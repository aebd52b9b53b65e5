"""What the post-processing unit says of a configuration."""

from ...arithmetic.delays import clock_rule
from ...facts import Facts, Interval, Rule
from .config import RequantiseConfig

__all__ = ["facts"]


def facts(config: RequantiseConfig) -> Facts:
    """Return them."""
    if config.is_nvfp4:
        return _nvfp4(config)
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
            _vectors(config),
            *clock,
        ),
        intervals=_intervals(config),
        resolved=resolved,
        idle=config.idle,
    )


def _nvfp4(config: RequantiseConfig) -> Facts:
    tries = config.passes == 2
    other = (
        "; or max |sum| / (4 · unit), if that leaves less squared error, or the first is 0" if tries else ""
    )
    return Facts(
        function=(
            "Finds the largest magnitude of each block of 16 sums, its scale in E4M3, and its elements in E2M1. "
            "One divider of a bit a cycle makes them"
            + (", for two scales one after the other." if tries else "."),
        ),
        rules=(
            Rule("scale", f"max |sum| / (6 · unit), ties to even, at most 448{other}."),
            Rule("elements", "sum / (scale · unit), ties to even, within ±6; 0 where the scale is."),
            _vectors(config),
        ),
        intervals=_intervals(config),
        idle=config.idle,
    )


def _vectors(config: RequantiseConfig) -> Rule:
    return Rule(
        "vectors",
        f"A vector ends after {config.vector} sums, or earlier with `tlast`, which goes with "
        "it; behind one that ended early are zeros. One that is not taken holds up the "
        "elements of the next.",
    )


def _intervals(config: RequantiseConfig) -> tuple[Interval, ...]:
    return (
        Interval("vector_to_vector", config.period, "a vector out", "the next one out", "sums are there"),
    )
