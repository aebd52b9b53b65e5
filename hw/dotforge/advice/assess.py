"""Assesses candidates on two matrices: golden's product, the synthesized netlist, and a slice through the RTL."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from dotforge_sim.models.errors import ModelError
from dotforge_sim.run.errors import RunError
from dotforge_sim.run.expected import expected
from dotforge_sim.run.gemm import Design
from dotforge_sim.run.operands import Stored, checked_operands, dense
from dotforge_sim.run.quality import product_quality
from dotforge_sim.simulator.native import SimulatorError

from ..export import stored
from ..front_door import ConfiguredEngine
from ..parameters import ParameterError
from ..synthesis.targets import TargetError
from ..tools.forked import forked_map, workers
from ..tools.process import ToolError
from . import known
from .candidates import Candidate
from .ranking import Assessed

__all__ = ["Slice", "assess", "check", "operands", "pruned"]

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


@dataclass
class Slice:
    """The first rows of A and columns of B of a layer, with all of K: what runs on the RTL."""

    a: Any
    b: Any

    @classmethod
    def of(cls, a: Any, b: Any) -> "Slice":
        """Cut it from a product; copies, so that the whole may go.

        Parameters
        ----------
        a, b : of :func:`operands`
        """
        return cls(_cut(a, 0, "A"), _cut(b, 1, "B"))


def assess(
    candidates: Sequence[Candidate],
    products: Sequence[Callable[[], tuple[Any, Any]]],
    *,
    target: str,
    chosen: dict[str, Any],
    parallel: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[list[Assessed]]:
    """Quantise and multiply with golden, and synthesize, every candidate.

    Parameters
    ----------
    candidates : in any order
    products : each gives its A and B of :func:`operands` when it is its turn, so that one is in memory at a time
    target, chosen : of the synthesis, see :func:`dotforge.front_door.ConfiguredEngine.synth`
    parallel : netlists that are synthesized, and products that golden reckons, at a time, 1 or more
    progress : told how many products and candidates are done, and of how many

    Returns
    -------
    Of each product all candidates, in order; one that does not fit holds the reason.
    """
    if stored.in_use():  # what is written there is read below, so that designs are made beside one another
        forked_map(lambda each: isinstance(_made(each), str), candidates, min(parallel, workers()))
    made = [_made(each) for each in candidates]
    total = len(products) + len(candidates)
    found = []
    for number, product in enumerate(products, 1):
        found.append(_reckoned(candidates, made, *product(), parallel))
        progress(number, total)
    # The longest text takes longest; a netlist that no product fits is not wanted.
    fits = [any(not own[index].reason for own in found) for index in range(len(candidates))]
    engines = [
        (index, each) for index, each in enumerate(made) if isinstance(each, ConfiguredEngine) and fits[index]
    ]
    engines.sort(key=lambda pair: -len(pair[1].verilog))
    progress(total - len(engines), total)
    with ThreadPoolExecutor(parallel) as pool:  # tools run in processes of their own
        try:
            waiting = [(index, pool.submit(each.synth, target, **chosen)) for index, each in engines]
            for number, (index, future) in enumerate(waiting, 1 + total - len(waiting)):
                try:
                    report, reason = future.result(), ""
                except _FAULTS as error:
                    report, reason = {}, _line(error)
                for own in found:
                    own[index].report = report
                    own[index].reason = own[index].reason or reason
                progress(number, total)
        finally:
            pool.shutdown(cancel_futures=True)
    return found


def _made(candidate: Candidate) -> ConfiguredEngine | str:
    """Return the engine of a candidate with its Verilog, or why there is none."""
    try:
        engine = engine_of(candidate)
        candidate.run_options()
        _ = engine.generated
    except _FAULTS as error:
        return _line(error)
    return engine


def _reckoned(
    candidates: Sequence[Candidate], made: Sequence[ConfiguredEngine | str], a: Any, b: Any, parallel: int
) -> list[Assessed]:
    """Return what golden gives of all candidates on a product."""
    found = [
        Assessed(each, reason=engine if isinstance(engine, str) else "")
        for each, engine in zip(candidates, made, strict=True)
    ]
    keys: dict[int, str | None] = {}
    results: dict[int, known.Reckoned] = {}
    for index, engine in enumerate(made):
        if isinstance(engine, ConfiguredEngine):
            keys[index] = known.key((a, b), candidates[index], engine.manifest)
            kept = known.load(keys[index])
            if kept is not None:
                results[index] = kept

    def reckon(index: int) -> known.Reckoned:
        candidate, engine = candidates[index], made[index]
        assert isinstance(engine, ConfiguredEngine)
        try:
            return expected(candidate.runner, Design("", engine.manifest), a, b, candidate.run_options())
        except _FAULTS as error:
            return _line(error)

    lacking = [index for index in keys if index not in results]
    for index, result in zip(lacking, forked_map(reckon, lacking, min(parallel, workers())), strict=True):
        results[index] = result
        known.store(keys[index], result)
    for index, result in results.items():
        if isinstance(result, str):
            found[index].reason = result
        else:
            found[index].expected = result
    return found


def engine_of(candidate: Candidate) -> ConfiguredEngine:
    """Return the engine of a candidate."""
    return ConfiguredEngine.of(candidate.engine, candidate.parameters)


def check(one: Assessed, part: Slice) -> None:
    """Run a slice of a product through the RTL that was synthesized; ``checked`` is set.

    The slice is quantised by itself, so units that a matrix shares are those of the slice.

    Parameters
    ----------
    one : candidate that was assessed
    part : of the product

    Raises
    ------
    RunError
        The slice cannot run, an output differs from golden, or the RTL is not what was synthesized.
    SimulatorError
        The RTL gave no result.
    """
    result = engine_of(one.candidate).run(part.a, part.b, **one.candidate.options)
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
    return matrix.part((part,), name, "slice") if isinstance(matrix, Stored) else matrix[part].copy()


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
