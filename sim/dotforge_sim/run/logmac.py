"""Runs matrix products through the RTL of the log-weight MAC: C = A @ B, A activations, B weights."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dotforge_golden.levels import UNITS
from dotforge_golden.logmac import folded_bias, weight_code
from dotforge_golden.quantise import sqnr

from ..models.cycles import Cycles
from ..simulator.streams import Beats, Simulator
from .gemm import Design, Progress, RunError, RunResult, check_operands, statistics
from .logmac_golden import golden
from .logmac_operands import Operands, finite, is_log

__all__ = ["EXAMPLE", "Options", "run"]

#: Arguments of an example for the command line's help.
EXAMPLE = "--a activations.npy --b weights.npy -o product.npy --json report.json"

#: Activation beats in one run of the simulator; longer products are run in pieces.
_PIECE = 2_000_000


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a run can be told."""

    quantize: str = field(
        default="auto",
        metadata={
            "choices": ("auto", "none", "nearest", "scaled"),
            "help": "what to do with values that the formats cannot represent: refuse them (none), round weights "
            "and log numbers (nearest), or choose units and round both operands (scaled); auto is scaled where "
            "weights are log numbers, else none",
        },
    )
    unit: str = field(
        default="max",
        metadata={
            "choices": UNITS,
            "help": "scaled: the unit with which nothing is clipped, or the one of least error among 61",
        },
    )
    activation_unit: str = field(
        default="matrix",
        metadata={"choices": ("matrix", "row"), "help": "scaled: what shares a unit of the activations"},
    )
    weight_unit: str = field(
        default="column",
        metadata={"choices": ("column", "matrix"), "help": "scaled: what shares a unit of the weights"},
    )
    save_quantized: str | None = field(
        default=None, metadata={"help": "words, units and what words stand for, an .npz file to write"}
    )
    allow_overflow: bool = field(
        default=False, metadata={"help": "succeed although sums overflowed; the report lists them"}
    )


@dataclass(frozen=True)
class _Beats:
    activations: np.ndarray  # (M, beats, lanes)
    codes: np.ndarray  # (N, beats, lanes)
    bias: np.ndarray | None  # (N,)


