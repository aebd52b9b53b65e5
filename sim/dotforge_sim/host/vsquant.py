"""The vector-scaled MAC: elements and scales to beats, and sums to the product."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .common import Pair, dot_beats, dot_product, filled

__all__ = ["beats", "product"]


def beats(
    manifest: Mapping[str, Any], operands: Mapping[str, np.ndarray], settings: Mapping[str, Any]
) -> dict[str, Pair]:
    """Return the beats of all inputs.

    Parameters
    ----------
    manifest : of the engine
    operands : ``a_elements`` (M×K), ``b_elements`` (K×N), and scales of vectors along K: ``a_scales``, ``b_scales``
    settings : none are used

    Raises
    ------
    ValueError
        The engine takes 2:4 sparse weights, and four neighbours in a column hold more than two.
    """
    parameters = manifest["parameters"]
    lanes, vector = parameters["lanes"], parameters["vector"]
    sparse = parameters["sparsity"] == "2:4"
    width = 2 * lanes if sparse else lanes
    a, b = operands["a_elements"].astype(np.int64), operands["b_elements"].T.astype(np.int64)
    count = -(-a.shape[1] // width)

    def scales(given: np.ndarray) -> np.ndarray:
        repeated = np.repeat(given.astype(np.int64), max(1, vector // width), axis=1)
        return filled(repeated, count, max(1, width // vector))

    columns = {"weight": filled(b, count, width)}
    if sparse:
        fours = columns["weight"].reshape(len(b), -1, 4)
        if (np.count_nonzero(fours, axis=-1) > 2).any():
            raise ValueError("b_elements: of every four neighbours in a column two may be other than zero")
        places = np.sort(np.argsort(fours == 0, axis=-1, kind="stable")[..., :2], axis=-1)
        columns = {
            "weight": np.take_along_axis(fours, places, axis=-1).reshape(len(b), count, lanes),
            "index": places.reshape(len(b), count, lanes),
        }
    return dot_beats(
        manifest,
        {"activation": filled(a, count, width), "scale": scales(operands["a_scales"])},
        columns | {"scale": scales(operands["b_scales"].T)},
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
