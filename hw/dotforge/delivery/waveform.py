"""Waveform pictures as SVG text, from a recorded run."""

from collections.abc import Sequence
from typing import Any

from ..pictures.svg import FRAME, MUTED, TEXT, Canvas, colours
from ..verify.recording import Recording

__all__ = ["waveform"]

_NAME, _STEP, _ROW, _HIGH, _TOP = 150, 34, 26, 16, 48
_DATA, _MOVES = "#eef2f6", "#d7eadf"


def waveform(
    recording: Recording, streams: Sequence[dict[str, Any]], start: int, count: int, title: str
) -> str:
    """Draw the handshakes of streams over some cycles.

    A shaded cycle is one in which a beat moves. Data is shown in hexadecimal while it is valid, its low digits
    where there is no room for more.

    Parameters
    ----------
    recording : of a run
    streams : of the manifest, in the order of the picture; those that do nothing in these cycles are left out
    start, count : cycles
    title : above the picture
    """
    shown = recording.cycles[start : start + count]
    busy = [each for each in streams if any(cycle.streams[each["name"]].valid for cycle in shown)]
    rows = sum(4 if stream["tlast"] else 3 for stream in busy)
    canvas = Canvas(_NAME + _STEP * len(shown) + 20, _TOP + _ROW * (rows + 1) + 10 * len(busy) + 14)
    canvas.text(12, 20, title, size=14, anchor="start")
    y = _TOP
    _clock(canvas, y, len(shown), start)
    for stream, colour in zip(busy, colours(len(busy)), strict=True):
        y += _ROW + 10
        beats = [cycle.streams[stream["name"]] for cycle in shown]
        size = _ROW * (3 if stream["tlast"] else 2) + _HIGH
        for number, beat in enumerate(beats):
            if beat.moves:
                x = _NAME + _STEP * number
                canvas.shapes.append(
                    f"<rect x='{x}' y='{y - 3}' width='{_STEP}' height='{size + 6}' fill='{_MOVES}'/>"
                )
        _wire(canvas, y, f"{stream['name']} tvalid", [beat.valid for beat in beats], colour)
        y += _ROW
        _wire(canvas, y, "tready", [beat.ready for beat in beats], colour)
        if stream["tlast"]:
            y += _ROW
            _wire(canvas, y, "tlast", [beat.last and beat.valid for beat in beats], colour)
        y += _ROW
        digits = -(-stream["tdata_width"] // 4)
        _bus(canvas, y, [f"{beat.data:0{digits}x}" if beat.valid else None for beat in beats], colour)
    return canvas.svg()


def _name(canvas: Canvas, y: float, text: str, colour: str = TEXT) -> None:
    canvas.text(_NAME - 8, y + _HIGH - 3, text, size=11, anchor="end", colour=colour)


def _clock(canvas: Canvas, y: float, count: int, start: int) -> None:
    _name(canvas, y, "cycle", MUTED)
    for number in range(count):
        x = _NAME + _STEP * number
        path = f"M{x} {y + _HIGH}V{y}H{x + _STEP / 2}V{y + _HIGH}H{x + _STEP}"
        canvas.shapes.append(f"<path d='{path}' fill='none' stroke='{FRAME}'/>")
        if number % 5 == 0:
            canvas.text(x + 2, y - 5, str(start + number), size=10, anchor="start", colour=MUTED)


def _wire(canvas: Canvas, y: float, name: str, values: Sequence[bool], colour: str) -> None:
    _name(canvas, y, name)
    points = []
    for number, value in enumerate(values):
        level = y if value else y + _HIGH
        points += [f"{_NAME + _STEP * number} {level}", f"{_NAME + _STEP * (number + 1)} {level}"]
    canvas.shapes.append(f"<path d='M{' L'.join(points)}' fill='none' stroke='{colour}' stroke-width='1.6'/>")


def _bus(canvas: Canvas, y: float, values: Sequence[str | None], colour: str) -> None:
    """Draw data; equal neighbours are one box."""
    _name(canvas, y, "tdata")
    number = 0
    while number < len(values):
        value, length = values[number], 1
        while number + length < len(values) and values[number + length] == value:
            length += 1
        x, width = _NAME + _STEP * number, _STEP * length
        middle = y + _HIGH / 2
        if value is None:
            canvas.straight((x, middle), (x + width, middle), FRAME, 1)
        else:
            path = (
                f"M{x} {middle}L{x + 3} {y}H{x + width - 3}L{x + width} {middle}L{x + width - 3} {y + _HIGH}"
                f"H{x + 3}Z"
            )
            canvas.shapes.append(f"<path d='{path}' fill='{_DATA}' stroke='{colour}'/>")
            room = (width - 8) // 6
            text = value if len(value) <= room else "…" + value[len(value) - room + 1 :]
            canvas.text(x + width / 2, y + _HIGH - 4, text, size=9)
        number += length
