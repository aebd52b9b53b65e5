"""Options that runs of all engines share, and their checks."""

from dataclasses import dataclass, field

from .errors import RunError

__all__ = ["RunOptions", "check_range"]


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What every run can be told."""

    save_quantized: str | None = field(
        default=None,
        metadata={
            "help": "operands as the engine took them to write, an .npz file: elements, scales and units"
        },
    )
    allow_overflow: bool = field(
        default=False, metadata={"help": "succeed although sums overflowed; the report lists them"}
    )


def check_range(name: str, value: float, low: float, high: float) -> float:
    """Return the value of an option.

    Parameters
    ----------
    name : of the option, without dashes
    value : as given

    Raises
    ------
    RunError
        It is below ``low``, above ``high`` or not a number.
    """
    if not low <= value <= high:
        raise RunError(f"--{name} {value:g}: allowed {low:g}…{high:g}")
    return value
