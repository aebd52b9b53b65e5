"""Runs matrix products through the RTL of the Flex-DPE: C = A @ B, one operand stationary.

With A stationary, its rows are the rows, and B's columns the streaming vectors; with B stationary, B's columns
are the rows and A's rows the vectors. K is cut into windows. The RTL packs each window's rows into folds, and
all vectors are streamed past each fold. Sums of a dot product over windows and folds are added here, in
that order. Rows that are empty are not sent, so ids count those that are not; of both operands only nonzeros are kept.
"""

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dotforge_golden import flexdpe as golden

from ..models import flexdpe as model
from ..models.flexdpe_plan import Plan, Side, pieces
from ..simulator.streams import Simulator
from .conclusion import Conclusion, conclude
from .encoded import Encoded, EncodingOptions, encode_both, told
from .flexdpe_beats import inputs
from .flexdpe_sums import Sums, Wanted
from .gemm import Design, Progress, RunError, RunResult
from .operands import checked_operands, values
from .quality import MOST_OUTPUTS
from .sparse import Sparse
from .word_format import Format, in_units, sums_margin

__all__ = ["EXAMPLE", "SPARSITY", "STORES_NONZEROS", "Options", "product_of", "run"]

#: Arguments of an example for the command line's help.
EXAMPLE = "--a activations.npy --b weights.npz --stationary auto -o product.npy --json report.json"

#: Of the weights of sample operands: what the paper's evaluation has.
SPARSITY = 0.8

#: Whether operands come without their zeros.
STORES_NONZEROS = True


@dataclass(frozen=True, kw_only=True)
class Options(EncodingOptions):
    """What a run can be told."""

    stationary: str = field(
        default="auto",
        metadata={
            "choices": ("auto", "a", "b"),
            "help": "the operand that stays; auto: of those that fit row_bits, what takes fewer cycles",
        },
    )
    regor: str = field(
        default="hardware",
        metadata={
            "choices": ("hardware", "given"),
            "help": "stream all bitmaps ahead for REGOR, or give their OR as one word",
        },
    )


def run(design: Design, a: Any, b: Any, options: Options, progress: Progress) -> RunResult:
    """Multiply on the RTL.

    Parameters
    ----------
    design : a generated ``flexdpe``
    a, b : M×K and K×N, with their zeros or sparse, of values that the format holds, or any that are then rounded
    options : see :class:`Options`
    progress : told about streamed vectors

    Returns
    -------
    C as int64, exactly A @ B where nothing overflowed, or as float32, bit for bit what golden gives, which every run
    checks; float64 with ``quantize="scaled"``. It is sparse where it has more than 2^27 elements.

    Raises
    ------
    RunError
        Shapes, types or values that the configuration does not take.
    """
    started = time.monotonic()
    operands = checked_operands(a, b)
    with np.errstate(
        all="ignore"
    ):  # what leaves the range of a number shows in it, and is reported from there
        return _run(design, operands, options, progress, started)


