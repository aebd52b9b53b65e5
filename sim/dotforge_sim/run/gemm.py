"""What every run of a matrix product shares: the design, the result, and the counts of a report."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..models.cycles import Cycles
from .errors import RunError
from .operands import Matrix
from .sparse import Sparse

__all__ = ["Design", "Progress", "RunError", "RunResult", "statistics", "useful_macs"]

#: Called with beats done and beats in all.
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Design:
    """The module that runs: its Verilog and its manifest."""

    verilog: str
    manifest: dict[str, Any]

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters of the engine."""
        return self.manifest["parameters"]


@dataclass
class RunResult:
    """The product and what is reported about it.

    Attributes
    ----------
    c : the product, an array; a matrix of SciPy where it is too large for one
    statistics : the fields that all engines report (see :func:`statistics`), and the engine's own; it is JSON
    failure : one line where the run must not pass for a success, such as outputs that overflowed
    arrays : what ``--save-quantized`` writes: operands as the engine took them
    """

    c: Any
    statistics: dict[str, Any]
    failure: str | None = None
    arrays: dict[str, np.ndarray] = field(default_factory=dict)


def useful_macs(a: Matrix, b: Matrix) -> int:
    """Count (m, k, n) with A[m, k] ≠ 0 and B[k, n] ≠ 0.

    Parameters
    ----------
    a : A, (M, K)
    b : B, (K, N)
    """
    counts = _nonzeros_by_inner(a, 1), _nonzeros_by_inner(b, 0)
    met = (counts[0] > 0) & (counts[1] > 0)
    return int(counts[0][met].astype(object) @ counts[1][met].astype(object)) if met.any() else 0


def _nonzeros_by_inner(matrix: Matrix, axis: int) -> np.ndarray:
    """Count nonzeros for each k, which is in dimension ``axis``."""
    if isinstance(matrix, Sparse):
        places = matrix.columns if axis else matrix.rows
        return np.bincount(places, minlength=matrix.shape[axis])
    return np.count_nonzero(matrix, axis=1 - axis)


def _nonzeros(matrix: Matrix) -> int:
    return len(matrix.values) if isinstance(matrix, Sparse) else int(np.count_nonzero(matrix))


def statistics(
    design: Design,
    a: Matrix,
    b: Matrix,
    cycles: Cycles,
    *,
    lanes: int,
    mismatches: int,
    wall_seconds: float,
    stationary: str | None = None,
    folds: int | None = None,
    stationary_utilisation: float | None = None,
    accumulated_by: str | None = None,
) -> dict[str, Any]:
    """Return the fields of a run's report that all engines share; what does not apply is ``None``.

    Parameters
    ----------
    a, b : operands as the engine took them, M×K and K×N; of a :class:`Sparse` no value is zero
    design : the engine that runs
    cycles : by bucket
    lanes : multipliers of the engine
    mismatches : sums that are not golden's
    wall_seconds : of the run
    stationary : ``a`` or ``b``, where one is
    folds : number of folds
    stationary_utilisation : share of lanes that hold a value, 0…1
    accumulated_by : who adds partial sums
    """
    (m, k), n = a.shape, b.shape[1]
    useful = useful_macs(a, b)
    return {
        "engine": design.manifest["engine"],
        "parameters": design.parameters,
        "shape": {"m": m, "k": k, "n": n},
        "stationary": stationary,
        "nonzeros": {"a": _nonzeros(a), "b": _nonzeros(b)},
        "folds": folds,
        "useful_macs": useful,
        "cycles": {
            "loading": cycles.loading,
            "streaming": cycles.streaming,
            "add": cycles.add,
            "total": cycles.total,
        },
        "stationary_utilisation": stationary_utilisation,
        "compute_efficiency": useful / (cycles.streaming * lanes) if cycles.streaming else None,
        "overall_efficiency": useful / (cycles.total * lanes) if cycles.total else None,
        "mismatches": mismatches,
        "accumulated_by": accumulated_by,
        "verilog_sha256": design.manifest["verilog_sha256"],
        "wall_seconds": wall_seconds,
    }
