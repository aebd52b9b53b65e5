"""Runs matrix products through the RTL of the Flex-DPE: C = A @ B, one operand stationary.

With A stationary, its rows are the rows, and B's columns the streaming vectors; with B stationary, B's columns
are the rows and A's rows the vectors. K is cut into windows. The RTL packs each window's rows into folds, and
all vectors are streamed past each fold. Sums of a dot product over windows and folds are added here, in
that order.
"""

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dotforge_golden import flexdpe as golden
from dotforge_golden.formats import lookup

from ..models.cycles import Cycles
from ..models.flexdpe_plan import Job, pieces, windows
from ..simulator.streams import Outputs, Simulator
from .flexdpe_beats import inputs
from .gemm import Design, Progress, RunError, RunResult, statistics
from .operands import checked_operands, dense

__all__ = ["EXAMPLE", "SPARSITY", "Options", "run"]

#: Arguments of an example for the command line's help.
EXAMPLE = "--a activations.npy --b weights.npz --stationary auto -o product.npy --json report.json"

#: Of the weights of sample operands: what the paper's evaluation has.
SPARSITY = 0.8


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a run can be told."""

    stationary: str = field(
        default="auto",
        metadata={
            "choices": ("auto", "a", "b"),
            "help": "the operand that stays; auto: what takes fewer cycles",
        },
    )
    regor: str = field(
        default="hardware",
        metadata={
            "choices": ("hardware", "given"),
            "help": "stream all bitmaps ahead for REGOR, or give their OR as one word",
        },
    )
    quantize: str = field(
        default="none",
        metadata={
            "choices": ("none", "nearest"),
            "help": "what to do with values that the format does not hold: refuse them, or round to nearest",
        },
    )


def run(design: Design, a: np.ndarray, b: np.ndarray, options: Options, progress: Progress) -> RunResult:
    """Multiply on the RTL.

    Parameters
    ----------
    design : a generated ``flexdpe``
    a, b : M×K and K×N, of values that the format holds, or any with ``quantize="nearest"``
    options : see :class:`Options`
    progress : told about streamed vectors

    Returns
    -------
    C as int64, exactly A @ B where nothing overflowed, or as float32: bit for bit what golden gives, which
    every run checks.

    Raises
    ------
    RunError
        Shapes, types or values that the configuration does not take.
    """
    started = time.monotonic()
    parameters = design.parameters
    first, second = checked_operands(a, b)
    a, b = dense(first, "A", "flexdpe"), dense(second, "B", "flexdpe")
    arithmetic = golden.Arithmetic(
        parameters["format"], parameters["flush_subnormals"], parameters["reduction"], _sum_bits(design)
    )
    encoded = [_encoded(matrix, name, arithmetic, options) for matrix, name in ((a, "A"), (b, "B"))]
    jobs = {
        "a": _job(design, arithmetic, encoded[0], encoded[1].T),
        "b": _job(design, arithmetic, encoded[1].T, encoded[0]),
    }
    stationary = options.stationary
    if stationary == "auto":
        stationary = min(jobs, key=lambda name: _expected_cycles(jobs[name]))
    job = jobs[stationary]
    bits = parameters["row_bits"]
    if len(job.rows) > 1 << bits:
        raise RunError(
            f"{len(job.rows)} stationary rows need row_bits {(len(job.rows) - 1).bit_length()}, given {bits}"
        )

    done = _Done(job, parameters)
    simulator = Simulator(design.verilog, design.manifest)
    total = sum(len(job.folds(part)) for part in windows(job)) * len(job.vectors)
    streamed = 0
    for parts in pieces(job):
        beats = inputs(simulator, parameters, job, parts, given_regor=options.regor == "given")
        quiet = design.manifest["latency"] + 64
        outputs = simulator.run(beats, expect={}, idle_limit=20_000, quiet_cycles=quiet)
        folds = [fold for part in parts for fold in job.folds(part)]
        done.take(outputs, simulator, folds)
        streamed += len(folds) * len(job.vectors)
        progress(streamed, total)

    wanted = golden.product(job.rows, job.vectors, lanes=job.lanes, window=job.window, arithmetic=arithmetic)
    found = done.total
    mismatches = int(np.count_nonzero(_codes(found) != _codes(wanted))) + done.mismatches
    c = found if stationary == "a" else found.T
    report = statistics(
        design,
        _decoded(encoded[0], arithmetic),
        _decoded(encoded[1], arithmetic),
        done.cycles,
        lanes=job.lanes,
        mismatches=mismatches,
        wall_seconds=time.monotonic() - started,
        stationary=stationary,
        folds=done.folds,
        stationary_utilisation=done.elements / (done.folds * job.lanes) if done.folds else None,
        accumulated_by="harness",
    )
    report["windows"] = done.windows
    report["regor"] = options.regor
    report["simulation"] = {"cycles": done.simulated, "cpu_seconds": done.seconds}
    report["overflows"] = done.overflows
    report["error"] = _error(a, b, c) if arithmetic.is_float else None
    report["warnings"] = _warnings(job, done.folds)
    failure = None
    if mismatches:
        failure = f"{mismatches} results differ from golden"
    elif done.overflows:
        failure = f"{done.overflows} sums overflowed {parameters['sum_format']}: a wider sum_format, or exact"
    return RunResult(c, report, failure)


def _sum_bits(design: Design) -> int:
    (sums,) = (stream for stream in design.manifest["streams"] if stream["name"] == "sums")
    return next(entry["width"] for entry in sums["fields"] if entry["name"] == "value")


def _job(design: Design, arithmetic: golden.Arithmetic, rows: np.ndarray, vectors: np.ndarray) -> Job:
    parameters = design.parameters
    return Job(
        rows,
        vectors,
        arithmetic.nonzero(rows),
        arithmetic.nonzero(vectors),
        arithmetic,
        parameters["lanes"],
        parameters["window"] or parameters["lanes"],
        parameters["stationary_bandwidth"],
    )


def _encoded(matrix: np.ndarray, name: str, arithmetic: golden.Arithmetic, options: Options) -> np.ndarray:
    """Return integers or encodings."""
    if not arithmetic.is_float:
        integers = (
            np.rint(matrix).astype(np.int64) if options.quantize == "nearest" else matrix.astype(np.int64)
        )
        bits = int(arithmetic.format[3:])
        low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
        if options.quantize == "nearest":
            return np.clip(integers, low, high)
        if not np.array_equal(integers, matrix):
            raise RunError(
                f"{name} holds values that are not integers, such as {matrix[integers != matrix][0]}"
            )
        outside = integers[(integers < low) | (integers > high)]
        if outside.size:
            raise RunError(f"{name} holds {outside.size} values outside {low}…{high}, such as {outside[0]}")
        return integers
    format = lookup(arithmetic.format.upper())
    values = matrix.astype(np.float64)
    codes = format.encode(values, saturate=True)
    different = format.decode(codes) != values
    if different.any() and options.quantize == "none":
        raise RunError(
            f"{name} holds {np.count_nonzero(different)} values that are not of {format.name}, such as "
            f"{values[different][0]}: --quantize nearest rounds them"
        )
    return codes


def _decoded(matrix: np.ndarray, arithmetic: golden.Arithmetic) -> np.ndarray:
    return lookup(arithmetic.format.upper()).decode(matrix) if arithmetic.is_float else matrix


def _codes(matrix: np.ndarray) -> np.ndarray:
    return matrix.view(np.uint32) if matrix.dtype == np.float32 else matrix


def _expected_cycles(job: Job) -> int:
    """Estimate what a stationary operand costs: what is streamed, and what is loaded before that."""
    folds = sum(len(job.folds(part)) for part in windows(job))
    return folds * len(job.vectors) + int(np.count_nonzero(job.row_bits)) // job.bandwidth


class _Done:
    """Adds up what comes out of the pieces."""

    def __init__(self, job: Job, parameters: dict[str, Any]) -> None:
        self.job, self.indices = job, 1 << parameters["index_bits"]
        shape = len(job.rows), len(job.vectors)
        self.total = np.zeros(shape, np.float32 if job.arithmetic.is_float else np.int64)
        self.begun = np.zeros(len(job.rows), bool)
        self.cycles = Cycles()
        self.folds = self.elements = self.windows = self.mismatches = self.overflows = 0
        self.simulated, self.seconds = 0, 0.0  # of the simulator: cycles, and CPU time

    def take(self, outputs: Outputs, simulator: Simulator, folds: list[golden.Fold]) -> None:
        """Add the sums of a piece, fold by fold.

        Every slot gives a sum a vector, in the order of the vectors, so the n-th is the n-th vector's; the
        index that comes with it must say so.
        """
        received = outputs["sums"]
        fields = simulator.unpack("sums", received.data)
        ends = np.flatnonzero(received.last)
        count = len(self.job.vectors)
        for first, last in zip([0, *(ends[:-1] + 1)], ends, strict=True):
            own = slice(first, last + 1)
            valid, rows = fields["valid"][own] != 0, fields["row"][own]
            for lane in np.flatnonzero(valid.any(axis=0)):
                chosen = valid[:, lane]
                row = rows[chosen, lane][0]
                values = fields["value"][own][chosen, lane]
                expected = np.arange(count)
                index = fields["index"][own][chosen, lane]
                if len(values) != count or (index != expected % self.indices).any() or row >= len(self.total):
                    self.mismatches += 1
                    continue
                self._add(int(row), values)
            if "overflow" in fields:
                self.overflows += int(np.count_nonzero(fields["overflow"][own]))
        self.mismatches += abs(len(ends) - len(folds))
        self.mismatches += int(outputs.ports["error"])
        self.folds += len(ends)
        self.simulated += outputs.cycles
        self.seconds += outputs.seconds
        self.elements += sum(int(fold.occupied.sum()) for fold in folds)
        first = min(int(cycles[0]) for cycles in outputs.accepted.values() if len(cycles))
        if len(received.cycles):
            self.cycles.count(first, outputs.accepted["vectors"], int(received.cycles[-1]))

    def _add(self, row: int, values: np.ndarray) -> None:
        if self.job.arithmetic.is_float:
            values = values.astype(np.uint32).view(np.float32)
        if self.begun[row]:
            values = self.job.arithmetic.accumulate(self.total[row], values)
        self.total[row] = values
        self.begun[row] = True


def _error(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> dict[str, float]:
    """Return how far C is from the product of the given matrices in float64."""
    exact = a.astype(np.float64) @ b.astype(np.float64)
    difference = np.abs(c.astype(np.float64) - exact)
    scale = np.abs(exact).max()
    largest = float(difference.max())
    return {"largest": largest, "relative_to_largest": largest / float(scale) if scale else 0.0}


def _warnings(job: Job, folds: int) -> list[str]:
    """Say where sparsity does not pay: as many folds as a dense matrix has, or more bits than it."""
    warnings = []
    rows, k = job.rows.shape
    dense = sum(-(-rows * (part.stop - part.start) // job.lanes) for part in golden.windows(k, job.window))
    if folds >= dense:
        warnings.append(f"stationary operand too dense: {folds} folds, as many as without zeros")
    width = (
        lookup(job.arithmetic.format.upper()).width
        if job.arithmetic.is_float
        else int(job.arithmetic.format[3:])
    )
    for name, bits in (("stationary", job.row_bits), ("streaming", job.vector_bits)):
        density = np.count_nonzero(bits) / bits.size
        if density * width + 1 > width:
            warnings.append(
                f"{name} operand too dense: {density:.2f} of its elements and a bitmap are more bits than all of it"
            )
    return warnings
