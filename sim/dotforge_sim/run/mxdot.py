"""Runs matrix products through the RTL of the block-format dot product: C = A @ B, A activations, B weights.

Both are quantised with golden, in blocks along K; the RTL's FP32 sums are multiplied by the tensors' scales, which
only NVFP4 has.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dotforge_golden.mx import ELEMENTS, SCALE_ROUNDINGS, Blocks, bits_an_element, decode, quantise
from dotforge_golden.mxdot import Dots, block_sums, dot
from dotforge_golden.quantise import sqnr

from ..models.cycles import Cycles
from ..simulator.streams import Simulator
from .gemm import Design, Progress, RunError, RunResult, check_operands, statistics
from .mxdot_operands import BlockOperands

__all__ = ["EXAMPLE", "Options", "run"]

#: Arguments of an example for the command line's help.
EXAMPLE = (
    "--a activations.npy --b weights.npy -p lanes=32 --round-scales even -o product.npy --json report.json"
)

#: Beats in one run of the simulator; longer products are run in pieces.
_PIECE = 2_000_000

#: Overflowed outputs that a report lists one by one.
_LISTED = 1000

_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a run can be told."""

    round_scales: str = field(
        default="standard",
        metadata={
            "choices": SCALE_ROUNDINGS,
            "help": "how a block's scale is rounded; standard: floor for MX (OCP), even for NVFP4",
        },
    )
    activation_unit: str = field(
        default="matrix",
        metadata={
            "choices": ("matrix", "row"),
            "help": "NVFP4: what shares an FP32 scale of the activations",
        },
    )
    weight_unit: str = field(
        default="matrix",
        metadata={"choices": ("matrix", "column"), "help": "NVFP4: what shares an FP32 scale of the weights"},
    )
    save_quantized: str | None = field(
        default=None, metadata={"help": "element codes, scale codes and units to write, an .npz file"}
    )
    allow_overflow: bool = field(
        default=False, metadata={"help": "succeed although sums overflowed FP32; the report lists them"}
    )


def run(design: Design, a: np.ndarray, b: np.ndarray, options: Options, progress: Progress) -> RunResult:
    """Multiply on the RTL.

    Parameters
    ----------
    design : a generated ``mxdot``
    a : M×K activations
    b : K×N weights
    options : see :class:`Options`
    progress : told about streamed beats

    Returns
    -------
    C as float64: the RTL's FP32 sums times the tensors' scales. Every sum is compared with golden, bit for bit.

    Raises
    ------
    RunError
        Shapes, values or options that the configuration does not take.
    """
    started = time.monotonic()
    parameters = design.parameters
    m, _, n = check_operands(a, b)
    wanted_a, wanted_b = a.astype(np.float64), b.astype(np.float64)
    activations, weights = _quantised(parameters, wanted_a, wanted_b, options)
    golden, largest_block = _golden(activations, weights)

    simulator = Simulator(design.verilog, design.manifest)
    operands = BlockOperands.of(parameters, activations, weights)
    cycles = Cycles()
    sums = np.empty((m, n), np.uint32)
    for columns in _pieces(n, m * operands.beats):
        outputs = simulator.run(operands.streams(simulator, columns), expect={"sums": m * len(columns)})
        found = simulator.unpack("sums", outputs["sums"].data)["sum"]
        sums[:, columns] = found.reshape(len(columns), m).T
        first = min(int(cycle[0]) for cycle in outputs.accepted.values())
        cycles.count(first, outputs.accepted["activations"], int(outputs["sums"].cycles[-1]))
        progress(m * operands.beats * columns.stop, m * operands.beats * n)

    units = activations.units.astype(np.float64)[:, None] * weights.units.astype(np.float64)
    c = sums.view(np.float32).astype(np.float64) * units
    mismatches = int(np.count_nonzero(sums != golden.sums))
    report = statistics(
        design,
        decode(activations.elements, activations.format),
        decode(weights.elements, weights.format).T,
        cycles,
        lanes=parameters["lanes"],
        mismatches=mismatches,
        wall_seconds=time.monotonic() - started,
        accumulated_by="hardware",
    )
    exact = activations.values() @ weights.values().T
    report["quantization"] = {
        "scale_rounding": options.round_scales,
        "a": _operand_report(wanted_a, activations),
        "b": _operand_report(wanted_b.T, weights),
        "product_sqnr_db": _number(sqnr(wanted_a @ wanted_b, c)) if np.isfinite(c).all() else None,
        "product_sqnr_db_before_rounding_to_fp32": _number(sqnr(wanted_a @ wanted_b, exact)),
    }
    report["overflow_margin"] = _margin(parameters, golden, largest_block)
    overflowed = np.argwhere(~np.isfinite(c))
    report["overflows"] = {"count": len(overflowed), "outputs": overflowed[:_LISTED].tolist()}
    failure = None
    if mismatches:
        failure = f"{mismatches} of {m * n} outputs differ from golden"
    elif len(overflowed) and not options.allow_overflow:
        row, column = overflowed[0]
        failure = (
            f"{len(overflowed)} of {m * n} sums overflowed FP32, the first one at ({row}, {column}): "
            "smaller operands, or --allow-overflow"
        )
    return RunResult(c, report, failure, _arrays(activations, weights))