def _run(
    design: Design, operands: tuple[Any, Any], options: Options, progress: Progress, started: float
) -> RunResult:
    parameters = design.parameters
    format = Format(parameters["format"])
    encoded = encode_both(operands, format, options, "flexdpe")
    given = values(operands[0]), values(operands[1])
    taken = [each.nonzeros() for each in encoded]
    chosen = _chosen(design, taken, options)
    plan, stationary = chosen.plan, chosen.stationary

    sums, wanted = Sums(plan, 1 << parameters["index_bits"]), Wanted(plan)
    simulator = Simulator(design.verilog, design.manifest)
    streamed, total = 0, plan.folds * plan.vectors.count
    quiet = design.manifest["latency"] + 64
    for windows in pieces(plan):
        folds = sum(len(wanted.take(window)) for window in windows)
        if not folds:  # no nonzero of one operand meets one of the other
            continue
        beats = inputs(simulator, parameters, plan, windows, given_regor=options.regor == "given")
        outputs = simulator.run(beats, expect={}, idle_limit=20_000, quiet_cycles=quiet)
        sums.take(outputs, simulator, folds)
        streamed += folds * plan.vectors.count
        progress(streamed, total)

    c = chosen.product(sums.total, given, encoded)
    wrong = int(np.count_nonzero(_bits(sums.total) != _bits(wanted.total))) + sums.mismatches
    overflowed = sums.overflowed
    if format.is_float:
        overflowed = overflowed | ~np.isfinite(sums.total)
    report = {
        "windows": sums.windows,
        "regor": options.regor,
        "limits": _limits(parameters, plan, options, sums.cycles.total),
        "simulation": {"cycles": sums.simulated, "cpu_seconds": sums.seconds},
    }
    dense = all(isinstance(matrix, np.ndarray) for matrix in given)
    return conclude(
        design,
        *given,
        Conclusion(
            c=c,
            **told(encoded, format, options, engine="flexdpe", arrays_dense=dense),
            cycles=sums.cycles,
            lanes=plan.lanes,
            mismatches=wrong,
            compared=max(c.shape[0] * c.shape[1], wrong),
            overflowed=chosen.places(overflowed),
            limit="FP32" if format.is_float else parameters["sum_format"],
            margin=sums_margin(
                format,
                _sum_bits(design),
                min(plan.lanes, plan.window, given[0].shape[1]),
                (0.0, wanted.peak) if format.is_float else wanted.extremes,
            ),
            stationary=stationary,
            folds=sums.folds,
            stationary_utilisation=wanted.elements / (sums.folds * plan.lanes) if sums.folds else None,
            accumulated_by="harness",
            report=report,
            warnings=_warnings(chosen, sums.folds, format),
        ),
        time.monotonic() - started,
    )


def product_of(
    design: Design, operands: list[Any], options: Options
) -> tuple[list[Encoded], str, Any, np.ndarray]:
    """Return what golden gives, without running the RTL.

    Parameters
    ----------
    design : a generated ``flexdpe``
    operands : A and B, with their zeros, sparse, or quantised already
    options : see :class:`Options`

    Returns
    -------
    A and B as words, the operand that stays, C, and flags of which any is set where sums left their range.

    Raises
    ------
    RunError
        Values or shapes that the configuration does not take.
    """
    format = Format(design.parameters["format"])
    encoded = encode_both(operands, format, options, "flexdpe")
    chosen = _chosen(design, [each.nonzeros() for each in encoded], options)
    wanted = Wanted(chosen.plan)
    for windows in pieces(chosen.plan):
        for window in windows:
            wanted.take(window)
    if format.is_float:
        flags = ~np.isfinite(wanted.total)
    else:  # a fold's sum is what may wrap
        bits = _sum_bits(design)
        low, high = wanted.extremes
        flags = np.array([low < -(1 << (bits - 1)), high >= 1 << (bits - 1)])
    given = values(operands[0]), values(operands[1])
    return encoded, chosen.stationary, chosen.product(wanted.total, given, encoded), flags


def _limits(parameters: dict[str, Any], plan: Plan, options: Options, total: int) -> dict[str, Any] | None:
    """Return what the cycles are spent on, and most of them: of the model, where it counts what the RTL took."""
    spent = model.spent(parameters, plan, given_regor=options.regor == "given")
    if not total or sum(spent.values()) != total:
        return None
    return {"by": max(spent, key=lambda name: spent[name]), "cycles": spent}


