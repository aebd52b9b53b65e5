"""The systolic array: words of both operands to beats, and sums of folds to the product."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from .common import Pair, add_fp32, field_of, in_units, numbers, packed, received_fields

__all__ = ["beats", "product"]


def beats(
    manifest: Mapping[str, Any], operands: Mapping[str, np.ndarray], settings: Mapping[str, Any]
) -> dict[str, Pair]:
    """Return the beats of all inputs: parts of the weights, fold by fold, and all vectors for each.

    Parameters
    ----------
    manifest : of the engine
    operands : ``a_elements`` (M×K) and ``b_elements`` (K×N), words of the format
    settings : ``stationary``: ``a`` or ``b``, the operand whose parts the array holds
    """
    vectors, weights = _sides(operands, settings)
    rows, columns = (manifest["parameters"][name] for name in ("rows", "columns"))
    (k, n), m = weights.shape, len(vectors)
    whole = np.pad(weights, ((0, -k % rows), (0, -n % columns)))
    vectors = np.pad(vectors, ((0, 0), (0, -k % rows)))
    folds = list(_folds(manifest, k, n))
    stays = [whole[top : top + rows, left : left + columns] for top, left in folds]
    streams = [vectors[:, top : top + rows] for top, _ in folds]
    return {
        "weights": packed(manifest, "weights", None, weight=np.concatenate(stays)),
        "activations": packed(
            manifest,
            "activations",
            np.tile(np.arange(m) == m - 1, len(folds)),
            activation=np.concatenate(streams),
        ),
    }


def product(
    manifest: Mapping[str, Any],
    operands: Mapping[str, np.ndarray],
    received: Mapping[str, Pair],
    settings: Mapping[str, Any],
) -> np.ndarray:
    """Return C: sums of an output over its folds are added here, with rising k.

    Parameters
    ----------
    manifest, operands, settings : as of :func:`beats`
    received : output stream → beats
    """
    vectors, weights = _sides(operands, settings)
    (k, n), m = weights.shape, len(vectors)
    field = field_of(manifest, "sums", "sum")
    sums = numbers(field, received_fields(manifest, "sums", received["sums"][0])["sum"])
    total = np.zeros((m, n), sums.dtype)
    for number, (top, left) in enumerate(_folds(manifest, k, n)):
        width = min(manifest["parameters"]["columns"], n - left)
        own, part = slice(left, left + width), sums[number * m : (number + 1) * m, :width]
        if top == 0:
            total[:, own] = part
        elif field["format"] == "fp32":
            flush = manifest["parameters"]["flush_subnormals"]
            total[:, own] = add_fp32(total[:, own], part, flush=flush)
        else:
            total[:, own] += part
    return in_units(total if settings["stationary"] == "b" else total.T, operands)


def _sides(operands: Mapping[str, np.ndarray], settings: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return the vectors, [vectors, K], and the weights, [K, outputs]."""
    a, b = operands["a_elements"], operands["b_elements"]
    return (a, b) if settings["stationary"] == "b" else (b.T, a.T)


def _folds(manifest: Mapping[str, Any], k: int, n: int) -> Iterator[tuple[int, int]]:
    rows, columns = (manifest["parameters"][name] for name in ("rows", "columns"))
    return ((top, left) for left in range(0, n, columns) for top in range(0, k, rows))
