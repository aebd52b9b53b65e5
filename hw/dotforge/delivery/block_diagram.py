"""The block diagram of a generated engine as SVG text: its streams, and the modules that it is made of."""

import re
from typing import Any

from ..export.design import Generated
from ..pictures.svg import MUTED, TEXT, Canvas, colours

__all__ = ["block_diagram", "hierarchy"]

_WIDTH, _LINE, _PORT, _TOP = 900, 20, 46, 56


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
    height = max(_LINE * (len(rows) + (more > 0)) + 30, _PORT * max(map(len, streams.values())) + 20, 120)
    left, right = 260, _WIDTH - 260
    canvas = Canvas(_WIDTH, height + _TOP + 34)
    canvas.text(_WIDTH / 2, 24, f"{generated.top}, {generated.engine}", size=15)
    canvas.text(_WIDTH / 2, 42, f"latency {manifest['latency']} cycles, initiation interval "
                f"{manifest['initiation_interval']}", size=11, colour=MUTED)  # fmt: skip
    canvas.box(left, _TOP, right - left, height)
    for direction, found in streams.items():
        for index, (stream, colour) in enumerate(zip(found, colours(len(found)), strict=True)):
            _stream(canvas, stream, _TOP + height * (index + 0.5) / len(found), direction == "input", colour)
    for index, (depth, name, number) in enumerate(rows):
        text = name.removeprefix(f"{generated.top}_") + (f" × {number}" if number > 1 else "")
        y = _TOP + 26 + _LINE * index
        canvas.text(
            left + 18 + 18 * depth, y, text, size=12, anchor="start", colour=MUTED if depth > 2 else TEXT
        )
    if more > 0:
        canvas.text(
            left + 18, _TOP + 26 + _LINE * len(rows), f"… and {more} more", anchor="start", colour=MUTED
        )
    clock = f"{manifest['clock']} (rising edge), {manifest['reset']} (synchronous, active high)"
    canvas.text(_WIDTH / 2, _TOP + height + 22, clock, size=11, colour=MUTED)
    return canvas.svg()


def _stream(canvas: Canvas, stream: dict[str, Any], y: float, enters: bool, colour: str) -> None:
    start, end = (30, 256) if enters else (_WIDTH - 256, _WIDTH - 30)
    canvas.straight((start, y), (end - 6, y), colour, 3)
    canvas.shapes.append(f"<path d='M{end} {y:.1f}l-11 -5v10z' fill='{colour}'/>")
    canvas.text((start + end) / 2, y - 7, stream["name"], size=12)
    fields = ", ".join(
        f"{field['name']} {field['format']}" + (f" × {field['lanes']}" if field["lanes"] > 1 else "")
        for field in stream["fields"]
    )
    text = f"{fields}" + (", tlast" if stream["tlast"] else "")
    canvas.text((start + end) / 2, y + 14, text if len(text) < 42 else text[:40] + "…", size=9, colour=MUTED)
    canvas.text((start + end) / 2, y + 26, f"{stream['tdata_width']} bits", size=9, colour=MUTED)