@dataclass(frozen=True)
class _Chosen:
    """One operand stationary.

    Attributes
    ----------
    rows : of the stationary operand, those that are not empty
    shape : rows and K of the stationary operand
    """

    stationary: str
    plan: Plan
    rows: np.ndarray
    shape: tuple[int, int]

    def product(self, total: np.ndarray, given: tuple[Any, Any], encoded: list[Encoded]) -> Any:
        """Return C, of sums [rows that are not empty, vectors]."""
        m, n = given[0].shape[0], given[1].shape[1]
        scale = [each.units for each in encoded]
        if m * n <= MOST_OUTPUTS:
            c = np.zeros((m, n), total.dtype)
            if self.stationary == "a":
                c[self.rows] = total
            else:
                c[:, self.rows] = total.T
            return c if scale[0] is None or scale[1] is None else in_units(c, scale[0][:, None], scale[1])
        import scipy.sparse  # noqa: PLC0415 - dense matrices need no SciPy

        rows, vectors = np.nonzero(total)
        values = total[rows, vectors]
        places = (self.rows[rows], vectors) if self.stationary == "a" else (vectors, self.rows[rows])
        if scale[0] is not None and scale[1] is not None:
            values = in_units(values, scale[0][places[0]], scale[1][places[1]])
        return scipy.sparse.csr_array((values, places), shape=(m, n))

    def places(self, marked: np.ndarray) -> np.ndarray:
        """Return rows and columns of C of marked sums, (count, 2), in order."""
        rows, vectors = np.nonzero(marked)
        pair = [self.rows[rows], vectors] if self.stationary == "a" else [vectors, self.rows[rows]]
        found = np.stack(pair, axis=-1)
        return found[np.lexsort((found[:, 1], found[:, 0]))]


def _chosen(design: Design, taken: list[Sparse], options: Options) -> _Chosen:
    """Return the operand that stays: of those that can, the one with fewer cycles."""
    bits = design.parameters["row_bits"]
    found, needed = [], {}
    for name in "ab" if options.stationary == "auto" else options.stationary:
        rows, vectors = (taken[0], taken[1].T) if name == "a" else (taken[1].T, taken[0])
        kept, ids = np.unique(rows.rows, return_inverse=True)
        if len(kept) > 1 << bits:
            needed[name.upper()] = (len(kept), (len(kept) - 1).bit_length())
            continue
        window = design.parameters["window"] or design.parameters["lanes"]
        plan = Plan(
            Side.of(len(kept), ids, rows.columns, rows.values, window),
            Side.of(vectors.shape[0], vectors.rows, vectors.columns, vectors.values, window),
            golden.Arithmetic(
                design.parameters["format"],
                design.parameters["flush_subnormals"],
                design.parameters["reduction"],
                _sum_bits(design),
            ),
            design.parameters["lanes"],
            window,
            design.parameters["stationary_bandwidth"],
        )
        found.append(_Chosen(name, plan, kept, rows.shape))
    if not found:
        said = "; ".join(
            f"{count} rows of {name} need row_bits {least}" for name, (count, least) in needed.items()
        )
        raise RunError(f"too many stationary rows: {said}, given {bits}")
    return min(found, key=lambda each: _expected_cycles(each.plan))


def _sum_bits(design: Design) -> int:
    (sums,) = (stream for stream in design.manifest["streams"] if stream["name"] == "sums")
    return next(entry["width"] for entry in sums["fields"] if entry["name"] == "value")


def _bits(matrix: np.ndarray) -> np.ndarray:
    return matrix.view(np.uint32) if matrix.dtype == np.float32 else matrix


def _expected_cycles(plan: Plan) -> int:
    """Estimate what a stationary operand costs: what is streamed, and what is loaded before that."""
    return plan.folds * plan.vectors.count + len(plan.rows.values) // plan.bandwidth


def _warnings(chosen: _Chosen, folds: int, format: Format) -> list[str]:
    """Say where sparsity does not pay: as many folds as a dense matrix has, or more bits than it."""
    warnings, plan = [], chosen.plan
    rows, k = chosen.shape
    whole, rest = divmod(k, plan.window)
    dense = whole * -(-rows * plan.window // plan.lanes) + -(-rows * rest // plan.lanes)
    if folds >= dense:
        warnings.append(f"stationary operand too dense: {folds} folds, as many as without zeros")
    for name, side, count in (
        ("stationary", plan.rows, rows),
        ("streaming", plan.vectors, plan.vectors.count),
    ):
        density = len(side.values) / (count * k)
        if density * format.bits + 1 > format.bits:
            warnings.append(
                f"{name} operand too dense: {density:.2f} of its elements and a bitmap are more bits than all of it"
            )
    return warnings
