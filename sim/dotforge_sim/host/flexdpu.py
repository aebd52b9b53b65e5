"""The Flex-DPU: words of both operands to jobs and their beats, and results to the product."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .common import Pair, field_of, in_units, numbers, packed, received_fields
from .compressed import Places, Window, joined, places_of, window_beats, windows_of

__all__ = ["beats", "product"]


@dataclass(frozen=True)
class _Job:
    """A tile that the accumulator holds."""

    rows: slice
    vectors: slice
    windows: list[Window]
    tag: int


def beats(
    manifest: Mapping[str, Any], operands: Mapping[str, np.ndarray], settings: Mapping[str, Any]
) -> dict[str, Pair]:
    """Return the beats of all inputs of slot 0; the streams of the other slots stay silent.

    Parameters
    ----------
    manifest : of the engine
    operands : ``a_elements`` (M×K) and ``b_elements`` (K×N), words of the format
    settings : ``stationary``: ``a`` or ``b``; ``regor``: ``hardware`` or ``given``; ``group``: ``first`` Flex-DPE and
        number of ``engines``
    """
    first, size = settings["group"]["first"], settings["group"]["engines"]
    parts = []
    for job in _jobs(manifest, operands, settings):
        head = packed(
            manifest,
            "jobs_0",
            None,
            first=[first],
            size=[size],
            rows=[job.rows.stop - job.rows.start],
            vectors=[job.vectors.stop - job.vectors.start],
            windows=[len(job.windows)],
            tag=[job.tag],
        )
        parts.append({"jobs_0": head})
        for own in job.windows:
            folds = -(-len(own.elements[1]) // (manifest["parameters"]["lanes"] * size))
            parts.append(window_beats(manifest, own, "_0", folds, given_regor=settings["regor"] == "given"))
    return joined(parts)


def product(
    manifest: Mapping[str, Any],
    operands: Mapping[str, np.ndarray],
    received: Mapping[str, Pair],
    settings: Mapping[str, Any],
) -> np.ndarray:
    """Return C of the results of slot 0.

    Parameters
    ----------
    manifest, operands, settings : as of :func:`beats`
    received : output stream → beats
    """
    _, vectors, kept = _sides(manifest, operands, settings)
    field = field_of(manifest, "results_0", "values")
    values = numbers(field, received_fields(manifest, "results_0", received["results_0"][0])["values"])
    total = np.zeros((len(kept), vectors.count), values.dtype)
    at = 0
    for job in _jobs(manifest, operands, settings):
        height, width = job.rows.stop - job.rows.start, job.vectors.stop - job.vectors.start
        blocks = -(-height // field["lanes"])
        own = values[at : at + blocks * width].reshape(blocks, width, field["lanes"])
        total[job.rows, job.vectors] = own.transpose(0, 2, 1).reshape(-1, width)[:height]
        at += blocks * width
    m, n = (places_of(operands, name, _element(manifest)).count for name in "ab")
    c = np.zeros((m, n), total.dtype)
    if settings["stationary"] == "a":
        c[kept] = total
    else:
        c[:, kept] = total.T
    return in_units(c, operands)


def _element(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    return field_of(manifest, "vectors_0", "values")


def _sides(
    manifest: Mapping[str, Any], operands: Mapping[str, np.ndarray], settings: Mapping[str, Any]
) -> tuple[Places, Places, np.ndarray]:
    """Return the stationary operand, the streaming one, and which rows of the first one are not empty."""
    names = "ab" if settings["stationary"] == "a" else "ba"
    rows, vectors = (places_of(operands, name, _element(manifest)) for name in names)
    kept, ids = np.unique(rows.rows, return_inverse=True)
    return Places(len(kept), ids, rows.inner, rows.words), vectors, kept


def _tile(manifest: Mapping[str, Any], rows: int, vectors: int) -> tuple[int, int]:
    """Return rows and vectors of a job: all vectors if that leaves room for eight blocks of rows, else fewer."""
    parameters = manifest["parameters"]
    lanes, engines = parameters["lanes"], parameters["engines"]
    banks = parameters["accumulator_banks"] or min(lanes, 1 << parameters["row_bits"])
    depth = (parameters["accumulator_words"] or 256 * banks) // banks
    most = (1 << parameters["row_bits"]) // banks
    blocks = min(-(-rows // banks), most, 8, depth)
    some = min(vectors, max(depth // blocks, min(depth, 2 * engines * lanes)), 1 << parameters["index_bits"])
    return min(rows, min(depth // some, most) * banks), some


def _jobs(
    manifest: Mapping[str, Any], operands: Mapping[str, np.ndarray], settings: Mapping[str, Any]
) -> Iterator[_Job]:
    """Give the jobs of a product, row tiles outermost; a tile in which the operands meet nowhere has none."""
    rows, vectors, kept = _sides(manifest, operands, settings)
    if not len(kept):
        return
    height, width = _tile(manifest, rows.count, vectors.count)
    window = manifest["parameters"]["window"] or manifest["parameters"]["lanes"]
    tag = 0
    for top in range(0, rows.count, height):
        for left in range(0, vectors.count, width):
            own = slice(top, min(top + height, rows.count)), slice(left, min(left + width, vectors.count))
            sides = [
                side.some(
                    (side.rows >= part.start) & (side.rows < part.stop),
                    side.rows - part.start,
                    part.stop - part.start,
                )
                for side, part in zip((rows, vectors), own, strict=True)
            ]
            found = list(windows_of(sides[0], sides[1], window))
            if found:
                yield _Job(*own, found, tag & 0xFFFF)
            tag += 1
