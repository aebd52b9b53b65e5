"""Runs matrix products through the RTL of the vector-scaled MAC: C = A @ B, A activations, B weights.

Both are quantised with golden, in vectors along K; the RTL's sums are dequantised with the second-level scales.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dotforge_golden.quantise import CLIPPINGS, Quantised, bits_an_element, clipping_report, quantise, sqnr
from dotforge_golden.vsquant import Dots, compress, dot, prune, scale_position, scale_product

from ..models.cycles import Cycles
from ..simulator.streams import Simulator
from .gemm import Design, Progress, RunError, RunResult, check_operands, statistics
from .vsquant_operands import VectorOperands

__all__ = ["EXAMPLE", "Options", "run"]

#: Arguments of an example for the command line's help.
EXAMPLE = "--a activations.npy --b weights.npy --clipping optimum -o product.npy --json report.json"

#: Beats in one run of the simulator; longer products are run in pieces.
_PIECE = 2_000_000

#: Overflowed outputs that a report lists one by one.
_LISTED = 1000


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a run can be told."""

    clipping: str = field(
        default="max",
        metadata={"choices": CLIPPINGS, "help": "largest magnitude that a vector keeps"},
    )
    percentile: float = field(
        default=99.9, metadata={"type": float, "help": "of magnitudes, for --clipping percentile"}
    )
    round_scales: str = field(
        default="nearest",
        metadata={"choices": ("nearest", "ceil"), "help": "how a vector's scale becomes an integer"},
    )
    activation_unit: str = field(
        default="matrix",
        metadata={
            "choices": ("matrix", "row"),
            "help": "what shares a second-level scale of the activations",
        },
    )
    weight_unit: str = field(
        default="column",
        metadata={"choices": ("column", "matrix"), "help": "what shares a second-level scale of the weights"},
    )
    unit: str = field(
        default="max",
        metadata={
            "choices": ("max", "least_error"),
            "help": "second-level scale: no vector's scale clipped, or the least error of several tried",
        },
    )
    prune: str = field(
        default="none",
        metadata={
            "choices": ("none", "magnitude"),
            "help": "what to do with weights that are not 2:4 sparse: refuse them, or drop the smallest",
        },
    )
    save_quantized: str | None = field(
        default=None, metadata={"help": "elements, scales and units to write, an .npz file"}
    )
    allow_overflow: bool = field(
        default=False, metadata={"help": "succeed although sums overflowed; the report lists them"}
    )


def run(design: Design, a: np.ndarray, b: np.ndarray, options: Options, progress: Progress) -> RunResult:
    """Multiply on the RTL.

    Parameters
    ----------
    design : a generated ``vsquant``
    a : M×K activations
    b : K×N weights
    options : see :class:`Options`
    progress : told about streamed beats

    Returns
    -------
    C as float64: the RTL's sums times the second-level scales. Every sum and flag is compared with golden.

    Raises
    ------
    RunError
        Shapes or values that the configuration does not take.
    """
    started = time.monotonic()
    parameters = design.parameters
    m, _, n = check_operands(a, b)
    wanted_a, wanted_b = a.astype(np.float64), b.astype(np.float64)
    sparse = parameters["sparsity"] == "2:4"
    kept_b = _sparse(wanted_b, options) if sparse else wanted_b
    activations, weights = _quantised(parameters, wanted_a, kept_b, options)
    golden = _golden(parameters, activations, weights)

    simulator = Simulator(design.verilog, design.manifest)
    operands = VectorOperands.of(parameters, activations, weights)
    cycles = Cycles()
    sums, flags = np.empty((m, n), np.int64), np.empty((m, n), bool)
    for columns in _pieces(n, m * operands.beats):
        outputs = simulator.run(operands.streams(simulator, columns), expect={"sums": m * len(columns)})
        fields = simulator.unpack("sums", outputs["sums"].data)
        sums[:, columns] = fields["sum"].reshape(len(columns), m).T
        flags[:, columns] = fields["overflow"].reshape(len(columns), m).T != 0
        first = min(int(cycle[0]) for cycle in outputs.accepted.values())
        cycles.count(first, outputs.accepted["activations"], int(outputs["sums"].cycles[-1]))
        progress(m * operands.beats * columns.stop, m * operands.beats * n)

    position = _position(parameters)
    c = sums * 2.0**position * activations.units[:, None] * weights.units
    mismatches = int(np.count_nonzero((sums != golden.sums) | (flags != golden.overflows)))
    report = statistics(
        design,
        activations.elements,
        weights.elements.T,
        cycles,
        lanes=parameters["lanes"],
        mismatches=mismatches,
        wall_seconds=time.monotonic() - started,
        accumulated_by="hardware",
    )
    report["scale_position"] = position
    report["quantization"] = {
        "a": _operand_report(wanted_a, activations, parameters, "activation", options),
        "b": _operand_report(wanted_b.T, weights, parameters, "weight", options),
        "product_sqnr_db": _number(sqnr(wanted_a @ wanted_b, c)),
        "product_sqnr_db_before_rounding_scale_products": _number(
            sqnr(wanted_a @ wanted_b, activations.values() @ weights.values().T)
        ),
    }
    report["overflow_margin"] = _margin(parameters, golden, activations.scales.shape[1])
    overflowed = np.argwhere(flags)
    report["overflows"] = {"count": len(overflowed), "outputs": overflowed[:_LISTED].tolist()}
    failure = None
    if mismatches:
        failure = f"{mismatches} of {m * n} outputs differ from golden"
    elif len(overflowed) and not options.allow_overflow:
        row, column = overflowed[0]
        failure = (
            f"{len(overflowed)} of {m * n} sums overflowed {parameters['sum_bits']} bits, the first one at "
            f"({row}, {column}): more sum_bits, or --allow-overflow"
        )
    return RunResult(c, report, failure, _arrays(activations, weights, sparse=sparse))


