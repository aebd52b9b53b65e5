"""Limits on changes, as in ``area>+2%`` and ``fmax<-5%``.

::

    METRIC > +N%     grew by more than N percent         METRIC > +N    grew by more than N
    METRIC < -N%     shrank by more than N percent       METRIC < -N    shrank by more than N
    METRIC > N       is now above N                      METRIC < N     is now below N
    worse            any metric is worse by more than its tolerance
    vanished, new    a configuration vanished, or is new

A figure that the old report has and the new one lacks breaks every limit on it. Where the new report alone has
it, there is no change to judge; where neither has it, the limit meets nothing.
"""

import re
from dataclasses import dataclass

from ..parameters import ParameterError
from ..synthesis.metrics import ALIASES, METRICS, metric

__all__ = ["EVENTS", "Limit", "parse_limit", "parse_tolerance"]

#: Limits that are not about one metric.
EVENTS = ("worse", "vanished", "new")

_FORM = re.compile(r"\s*(\w+)\s*([<>])\s*([+-]?)\s*(\d+(?:\.\d*)?|\.\d+)\s*(%?)\s*")


@dataclass(frozen=True)
class Limit:
    """A limit.

    Attributes
    ----------
    text : as given
    metrics : names of the metrics that it is about; empty for an event
    above : broken by values above ``bound``, else by values below it
    bound : signed
    kind : what ``bound`` is compared with: ``"percent"``, ``"change"`` or ``"value"``
    """

    text: str
    metrics: tuple[str, ...] = ()
    above: bool = True
    bound: float = 0.0
    kind: str = "event"

    def broken(self, old: float | None, new: float | None) -> bool | None:
        """Tell whether a pair of values breaks the limit, ``None`` where it cannot be judged.

        A value that is gone breaks it, and a change from nothing is beyond every percentage.

        Parameters
        ----------
        old : value before, ``None`` where there is none
        new : value now, or ``None``
        """
        if new is None:
            return None if old is None else True
        if old is None and self.kind != "value":
            return None
        if self.kind == "value":
            found = new
        elif self.kind == "change":
            found = new - (old or 0)
        else:
            found = 100 * (new - (old or 0)) / old if old else (0.0 if new == old else float("inf"))
        return found > self.bound if self.above else found < self.bound


def parse_limit(text: str) -> Limit:
    """Read a limit.

    Raises
    ------
    ParameterError
        It has another form, or names no metric.
    """
    if text.strip() in EVENTS:
        return Limit(text.strip())
    found = _FORM.fullmatch(text)
    if found is None:
        raise ParameterError(
            f"limit {text!r}: allowed are forms such as 'area>+2%', 'fmax<-5%', 'luts>+10', 'ffs>900', "
            + ", ".join(EVENTS)
        )
    name, relation, sign, number, percent = found.groups()
    _known(name, f"limit {text!r}")
    if percent and not sign:
        raise ParameterError(f"limit {text!r}: a percentage is a change and needs a sign, as in 'area>+2%'")
    bound = float(number) * (-1 if sign == "-" else 1)
    kind = "percent" if percent else "change" if sign else "value"
    return Limit(text, tuple(each.name for each in metric(name)), relation == ">", bound, kind)


def parse_tolerance(text: str) -> dict[str, float]:
    """Read ``METRIC=N%`` as metric → relative change.

    Raises
    ------
    ParameterError
        The text is no ``METRIC=N%``, N is negative, or there is no such metric.
    """
    name, _, number = (part.strip() for part in text.partition("="))
    try:
        share = float(number.removesuffix("%")) / 100
    except ValueError:
        share = -1.0
    if share < 0 or not number.endswith("%"):
        raise ParameterError(f"tolerance {text!r}: allowed is METRIC=N%, as in 'fmax=5%'")
    _known(name, f"tolerance {text!r}")
    return {each.name: share for each in metric(name)}


def _known(name: str, where: str) -> None:
    if not metric(name):
        known = [*ALIASES, *(entry.name for entry in METRICS)]
        raise ParameterError(f"{where}: {name} is no metric; allowed are {', '.join(known)}")
