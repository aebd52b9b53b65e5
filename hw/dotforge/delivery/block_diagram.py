"""The block diagram of a generated engine as SVG text: its streams, and the modules that it is made of."""

import re
import textwrap
from collections.abc import Sequence
from typing import Any

from ..export.design import Generated
from ..pictures.svg import MUTED, TEXT, Canvas, colours

__all__ = ["block_diagram", "hierarchy"]

#: Whole picture, its margins for streams, a line of the hierarchy, a line of a caption, where the box begins.
_WIDTH, _SIDE, _LINE, _CAPTION, _TOP = 1040, 290, 20, 15, 58

#: Characters of a caption's line, and pixels of a stream's arrow with its name.
_LETTERS, _ARROW = 40, 44


def hierarchy(verilog: str, top: str) -> list[tuple[int, str, int]]:
    """Return (depth, module, number in its parent) of every distinct place below ``top``, depth first.

    Parameters
    ----------
    verilog : text of all modules
    """
    bodies = {
        found[1]: found[2] for found in re.finditer(r"^module (\w+)(.*?)^endmodule$", verilog, re.M | re.S)
    }
    rows: list[tuple[int, str, int]] = []

    def visit(name: str, depth: int, number: int) -> None:
        rows.append((depth, name, number))
        counts: dict[str, int] = {}
        for kind in re.findall(r"^  (\w+) \w+ \($", bodies[name], re.M):
            if kind in bodies:
                counts[kind] = counts.get(kind, 0) + 1
        for child, count in counts.items():
            visit(child, depth + 1, count)

    visit(top, 0, 1)
    return rows


def block_diagram(generated: Generated, *, limit: int = 28) -> str:
    """Draw the engine; of a deep hierarchy the deepest levels are left out until ``limit`` lines are left.

    Parameters
    ----------
    generated : the engine
    """
    manifest = generated.manifest
    rows = hierarchy(generated.verilog, generated.top)
    deepest = max(depth for depth, _, _ in rows)
    while len(rows) > limit and deepest > 1:
        deepest -= 1
        rows = [row for row in rows if row[0] <= deepest]
    more = len(rows) - limit
    rows = rows[:limit]
    streams = {direction: [each for each in manifest["streams"] if each["direction"] == direction]
               for direction in ("input", "output")}  # fmt: skip
    captions = {stream["name"]: _caption(stream) for found in streams.values() for stream in found}
    sides = [
        sum(_ARROW + _CAPTION * len(captions[stream["name"]]) for stream in found)
        for found in streams.values()
    ]
    height = max(_LINE * (len(rows) + (more > 0)) + 30, *sides, 120)
    left, right = _SIDE, _WIDTH - _SIDE
    canvas = Canvas(_WIDTH, height + _TOP + 34)
    canvas.text(_WIDTH / 2, 24, ", ".join(dict.fromkeys((generated.top, generated.engine))), size=17)
    canvas.text(_WIDTH / 2, 42, f"latency {manifest['latency']} cycles, initiation interval "
                f"{manifest['initiation_interval']}", size=13, colour=MUTED)  # fmt: skip
    canvas.box(left, _TOP, right - left, height)
    for (direction, found), used in zip(streams.items(), sides, strict=True):
        y, gap = float(_TOP), (height - used) / len(found)
        for stream, colour in zip(found, colours(len(found)), strict=True):
            lines = captions[stream["name"]]
            _stream(canvas, stream, lines, y + gap / 2 + 26, direction == "input", colour)
            y += gap + _ARROW + _CAPTION * len(lines)
    for index, (depth, name, number) in enumerate(rows):
        text = name.removeprefix(f"{generated.top}_") + (f" × {number}" if number > 1 else "")
        y = _TOP + 26 + _LINE * index
        canvas.text(
            left + 18 + 18 * depth, y, text, size=13, anchor="start", colour=MUTED if depth > 2 else TEXT
        )
    if more > 0:
        canvas.text(
            left + 18, _TOP + 26 + _LINE * len(rows), f"… and {more} more", anchor="start", colour=MUTED
        )
    clock = f"{manifest['clock']} (rising edge), {manifest['reset']} (synchronous, active high)"
    canvas.text(_WIDTH / 2, _TOP + height + 22, clock, size=13, colour=MUTED)
    return canvas.svg()


def _caption(stream: dict[str, Any]) -> list[str]:
    """Say what a beat holds, a line a field, longer ones broken."""
    fields = [
        f"{field['name']}: {field['format']}" + (f" × {field['lanes']}" if field["lanes"] > 1 else "")
        for field in stream["fields"]
    ]
    return [line for field in fields for line in textwrap.wrap(field, _LETTERS, break_long_words=True)]


def _stream(
    canvas: Canvas, stream: dict[str, Any], lines: Sequence[str], y: float, enters: bool, colour: str
) -> None:
    start, end = (14, _SIDE - 4) if enters else (_WIDTH - _SIDE + 4, _WIDTH - 14)
    canvas.straight((start, y), (end - 6, y), colour, 3)
    canvas.shapes.append(f"<path d='M{end} {y:.1f}l-11 -5v10z' fill='{colour}'/>")
    last = ", tlast" if stream["tlast"] else ""
    canvas.text((start + end) / 2, y - 8, f"{stream['name']}, {stream['tdata_width']} bits{last}", size=14)
    for number, line in enumerate(lines):
        canvas.text((start + end) / 2, y + 16 + _CAPTION * number, line, size=12, colour=MUTED)
