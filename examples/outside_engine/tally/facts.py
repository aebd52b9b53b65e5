"""What the engine tells of a configuration."""

from dotforge.facts import Facts, Rule

from .config import TallyConfig

__all__ = ["facts"]


def facts(config: TallyConfig) -> Facts:
    """Return what it does, and its one rule."""
    return Facts(
        function=(f"Adds up integers of {config.bits} bits.",),
        rules=(Rule("sums", "`tlast` is on the last value of a sum, which wraps at 16 bits."),),
    )
