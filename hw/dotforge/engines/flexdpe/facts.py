"""What the Flex-DPE says of a configuration."""

from typing import Any

from ...facts import Facts, Interval, PortFact, Rule, choices
from .choose import CHOSEN, reason
from .config import FlexDpeConfig
from .errors import MEANINGS, Cause

__all__ = ["facts"]


def facts(config: FlexDpeConfig) -> Facts:
    """Return them."""
    return Facts(
        function=_function(config),
        choice=_choice(config),
        rules=_rules(config),
        intervals=(
            Interval(
                "load_to_first_vector",
                config.load_cycles,
                "first beat of bitmaps",
                "first streaming vector taken",
                "the OR of all bitmaps comes in one beat, the window has one row with a value at every "
                "position, and nothing that loads pauses",
            ),
        ),
        ports=_ports(config),
        resolved=_resolved(config),
        idle=_idle(config),
    )


def _function(config: FlexDpeConfig) -> tuple[str, ...]:
    routing = (
        "The settings of the distribution network come from a stream."
        if config.host_routes
        else "The settings of the distribution network are found in hardware, from the bitmaps."
    )
    return (
        f"Multiplies sparse matrices: {config.lanes} multipliers hold the nonzeros of stationary rows, "
        f"packed without gaps, while compressed vectors of {config.positions} positions stream past, "
        "one a cycle. Products of a row, whatever their number, add up in a reduction network to one "
        "sum.",
        f"{routing} The next fold loads while one streams.",
        "A sum that is not taken stalls the engine.",
    )


def _choice(config: FlexDpeConfig) -> str:
    if config.optimize == "none":
        return ""
    values = {name: getattr(config, name) for name in CHOSEN}
    return reason(config.optimize, config.lanes, config.format, values)


def _rules(config: FlexDpeConfig) -> tuple[Rule, ...]:
    lanes, positions = config.lanes, config.positions
    rules = [
        Rule(
            "windows",
            f"K is cut into windows of {positions} positions. For each, in this order but each stream "
            "as far ahead as there is room: `bitmaps`, `rows` and `stationary`, and then `vectors` for "
            "each of its folds. Rows that are empty may be left out.",
        ),
        Rule(
            "folds",
            "Only values at positions that are set in the OR of the window's `bitmaps` are kept; each "
            "takes a lane, row after row and position after position, without gaps. A fold is the next "
            f"{lanes} of them, or what is left in the window: ceil(kept values / {lanes}) folds, none "
            "if nothing is kept, and no fold holds values of two windows. All vectors of the window "
            "are streamed past each of its folds.",
        ),
        Rule(
            "rows over folds",
            f"A row that does not fit goes on in the next fold: its sum in lane {lanes - 1} has "
            "`partial` set. Sums of one row over folds and windows are to be added outside, in "
            "(window, fold) order.",
        ),
        Rule(
            "bitmaps",
            "They are a promise: a position in none of them is left out of the products, whatever a "
            "vector's bitmap says later.",
        ),
        Rule(
            "vectors",
            f"A fold has 1 vector or more; indices count modulo 2^{config.index_bits}, and sums of a "
            "slot come in the order of the vectors.",
        ),
        Rule("sums", _sums(config)),
        Rule(
            "errors",
            "`error` stays high until reset, with the cause of the first one. From then on all inputs "
            "are taken and ignored; vectors that were taken before still give their sums.",
        ),
    ]
    if config.host_routes:
        rules.append(
            Rule(
                "settings",
                f"A packet of {config.setting_rows} beats for each fold, ahead of its vectors. "
                f"`dotforge_golden.route.route('{config.topology}', positions, {positions})` in "
                "`bench/` makes it from the window position of each lane, -1 for a lane without a "
                "value.",
            )
        )
    if config.may_overflow:
        rules.append(
            Rule(
                "overflow",
                f"A sum that does not fit {config.sum.width} bits wraps; the slot's flag says so, and "
                "the port `overflow` stays set until reset.",
            )
        )
    if config.is_float:
        flushed = (
            "subnormal operands count as zeros" if config.flush_subnormals else "subnormal numbers are kept"
        )
        rules.append(
            Rule(
                "rounding",
                f"To nearest, ties to even; {flushed}. Sums add in the order of the reduction network.",
            )
        )
    return tuple(rules)


def _sums(config: FlexDpeConfig) -> str:
    if config.overlaps:
        beat = "A beat holds all sums of one vector."
    else:
        beat = (
            "A beat holds the sums that are complete, of one vector or several; `complete` marks the "
            "last one of vector `vector`."
        )
    return (
        f"{beat} Slot j serves the run of lanes that ends in lane j. After `tlast` no sum of the fold is "
        "outstanding."
    )


def _ports(config: FlexDpeConfig) -> dict[str, PortFact]:
    causes = {
        cause: text
        for cause, text in MEANINGS.items()
        if config.host_routes or cause is not Cause.ROUTE_LENGTH
    }
    ports = {
        "error": PortFact("the streams broke a rule; stays high until reset"),
        "error_cause": PortFact("cause of the first error", choices(causes)),
    }
    if config.may_overflow:
        ports["overflow"] = PortFact("a sum did not fit; stays high until reset")
    return ports


def _resolved(config: FlexDpeConfig) -> dict[str, Any]:
    meant = {
        "window": config.positions,
        "sum_format": config.sum.name.lower(),
        "fold_change": "overlap" if config.overlaps else "drain",
        "distribution": config.topology,
        **({"multiplier": "dsp" if config.in_blocks else "logic"} if config.multiplier == "auto" else {}),
    }
    return {name: value for name, value in meant.items() if getattr(config, name) != value}


def _idle(config: FlexDpeConfig) -> tuple[str, ...]:
    idle = []
    if not config.is_float:
        idle.append("flush_subnormals")
    if config.host_routes:
        idle += ["route_engines", "route_walkers", "row_buffer"]
    elif config.topology == "crossbar":
        idle += ["route_engines", "route_walkers"]
    return tuple(idle)
