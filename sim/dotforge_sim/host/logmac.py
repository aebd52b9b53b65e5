"""The log-weight MAC: words of activations and weights to beats, and sums to the product."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .common import Pair, dot_beats, dot_product, field_of, filled, numbers, packed

__all__ = ["beats", "product"]


def beats(
    manifest: Mapping[str, Any], operands: Mapping[str, np.ndarray], settings: Mapping[str, Any]
) -> dict[str, Pair]:
    """Return the beats of all inputs.

    Parameters
    ----------
    manifest : of the engine
    operands : ``a_elements`` (M×K) and ``b_elements`` (K×N), words of the formats
    settings : none are used
    """
    parameters = manifest["parameters"]
    lanes, stationary = parameters["lanes"], parameters["weight_depth"] > 0
    a, b = operands["a_elements"], operands["b_elements"].T
    (m, k), n = a.shape, len(b)
    count = -(-k // lanes)
    weight = field_of(manifest, "weights", "weight")
    rows = filled(a.astype(np.int64), count, lanes, _zero(field_of(manifest, "activations", "activation")))
    columns = filled(b.astype(np.int64), count, lanes, _zero(weight))
    if stationary:
        release = np.zeros((n, m, count), np.int64)
        release[:, -1] = 1
        found = {
            "activations": packed(
                manifest, "activations", np.tile(np.arange(count) == count - 1, m * n),
                activation=np.tile(rows.reshape(-1, lanes), (n, 1)), release=release.ravel(),
            ),
            "weights": packed(
                manifest, "weights", np.tile(np.arange(count) == count - 1, n), weight=columns.reshape(-1, lanes)
            ),
        }  # fmt: skip
    else:
        found = dot_beats(manifest, {"activation": rows}, {"weight": columns})
    if parameters["fold_sign"]:
        unit = field_of(manifest, "bias", "bias")["unit"]
        negative = np.minimum(numbers(weight, columns), 0).sum(axis=(1, 2))
        bias = np.rint(-negative / 2.0**unit).astype(np.int64)
        found["bias"] = packed(manifest, "bias", None, bias=bias if stationary else np.repeat(bias, m))
    return found


def product(
    manifest: Mapping[str, Any],
    operands: Mapping[str, np.ndarray],
    received: Mapping[str, Pair],
    settings: Mapping[str, Any],
) -> np.ndarray:
    """Return C, float64.

    Parameters
    ----------
    manifest, operands, settings : as of :func:`beats`
    received : output stream → beats
    """
    return dot_product(manifest, operands, received)


def _zero(field: Mapping[str, Any]) -> int:
    """Return the word of 0."""
    return field["values"].index(0) if "values" in field else 0
