"""Dot products of block formats: elements and scales to beats, and sums to the product."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .common import Pair, dot_beats, dot_product, field_of, filled

__all__ = ["beats", "product"]


def beats(
    manifest: Mapping[str, Any], operands: Mapping[str, np.ndarray], settings: Mapping[str, Any]
) -> dict[str, Pair]:
    """Return the beats of all inputs.

    Parameters
    ----------
    manifest : of the engine
    operands : ``a_elements`` (M×K), ``b_elements`` (K×N), and scales of blocks along K: ``a_scales``, ``b_scales``
    settings : none are used
    """
    parameters = manifest["parameters"]
    lanes = parameters["lanes"]
    block = 16 if parameters["weight_format"] == "nvfp4" else 32
    k = operands["a_elements"].shape[1]
    count = -(-k // lanes)

    def cut(elements: np.ndarray, scales: np.ndarray, stream: str, name: str) -> dict[str, np.ndarray]:
        signed = field_of(manifest, stream, name)["signed"]
        codes = elements.astype(np.uint8).view(np.int8) if signed else elements
        repeated = np.repeat(scales, block // lanes, axis=1)[:, :count]
        return {name: filled(codes.astype(np.int64), count, lanes), "scale": repeated[..., None]}

    return dot_beats(
        manifest,
        cut(operands["a_elements"], operands["a_scales"], "activations", "activation"),
        cut(operands["b_elements"].T, operands["b_scales"].T, "weights", "weight"),
    )


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
