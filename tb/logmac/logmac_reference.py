"""What the bench of the log-weight MAC must know about its operands: their words, and golden's answer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dotforge_golden import log_dot, logmac
from dotforge_golden.log_number import encode_sums, log_number, lookup

__all__ = ["Reference", "reference"]


@dataclass(frozen=True)
class Reference:
    """Operands of one configuration.

    Attributes
    ----------
    codes : number of weight words
    low, high : range of an activation: integers, or words of a log number
    extreme_codes, extreme_activations : operands whose products are as large as they get, of both signs
    largest : activation, weight and how many of their products a running sum has room for, of each running sum
        the largest product
    products : activations, weights → something that is zero where the product is
    dot : activations, weights → sum and overflow flag
    """

    codes: int
    low: int
    high: int
    extreme_codes: tuple[int, ...]
    extreme_activations: tuple[int, ...]
    largest: tuple[tuple[int, int, float], ...]
    products: Callable[[ArrayLike, ArrayLike], NDArray[np.int64]]
    dot: Callable[[ArrayLike, ArrayLike], tuple[int, bool]]


def reference(parameters: dict[str, Any]) -> Reference:
    """Return what belongs to these parameters of the engine."""
    if parameters["weight_code"].startswith("log:"):
        return _log_numbers(parameters)
    return _exponent_codes(parameters)


def _integers(parameters: dict[str, Any]) -> tuple[int, int]:
    bits = parameters["activation_bits"]
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1


def _exponent_codes(parameters: dict[str, Any]) -> Reference:
    code = logmac.weight_code(parameters["weight_code"])
    low, high = _integers(parameters)
    values = np.array(code.values)

    def dot(activations: ArrayLike, codes: ArrayLike) -> tuple[int, bool]:
        total, flag = logmac.dot(
            activations,
            codes,
            code=code,
            lanes=parameters["lanes"],
            sum_bits=parameters["sum_bits"],
            overflow=parameters["overflow"],
            bias=logmac.folded_bias(codes, code) if parameters["fold_sign"] else None,
        )
        return int(total), bool(flag)

    return Reference(
        codes=2**code.bits,
        low=low,
        high=high,
        extreme_codes=(int(values.argmax()), int(values.argmin())),
        extreme_activations=(low, high),
        largest=(
            (low, int(values.argmax()), 2 ** (parameters["sum_bits"] - 1) / (int(values.max()) * -low)),
        ),
        products=lambda activations, codes: np.asarray(activations) * values[np.asarray(codes)],
        dot=dot,
    )


def _log_numbers(parameters: dict[str, Any]) -> Reference:
    weight = log_number(parameters["weight_code"])
    activation = None
    low, high = _integers(parameters)
    extremes: tuple[int, ...] = (low, high)
    if parameters["activation_code"] != "integer":
        activation = log_number(parameters["activation_code"])
        low, high = 0, 2**activation.bits - 1
        extremes = _extremes(activation.decode(np.arange(high + 1)))
    codes = _extremes(weight.decode(np.arange(2**weight.bits)))
    binned = parameters["accumulator"] == "binned"
    lookup_bits = parameters["lookup_bits"]

    def products(activations: ArrayLike, words: ArrayLike) -> tuple[np.ndarray, np.ndarray, int]:
        return log_dot.products(activations, words, weight=weight, activation=activation)

    def dot(activations: ArrayLike, words: ArrayLike) -> tuple[int, bool]:
        found = log_dot.dot(
            activations,
            words,
            weight=weight,
            activation=activation,
            lanes=parameters["lanes"],
            lookup_bits=lookup_bits,
            sum_bits=parameters["sum_bits"],
            bin_bits=parameters["bin_bits"] if binned else None,
            overflow=parameters["overflow"],
        )
        total = found.sums
        if parameters["log_output"] != "none":
            number = log_number(parameters["log_output"])
            total = encode_sums(total, number, lookup_bits=lookup_bits, shift=parameters["log_shift"])
        return int(total), bool(found.overflows)

    a, w = (each.ravel() for each in np.meshgrid(np.arange(low, high + 1), np.arange(2**weight.bits)))
    fraction, scaled, fraction_bits = products(a, w)
    table, rooms = lookup(fraction_bits, lookup_bits), []
    for index in np.unique(fraction) if binned else [None]:
        sizes = np.abs(np.where(fraction == index, scaled, 0) if binned else table[fraction] * scaled)
        most = int(sizes.argmax())
        limit = 2 ** (parameters["bin_bits" if binned else "sum_bits"] - 1) / int(sizes[most])
        if binned:
            converted = int(sizes[most]) * int(table[index])
            limit = min(limit, 2 ** (parameters["sum_bits"] - 1) / converted)
        rooms.append((int(a[most]), int(w[most]), limit))
    return Reference(
        codes=2**weight.bits,
        low=low,
        high=high,
        extreme_codes=codes,
        extreme_activations=extremes,
        largest=tuple(rooms),
        products=lambda activations, words: products(activations, words)[1],
        dot=dot,
    )


def _extremes(values: np.ndarray) -> tuple[int, int]:
    return int(values.argmax()), int(values.argmin())
