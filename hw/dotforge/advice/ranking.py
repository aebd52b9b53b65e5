"""Ranks what candidates are worth: who reaches the accuracy first, then by area and cycles; and the frontier."""

from dataclasses import dataclass, field
from typing import Any

from ..synthesis.metrics import AREAS, value
from .candidates import Candidate

__all__ = ["Assessed", "frontier", "ranked"]


@dataclass
class Assessed:
    """A candidate with what was found of it.

    Attributes
    ----------
    candidate : that was asked for
    expected : golden's product, :class:`dotforge_sim.run.expected.Expected`
    report : of the synthesis
    reason : why it could not be assessed, in one line
    checked : what a slice on the RTL gave: its shape, outputs compared, and mismatches
    """

    candidate: Candidate
    expected: Any = None
    report: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    checked: dict[str, Any] | None = None

    @property
    def sqnr_db(self) -> float:
        """Of the product; infinite where it is exact."""
        found = self.expected.sqnr_db
        return float("inf") if found is None else found

    @property
    def area(self) -> float:
        """Transistors, µm² or LUTs, whichever the target counts."""
        return next(found for each in AREAS if (found := value(self.report, each)) is not None)

    @property
    def cost(self) -> float:
        """Area times cycles of this product."""
        return self.area * self.expected.cycles


def ranked(found: list[Assessed], least: float) -> list[Assessed]:
    """Return candidates, the best first: those that reach an SQNR by cost, the others by SQNR, the failed ones last.

    Parameters
    ----------
    found : in any order
    least : SQNR in decibels that is wanted
    """
    good = [each for each in found if not each.reason]
    reach = sorted(
        (each for each in good if each.sqnr_db >= least), key=lambda each: (each.cost, -each.sqnr_db)
    )
    below = sorted(
        (each for each in good if each.sqnr_db < least), key=lambda each: (-each.sqnr_db, each.cost)
    )
    return [*reach, *below, *(each for each in found if each.reason)]


def frontier(found: list[Assessed]) -> list[Assessed]:
    """Return who is efficient: no other one is at least as accurate and as cheap, and better in one of the two.

    Parameters
    ----------
    found : in any order; those that could not be assessed are on no frontier
    """
    good = [each for each in found if not each.reason]
    return [
        each
        for each in good
        if not any(
            other.sqnr_db >= each.sqnr_db
            and other.cost <= each.cost
            and (other.sqnr_db > each.sqnr_db or other.cost < each.cost)
            for other in good
        )
    ]
