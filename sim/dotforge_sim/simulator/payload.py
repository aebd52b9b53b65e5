"""Packs named fields of a stream's payload into beats, and unpacks them.

A manifest lists the fields of a stream's ``tdata``: lane i of a field lies in the ``width`` bits from
``offset + i · width``. Values that do not fit raise: nothing wraps silently.

Arrays of values have a row a beat: shape (n, lanes), or (n,) where a field has one lane. Fields above 64 bits
are bytes, least significant first: one more axis, of ``ceil(width / 8)``. Beats are
uint8[n, ceil(tdata_width / 8)].
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

__all__ = ["pack", "unpack"]

#: Bits that are handled at a time; each is a byte of memory meanwhile.
_CHUNK_BITS = 1 << 23


def pack(stream: Mapping[str, Any], values: Mapping[str, Any]) -> np.ndarray:
    """Return beats.

    Parameters
    ----------
    stream : an item of a manifest's ``streams``
    values : field → integers, for every field of the stream

    Raises
    ------
    TypeError
        Values are not integers.
    ValueError
        A field is missing or unknown, a shape is wrong, or a value does not fit in its field.
    """
    fields = {field["name"]: field for field in stream["fields"]}
    if missing := [name for name in fields if name not in values]:
        raise ValueError(f"{stream['name']}: no value for {', '.join(missing)}")
    if unknown := [name for name in values if name not in fields]:
        raise ValueError(f"{stream['name']}: no field {', '.join(unknown)}; it has {', '.join(fields)}")
    columns = {name: _to_bytes(field, values[name]) for name, field in fields.items()}
    counts = {name: len(column) for name, column in columns.items()}
    if len(set(counts.values())) > 1:
        raise ValueError(f"{stream['name']}: fields have different numbers of beats: {counts}")
    rows = next(iter(counts.values()), 0)
    size = -(-stream["tdata_width"] // 8)
    beats = np.zeros((rows, size), np.uint8)
    if all(_in_bytes(field) for field in fields.values()):
        for name, field in fields.items():
            beats[:, _bytes_of(field)] = columns[name].reshape(rows, -1)
        return beats
    for chunk in _chunks(rows, 8 * size):
        bits = np.zeros((chunk.stop - chunk.start, 8 * size), np.uint8)
        for name, field in fields.items():
            width = field["width"]
            each = np.unpackbits(columns[name][chunk], axis=2, count=width, bitorder="little")
            bits[:, _bits_of(field)] = each.reshape(len(bits), -1)
        beats[chunk] = np.packbits(bits, axis=1, bitorder="little")
    return beats


def unpack(stream: Mapping[str, Any], beats: np.ndarray) -> dict[str, np.ndarray]:
    """Return the fields of beats: int64 up to 64 bits, but uint64 for unsigned fields of exactly 64.

    Parameters
    ----------
    stream : of a manifest

    Raises
    ------
    ValueError
        ``beats`` is not uint8[n, bytes of a beat].
    """
    size = -(-stream["tdata_width"] // 8)
    if beats.dtype != np.uint8 or beats.ndim != 2 or beats.shape[1] != size:
        raise ValueError(
            f"{stream['name']}: beats are uint8[n, {size}], not {beats.dtype}{list(beats.shape)}"
        )
    rows = len(beats)
    columns = {}
    for field in stream["fields"]:
        depth = max(8, -(-field["width"] // 8))
        columns[field["name"]] = np.zeros((rows, field["lanes"], depth), np.uint8)
    if all(_in_bytes(field) for field in stream["fields"]):
        for field in stream["fields"]:
            each = beats[:, _bytes_of(field)].reshape(rows, field["lanes"], -1)
            columns[field["name"]][:, :, : each.shape[2]] = each
    else:
        for chunk in _chunks(rows, 8 * size):
            bits = np.unpackbits(beats[chunk], axis=1, bitorder="little")
            for field in stream["fields"]:
                each = bits[:, _bits_of(field)].reshape(len(bits), field["lanes"], field["width"])
                packed = np.packbits(each, axis=2, bitorder="little")
                columns[field["name"]][chunk, :, : packed.shape[2]] = packed
    return {field["name"]: _from_bytes(field, columns[field["name"]]) for field in stream["fields"]}


def _in_bytes(field: Mapping[str, Any]) -> bool:
    return field["offset"] % 8 == 0 and field["width"] % 8 == 0


def _bytes_of(field: Mapping[str, Any]) -> slice:
    return slice(field["offset"] // 8, (field["offset"] + field["width"] * field["lanes"]) // 8)


def _bits_of(field: Mapping[str, Any]) -> slice:
    return slice(field["offset"], field["offset"] + field["width"] * field["lanes"])


def _chunks(rows: int, bits: int) -> Iterator[slice]:
    step = max(1, _CHUNK_BITS // bits)
    return (slice(start, min(start + step, rows)) for start in range(0, rows, step))


def _to_bytes(field: Mapping[str, Any], values: Any) -> np.ndarray:
    """Return values as uint8[n, lanes, ceil(width / 8)]."""
    name, width, lanes = field["name"], field["width"], field["lanes"]
    size = -(-width // 8)
    if width > 64:
        array = np.asarray(values)
        array = array[:, np.newaxis] if lanes == 1 and array.ndim == 2 else array
        if array.dtype != np.uint8 or array.ndim != 3 or array.shape[1:] != (lanes, size):
            raise ValueError(
                f"{name}: uint8[n, {lanes}, {size}] is wanted, not {array.dtype}{list(array.shape)}"
            )
        if width % 8 and array.size and int(array[:, :, -1].max()) >> (width % 8):
            raise ValueError(f"{name}: bits above the {width} of a value are set")
        return array
    array = np.asarray(values)
    if array.dtype.kind not in "iub" and array.size:
        raise TypeError(f"{name}: integers are wanted, not {array.dtype}")
    array = array[:, np.newaxis] if lanes == 1 and array.ndim == 1 else array
    if array.ndim != 2 or array.shape[1] != lanes:
        raise ValueError(f"{name}: a row of {lanes} lanes a beat is wanted, not shape {list(array.shape)}")
    low, high = (-(1 << (width - 1)), (1 << (width - 1)) - 1) if field["signed"] else (0, (1 << width) - 1)
    if array.size:
        smallest, largest = int(array.min()), int(array.max())
        if smallest < low or largest > high:
            wrong = smallest if smallest < low else largest
            raise ValueError(f"{name}: {wrong} does not fit in {width} bits ({low} to {high})")
    # Two's complement of the smallest type that holds the field: the bits above `width` are cut off later.
    depth = next(depth for depth in (1, 2, 4, 8) if depth >= size)
    words = np.ascontiguousarray(array.astype(f"<{'i' if array.dtype.kind == 'i' else 'u'}{depth}"))
    return words.view(np.uint8).reshape(*array.shape, depth)[:, :, :size]


def _from_bytes(field: Mapping[str, Any], columns: np.ndarray) -> np.ndarray:
    """Return uint8[n, lanes, depth] as values; the bits above the field are zero."""
    width, lanes = field["width"], field["lanes"]
    if width > 64:
        return columns[:, 0] if lanes == 1 else columns
    values = columns.view("<i8")[:, :, 0]
    if field["signed"]:
        values = (values << (64 - width)) >> (64 - width)
    elif width == 64:
        values = values.view("<u8")
    return values[:, 0] if lanes == 1 else values
