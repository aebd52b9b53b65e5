"""What programs beside any engine need: fields of streams, numbers that words stand for, sums in FP32."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..simulator.payload import pack, unpack

__all__ = [
    "Pair",
    "add_fp32",
    "dot_beats",
    "dot_product",
    "field_of",
    "in_units",
    "numbers",
    "packed",
    "received_fields",
]

#: Beats of a stream, uint8[n, bytes], and their tlast, bool[n].
Pair = tuple[np.ndarray, np.ndarray]


def stream_of(manifest: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return what the manifest says of a stream."""
    return next(each for each in _every(manifest) if each["name"] == name)


def _every(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return all streams, and those that are joined in one."""
    return [each for stream in manifest["streams"] for each in (stream, *stream.get("joins", ()))]


def _put_together(manifest: Mapping[str, Any], found: dict[str, Pair]) -> dict[str, Pair]:
    """Return beats of the streams that there are, where some are joined in one."""
    for stream in manifest["streams"]:
        parts = [(part, *found.pop(part["name"])) for part in stream.get("joins", ())]
        if parts:
            data = np.zeros((len(parts[0][1]), stream["tdata_width"] // 8), np.uint8)
            for part, own, _ in parts:
                data[:, part["offset"] // 8 : part["offset"] // 8 + own.shape[1]] = own
            found[stream["name"]] = data, parts[0][2]
    return found


def field_of(manifest: Mapping[str, Any], stream: str, name: str) -> Mapping[str, Any]:
    """Return what the manifest says of a field of a stream.

    Parameters
    ----------
    manifest : of the engine
    stream, name : of the field
    """
    return next(each for each in stream_of(manifest, stream)["fields"] if each["name"] == name)


def packed(manifest: Mapping[str, Any], stream: str, last: Any, /, **fields: Any) -> Pair:
    """Return beats of a stream of its fields; a field of one lane has one dimension.

    Parameters
    ----------
    manifest : of the engine
    stream : its name
    last : tlast, a bit a beat; None: never set
    fields : integers, [beats, lanes]
    """
    values = {}
    for name, given in fields.items():
        array = np.asarray(given)
        values[name] = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    data = pack(stream_of(manifest, stream), values)
    return data, np.zeros(len(data), bool) if last is None else np.asarray(last, bool)


def received_fields(manifest: Mapping[str, Any], stream: str, data: np.ndarray) -> dict[str, np.ndarray]:
    """Return the fields of beats, each [beats, lanes].

    Parameters
    ----------
    manifest : of the engine
    stream : its name
    data : uint8[n, bytes]
    """
    found = unpack(stream_of(manifest, stream), data)
    return {name: values[:, None] if values.ndim == 1 else values for name, values in found.items()}


def numbers(field: Mapping[str, Any], words: np.ndarray) -> np.ndarray:
    """Return what words stand for: by the table of the field, as FP32, or as integers of its unit.

    Parameters
    ----------
    field : of the manifest
    words : of the field
    """
    if "values" in field:
        return (
            np.array([np.nan if each is None else each for each in field["values"]])[words]
            * 2.0 ** field["unit"]
        )
    if field["format"] == "fp32":
        return words.astype(np.uint32).view(np.float32)
    return words * 2.0 ** field["unit"] if field["unit"] else words


def in_units(sums: np.ndarray, operands: Mapping[str, Any]) -> np.ndarray:
    """Return C of sums, M×N: times the units of A's rows and B's columns, where they are not all 1.

    Parameters
    ----------
    sums : M×N
    operands : ``a_units`` and ``b_units`` of them
    """
    first, second = (np.asarray(operands[f"{name}_units"], np.float64) for name in "ab")
    if (first == 1).all() and (second == 1).all():
        return sums
    with np.errstate(all="ignore"):
        found = sums * first[:, None] * second
        return np.where(np.isfinite(found), found, sums * (first[:, None] * second))


def add_fp32(total: np.ndarray, more: np.ndarray, *, flush: bool) -> np.ndarray:
    """Return FP32 sums as the engines round them: to nearest even, one NaN, subnormals as zeros if wanted.

    Parameters
    ----------
    total, more : float32
    flush : whether subnormals are zeros
    """

    def kept(values: np.ndarray) -> np.ndarray:
        if not flush:
            return values
        small = np.abs(values) < np.float32(2.0**-126)
        return np.where(small, np.copysign(np.float32(0), values), values)

    with np.errstate(all="ignore"):
        found = kept(kept(total) + kept(more)).astype(np.float32)
    found[np.isnan(found)] = np.array(0x7FC00000, np.uint32).view(np.float32)
    return found


def filled(matrix: np.ndarray, beats: int, width: int, zero: int = 0) -> np.ndarray:
    """Return rows cut into beats, [rows, beats, width], the last one filled with zeros."""
    fill = beats * width - matrix.shape[1]
    padded = np.pad(matrix, ((0, 0), (0, max(fill, 0))), constant_values=zero)[:, : beats * width]
    return padded.reshape(len(matrix), beats, width)


def dot_beats(
    manifest: Mapping[str, Any], rows: Mapping[str, np.ndarray], columns: Mapping[str, np.ndarray]
) -> dict[str, Pair]:
    """Return beats of engines of dot products: column by column of B, within a column row by row of A.

    Parameters
    ----------
    manifest : of the engine
    rows : fields of ``activations``, [M, beats, lanes]
    columns : fields of ``weights``, [N, beats, lanes]
    """
    m, beats = next(iter(rows.values())).shape[:2]
    n = len(next(iter(columns.values())))
    ends = np.tile(np.arange(beats) == beats - 1, m * n)

    def flat(array: np.ndarray) -> np.ndarray:
        return array.reshape(-1, array.shape[-1])

    made = {
        "activations": packed(
            manifest,
            "activations",
            ends,
            **{name: flat(np.tile(each, (n, 1, 1))) for name, each in rows.items()},
        ),
        "weights": packed(
            manifest,
            "weights",
            None,
            **{name: flat(np.repeat(each, m, axis=0)) for name, each in columns.items()},
        ),
    }
    return _put_together(manifest, made)


def dot_product(
    manifest: Mapping[str, Any], operands: Mapping[str, np.ndarray], received: Mapping[str, Pair]
) -> np.ndarray:
    """Return C of the beats of ``sums``, which come in the order of :func:`dot_beats`.

    Parameters
    ----------
    manifest, operands : as of the beats that went in
    received : output stream → beats
    """
    words = received_fields(manifest, "sums", received["sums"][0])["sum"][:, 0]
    shape = operands["b_elements"].shape[1], operands["a_elements"].shape[0]
    sums = numbers(field_of(manifest, "sums", "sum"), words).astype(np.float64)
    first, second = (np.asarray(operands[f"{name}_units"], np.float64) for name in "ab")
    return sums.reshape(shape).T * (first[:, None] * second)
