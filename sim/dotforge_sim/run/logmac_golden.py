"""What golden says about a product on the log-weight MAC: sums, flags, and how near they came to overflow."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dotforge_golden import log_dot, logmac
from dotforge_golden.log_number import encode_sums, log_number, lookup

from .logmac_operands import is_log

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
    parameters: dict[str, Any], activations: np.ndarray, weights: np.ndarray, bias: np.ndarray | None
) -> Golden:
    """Multiply words.

    Parameters
    ----------
    activations : (M, K), K a multiple of the lanes
    weights : (N, K)
    bias : (N,) starts of running sums, with ``fold_sign``
    """
    if is_log(parameters):
        return _log_numbers(parameters, activations, weights)
    return _exponents(parameters, activations, weights, bias)


def _exponents(
    parameters: dict[str, Any], activations: np.ndarray, weights: np.ndarray, bias: np.ndarray | None
) -> Golden:
    code = logmac.weight_code(parameters["weight_code"])
    lanes = parameters["lanes"]
    values = np.array(code.values)[weights]
    sums, flags, peak = [], [], 0
    for row in activations:
        found, flag = logmac.dot(
            row[None], weights, code=code, lanes=lanes, sum_bits=parameters["sum_bits"],
            overflow=parameters["overflow"], bias=bias,
        )  # fmt: skip
        sums.append(found)
        flags.append(flag)
        beats = (row * values).reshape(len(values), -1, lanes).sum(axis=2)
        peak = max(peak, int(np.abs(np.cumsum(beats, axis=1)).max()))
    worst = activations.shape[1] * int(np.abs(code.values).max()) << parameters["activation_bits"] - 1
    total = np.stack(sums)
    unit = 2.0**code.low
    margin = _margin(parameters["sum_bits"], peak, worst)
    return Golden(total, np.stack(flags), total, unit, lambda words: words * unit, margin)


def _log_numbers(parameters: dict[str, Any], activations: np.ndarray, weights: np.ndarray) -> Golden:
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
            for each in ("sums", "overflows", "peaks", "bin_peaks")
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
    integers = np.arange(-(2 ** (parameters["activation_bits"] - 1)), 1)
    fraction, scaled, fraction_bits = log_dot.products(
        integers if activation is None else np.arange(2**activation.bits),
        every,
        weight=weight,
        activation=activation,
    )
    terms = activations.shape[1]
    largest = int(np.abs(lookup(fraction_bits, lookup_bits)[fraction] * scaled).max())
    margin = _margin(parameters["sum_bits"], int(found.peaks.max()), terms * largest)
    if binned:
        one = int(np.abs(scaled).max())
        margin["bins"] = _margin(parameters["bin_bits"], int(found.bin_peaks.max()), terms * one)
    return Golden(words, found.overflows, found.sums, scale, decode, margin)


def _margin(bits: int, largest: int, worst: int) -> dict[str, Any]:
    """How far sums stay below the limit: those of this product, and the largest that any data can give."""
    limit = 2 ** (bits - 1) - 1

    def distance(size: int) -> float | None:
        return math.log2(limit / size) if size else None

    return {
        "limit": limit,
        "largest_sum": largest,
        "worst_case_sum": worst,
        "bits": distance(largest),
        "worst_case_bits": distance(worst),
    }
