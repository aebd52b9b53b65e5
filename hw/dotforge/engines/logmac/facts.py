"""What the log-weight MAC says of a configuration."""

from ...arithmetic.delays import clock_rule
from ...facts import Facts, Interval, Rule
from .config import LogMacConfig

__all__ = ["facts"]


def facts(config: LogMacConfig) -> Facts:
    """Return them."""
    rules = [
        Rule("dot products", "Any number of beats, 1 or more; `tlast` of `activations` is on the last one."),
        Rule("overflow", _overflow(config)),
    ]
    intervals = []
    if config.weight_depth:
        rules.append(
            Rule(
                "sets of weights",
                f"Two sets of up to {config.weight_depth} beats are held: one is used while the next "
                "one loads. A set is played from its first beat in each dot product, and over again in "
                "a longer one. `release` in the last beat of a dot product gives it up.",
            )
        )
        intervals.append(
            Interval(
                "set_to_first_activation", 2, "last beat of a set of weights", "first beat of activations",
                "no other set is in use",
            )
        )  # fmt: skip
    if config.fold_sign:
        each = "set of weights" if config.weight_depth else "dot product"
        rules.append(
            Rule(
                "bias",
                f"Each {each} needs a beat of `bias`: the sum starts there, and is wrong without the "
                "magnitudes of the negative weights in it. Overflow is judged on the sum that includes "
                "it.",
            )
        )
    resolved = {}
    if config.pipeline == "auto":
        from .clocked import plan  # noqa: PLC0415 - hardware, which only a clock needs

        depth, longest = plan(config)
        resolved["pipeline"] = depth
        rules.append(clock_rule(config, depth, longest))
    return Facts(
        function=_function(config),
        rules=tuple(rules),
        intervals=tuple(intervals),
        resolved=resolved,
        idle=config.idle,
    )


def _function(config: LogMacConfig) -> tuple[str, ...]:
    if config.is_log:
        operands = (
            "integers" if config.activation_code == "integer" else f"log numbers `{config.activation_code}`"
        )
        told = [
            f"Dot products of any length of {operands} and log numbers `{config.weight_code}`: a "
            "product is an addition of exponents."
        ]
        if config.accumulator == "binned":
            told.append(
                f"Products add up in one integer of {config.bin_bits} bits for each fraction of the "
                f"exponent; the lookup of 2^fraction, {config.lookup_bits} bits wide, comes once a dot "
                "product."
            )
        else:
            told.append(
                f"Each product goes through a lookup of 2^fraction, {config.lookup_bits} bits wide, and "
                f"they add up in {config.sum_bits} bits."
            )
        if config.log_output != "none":
            told.append(f"Sums, divided by 2^{config.log_shift}, leave as log numbers `{config.log_output}`.")
    else:
        told = [
            f"Shift-add dot products of any length: activations of {config.activation_bits} bits times "
            f"weights `{config.weight_code}` that are powers of two or 0, summed in {config.sum_bits} "
            "bits."
        ]
    if config.fold_sign:
        told.append("A negative weight complements its product; the +1 of all of them comes with the bias.")
    told.append("A sum that is not taken stalls the engine.")
    return tuple(told)


def _overflow(config: LogMacConfig) -> str:
    becomes = "wraps" if config.overflow == "wrap" else "is the largest or least there is"
    where = "any bin or their sum" if config.accumulator == "binned" else "the running sum"
    return (
        f"It is judged once a beat, lanes summed exactly first, on {where}: what does not fit "
        f"{becomes}, and `overflow` stays set for that dot product."
    )