def _sparse(b: np.ndarray, options: Options) -> np.ndarray:
    pruned = prune(b.T).T
    if options.prune == "none":
        lost = np.argwhere(pruned != b)
        if len(lost):
            row, column = lost[0]
            raise RunError(
                f"B is not 2:4 sparse along K: {len(lost)} weights too many, such as B[{row}, {column}]; "
                "--prune magnitude drops the smallest"
            )
    return pruned


def _quantised(
    parameters: dict[str, Any], a: np.ndarray, b: np.ndarray, options: Options
) -> tuple[Quantised, Quantised]:
    if not 0 <= options.percentile <= 100:
        raise RunError(f"--percentile {options.percentile}: allowed 0…100")
    shared: dict[str, Any] = {
        "vector": parameters["vector"],
        "clipping": options.clipping,
        "percentile": options.percentile,
        "scale_rounding": options.round_scales,
        "unit": options.unit,
    }
    return (
        quantise(
            a,
            bits=parameters["activation_bits"],
            scale_bits=parameters["activation_scale_bits"],
            per_row=options.activation_unit == "row",
            **shared,
        ),
        quantise(
            b.T,
            bits=parameters["weight_bits"],
            scale_bits=parameters["weight_scale_bits"],
            per_row=options.weight_unit == "column",
            **shared,
        ),
    )


def _pieces(columns: int, beats_per_column: int) -> Iterator[range]:
    size = max(1, _PIECE // beats_per_column)
    for start in range(0, columns, size):
        yield range(start, min(start + size, columns))


def _position(parameters: dict[str, Any]) -> int:
    return scale_position(
        parameters["weight_scale_bits"],
        parameters["activation_scale_bits"],
        parameters["scale_product_bits"],
    )


def _golden(parameters: dict[str, Any], activations: Quantised, weights: Quantised) -> Dots:
    positions = parameters["lanes"] * (2 if parameters["sparsity"] == "2:4" else 1)
    rows = [
        dot(
            activations.elements[row],
            weights.elements,
            activations.scales[row],
            weights.scales,
            vector=parameters["vector"],
            dropped=_position(parameters),
            rounding=parameters["scale_rounding"],
            sum_bits=parameters["sum_bits"],
            overflow=parameters["overflow"],
            vectors_per_update=max(1, positions // parameters["vector"]),
        )
        for row in range(len(activations.elements))
    ]
    return Dots(*(np.stack(each) for each in zip(*rows, strict=True)))


def _operand_report(
    wanted: np.ndarray, found: Quantised, parameters: dict[str, Any], kind: str, options: Options
) -> dict[str, Any]:
    bits, scale_bits = parameters[f"{kind}_bits"], parameters[f"{kind}_scale_bits"]
    stored = bits_an_element(bits, scale_bits, parameters["vector"])
    if (
        kind == "weight" and parameters["sparsity"] == "2:4"
    ):  # two elements of four, each with its 2-bit place
        stored = bits / 2 + 1 + scale_bits / parameters["vector"]
    single = clipping_report(wanted, bits, percentile=options.percentile)
    return {
        "sqnr_db": _number(sqnr(wanted, found.values())),
        "bits_an_element": stored,
        "zero_scales": int(np.count_nonzero(found.scales == 0)),
        "one_scale_a_matrix": {
            way: {name: _number(value) for name, value in entry.items()} for way, entry in single.items()
        },
    }


def _margin(parameters: dict[str, Any], golden: Dots, vectors: int) -> dict[str, Any]:
    """How far the sums stay below the limit: those of this product, and the largest that any data can give."""
    limit = 2 ** (parameters["sum_bits"] - 1) - 1
    kinds = ("weight", "activation")
    elements = math.prod(2 ** (parameters[f"{kind}_bits"] - 1) - 1 for kind in kinds)
    scale = scale_product(
        *(2 ** parameters[f"{kind}_scale_bits"] - 1 for kind in kinds),
        dropped=_position(parameters),
        rounding=parameters["scale_rounding"],
    )
    products = parameters["vector"] // (2 if parameters["sparsity"] == "2:4" else 1)
    found = {
        "largest_sum": int(golden.peaks.max()),
        "worst_case_sum": vectors * products * elements * int(scale),
    }
    return {
        "limit": limit,
        **found,
        "bits": math.log2(limit / found["largest_sum"]) if found["largest_sum"] else None,
        "worst_case_bits": math.log2(limit / found["worst_case_sum"]),
    }


def _number(value: float) -> float | None:
    """JSON has no infinity: ``None`` where there is no noise, or no signal."""
    return value if math.isfinite(value) else None


def _arrays(activations: Quantised, weights: Quantised, *, sparse: bool) -> dict[str, np.ndarray]:
    """Elements, scales and units in the matrices' own orientation."""
    arrays = {
        "a_elements": activations.elements.astype(np.int8),
        "a_scales": activations.scales.astype(np.uint16),
        "a_units": activations.units,
        "b_elements": np.ascontiguousarray(weights.elements.T.astype(np.int8)),
        "b_scales": np.ascontiguousarray(weights.scales.T.astype(np.uint16)),
        "b_units": weights.units,
    }
    if sparse:
        fill = -weights.elements.shape[1] % 4
        values, indices = compress(np.pad(weights.elements, ((0, 0), (0, fill))))
        arrays["b_stored"] = np.ascontiguousarray(values.T.astype(np.int8))
        arrays["b_places"] = np.ascontiguousarray(indices.T.astype(np.uint8))
    return arrays
