"""Ranks what candidates are worth: who reaches the accuracy first, then by area and cycles; and the frontier."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ..synthesis.metrics import AREAS, metric, value
from .candidates import Candidate

__all__ = ["Assessed", "Ranked", "Summed", "frontier", "ranked", "summed"]


@dataclass
class Ranked:
    """A candidate with what can be compared of it.

    Attributes
    ----------
    candidate : that was asked for
    report : of the synthesis
    reason : why it could not be assessed, in one line
    """

    candidate: Candidate
    report: dict[str, Any] = field(default_factory=dict)
    reason: str = ""

    @property
    def sqnr_db(self) -> float:
        """Of the product, or the worst of several; infinite where all are exact."""
        raise NotImplementedError

    @property
    def cycles(self) -> int:
        """Of all that is multiplied."""
        raise NotImplementedError

    @property
    def operand_bits(self) -> int:
        """Of the operands, each once."""
        raise NotImplementedError

    @property
    def useful_macs(self) -> int:
        """Products of two nonzeros."""
        raise NotImplementedError

    @property
    def area(self) -> float:
        """Transistors, µm² or LUTs, whichever the target counts."""
        return next(found for each in AREAS if (found := value(self.report, each)) is not None)

    @property
    def cost(self) -> float:
        """Area times cycles."""
        return self.area * self.cycles

    @property
    def energy_uj(self) -> float | None:
        """Of all useful MACs, microjoules, where the report has power."""
        each = next((found for row in metric("energy") if (found := value(self.report, row))), None)
        return None if each is None else round(each * self.useful_macs * 1e-6, 4)


@dataclass
class Assessed(Ranked):
    """A candidate on one product.

    Attributes
    ----------
    expected : golden's product, :class:`dotforge_sim.run.expected.Expected`
    checked : what a slice on the RTL gave: its shape, outputs compared, and mismatches
    """

    expected: Any = None
    checked: dict[str, Any] | None = None

    @property
    def sqnr_db(self) -> float:
        found = self.expected.sqnr_db
        return float("inf") if found is None else found

    @property
    def cycles(self) -> int:
        return self.expected.cycles

    @property
    def operand_bits(self) -> int:
        return sum(self.expected.bits)

    @property
    def useful_macs(self) -> int:
        return self.expected.useful_macs


@dataclass
class Summed(Ranked):
    """A candidate on all layers: the worst SQNR, and sums of the rest.

    Attributes
    ----------
    layers : the candidate on each of them
    """

    layers: list[Assessed] = field(default_factory=list)

    @property
    def sqnr_db(self) -> float:
        return min(each.sqnr_db for each in self.layers)

    @property
    def mean_db(self) -> float:
        """Mean of the decibels of the layers, those that are exact left out; infinite where all are."""
        found = [each.sqnr_db for each in self.layers if each.sqnr_db != float("inf")]
        return sum(found) / len(found) if found else float("inf")

    @property
    def cycles(self) -> int:
        return sum(each.cycles for each in self.layers)

    @property
    def operand_bits(self) -> int:
        return sum(each.operand_bits for each in self.layers)

    @property
    def useful_macs(self) -> int:
        return sum(each.useful_macs for each in self.layers)


def summed(layers: Sequence[Sequence[Assessed]], names: Sequence[str]) -> list[Summed]:
    """Return every candidate on all layers; one that fails on a layer fails.

    Parameters
    ----------
    layers : of each layer all candidates, in the same order
    names : of the layers, for reasons
    """
    found = []
    for own in zip(*layers, strict=True):
        reasons = [f"{name}: {each.reason}" for name, each in zip(names, own, strict=True) if each.reason]
        first = own[0]
        found.append(Summed(first.candidate, first.report, next(iter(reasons), ""), list(own)))
    return found


Some = TypeVar("Some", bound=Ranked)


def ranked(found: Sequence[Some], least: float) -> list[Some]:
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


def frontier(found: Sequence[Some]) -> list[Some]:
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
