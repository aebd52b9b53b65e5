"""Runs matrix products through the RTL of the vector-scaled MAC: C = A @ B, A activations, B weights.

Both are quantised with golden, in vectors along K; the RTL's sums are dequantised with the second-level scales.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dotforge_golden.quantise import (
    CLIPPINGS,
    LEVELS,
    Quantised,
    bits_an_element,
    clipping_report,
    sqnr,
)
from dotforge_golden.vsquant import Dots, dot, prune, scale_position, scale_product

from .gemm import Design
from .loop import Finish, Found, Job, runner
from .operands import Stored, values
from .options import RunOptions
from .quality import Taken, finite, integer_margin
from .samples import Draw, normal
from .vsquant_choice import PERCENTILE, checked_sparse, percentile_of, quantised, saved
from .vsquant_operands import VectorOperands

__all__ = ["EXAMPLE", "Options", "finish", "prepare", "run", "sample"]

#: Arguments of an example for the command line's help.
EXAMPLE = "--a activations.npy --b weights.npy --clipping optimum -o product.npy --json report.json"


@dataclass(frozen=True, kw_only=True)
class Options(RunOptions):
    """What a run can be told."""

    clipping: str = field(
        default="max",
        metadata={
            "choices": (*CLIPPINGS, "least_error"),
            "help": "largest magnitude that a vector keeps; least_error searches its scale",
        },
    )
    percentile: float | None = field(
        default=None,
        metadata={
            "type": float,
            "help": f"of magnitudes, for --clipping percentile ({PERCENTILE} where it is not told)",
        },
    )
    clipping_levels: str | None = field(
        default=None,
        metadata={
            "choices": LEVELS,
            "help": "what --clipping optimum reckons with: the 2^bits - 1 codes that there are (where it is not told), "
            "or the paper's 2^bits levels",
        },
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


@dataclass(frozen=True)
class _Own:
    """What :func:`finish` needs."""

    parameters: dict[str, Any]
    activations: Quantised
    weights: Quantised
    golden: Dots
    terms: int
    rules: list[dict[str, Any]]


def prepare(design: Design, a: np.ndarray | Stored, b: np.ndarray | Stored, options: Options) -> Job:
    """Quantise activations and weights, in vectors along K; what is quantised already stays as it is.

    Parameters
    ----------
    design : the engine that runs
    a : A, (M, K)
    b : B, (K, N)
    options : of the command line

    Raises
    ------
    RunError
        Options that do not fit, or weights that are not 2:4 sparse where they must be.
    """
    parameters = design.parameters
    sparse = parameters["sparsity"] == "2:4"
    kept_b = checked_sparse(b, options) if sparse else b
    (activations, weights), rules = quantised(parameters, a, kept_b, options)
    found = _golden(parameters, activations, weights)
    operands = VectorOperands.of(parameters, activations, weights)
    units = activations.units[:, None] * weights.units
    scale = 2.0 ** _position(parameters)
    percentile = percentile_of(options)
    return Job(
        shape=(a.shape[0], b.shape[1]),
        beats=operands.beats,
        streams=operands.streams,
        golden={"sum": found.sums, "overflow": found.overflows},
        decode=lambda fields: fields["sum"] * scale * units,
        taken=(
            _taken(values(a), activations, parameters, "activation", percentile),
            _taken(values(b).T, weights, parameters, "weight", percentile),
        ),
        lanes=parameters["lanes"],
        own=_Own(parameters, activations, weights, found, a.shape[1], rules),
    )


def finish(job: Job, found: Found) -> Finish:
    """Say which sums overflowed, and what rounding scale products did.

    Parameters
    ----------
    job : what ``prepare`` gave
    found : what the RTL gave, and the operands
    """
    own: _Own = job.own
    before = finite(sqnr(found.a @ found.b, job.taken[0].values @ job.taken[1].values))
    return Finish(
        overflowed=found.fields["overflow"] != 0,
        limit=f"{own.parameters['sum_bits']} bits",
        remedy="more sum_bits",
        margin=_margin(own),
        quantization={
            "rules": dict(zip("ab", own.rules, strict=True)),
            "product_sqnr_db_before_rounding_scale_products": before,
        },
        report={"scale_position": _position(own.parameters)},
        arrays=saved(own.parameters, own.activations, own.weights, own.rules),
    )


#: Multiplies on the RTL; every sum and flag is compared with golden.
run = runner(prepare, finish, takes_stored=True)


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


def _taken(
    wanted: np.ndarray, found: Quantised, parameters: dict[str, Any], kind: str, percentile: float
) -> Taken:
    """Return what became of an operand, K in the second dimension."""
    bits, scale_bits = parameters[f"{kind}_bits"], parameters[f"{kind}_scale_bits"]
    stored = bits_an_element(bits, scale_bits, parameters["vector"])
    weight = kind == "weight"
    if weight and parameters["sparsity"] == "2:4":  # two elements of four, each with its 2-bit place
        stored = bits / 2 + 1 + scale_bits / parameters["vector"]
    single = clipping_report(wanted, bits, percentile=percentile)
    values, largest = found.values(), 2 ** (bits - 1) - 1
    at_end = np.abs(found.elements) == largest
    return Taken(
        values=values.T if weight else values,
        format=f"int{bits} with scales of {scale_bits} bits",
        bits=stored,
        # Beyond half a step above the largest element.
        clipped=int(
            np.count_nonzero(at_end & (np.abs(wanted) > np.abs(values) * (1 + 0.5 / largest) * (1 + 1e-12)))
        ),
        more={
            "zero_scales": int(np.count_nonzero(found.scales == 0)),
            "one_scale_a_matrix": {
                way: {name: finite(value) for name, value in entry.items()} for way, entry in single.items()
            },
        },
    )


def _margin(own: _Own) -> dict[str, Any]:
    """How far the sums stay below the limit: those of this product, and the largest that any data can give."""
    parameters, kinds = own.parameters, ("weight", "activation")
    elements = 1
    for kind in kinds:
        elements *= 2 ** (parameters[f"{kind}_bits"] - 1) - 1
    scale = scale_product(
        *(2 ** parameters[f"{kind}_scale_bits"] - 1 for kind in kinds),
        dropped=_position(parameters),
        rounding=parameters["scale_rounding"],
    )
    terms = own.terms
    if parameters["sparsity"] == "2:4":
        terms = terms // 4 * 2 + min(2, terms % 4)
    worst = terms * elements * int(scale)
    extremes = own.golden.extremes
    return integer_margin(
        parameters["sum_bits"], (int(extremes[..., 0].min()), int(extremes[..., 1].max())), (-worst, worst)
    )


def sample(parameters: dict[str, Any], random: np.random.Generator) -> tuple[Draw, Draw]:
    """Return what draws operands: real numbers, as those of a layer; weights are 2:4 sparse where they have to be.

    Parameters
    ----------
    parameters : of the engine, by name
    random : generator of random numbers
    """
    draw = normal(random)

    def sparse(rows: int, columns: int) -> np.ndarray:
        return prune(draw(rows, columns).T).T

    return draw, sparse if parameters["sparsity"] == "2:4" else draw
