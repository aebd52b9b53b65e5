"""A product that is to be advised for: read when it is its turn, with a slice that stays for the RTL."""

from dataclasses import dataclass, field
from typing import Any

from dotforge_sim.run.errors import RunError
from dotforge_sim.run.operands import load_operand

from .assess import Slice, operands, pruned
from .ranking import Assessed

__all__ = ["Told"]


@dataclass
class Told:
    """A layer with its candidates.

    Attributes
    ----------
    a, b : operands as they were given
    prune : share of the weights that are zero, where they are pruned
    shape : M, K and N
    part : what runs on the RTL
    pruned_db : SQNR of what pruning leaves; ``None`` where nothing is lost, or nothing is pruned
    order : its candidates, ranked
    """

    a: str
    b: str
    prune: float | None
    shape: tuple[int, int, int]
    part: Slice
    pruned_db: float | None = None
    order: list[Assessed] = field(default_factory=list)

    @classmethod
    def read(cls, a: str, b: str, prune: float | None) -> "Told":
        """Read a product, and keep what is small of it.

        Parameters
        ----------
        a, b : as ``dotforge run`` takes them
        prune : share of the weights to make zero

        Raises
        ------
        RunError
            A file or tensor is missing, or they do not fit each other; the message names the weights.
        """
        try:
            first, second, left = _matrices(a, b, prune)
        except RunError as error:
            said = str(error)
            raise RunError(said if b in said else f"{b}: {said}") from None
        shape = (first.shape[0], first.shape[1], second.shape[1])
        return cls(a, b, prune, shape, Slice.of(first, second), left)

    def matrices(self) -> tuple[Any, Any]:
        """Read A and B again."""
        first, second, _ = _matrices(self.a, self.b, self.prune)
        return first, second


def _matrices(a: str, b: str, prune: float | None) -> tuple[Any, Any, float | None]:
    first, second = operands(load_operand(a, "A"), load_operand(b, "B"))
    return (first, second, None) if prune is None else (first, *pruned(first, second, prune))
