"""The Flex-DPE: words of both operands to beats, and sums of folds to the product."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .common import Pair, add_fp32, field_of, in_units, numbers, packed, received_fields
from .compressed import Places, joined, places_of, window_beats, windows_of

__all__ = ["beats", "product"]

#: Up to this many lanes ``distribution=auto`` is a crossbar.
_CROSSBAR_LANES = 4


def beats(
    manifest: Mapping[str, Any], operands: Mapping[str, np.ndarray], settings: Mapping[str, Any]
) -> dict[str, Pair]:
    """Return the beats of all inputs, window by window; rows that are empty are not sent.

    Parameters
    ----------
    manifest : of the engine
    operands : ``a_elements`` (M×K) and ``b_elements`` (K×N), words of the format
    settings : ``stationary``: ``a`` or ``b``; ``regor``: ``hardware`` or ``given``
    """
    rows, vectors, _ = _sides(manifest, operands, settings)
    parameters = manifest["parameters"]
    lanes, window = parameters["lanes"], parameters["window"] or parameters["lanes"]
    parts, streamed = [], 0
    for own in windows_of(rows, vectors, window):
        _, positions = own.elements
        folds = -(-len(positions) // lanes)
        made = window_beats(manifest, own, "", folds, given_regor=settings["regor"] == "given")
        if parameters["host_routes"] and folds:
            made["settings"] = _routes(manifest, positions, lanes, window)
        parts.append(made)
        streamed += folds
    return joined(parts) if streamed else {}  # of what meets nowhere there is nothing to send


def product(
    manifest: Mapping[str, Any],
    operands: Mapping[str, np.ndarray],
    received: Mapping[str, Pair],
    settings: Mapping[str, Any],
) -> np.ndarray:
    """Return C: sums of a row over its folds are added here, in order.

    Parameters
    ----------
    manifest, operands, settings : as of :func:`beats`
    received : output stream → beats
    """
    _, vectors, kept = _sides(manifest, operands, settings)
    field = field_of(manifest, "sums", "value")
    data, last = received["sums"]
    total = np.zeros((len(kept), vectors.count), numbers(field, np.zeros(1, np.int64)).dtype)
    begun = np.zeros(len(kept), bool)
    ends = np.flatnonzero(last)
    for first, end in zip([0, *(ends[:-1] + 1)], ends, strict=True):
        found = received_fields(manifest, "sums", data[first : end + 1])
        valid = found["valid"] != 0
        for lane in np.flatnonzero(
            valid.any(axis=0)
        ):  # of a fold, the n-th sum of a slot is the n-th vector's
            row = int(found["row"][valid[:, lane], lane][0])
            sums = numbers(field, found["value"][valid[:, lane], lane])
            if begun[row] and field["format"] == "fp32":
                flush = manifest["parameters"]["flush_subnormals"]
                total[row] = add_fp32(total[row], sums, flush=flush)
            else:
                total[row] = total[row] + sums if begun[row] else sums
            begun[row] = True
    m, n = (places_of(operands, name, _element(manifest)).count for name in "ab")
    c = np.zeros((m, n), total.dtype)
    if settings["stationary"] == "a":
        c[kept] = total
    else:
        c[:, kept] = total.T
    return in_units(c, operands)


def _element(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    return field_of(manifest, "vectors", "values")


def _sides(
    manifest: Mapping[str, Any], operands: Mapping[str, np.ndarray], settings: Mapping[str, Any]
) -> tuple[Places, Places, np.ndarray]:
    """Return the stationary operand, the streaming one, and which rows of the first one are not empty."""
    names = "ab" if settings["stationary"] == "a" else "ba"
    rows, vectors = (places_of(operands, name, _element(manifest)) for name in names)
    kept, ids = np.unique(rows.rows, return_inverse=True)
    return Places(len(kept), ids, rows.inner, rows.words), vectors, kept


def _routes(manifest: Mapping[str, Any], positions: np.ndarray, lanes: int, window: int) -> Pair:
    """Return the settings of the distribution network for all folds of a window."""
    from dotforge_golden.route import route  # noqa: PLC0415 - in the joined file it is above

    topology = manifest["parameters"]["distribution"]
    if topology == "auto":
        topology = "crossbar" if lanes <= _CROSSBAR_LANES else "multicast-benes"
    folds = np.pad(positions, (0, -len(positions) % lanes), constant_values=-1).reshape(-1, lanes)
    rows = route(topology, folds, window)
    last = np.tile(np.arange(rows.shape[1]) == rows.shape[1] - 1, len(rows))
    return packed(manifest, "settings", last, data=rows.reshape(-1, lanes))
