"""What is said of a product, of any engine: counts, errors, warnings, overflows, and whether it is a success."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..models.cycles import Cycles
from .gemm import Design, RunResult, statistics, useful_macs
from .operands import Matrix
from .quality import Taken, operand_report, operand_warnings, product_quality, product_warnings

__all__ = ["Conclusion", "conclude"]

#: Overflowed outputs that a report lists one by one.
_LISTED = 1000


@dataclass(frozen=True, kw_only=True)
class Conclusion:
    """A product that was run.

    Attributes
    ----------
    c : the product
    taken : A and B as the engine took them, with what the report says of each
    taken_values : the same as matrices, M×K and K×N, for counting
    given_values : A and B as they were given, with as many values as ``taken`` has
    cycles, lanes, stationary, folds, stationary_utilisation, accumulated_by :
        see :func:`dotforge_sim.run.gemm.statistics`
    mismatches, compared : outputs that differ from golden, and all
    overflowed : places in C of the outputs that overflowed, (count, 2)
    limit, remedy : what they overflowed, and what helps
    allow_overflow : whether it may be
    margin : how near the sums came to that
    quantization, report : fields of the engine's own
    warnings : of the engine's own
    arrays : what ``--save-quantized`` writes
    """

    c: Any
    taken: tuple[Taken, Taken]
    taken_values: tuple[Matrix, Matrix]
    given_values: tuple[np.ndarray, np.ndarray]
    cycles: Cycles
    lanes: int
    mismatches: int
    compared: int
    overflowed: np.ndarray
    limit: str
    remedy: str
    allow_overflow: bool
    margin: dict[str, Any] | None = None
    stationary: str | None = None
    folds: int | None = None
    stationary_utilisation: float | None = None
    accumulated_by: str | None = None
    quantization: dict[str, Any] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)


def conclude(design: Design, a: Matrix, b: Matrix, run: Conclusion, seconds: float) -> RunResult:
    """Return the result of a run.

    Parameters
    ----------
    a, b : as they were given, float64
    seconds : wall time so far
    design : the engine that runs
    run : what an engine's runner found
    """
    report = statistics(
        design,
        *run.taken_values,
        run.cycles,
        lanes=run.lanes,
        mismatches=run.mismatches,
        wall_seconds=seconds,
        stationary=run.stationary,
        folds=run.folds,
        stationary_utilisation=run.stationary_utilisation,
        accumulated_by=run.accumulated_by,
    )
    operands = [operand_report(*each) for each in zip(run.given_values, run.taken, strict=True)]
    quality = product_quality(a, b, run.c)
    report["quantization"] = {
        **run.quantization,
        "a": operands[0],
        "b": operands[1],
        "product_sqnr_db": quality["sqnr_db"],
    }
    report["error"] = quality
    report["overflow_margin"] = run.margin
    beyond = _not_finite(run.c)
    overflowed = (
        np.unique(np.concatenate([run.overflowed, beyond]), axis=0) if len(beyond) else run.overflowed
    )
    report["overflows"] = {"count": len(overflowed), "outputs": overflowed[:_LISTED].tolist()}
    report["warnings"] = [
        *operand_warnings("A", operands[0]),
        *operand_warnings("B", operands[1]),
        *product_warnings(quality),
        *run.warnings,
    ]
    report.update(run.report)
    return RunResult(run.c, report, _failure(a, b, run, report, beyond), run.arrays)


def _not_finite(c: Any) -> np.ndarray:
    """Return rows and columns of what is not finite in C, (count, 2): of sums that fit, in units too large."""
    if isinstance(c, np.ndarray):
        return np.argwhere(~np.isfinite(c))
    held = c.tocoo()
    lost = ~np.isfinite(held.data)
    return np.stack([held.row[lost], held.col[lost]], axis=-1)


def _failure(a: Matrix, b: Matrix, run: Conclusion, report: dict[str, Any], beyond: np.ndarray) -> str | None:
    if run.mismatches:
        return f"{run.mismatches} of {run.compared} outputs differ from golden"
    if len(run.overflowed) and not run.allow_overflow:
        row, column = run.overflowed[0]
        return (
            f"{len(run.overflowed)} of {run.compared} sums overflowed {run.limit}, the first one at "
            f"({row}, {column}): {run.remedy}, or --allow-overflow"
        )
    if len(beyond) and not run.allow_overflow:
        row, column = beyond[0]
        return (
            f"{len(beyond)} of {run.compared} outputs are beyond the largest float64, the first one at "
            f"({row}, {column}): smaller operands, or --allow-overflow"
        )
    if not report["useful_macs"] and useful_macs(a, b):
        lost = " and ".join(
            f"{each['made_zero']} of {each['nonzeros']} nonzeros of {name}"
            for name, each in zip(
                "AB", (report["quantization"]["a"], report["quantization"]["b"]), strict=True
            )
        )
        return f"nothing was multiplied: {lost} became zero; other scales or a finer format keep them"
    return None
