"""What golden gives for a product before any RTL runs: C, the cycles, and what the operands take.

Operands are quantised by the code with which ``dotforge run`` prepares them. Cycles are those of the models that equal
the RTL; of an engine of dot products that streams both operands it is a beat a cycle, and the latency.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse

from ..models.exact import exact
from ..models.operands import of_matrices
from .errors import RunError
from .gemm import Design
from .loop import Found
from .operands import Stored, checked_operands, dense, values
from .quality import Taken, product_quality
from .sparse import Sparse

__all__ = ["Expected", "expected"]


@dataclass(frozen=True)
class Expected:
    """A product by golden.

    Attributes
    ----------
    sqnr_db : of C against the product in float64, ``None`` where they are equal
    cycles : from the first beat to the last sum
    estimated : whether cycles are within a few percent, and not those of the RTL
    bits : of A and B as the engine takes them, each once, with scales and bitmaps
    stationary : operand that stays, ``a`` or ``b``, where one does
    formats : of A and B
    useful_macs : products of two nonzeros
    """

    sqnr_db: float | None
    cycles: int
    bits: tuple[int, int]
    stationary: str | None
    formats: tuple[str, str]
    useful_macs: int
    estimated: bool = False


def expected(module: Any, design: Design, a: Any, b: Any, options: Any) -> Expected:
    """Return what a run of the RTL is to give.

    Parameters
    ----------
    module : runner of the engine, which has ``prepare`` and ``finish`` (see :mod:`.loop`) or ``product_of``
    design : the engine; its manifest alone is read
    a, b : M×K and K×N, as ``run`` takes them
    options : ``Options`` of the module

    Raises
    ------
    RunError
        The engine does not take the operands, sums overflow, or golden or cycles are not known ahead.
    """
    given = checked_operands(a, b)
    engine = design.manifest["engine"]
    plain = [dense(values(each), name, engine) for each, name in zip(given, "AB", strict=True)]
    own = [each if isinstance(each, Stored) else made for each, made in zip(given, plain, strict=True)]
    with np.errstate(all="ignore"):  # what leaves the range of a number shows in it
        if hasattr(module, "prepare"):
            return _of_dots(module, design, own, plain, options)
        if hasattr(module, "product_of"):
            return _of_words(module, design, own, plain, options)
    raise RunError(f"{engine} tells products only by running them")


def _of_dots(module: Any, design: Design, own: list[Any], plain: list[np.ndarray], options: Any) -> Expected:
    job = module.prepare(design, *own, options)
    if job.stationary is not None:
        raise RunError("stationary weights have no exact cycle model: weight_depth 0 streams them")
    c = job.decode(job.golden)
    said = module.finish(job, Found(job.golden, c, *plain))
    _refuse_overflow(said.overflowed | ~np.isfinite(c), said.limit, said.remedy)
    m, n = job.shape
    return Expected(
        product_quality(plain[0], plain[1], c)["sqnr_db"],
        m * n * job.beats + design.manifest["latency"],
        (_stored(plain[0], job.taken[0]), _stored(plain[1], job.taken[1])),
        None,
        (job.taken[0].format, job.taken[1].format),
        _useful(plain),
    )


def _of_words(module: Any, design: Design, own: list[Any], plain: list[np.ndarray], options: Any) -> Expected:
    parameters = design.parameters
    encoded, stationary, c, flags = module.product_of(design, own, options)
    found = c.toarray() if scipy.sparse.issparse(c) else c
    lost = np.array([flags.any(), not np.isfinite(found).all()])
    _refuse_overflow(lost, parameters["sum_format"], "a wider sum_format, or other units")
    kept: list[Sparse] = [each.nonzeros() for each in encoded]
    taken = [each.taken() for each in encoded]
    follows = hasattr(module, "cycles_of")  # the model of the engine alone is not to the cycle
    cycles = module.cycles_of(design, own, options) if follows else None
    estimated = follows and cycles is None
    if cycles is None:
        cycles = exact(design.manifest["engine"], parameters, of_matrices(kept[0], kept[1]), stationary).total
    bits = [
        # A bitmap has a bit an element, and values follow for the nonzeros alone.
        matrix.size + len(each.values) * round(one.bits) if module.STORES_NONZEROS else _stored(matrix, one)
        for matrix, each, one in zip(plain, kept, taken, strict=True)
    ]
    return Expected(
        product_quality(plain[0], plain[1], found)["sqnr_db"],
        cycles,
        (bits[0], bits[1]),
        stationary,
        (taken[0].format, taken[1].format),
        _useful(plain),
        estimated,
    )


def _useful(plain: list[np.ndarray]) -> int:
    return int((plain[0] != 0).sum(axis=0, dtype=np.int64) @ (plain[1] != 0).sum(axis=1, dtype=np.int64))


def _stored(matrix: np.ndarray, taken: Taken) -> int:
    return round(matrix.size * taken.bits)


def _refuse_overflow(flags: np.ndarray, limit: str, remedy: str) -> None:
    if flags.any():
        raise RunError(f"sums overflow {limit}: {remedy}")
