"""A printed number, and how it compares with what its formula gives."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["REPRODUCED", "Printed", "Status", "checked"]

#: Relative difference that counts as the same number.
REPRODUCED = 0.025


@dataclass(frozen=True)
class Printed:
    """A number as it is printed.

    Attributes
    ----------
    place : in the paper
    what : it is
    value : printed, in ``unit``
    unit : of it
    formula : gives ours, in the same unit; ``None`` where nothing does
    how : the formula in words, or what is missing
    bound : ``<`` or ``>`` where the paper gives a bound
    within : relative difference that counts as the same, if the paper rounds more than :data:`REPRODUCED`
    """

    place: str
    what: str
    value: float
    unit: str
    formula: Callable[[], float] | None
    how: str
    bound: str = ""
    within: float = REPRODUCED


@dataclass(frozen=True)
class Status:
    """What came of a number.

    Attributes
    ----------
    ours : what the formula gives, ``None`` where there is none
    status : ``reproduced``, ``derived otherwise`` or ``not derivable``
    off : relative difference
    """

    ours: float | None
    status: str
    off: float | None


def checked(printed: Printed) -> Status:
    """Compare a printed number with its formula."""
    if printed.formula is None:
        return Status(None, "not derivable", None)
    ours = float(printed.formula())
    off = ours / printed.value - 1 if printed.value else ours
    holds = {"<": ours < printed.value, ">": ours > printed.value}.get(
        printed.bound, abs(off) <= printed.within + 1e-12
    )
    return Status(ours, "reproduced" if holds else "derived otherwise", off)


def constant(value: float) -> Callable[[], Any]:
    """Return a formula of a single value, for products and ratios of printed inputs."""
    return lambda: value
