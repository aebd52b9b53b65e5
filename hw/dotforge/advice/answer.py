"""An advice: products assessed, candidates ranked, and the first of the efficient ones run on the RTL."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from . import output
from .assess import assess, check
from .candidates import Candidate
from .layers import Told
from .ranking import Assessed, Ranked, frontier, ranked, summed

__all__ = ["Answer", "advise"]


@dataclass(frozen=True)
class Answer:
    """What there is to tell.

    Attributes
    ----------
    order : candidates, ranked; of several layers over all of them
    content : for JSON
    """

    order: Sequence[Ranked]
    content: dict[str, Any]


def advise(
    layers: Sequence[Told],
    candidates: Sequence[Candidate],
    *,
    listed: bool,
    least: float,
    checks: int,
    target: str,
    chosen: dict[str, Any],
    parallel: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Answer:
    """Assess and rank.

    Parameters
    ----------
    layers : one, or those of a list; the order of their candidates is set
    candidates : in any order
    listed : whether layers are summed up, also where there is one
    least : SQNR in decibels that is wanted
    checks : efficient candidates, best first, of which a slice of every layer runs on the RTL
    target, chosen, parallel, progress : see :func:`dotforge.advice.assess.assess`

    Raises
    ------
    RunError, SimulatorError
        A slice on the RTL is not what golden says; see :func:`dotforge.advice.assess.check`.
    """
    found = assess(
        candidates,
        [each.matrices for each in layers],
        target=target,
        chosen=chosen,
        parallel=parallel,
        progress=progress,
    )
    for layer, own in zip(layers, found, strict=True):
        layer.order = ranked(own, least)
    if not listed:
        (layer,) = layers
        for each in frontier(layer.order)[:checks]:
            check(each, layer.part)
        return Answer(layer.order, output.content(layer.order, least, layer.a, layer.b))
    order = ranked(summed(found, [each.b for each in layers]), least)
    for several in frontier(order)[:checks]:
        _check_all(several.layers, layers)
    return Answer(order, output.layers_content(order, layers, least))


def _check_all(ones: Sequence[Assessed], layers: Sequence[Told]) -> None:
    for one, layer in zip(ones, layers, strict=True):
        check(one, layer.part)