def _quantised(
    parameters: dict[str, Any], a: np.ndarray, b: np.ndarray, options: Options
) -> tuple[Blocks, Blocks]:
    kinds = (("activation", a, options.activation_unit), ("weight", b.T, options.weight_unit))
    found = []
    for kind, matrix, unit in kinds:
        format = parameters[f"{kind}_format"]
        if unit != "matrix" and format != "nvfp4":
            raise RunError(f"--{kind}-unit {unit}: {format} has no such scale, allowed is matrix")
        per_row = unit != "matrix"
        found.append(quantise(matrix, format=format, scale_rounding=options.round_scales, per_row=per_row))
    return found[0], found[1]


def _pieces(columns: int, beats_per_column: int) -> Iterator[range]:
    size = max(1, _PIECE // beats_per_column)
    for start in range(0, columns, size):
        yield range(start, min(start + size, columns))


def _golden(activations: Blocks, weights: Blocks) -> tuple[Dots, float]:
    """Dot products of all rows with all columns, and the largest magnitude of a block sum."""
    formats = {"weight_format": weights.format, "activation_format": activations.format}
    size = ELEMENTS[weights.format].block
    fill = -weights.elements.shape[1] % size
    cut = [
        np.pad(each.elements, ((0, 0), (0, fill))).reshape(len(each.elements), -1, size)
        for each in (weights, activations)
    ]
    rows, largest = [], 0.0
    for row in range(len(activations.elements)):
        scales = weights.scales, activations.scales[row]
        rows.append(dot(weights.elements, activations.elements[row], *scales, **formats))
        sums = block_sums(cut[0], cut[1][row], *formats.values())
        largest = max(largest, float(np.abs(sums).max()))
    return Dots(*(np.stack(each) for each in zip(*rows, strict=True))), largest


def _operand_report(wanted: np.ndarray, found: Blocks) -> dict[str, Any]:
    element = ELEMENTS[found.format]
    top = np.abs(decode(found.elements, found.format)) == element.largest
    return {
        "sqnr_db": _number(sqnr(wanted, found.values())),
        "bits_an_element": bits_an_element(found.format),
        "elements_at_the_largest": int(np.count_nonzero(top)),
        "elements_rounded_to_zero": int(np.count_nonzero((found.values() == 0) & (wanted != 0))),
        "unit": float(found.units.max()),
    }


def _margin(parameters: dict[str, Any], golden: Dots, largest_block: float) -> dict[str, Any]:
    """How far sums stay below FP32's largest number, and block sums below the width that holds the worst case."""
    weight, activation = (ELEMENTS[parameters[f"{kind}_format"]] for kind in ("weight", "activation"))
    worst = weight.block * weight.largest * activation.largest
    peak = float(golden.peaks.max())
    return {
        "limit": _LARGEST,
        "largest_sum": _number(peak),
        "bits": _number(math.log2(_LARGEST / peak)) if 0 < peak < math.inf else None,
        "worst_case_block_sum": worst,
        "largest_block_sum": largest_block,
        "block_bits": math.log2(worst / largest_block) if largest_block else None,
    }


def _number(value: float) -> float | None:
    """JSON has no infinity: ``None`` where there is no noise, or no signal."""
    return value if math.isfinite(value) else None


def _arrays(activations: Blocks, weights: Blocks) -> dict[str, np.ndarray]:
    """Codes of elements and scales, and units, in the matrices' own orientation."""
    return {
        "a_elements": activations.elements,
        "a_scales": activations.scales,
        "a_units": activations.units,
        "b_elements": np.ascontiguousarray(weights.elements.T),
        "b_scales": np.ascontiguousarray(weights.scales.T),
        "b_units": weights.units,
    }
