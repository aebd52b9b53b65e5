"""Options that runs of all engines share, and their checks."""

from dataclasses import dataclass, field, fields
from typing import Any

from .errors import RunError

__all__ = ["RunOptions", "check_range", "refuse_quantising"]


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What every run can be told."""

    save_quantized: str | None = field(
        default=None,
        metadata={"help": "operands as the engine took them to write, an .npz file that --a and --b take"},
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


def refuse_quantising(options: Any, chosen: dict[str, bool]) -> None:
    """Refuse options that would quantise an operand that is quantised already.

    Parameters
    ----------
    options : of a run
    chosen : option → whether an operand that it holds for is still to be quantised

    Raises
    ------
    RunError
        One of them was given for nothing.
    """
    for each in fields(options):
        value = getattr(options, each.name)
        if not chosen.get(each.name, True) and value != each.default:
            raise RunError(
                f"--{each.name.replace('_', '-')} {value}: the operand is quantised already, its codes run as they are"
            )
