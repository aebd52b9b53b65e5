"""Runs matrix products through the RTL of the block-format dot product: C = A @ B, A activations, B weights.

Both are quantised with golden, in blocks along K; the RTL's FP32 sums are multiplied by the tensors' scales, which
only NVFP4 has.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dotforge_golden.mx import ELEMENTS, SCALE_ROUNDINGS, Blocks, bits_an_element, decode
from dotforge_golden.mx_rules import RULES
from dotforge_golden.mx_search import SEARCHES
from dotforge_golden.mxdot import Dots, block_sums, dot
from dotforge_golden.quantise import sqnr

from .gemm import Design
from .loop import Finish, Found, Job, runner
from .mxdot_choice import quantised
from .mxdot_operands import BlockOperands
from .operands import Stored, values
from .options import RunOptions
from .quality import Taken, distance_in_bits, finite
from .samples import Draw, normal
from .tensors.stored import about

__all__ = ["EXAMPLE", "Options", "finish", "prepare", "run", "sample"]

#: Arguments of an example for the command line's help.
EXAMPLE = (
    "--a activations.npy --b weights.npy -p lanes=32 --round-scales even -o product.npy --json report.json"
)

_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, kw_only=True)
class Options(RunOptions):
    """What a run can be told."""

    rule: str = field(
        default="best",
        metadata={
            "choices": ("best", *RULES),
            "help": "how operands are quantised: best, the scales of least error by our data; ocp, as "
            "the specification; or as a library does, bit for bit",
        },
    )
    round_scales: str = field(
        default="standard",
        metadata={
            "choices": (*SCALE_ROUNDINGS, *SEARCHES),
            "help": "how a block's scale is rounded (standard: as --rule says), or how it is searched",
        },
    )
    activation_scale: float | None = field(
        default=None,
        metadata={"type": float, "help": "NVFP4: the activations' FP32 scale, given as calibration found it"},
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


@dataclass(frozen=True)
class _Own:
    """What :func:`finish` needs."""

    activations: Blocks
    weights: Blocks
    golden: Dots
    largest_block: float
    rules: tuple[dict[str, Any], dict[str, Any]]


def prepare(design: Design, a: np.ndarray | Stored, b: np.ndarray | Stored, options: Options) -> Job:
    """Quantise activations and weights, in blocks along K; what is quantised already stays as it is.

    Parameters
    ----------
    design : the engine that runs
    a : A, (M, K)
    b : B, (K, N)
    options : of the command line

    Raises
    ------
    RunError
        Options that do not fit the formats.
    """
    parameters = design.parameters
    (activations, weights), rules = quantised(parameters, a, b, options)
    found, largest_block = _golden(activations, weights, parameters["accumulation"])
    operands = BlockOperands.of(parameters, activations, weights)
    units = activations.units.astype(np.float64)[:, None] * weights.units.astype(np.float64)

    def decoded(fields: dict[str, np.ndarray]) -> np.ndarray:
        return fields["sum"].astype(np.uint32).view(np.float32).astype(np.float64) * units

    return Job(
        shape=(a.shape[0], b.shape[1]),
        beats=operands.beats,
        streams=operands.streams,
        golden={"sum": found.sums},
        decode=decoded,
        taken=(
            _taken(values(a), activations, transposed=False),
            _taken(values(b).T, weights, transposed=True),
        ),
        lanes=parameters["lanes"],
        own=_Own(activations, weights, found, largest_block, rules),
    )


def finish(job: Job, found: Found) -> Finish:
    """Say which sums overflowed, and what rounding to FP32 did.

    Parameters
    ----------
    job : what ``prepare`` gave
    found : what the RTL gave, and the operands
    """
    own: _Own = job.own
    before = finite(sqnr(found.a @ found.b, job.taken[0].values @ job.taken[1].values))
    return Finish(
        overflowed=~np.isfinite(found.c),
        limit="FP32",
        remedy="smaller operands",
        margin=_margin(own),
        quantization={
            "rules": {"a": own.rules[0], "b": own.rules[1]},
            "product_sqnr_db_before_rounding_to_fp32": before,
        },
        arrays=_arrays(own.activations, own.weights, own.rules),
    )


#: Multiplies on the RTL; every sum is compared with golden, bit for bit.
run = runner(prepare, finish, takes_stored=True)


def _golden(activations: Blocks, weights: Blocks, accumulation: str) -> tuple[Dots, float]:
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
        rows.append(
            dot(weights.elements, activations.elements[row], *scales, **formats, accumulation=accumulation)
        )
        sums = block_sums(cut[0], cut[1][row], *formats.values())
        largest = max(largest, float(np.abs(sums).max()))
    return Dots(*(np.stack(each) for each in zip(*rows, strict=True))), largest


def _taken(wanted: np.ndarray, found: Blocks, *, transposed: bool) -> Taken:
    """Return what became of an operand, K in the second dimension."""
    element, values = ELEMENTS[found.format], found.values()
    top = np.abs(decode(found.elements, found.format)) == element.largest
    return Taken(
        values=values.T if transposed else values,
        format=found.format,
        bits=bits_an_element(found.format),
        clipped=int(np.count_nonzero(top & (np.abs(wanted) > np.abs(values) * _above(found.format)))),
        more={
            "elements_at_the_largest": int(np.count_nonzero(top)),
            "unit": float(found.units.max()),
        },
    )


def _above(format: str) -> float:
    """Return half a step above the largest element, as its multiple."""
    element = ELEMENTS[format]
    step = 2.0 ** (element.largest_exponent - element.fraction_bits)
    return (1 + step / 2 / element.largest) * (1 + 1e-12)


def _margin(own: _Own) -> dict[str, Any]:
    """How far sums stay below FP32's largest number, and block sums below the width that holds the worst case."""
    weight, activation = ELEMENTS[own.weights.format], ELEMENTS[own.activations.format]
    worst = weight.block * weight.largest * activation.largest
    peak = float(own.golden.peaks.max())
    return {
        "limit": _LARGEST,
        "largest_sum": finite(peak),
        "bits": distance_in_bits(_LARGEST, peak),
        "worst_case_block_sum": worst,
        "largest_block_sum": finite(own.largest_block),
        "block_bits": distance_in_bits(worst, own.largest_block),
    }


def _arrays(
    activations: Blocks, weights: Blocks, rules: tuple[dict[str, Any], dict[str, Any]]
) -> dict[str, np.ndarray]:
    """Codes of elements and scales, and units, in the matrices' own orientation, and what they are."""
    told = [
        {"kind": "blocks", "format": each.format, "block": ELEMENTS[each.format].block, "rule": rule}
        for each, rule in zip((activations, weights), rules, strict=True)
    ]
    return {
        **about("mxdot", *told),
        "a_elements": activations.elements,
        "a_scales": activations.scales,
        "a_units": activations.units,
        "b_elements": np.ascontiguousarray(weights.elements.T),
        "b_scales": np.ascontiguousarray(weights.scales.T),
        "b_units": weights.units,
    }


def sample(parameters: dict[str, Any], random: np.random.Generator) -> tuple[Draw, Draw]:
    """Return what draws operands: real numbers, as those of a layer.

    Parameters
    ----------
    parameters : of the engine, by name
    random : generator of random numbers
    """
    return normal(random), normal(random)
