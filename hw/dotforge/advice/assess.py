"""Assesses candidates on two matrices: golden's product, the synthesized netlist, and a slice through the RTL."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from dotforge_sim.models.errors import ModelError
from dotforge_sim.run.errors import RunError
from dotforge_sim.run.expected import expected
from dotforge_sim.run.gemm import Design
from dotforge_sim.run.operands import Stored, checked_operands, dense
from dotforge_sim.run.quality import product_quality
from dotforge_sim.simulator.native import SimulatorError

from ..front_door import ConfiguredEngine
from ..parameters import ParameterError
from ..synthesis.targets import TargetError
from ..tools.process import ToolError
from .candidates import Candidate
from .ranking import Assessed

__all__ = ["assess", "check", "operands", "pruned"]

#: Rows of A and columns of B that a check streams through the RTL, with all of K.
SLICE = 8

#: What of a candidate is its own failure, and none of the advice.
_FAULTS = (ParameterError, RunError, ModelError, TargetError, ToolError)


def operands(a: Any, b: Any) -> tuple[Any, Any]:
    """Return A and B with their zeros, or quantised already.

    Parameters
    ----------
    a, b : M×K and K×N, as ``dotforge run`` takes them

    Raises
    ------
    RunError
        They hold nothing, do not fit each other, or are too large.
    """
    first, second = checked_operands(a, b)
    found = [
        each if isinstance(each, Stored) else dense(each, name, "advise")
        for each, name in zip((first, second), "AB", strict=True)
    ]
    return found[0], found[1]


def pruned(a: Any, b: Any, share: float) -> tuple[np.ndarray, float | None]:
    """Return B without its smallest magnitudes, and the SQNR in decibels of the product that is left.

    Parameters
    ----------
    a, b : of :func:`operands`
    share : of the elements of B that are zero afterwards at least, 0…1

    Raises
    ------
    RunError
        B is quantised already.
    """
    if isinstance(b, Stored):
        raise RunError(f"--prune {share:g}: B is quantised already, its codes run as they are")
    kept = b.copy()
    order = np.argsort(np.abs(b), axis=None, kind="stable")
    kept.flat[order[: round(share * b.size)]] = 0
    plain = a.values() if isinstance(a, Stored) else a
    return kept, product_quality(plain, b, plain @ kept)["sqnr_db"]


def assess(
    candidates: Sequence[Candidate],
    a: Any,
    b: Any,
    *,
    target: str,
    chosen: dict[str, Any],
    parallel: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Assessed]:
    """Quantise and multiply with golden, and synthesize, every candidate.

    Parameters
    ----------
    candidates : in any order
    a, b : of :func:`operands`
    target, chosen : of the synthesis, see :func:`dotforge.front_door.ConfiguredEngine.synth`
    parallel : netlists that are synthesized at a time, 1 or more
    progress : told how many candidates are done, and of how many

    Returns
    -------
    All candidates, in order; one that does not fit holds the reason.
    """
    found = [Assessed(each) for each in candidates]
    with ThreadPoolExecutor(parallel) as pool:  # tools run in processes of their own
        waiting: list[tuple[Assessed, Future[dict[str, Any]]]] = []
        try:
            for each in found:
                try:
                    made = engine_of(each.candidate)
                    options = each.candidate.run_options()
                    design = Design("", made.manifest)
                    each.expected = expected(each.candidate.runner, design, a, b, options)
                except _FAULTS as error:
                    each.reason = _line(error)
                    continue
                waiting.append((each, pool.submit(made.synth, target, **chosen)))
            for each, future in waiting:
                try:
                    each.report = future.result()
                except _FAULTS as error:
                    each.reason = _line(error)
                progress(1 + found.index(each), len(found))
        finally:
            pool.shutdown(cancel_futures=True)
    return found


def engine_of(candidate: Candidate) -> ConfiguredEngine:
    """Return the engine of a candidate."""
    return ConfiguredEngine.of(candidate.engine, candidate.parameters)


def check(one: Assessed, a: Any, b: Any) -> None:
    """Run the first rows and columns of a product through the RTL that was synthesized; ``checked`` is set.

    The slice is quantised by itself, so units that a matrix shares are those of the slice.

    Parameters
    ----------
    one : candidate that was assessed
    a, b : of :func:`operands`

    Raises
    ------
    RunError
        The slice cannot run, an output differs from golden, or the RTL is not what was synthesized.
    SimulatorError
        The RTL gave no result.
    """
    first, second = _cut(a, 0, "A"), _cut(b, 1, "B")
    result = engine_of(one.candidate).run(first, second, **one.candidate.options)
    told = result.statistics
    one.checked = {
        "shape": told["shape"],
        "mismatches": told["mismatches"],
        "verilog_sha256": told["verilog_sha256"],
    }
    if told["mismatches"]:
        raise SimulatorError(
            f"{one.candidate.label}: {told['mismatches']} outputs of the slice differ from golden"
        )
    if told["verilog_sha256"] != one.report["verilog_sha256"]:
        raise SimulatorError(f"{one.candidate.label}: the RTL that ran is not the one that was synthesized")
    if result.failure:
        raise RunError(f"{one.candidate.label}: the slice on the RTL: {result.failure}")


def _cut(matrix: Any, dimension: int, name: str) -> Any:
    """Return the first rows or columns; of what is quantised already with its codes."""
    size = min(SLICE, matrix.shape[dimension])
    part = (slice(0, size), slice(None)) if dimension == 0 else (slice(None), slice(0, size))
    return matrix.part((part,), name, "slice") if isinstance(matrix, Stored) else matrix[part]


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
