"""The pictures of an engine: its block diagram, and waveforms of the moments that a designer asks about."""

from typing import Any

from ..export.design import Generated
from ..verify.recording import Recording
from .block_diagram import block_diagram
from .waveform import waveform

__all__ = ["longest_wait", "picture_name", "pictures"]

#: Cycles of a waveform picture, and those before a beat that waited for long.
_CYCLES, _BEFORE = 24, 8


def pictures(generated: Generated, recording: Recording | None) -> dict[str, str]:
    """Return title → SVG text: block diagram, first beats, the first beat that waits for long, results.

    Parameters
    ----------
    generated : the engine
    recording : of its bench; without one there are no waveforms
    """
    found = {"Block diagram": block_diagram(generated)}
    if recording is None:
        return found
    streams = generated.manifest["streams"]
    places = {"Load: from the first beat on": max(0, recording.first - 2)}
    name, taken, wait = longest_wait(recording, streams)
    if wait > _CYCLES:
        title = f"Wait: the first beat of {name} is taken {wait} cycles after it is there"
        places[title] = max(0, taken - _BEFORE)
    places["Stream: results come out"] = _busiest(recording, streams)
    for title, start in places.items():
        found[title] = waveform(recording, streams, start, _CYCLES, title)
    return found


def picture_name(title: str) -> str:
    """Return the name of a picture's file, without its ending."""
    return title.split(":", maxsplit=1)[0].lower().replace(" ", "_")


def longest_wait(recording: Recording, streams: list[dict[str, Any]]) -> tuple[str, int, int]:
    """Return the input stream whose first beat waits longest, the cycle in which it is taken, and how long it waits.

    Parameters
    ----------
    recording : of a run
    streams : of the manifest
    """
    waits = []
    for stream in streams:
        beats = [cycle.streams[stream["name"]] for cycle in recording.cycles]
        there = next((number for number, beat in enumerate(beats) if beat.valid), None)
        taken = next((number for number, beat in enumerate(beats) if beat.moves), None)
        if stream["direction"] == "input" and there is not None and taken is not None:
            waits.append((stream["name"], taken, taken - there))
    return max(waits, key=lambda each: each[2], default=("", 0, 0))


def _busiest(recording: Recording, streams: list[dict[str, Any]]) -> int:
    """Return the start of the cycles in which most results come out while beats go in."""
    weights = {stream["name"]: 5 if stream["direction"] == "output" else 1 for stream in streams}
    moves = [
        0 if cycle.reset else sum(weight * cycle.streams[name].moves for name, weight in weights.items())
        for cycle in recording.cycles
    ]
    last = max(1, len(moves) - _CYCLES + 1)
    return max(range(last), key=lambda start: (sum(moves[start : start + _CYCLES]), -start))
