"""Runs matrix products through the RTL of the log-weight MAC: C = A @ B, A activations, B weights."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dotforge_golden.logmac import WeightCode, dot, folded_bias, weight_code

from .gemm import Cycles, Design, Progress, RunError, RunResult, check_operands, statistics
from .streams import Beats, Simulator

__all__ = ["EXAMPLE", "Options", "run"]

#: Arguments of an example for the command line's help.
EXAMPLE = "--a activations.npy --b weights.npy -o product.npy --json report.json"

#: Activation beats in one run of the simulator; longer products are run in pieces.
_PIECE = 2_000_000


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a run can be told."""

    quantize: str = field(
        default="none",
        metadata={
            "choices": ("none", "nearest"),
            "help": "what to do with weights that the code cannot represent: refuse them, or round to the nearest",
        },
    )
    allow_overflow: bool = field(
        default=False, metadata={"help": "succeed although sums overflowed; the report lists them"}
    )


@dataclass(frozen=True)
class _Operands:
    activations: np.ndarray  # (M, beats, lanes)
    codes: np.ndarray  # (N, beats, lanes)
    bias: np.ndarray | None  # (N,)


def run(design: Design, a: np.ndarray, b: np.ndarray, options: Options, progress: Progress) -> RunResult:
    """Multiply on the RTL.

    Parameters
    ----------
    design : a generated ``logmac``
    a : M×K integers within ``activation_bits``
    b : K×N weights that the code represents, or any with ``quantize="nearest"``
    options : see :class:`Options`
    progress : told about streamed beats

    Returns
    -------
    C as float64, exactly A @ B where no sum overflowed. Every sum and flag is compared with golden.

    Raises
    ------
    RunError
        Shapes, types or values that the configuration does not take.
    """
    started = time.monotonic()
    parameters = design.parameters
    m, k, n = check_operands(a, b)
    code = weight_code(parameters["weight_code"])
    lanes, depth = parameters["lanes"], parameters["weight_depth"]
    beats = -(-k // lanes)
    if depth and beats > depth:
        raise RunError(f"K = {k} needs weight_depth {beats} at {lanes} lanes, given {depth}")
    activations = _activations(a, parameters["activation_bits"])
    codes, quantization = _codes(b, code, options)
    operands = _operands(parameters, activations, codes, code, beats)

    simulator = Simulator(design.verilog, design.manifest)
    cycles = Cycles()
    sums = np.empty((m, n), dtype=np.int64)
    flags = np.empty((m, n), dtype=bool)
    done = 0
    for columns in _pieces(n, m * beats):
        outputs = simulator.run(
            _beats(simulator, operands, columns, stationary=depth > 0), expect={"sums": m * len(columns)}
        )
        fields = simulator.unpack("sums", outputs["sums"].data)
        sums[:, columns] = fields["sum"].reshape(len(columns), m).T
        flags[:, columns] = fields["overflow"].reshape(len(columns), m).T != 0
        first = min(int(cycle[0]) for cycle in outputs.accepted.values() if len(cycle))
        cycles.count(first, outputs.accepted["activations"], int(outputs["sums"].cycles[-1]))
        done += m * beats * len(columns)
        progress(done, m * beats * n)

    golden_sums, golden_flags = _golden(parameters, operands, code)
    mismatches = int(np.count_nonzero((sums != golden_sums) | (flags != golden_flags)))
    report = statistics(
        design,
        a,
        code.decode(codes),
        cycles,
        lanes=lanes,
        mismatches=mismatches,
        wall_seconds=time.monotonic() - started,
        stationary="b" if depth else None,
        folds=n if depth else None,
        accumulated_by="hardware",
    )
    overflowed = np.argwhere(flags)
    report["quantization"] = quantization
    report["overflows"] = {"count": len(overflowed), "outputs": overflowed.tolist()}
    failure = None
    if mismatches:
        failure = f"{mismatches} of {m * n} outputs differ from golden"
    elif len(overflowed) and not options.allow_overflow:
        row, column = overflowed[0]
        failure = (
            f"{len(overflowed)} of {m * n} sums overflowed {parameters['sum_bits']} bits, the first one at "
            f"({row}, {column}): more sum_bits, or --allow-overflow"
        )
    return RunResult(sums * 2.0**code.low, report, failure)


def _activations(a: np.ndarray, bits: int) -> np.ndarray:
    integers = a.astype(np.int64)
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    if not np.array_equal(integers, a):
        raise RunError(f"A holds values that are not integers, such as {a[integers != a][0]}")
    outside = integers[(integers < low) | (integers > high)]
    if outside.size:
        raise RunError(f"A holds {outside.size} values outside {low}…{high}, such as {outside[0]}")
    return integers


def _codes(b: np.ndarray, code: WeightCode, options: Options) -> tuple[np.ndarray, dict[str, Any]]:
    codes, errors = code.encode(b)
    rounded = int(np.count_nonzero(errors))
    if rounded and options.quantize == "none":
        weight = b[errors != 0][0]
        raise RunError(
            f"B holds {rounded} weights that the code cannot represent, such as {weight}: "
            "--quantize nearest rounds them"
        )
    return codes, {"rounded": rounded, "worst_error": float(np.abs(errors).max())}


def _operands(
    parameters: dict[str, Any], activations: np.ndarray, codes: np.ndarray, code: WeightCode, beats: int
) -> _Operands:
    """Cut K into beats; the last one is filled with zeros."""
    lanes = parameters["lanes"]
    fill = beats * lanes - activations.shape[1]
    zero = code.values.index(0)
    padded_codes = np.pad(codes.T, ((0, 0), (0, fill)), constant_values=zero)
    bias = folded_bias(padded_codes, code) if parameters["fold_sign"] else None
    limit = 2 ** (parameters["sum_bits"] - 1) - 1
    if bias is not None and bias.max() > limit:
        raise RunError(
            f"the bias of column {bias.argmax()}, {bias.max()}, does not fit sum_bits = {parameters['sum_bits']}"
        )
    return _Operands(
        np.pad(activations, ((0, 0), (0, fill))).reshape(-1, beats, lanes),
        padded_codes.reshape(-1, beats, lanes),
        bias,
    )


def _pieces(columns: int, beats_per_column: int) -> Iterator[range]:
    size = max(1, _PIECE // beats_per_column)
    for start in range(0, columns, size):
        yield range(start, min(start + size, columns))


def _beats(
    simulator: Simulator, operands: _Operands, columns: range, *, stationary: bool
) -> dict[str, Beats]:
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


def _golden(
    parameters: dict[str, Any], operands: _Operands, code: WeightCode
) -> tuple[np.ndarray, np.ndarray]:
    rows = [
        dot(
            row.reshape(1, -1),
            operands.codes.reshape(len(operands.codes), -1),
            code=code,
            lanes=parameters["lanes"],
            sum_bits=parameters["sum_bits"],
            overflow=parameters["overflow"],
            bias=operands.bias,
        )
        for row in operands.activations
    ]
    return np.stack([row[0] for row in rows]), np.stack([row[1] for row in rows])
