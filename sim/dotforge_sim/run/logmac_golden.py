"""What golden says about a product on the log-weight MAC: sums, flags, and how near they came to overflow."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dotforge_golden import log_dot, logmac
from dotforge_golden.log_number import encode_sums, log_number, lookup

from .logmac_operands import is_log
from .quality import integer_margin

__all__ = ["Golden", "golden"]


@dataclass(frozen=True)
class Golden:
    """Results of a product, and what scales them.

    Attributes
    ----------
    words : (M, N) as on stream ``sums``
    overflows : (M, N)
    sums : (M, N) linear, ahead of a conversion back to log numbers
    scale : what a linear sum is multiplied with
    decode : numbers that words stand for
    margin : for the report
    """

    words: np.ndarray
    overflows: np.ndarray
    sums: np.ndarray
    scale: float
    decode: Callable[[np.ndarray], np.ndarray]
    margin: dict[str, Any]


def golden(
    parameters: dict[str, Any],
    activations: np.ndarray,
    weights: np.ndarray,
    bias: np.ndarray | None,
    *,
    terms: int,
) -> Golden:
    """Multiply words.

    Parameters
    ----------
    activations : (M, K), K a multiple of the lanes
    weights : (N, K)
    bias : (N,) starts of running sums, with ``fold_sign``
    terms : K without what fills the last beat: what can add up
    parameters : of the engine, by name
    """
    if is_log(parameters):
        return _log_numbers(parameters, activations, weights, terms)
    return _exponents(parameters, activations, weights, bias, terms)


def _exponents(
    parameters: dict[str, Any],
    activations: np.ndarray,
    weights: np.ndarray,
    bias: np.ndarray | None,
    terms: int,
) -> Golden:
    code = logmac.weight_code(parameters["weight_code"])
    lanes = parameters["lanes"]
    values = np.array(code.values)[weights]
    sums, flags, low, high = [], [], 0, 0
    for row in activations:
        found, flag = logmac.dot(
            row[None], weights, code=code, lanes=lanes, sum_bits=parameters["sum_bits"],
            overflow=parameters["overflow"], bias=bias,
        )  # fmt: skip
        sums.append(found)
        flags.append(flag)
        beats = (row * values).reshape(len(values), -1, lanes).sum(axis=2)
        running = np.cumsum(beats, axis=1)
        low, high = min(low, int(running.min())), max(high, int(running.max()))
    most = 1 << parameters["activation_bits"] - 1
    products = [one * other for one in (-most, most - 1) for other in (min(code.values), max(code.values))]
    total = np.stack(sums)
    unit = 2.0**code.low
    margin = integer_margin(
        parameters["sum_bits"], (low, high), (terms * min(products), terms * max(products))
    )
    return Golden(total, np.stack(flags), total, unit, lambda words: words * unit, margin)


def _log_numbers(
    parameters: dict[str, Any], activations: np.ndarray, weights: np.ndarray, terms: int
) -> Golden:
    weight, name = log_number(parameters["weight_code"]), parameters["activation_code"]
    activation = None if name == "integer" else log_number(name)
    binned, lookup_bits = parameters["accumulator"] == "binned", parameters["lookup_bits"]
    rows = [
        log_dot.dot(
            row[None], weights, weight=weight, activation=activation, lanes=parameters["lanes"],
            lookup_bits=lookup_bits, sum_bits=parameters["sum_bits"],
            bin_bits=parameters["bin_bits"] if binned else None, overflow=parameters["overflow"],
        )
        for row in activations
    ]  # fmt: skip
    found = log_dot.LogDots(
        *(
            np.stack([getattr(row, each) for row in rows])
            for each in ("sums", "overflows", "extremes", "bin_extremes")
        )
    )
    scale = 2.0 ** (1 - lookup_bits)
    words = found.sums

    def decode(words: np.ndarray) -> np.ndarray:
        if parameters["log_output"] == "none":
            return words * scale
        return log_number(parameters["log_output"]).decode(words) * 2.0 ** parameters["log_shift"]

    if parameters["log_output"] != "none":
        words = encode_sums(
            found.sums,
            log_number(parameters["log_output"]),
            lookup_bits=lookup_bits,
            shift=parameters["log_shift"],
        )

    every = np.arange(2**weight.bits)[:, None]
    integers = np.arange(
        -(2 ** (parameters["activation_bits"] - 1)), 2 ** (parameters["activation_bits"] - 1)
    )
    fraction, scaled, fraction_bits = log_dot.products(
        integers if activation is None else np.arange(2**activation.bits),
        every,
        weight=weight,
        activation=activation,
    )
    table = lookup(fraction_bits, lookup_bits)[fraction] * scaled
    margin = integer_margin(
        parameters["sum_bits"], _ends(found.extremes), (terms * int(table.min()), terms * int(table.max()))
    )
    if binned:
        margin["bins"] = integer_margin(
            parameters["bin_bits"],
            _ends(found.bin_extremes),
            (terms * int(scaled.min()), terms * int(scaled.max())),
        )
    return Golden(words, found.overflows, found.sums, scale, decode, margin)


def _ends(extremes: np.ndarray) -> tuple[int, int]:
    """Return the smallest and the largest running sum of all dot products."""
    return int(extremes[..., 0].min()), int(extremes[..., 1].max())
