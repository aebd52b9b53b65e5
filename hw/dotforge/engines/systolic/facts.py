"""What the systolic array says of a configuration."""

from typing import Any

from ...facts import Facts, PortFact, Rule
from .config import SystolicConfig

__all__ = ["facts"]


def facts(config: SystolicConfig) -> Facts:
    """Return them."""
    resolved: dict[str, Any] = {}
    if config.sum_format != config.sum.name.lower():
        resolved["sum_format"] = config.sum.name.lower()
    if config.multiplier == "auto":
        resolved["multiplier"] = "dsp" if config.in_blocks else "logic"
    rules = [
        Rule(
            "folds",
            f"{config.rows} beats of `weights`, row 0 first, are a fold; the vectors of `activations` "
            "up to `tlast` meet it, and `tlast` of `sums` ends it. Sums of one output over several "
            "folds are to be added outside.",
        ),
        Rule(
            "order",
            "Column c adds a[0] · w[0][c], a[1] · w[1][c], … in this order, in the format of the sums.",
        ),
    ]
    return Facts(
        function=(
            f"Weight-stationary array of {config.rows} × {config.columns} multipliers: a matrix of "
            "weights times vectors of activations, one a cycle.",
            "Sums that are not taken stall the whole array.",
        ),
        rules=tuple(rules),
        ports={"overflow": PortFact("a sum did not fit; stays high until reset")}
        if config.may_overflow
        else {},
        resolved=resolved,
        idle=() if config.is_float else ("flush_subnormals",),
    )
