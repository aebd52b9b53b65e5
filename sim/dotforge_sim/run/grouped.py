"""One report of several products of an engine: the groups of a convolution, which run one after the other.

Counts and cycles are sums, efficiencies those of all cycles together, and errors those of all outputs side by side.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .gemm import RunResult
from .quality import product_quality

__all__ = ["summed"]


def summed(results: Sequence[RunResult], products: Sequence[tuple[np.ndarray, np.ndarray]]) -> RunResult:
    """Return the groups as one result, whose ``c`` has theirs side by side, (M, Σ N).

    Parameters
    ----------
    results : of the groups, in order, one or more
    products : A and B of each, which have the same shapes
    """
    each = [result.statistics for result in results]
    first = each[0]
    stationary = {one["stationary"] for one in each}
    report = {
        **{name: first[name] for name in ("engine", "parameters", "shape")},
        "groups": len(each),
        "stationary": stationary.pop() if len(stationary) == 1 else None,
        "nonzeros": {name: sum(one["nonzeros"][name] for one in each) for name in "ab"},
        "folds": None if first["folds"] is None else sum(one["folds"] for one in each),
        "useful_macs": sum(one["useful_macs"] for one in each),
        "cycles": {name: sum(one["cycles"][name] for one in each) for name in first["cycles"]},
        "stationary_utilisation": _mean(each, "stationary_utilisation", [one["folds"] for one in each]),
        "compute_efficiency": _mean(each, "compute_efficiency", [one["cycles"]["streaming"] for one in each]),
        "overall_efficiency": _mean(each, "overall_efficiency", [one["cycles"]["total"] for one in each]),
        "mismatches": sum(one["mismatches"] for one in each),
        "accumulated_by": first["accumulated_by"],
        "verilog_sha256": first["verilog_sha256"],
        "wall_seconds": sum(one["wall_seconds"] for one in each),
        "overflows": {"count": sum(one["overflows"]["count"] for one in each)},
        "warnings": [
            f"group {number}: {said}" for number, one in enumerate(each) for said in one["warnings"]
        ],
        "each": each,
    }
    c = np.concatenate([result.c for result in results], axis=1)
    report["error"] = _quality(products, c)
    failed = ((number, result.failure) for number, result in enumerate(results) if result.failure)
    number, failure = next(failed, (0, None))
    return RunResult(c, report, None if failure is None else f"group {number}: {failure}")


def _mean(each: Sequence[dict[str, Any]], name: str, weights: Sequence[int | None]) -> float | None:
    """Return a share of all, from those of parts and how much of it they are."""
    known = [
        (one[name], weight)
        for one, weight in zip(each, weights, strict=True)
        if one[name] is not None and weight
    ]
    total = sum(weight for _, weight in known)
    return sum(share * weight for share, weight in known) / total if total else None


def _quality(products: Sequence[tuple[np.ndarray, np.ndarray]], c: np.ndarray) -> dict[str, float | None]:
    """Compare all outputs with the products in float64."""
    exact = np.concatenate([a @ b for a, b in products], axis=1).reshape(-1, 1)
    # Times 1, outputs are what is compared of one product.
    return product_quality(exact, np.ones((1, 1)), c.reshape(-1, 1))
