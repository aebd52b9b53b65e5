"""Runs matrix products through the RTL of the log-weight MAC: C = A @ B, A activations, B weights."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dotforge_golden.levels import UNITS, Levels
from dotforge_golden.logmac import folded_bias, weight_code

from ..simulator.streams import Beats, Simulator
from .gemm import Design, RunError
from .logmac_golden import Golden, golden
from .logmac_operands import Operands, activation_levels, is_log, weight_levels
from .loop import Finish, Found, Job, runner
from .operands import Stored
from .options import RunOptions, refuse_quantising
from .quality import finite, sqnr
from .samples import Draw, normal

__all__ = ["EXAMPLE", "Options", "finish", "prepare", "run", "sample"]

#: Arguments of an example for the command line's help.
EXAMPLE = "--a activations.npy --b weights.npy -o product.npy --json report.json"


@dataclass(frozen=True, kw_only=True)
class Options(RunOptions):
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


@dataclass(frozen=True)
class _Beats:
    activations: np.ndarray  # (M, beats, lanes)
    codes: np.ndarray  # (N, beats, lanes)
    bias: np.ndarray | None  # (N,)


@dataclass(frozen=True)
class _Own:
    """What :func:`finish` needs."""

    parameters: dict[str, Any]
    kind: str
    operands: Operands
    golden: Golden
    units: np.ndarray  # (M, N)


def prepare(design: Design, a: np.ndarray | Stored, b: np.ndarray | Stored, options: Options) -> Job:
    """Quantise activations and weights.

    C is exactly A @ B where the weights are exponents, operands were not rounded and no sum overflowed.

    Parameters
    ----------
    design : the engine that runs
    a : A, (M, K)
    b : B, (K, N)
    options : of the command line

    Raises
    ------
    RunError
        Values that the formats do not hold, or a K that the weight memory does not.
    """
    parameters = design.parameters
    (m, k), n = a.shape, b.shape[1]
    lanes, depth = parameters["lanes"], parameters["weight_depth"]
    beats = -(-k // lanes)
    if depth and beats > depth:
        raise RunError(f"K = {k} needs weight_depth {beats} at {lanes} lanes, given {depth}")
    quantize = options.quantize
    if quantize == "auto":
        quantize = "scaled" if is_log(parameters) else "none"
    ready = [isinstance(each, Stored) for each in (a, b)]
    refuse_quantising(
        options,
        {
            "quantize": not all(ready),
            "unit": not all(ready),
            "activation_unit": not ready[0],
            "weight_unit": not ready[1],
        },
    )
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
    found = golden(parameters, cut.activations.reshape(m, -1), cut.codes.reshape(n, -1), cut.bias, terms=k)
    units = operands.a.units[:, None] * operands.b.units
    return Job(
        shape=(m, n),
        beats=beats,
        streams=lambda simulator, columns: _streams(simulator, cut, columns, stationary=depth > 0),
        golden={"sum": found.words, "overflow": found.overflows},
        decode=lambda fields: found.decode(fields["sum"]) * units,
        taken=operands.taken(a, b),
        lanes=lanes,
        stationary="b" if depth else None,
        folds=n if depth else None,
        own=_Own(parameters, quantize, operands, found, units),
    )


def finish(job: Job, found: Found) -> Finish:
    """Say which sums overflowed, and what rounding weights did.

    Parameters
    ----------
    job : what ``prepare`` gave
    found : what the RTL gave, and the operands
    """
    own: _Own = job.own
    parameters, margin = own.parameters, own.golden.margin
    errors = np.abs(job.taken[1].values - found.b)
    quantization: dict[str, Any] = {
        "kind": own.kind,
        "rules": dict(zip("ab", own.operands.rules, strict=True)),
        "rounded": int(np.count_nonzero(errors)),
        "worst_error": finite(errors.max()),
    }
    if parameters["log_output"] != "none":
        linear = own.golden.sums * own.golden.scale * own.units
        quantization["product_sqnr_db_before_log_output"] = finite(sqnr(found.a @ found.b, linear))
    return Finish(
        overflowed=found.fields["overflow"] != 0,
        limit=f"{parameters['sum_bits']} bits",
        remedy="more bin_bits or sum_bits" if "bins" in margin else "more sum_bits",
        margin=margin,
        quantization=quantization,
        arrays=own.operands.arrays(),
    )


#: Multiplies on the RTL; every sum and flag is compared with golden.
run = runner(prepare, finish, takes_stored=True)


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


def sample(parameters: dict[str, Any], random: np.random.Generator) -> tuple[Draw, Draw]:
    """Return what draws operands: numbers that the codes have, or real ones where weights are log numbers.

    Parameters
    ----------
    parameters : of the engine, by name
    random : generator of random numbers
    """
    if is_log(parameters):
        return normal(random), normal(random)

    def levels(of: Levels) -> Draw:
        return lambda rows, columns: of.decode(random.choice(of.words, (rows, columns))).astype(np.float32)

    return levels(activation_levels(parameters)), levels(weight_levels(parameters))
