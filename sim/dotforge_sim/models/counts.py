"""What a cycle model says of a product, and the report of it in the shape that ``dotforge run`` writes."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

__all__ = ["Counts", "better", "report"]


@dataclass(frozen=True)
class Counts:
    """Cycles of one product, in the buckets of SIGMA's Table II.

    Attributes
    ----------
    stationary : ``a`` or ``b``
    loading, streaming, add : cycles
    folds : times that the multipliers are filled
    held : stationary values that multipliers hold, over all folds; zeros that are mapped count
    nonzeros : those of them that are not zero and have a partner to be multiplied with
    multipliers : there are
    useful_macs : products of two nonzeros
    notes : what else a model has to say, such as the array's shape or the seed
    """

    stationary: str
    loading: int
    streaming: int
    add: int
    folds: int
    held: Fraction | int
    nonzeros: Fraction | int
    multipliers: int
    useful_macs: Fraction | int
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All cycles."""
        return self.loading + self.streaming + self.add

    @property
    def stationary_utilisation(self) -> float | None:
        """Multipliers that hold a nonzero, over all folds."""
        return float(Fraction(self.nonzeros) / (self.folds * self.multipliers)) if self.folds else None

    @property
    def compute_efficiency(self) -> float | None:
        """Useful products over those that streaming has cycles for."""
        slots = self.streaming * self.multipliers
        return float(Fraction(self.useful_macs) / slots) if slots else None

    @property
    def overall_efficiency(self) -> float | None:
        """Useful products over those that all cycles have room for."""
        slots = self.total * self.multipliers
        return float(Fraction(self.useful_macs) / slots) if slots else None


def better(found: list[Counts]) -> Counts:
    """Return the dataflow that takes fewer cycles; the first of two that take as many."""
    return min(found, key=lambda counts: counts.total)


def report(
    counts: Counts,
    *,
    model: str,
    name: str | None,
    engine: str | None,
    parameters: dict[str, Any],
    shape: tuple[int, int, int],
    nonzeros: tuple[int, int],
    wall_seconds: float,
) -> dict[str, Any]:
    """Return the fields of a run's report, ``model`` and what the model has to note; what does not apply is ``None``.

    Parameters
    ----------
    counts : of the product
    model : ``exact``, ``paper`` or ``systolic``
    name : of the product
    engine, parameters : that were modelled
    shape : M, N, K
    nonzeros : of A and B
    wall_seconds : that the model took
    """
    m, n, k = shape
    return {
        "model": model,
        "name": name,
        "engine": engine,
        "parameters": parameters,
        "shape": {"m": m, "k": k, "n": n},
        "stationary": counts.stationary,
        "nonzeros": {"a": nonzeros[0], "b": nonzeros[1]},
        "folds": counts.folds,
        "useful_macs": round(counts.useful_macs),
        "cycles": {
            "loading": counts.loading,
            "streaming": counts.streaming,
            "add": counts.add,
            "total": counts.total,
        },
        "stationary_utilisation": counts.stationary_utilisation,
        "compute_efficiency": counts.compute_efficiency,
        "overall_efficiency": counts.overall_efficiency,
        "mismatches": None,
        "accumulated_by": None,
        "verilog_sha256": None,
        "wall_seconds": wall_seconds,
        **counts.notes,
    }