def run(design: Design, a: np.ndarray, b: np.ndarray, options: Options, progress: Progress) -> RunResult:
    """Multiply on the RTL.

    Parameters
    ----------
    design : a generated ``logmac``
    a, b : M×K activations and K×N weights that the formats represent, or any with ``quantize="scaled"``
    options : see :class:`Options`
    progress : told about streamed beats

    Returns
    -------
    C as float64: the RTL's sums times the units of both operands. It is exactly A @ B where the weights are
    exponents, operands were not rounded and no sum overflowed. Every sum and flag is compared with golden.

    Raises
    ------
    RunError
        Shapes, types or values that the configuration does not take.
    """
    started = time.monotonic()
    parameters = design.parameters
    m, k, n = check_operands(a, b)
    lanes, depth = parameters["lanes"], parameters["weight_depth"]
    beats = -(-k // lanes)
    if depth and beats > depth:
        raise RunError(f"K = {k} needs weight_depth {beats} at {lanes} lanes, given {depth}")
    quantize = options.quantize
    if quantize == "auto":
        quantize = "scaled" if is_log(parameters) else "none"
    operands = Operands.of(
        parameters,
        a,
        b,
        quantize=quantize,
        unit=options.unit,
        a_per_row=options.activation_unit == "row",
        b_per_column=options.weight_unit == "column",
    )
    cut = _cut(parameters, operands, beats)

    simulator = Simulator(design.verilog, design.manifest)
    cycles = Cycles()
    words, flags = np.empty((m, n), dtype=np.int64), np.empty((m, n), dtype=bool)
    for columns in _pieces(n, m * beats):
        outputs = simulator.run(
            _streams(simulator, cut, columns, stationary=depth > 0), expect={"sums": m * len(columns)}
        )
        fields = simulator.unpack("sums", outputs["sums"].data)
        words[:, columns] = fields["sum"].reshape(len(columns), m).T
        flags[:, columns] = fields["overflow"].reshape(len(columns), m).T != 0
        first = min(int(cycle[0]) for cycle in outputs.accepted.values() if len(cycle))
        cycles.count(first, outputs.accepted["activations"], int(outputs["sums"].cycles[-1]))
        progress(m * beats * columns.stop, m * beats * n)

    found = golden(parameters, cut.activations.reshape(m, -1), cut.codes.reshape(n, -1), cut.bias)
    mismatches = int(np.count_nonzero((words != found.words) | (flags != found.overflows)))
    report = statistics(
        design,
        operands.a.values(),
        operands.b.values().T,
        cycles,
        lanes=lanes,
        mismatches=mismatches,
        wall_seconds=time.monotonic() - started,
        stationary="b" if depth else None,
        folds=n if depth else None,
        accumulated_by="hardware",
    )
    wanted = a.astype(np.float64) @ b.astype(np.float64)
    units = operands.a.units[:, None] * operands.b.units
    c = found.decode(words) * units
    report["quantization"] = {"kind": quantize, **operands.report(a, b)}
    report["quantization"]["product_sqnr_db"] = finite(sqnr(wanted, c))
    if parameters["log_output"] != "none":
        linear = finite(sqnr(wanted, found.sums * found.scale * units))
        report["quantization"]["product_sqnr_db_before_log_output"] = linear
    report["overflow_margin"] = found.margin
    overflowed = np.argwhere(flags)
    report["overflows"] = {"count": len(overflowed), "outputs": overflowed.tolist()}
    failure = None
    if mismatches:
        failure = f"{mismatches} of {m * n} outputs differ from golden"
    elif len(overflowed) and not options.allow_overflow:
        row, column = overflowed[0]
        wider = "more bin_bits or sum_bits" if "bins" in found.margin else "more sum_bits"
        failure = (
            f"{len(overflowed)} of {m * n} sums overflowed {parameters['sum_bits']} bits, the first one at "
            f"({row}, {column}): {wider}, or --allow-overflow"
        )
    return RunResult(c, report, failure, operands.arrays())


def _cut(parameters: dict[str, Any], operands: Operands, beats: int) -> _Beats:
    """Cut K into beats; the last one is filled with zeros."""
    lanes = parameters["lanes"]

    def filled(words: np.ndarray, zero: int) -> np.ndarray:
        fill = beats * lanes - words.shape[1]
        return np.pad(words, ((0, 0), (0, fill)), constant_values=zero)

    codes = filled(operands.b.words, operands.b.levels.zero)
    bias = folded_bias(codes, weight_code(parameters["weight_code"])) if parameters["fold_sign"] else None
    limit = 2 ** (parameters["sum_bits"] - 1) - 1
    if bias is not None and bias.max() > limit:
        raise RunError(
            f"the bias of column {bias.argmax()}, {bias.max()}, does not fit sum_bits = {parameters['sum_bits']}"
        )
    activations = filled(operands.a.words, operands.a.levels.zero)
    return _Beats(activations.reshape(-1, beats, lanes), codes.reshape(-1, beats, lanes), bias)


def _pieces(columns: int, beats_per_column: int) -> Iterator[range]:
    size = max(1, _PIECE // beats_per_column)
    for start in range(0, columns, size):
        yield range(start, min(start + size, columns))


def _streams(simulator: Simulator, operands: _Beats, columns: range, *, stationary: bool) -> dict[str, Beats]:
    """Beats of all dot products of some columns, column by column, within a column row by row."""
    rows, beats, lanes = operands.activations.shape
    activation = {"activation": np.tile(operands.activations.reshape(-1, lanes), (len(columns), 1))}
    codes = operands.codes[columns.start : columns.stop]
    bias = None if operands.bias is None else operands.bias[columns.start : columns.stop]
    if stationary:
        release = np.zeros((len(columns), rows, beats), dtype=np.int64)
        release[:, -1, :] = 1
        activation["release"] = release.ravel()
    else:  # each dot product brings its own
        codes = np.repeat(codes, rows, axis=0)
        bias = None if bias is None else np.repeat(bias, rows)

    def ends(count: int) -> np.ndarray:
        return np.tile(np.arange(beats) == beats - 1, count)

    result = {
        "activations": simulator.pack("activations", ends(rows * len(columns)), **activation),
        "weights": simulator.pack(
            "weights", ends(len(codes)) if stationary else None, weight=codes.reshape(-1, lanes)
        ),
    }
    if bias is not None:
        result["bias"] = simulator.pack("bias", bias=bias)
    return result
