"""Which lanes of an engine multiplied two nonzeros, beat by beat, from the beats that it took."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..simulator.payload import unpack
from ..simulator.recorder import Recorded

__all__ = ["Pass", "passes"]

#: Beats that are unpacked at a time.
_CHUNK = 1 << 16


@dataclass(frozen=True)
class Pass:
    """Beats that were streamed past the same stationary values: a fold; or the dot products of a column.

    Attributes
    ----------
    stream : that they are of
    stamps : cycles in which they were taken
    useful : of each, multiplications of two nonzeros in each Flex-DPE, [beats, Flex-DPEs]
    held : lanes that held a value
    """

    stream: str
    stamps: np.ndarray
    useful: np.ndarray
    held: int

    def shifted(self, cycles: int) -> "Pass":
        """Return the same, some cycles later."""
        return replace(self, stamps=self.stamps + cycles)


def passes(run: Recorded, rows: int) -> tuple[list[Pass], int, int]:
    """Return what was streamed, lanes of a Flex-DPE (or of the engine), and the number of these.

    Parameters
    ----------
    run : of an engine whose streaming operand comes as ``vectors`` or as ``activations``
    rows : of A

    Raises
    ------
    ValueError
        It has neither.
    """
    parameters = run.manifest["parameters"]
    names = [stream["name"] for stream in _streams(run)]
    if any(name.startswith("vectors") for name in names):
        engines = parameters.get("engines", 1)
        slots = [name.removeprefix("vectors") for name in names if name.startswith("vectors")]
        found = [one for slot in slots for one in _folds(run, slot, parameters["lanes"], engines)]
        return sorted(found, key=lambda one: int(one.stamps[0])), parameters["lanes"], engines
    if "activations" not in names:
        raise ValueError(f"{run.manifest['engine']} streams neither vectors nor activations")
    if "rows" in parameters and "columns" in parameters:
        return list(_array(run)), parameters["rows"] * parameters["columns"], 1
    return list(_columns(run, rows)), parameters["lanes"], 1


def _streams(run: Recorded) -> list[Mapping[str, Any]]:
    """Return all streams, and those that are joined in one."""
    return [each for stream in run.manifest["streams"] for each in (stream, *stream.get("joins", ()))]


def _fields(run: Recorded, name: str, some: slice = slice(None)) -> dict[str, np.ndarray]:
    """Return the fields of beats of an input, [beats, lanes] each."""
    stream = next(stream for stream in _streams(run) if stream["name"] == name)
    found = unpack(stream, run.inputs[name].data[some])
    return {key: values[:, None] if values.ndim == 1 else values for key, values in found.items()}


def _segments(last: np.ndarray | None) -> list[slice]:
    """Return the parts of a stream that end with tlast."""
    ends = np.flatnonzero(last) + 1 if last is not None else np.zeros(0, int)
    return [slice(int(start), int(end)) for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def _folds(run: Recorded, slot: str, lanes: int, engines: int) -> Iterator[Pass]:
    """Give the folds of a slot of a Flex-DPE or a Flex-DPU."""
    stream, stamps = f"vectors{slot}", run.outputs.accepted.get(f"vectors{slot}")
    if stamps is None or not len(stamps) or f"rows{slot}" not in run.inputs:
        return
    jobs = _fields(run, f"jobs{slot}") if f"jobs{slot}" in run.inputs else None
    groups = (
        [(0, 1)] * len(_segments(run.inputs[f"rows{slot}"].last))
        if jobs is None
        else [
            (int(first), int(size))
            for first, size, windows in zip(
                jobs["first"][:, 0], jobs["size"][:, 0], jobs["windows"][:, 0], strict=True
            )
            for _ in range(windows)
        ]
    )
    streamed = iter(_segments(run.inputs[stream].last))
    rows, bitmaps = run.inputs[f"rows{slot}"], run.inputs[f"bitmaps{slot}"]
    for own, ahead, (first, size) in zip(_segments(rows.last), _segments(bitmaps.last), groups, strict=True):
        regor = _fields(run, f"bitmaps{slot}", ahead)["bitmap"].max(axis=0)
        held = np.nonzero(_fields(run, f"rows{slot}", own)["bitmap"].astype(bool) & regor)[1]
        for start in range(0, len(held), lanes * size):
            part = held[start : start + lanes * size]
            beats = next(streamed)
            places = np.zeros((len(regor), engines), np.int64)
            np.add.at(places, (part, first + np.arange(len(part)) // lanes), 1)
            useful = np.concatenate(
                [
                    _fields(run, stream, slice(at, min(at + _CHUNK, beats.stop)))["bitmap"] @ places
                    for at in range(beats.start, beats.stop, _CHUNK)
                ]
            )
            yield Pass(stream, stamps[beats], useful, len(part))


def _nonzero(run: Recorded, stream: str, name: str, words: np.ndarray) -> np.ndarray:
    """Return whether words of a field are numbers other than zero."""
    entry = next(each for each in _streams(run) if each["name"] == stream)
    field = next(each for each in entry["fields"] if each["name"] == name)
    if "values" in field:
        return np.array([each != 0 for each in field["values"]])[words]
    if field["format"].startswith(("fp", "bf")):  # −0 is a zero
        return (words & (1 << field["width"] - 1) - 1) != 0
    return words != 0


def _array(run: Recorded) -> Iterator[Pass]:
    """Give the folds of a systolic array."""
    height = run.manifest["parameters"]["rows"]
    stamps = run.outputs.accepted["activations"]
    for number, beats in enumerate(_segments(run.inputs["activations"].last)):
        weights = _fields(run, "weights", slice(number * height, (number + 1) * height))["weight"]
        there = _nonzero(run, "weights", "weight", weights)
        activations = _fields(run, "activations", beats)["activation"]
        useful = _nonzero(run, "activations", "activation", activations) @ there.sum(axis=1)
        yield Pass("activations", stamps[beats], useful[:, None], int(there.sum()))


def _columns(run: Recorded, rows: int) -> Iterator[Pass]:
    """Give the columns of B of an engine of dot products."""
    last = run.inputs["activations"].last
    assert last is not None
    stamps, count = run.outputs.accepted["activations"], int(np.argmax(last)) + 1
    stationary = "release" in _fields(run, "activations", slice(0, 1))
    if stationary:
        release = _fields(run, "activations")["release"][:, 0] != 0
        parts = _segments(release & last)
    else:
        parts = [slice(at, at + count * rows) for at in range(0, len(last), count * rows)]
    for number, beats in enumerate(parts):
        of_a = _fields(run, "activations", beats)
        where = slice(number * count, (number + 1) * count) if stationary else beats
        of_b = _fields(run, "weights", where)
        first, second = (
            _there(run, stream, name, fields)
            for stream, name, fields in (("activations", "activation", of_a), ("weights", "weight", of_b))
        )
        if "index" in of_b:
            lane = np.arange(second.shape[1])
            first = np.take_along_axis(first, 4 * (lane // 2) + of_b["index"], axis=1)
        if stationary:
            second = np.tile(second, (len(first) // count, 1))
        useful = (first & second).sum(axis=1)
        yield Pass("activations", stamps[beats], useful[:, None], int(second.sum(axis=1).max(initial=0)))


def _there(run: Recorded, stream: str, name: str, fields: dict[str, Any]) -> np.ndarray:
    """Return which elements are not zero: neither they nor the scale that they share."""
    found = _nonzero(run, stream, name, fields[name])
    if "scale" in fields:
        scale = _nonzero(run, stream, "scale", fields["scale"])
        found = found & np.repeat(scale, found.shape[1] // scale.shape[1], axis=1)
    return found
