"""Pictures of networks with their settings, as SVG text: one colour for each value on its way.

Switches of a column are drawn one above the other, and the wires between columns cross, as textbooks do; in
the hardware wires keep their number and switches join distant wires.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dotforge_golden import benes as golden_benes
from dotforge_golden import concentrator, copy, route, switch
from dotforge_golden.expand import ranks

from .svg import FAINT, FRAME, MUTED, Canvas, colours

__all__ = ["Column", "draw_benes", "draw_copy", "draw_distribution"]

_ROW, _BOX, _GAP, _TOP = 26, 40, 62, 96


@dataclass
class Column:
    """A column of switches: the bit in which the wires of a switch differ, and whether each output takes the
    upper input (see :func:`dotforge_golden.switch.column`); ``first`` and ``second`` hold one boolean a
    switch. Wires that are not ``valid`` leave without a value. The first ``fixed`` switches are straight
    wires.
    """

    bit: int
    first: np.ndarray
    second: np.ndarray
    part: str = ""
    valid: np.ndarray | None = None
    fixed: int = 0


def _rows(bit: int, lanes: int) -> list[int]:
    """Return the row of each wire in a column: the wires of a switch meet, sub-networks stay together."""

    def key(wire: int) -> tuple[list[int], int]:
        return [wire >> lower & 1 for lower in range(bit)], wire >> bit

    order = sorted(range(lanes), key=key)
    rows = [0] * lanes
    for row, wire in enumerate(order):
        rows[wire] = row
    return rows


def draw_columns(
    title: str,
    subtitle: str,
    columns: list[Column],
    entering: np.ndarray,
    *,
    left: list[str],
    right: list[str],
) -> str:
    """Draw columns of switches and the ways of the values that enter.

    Parameters
    ----------
    title, subtitle : above the picture
    columns : from left to right
    entering : colour number of the value on each wire, −1 for none
    left, right : labels of the wires
    """
    lanes = len(entering)
    palette = colours(int(entering.max(initial=0)) + 1)
    sides = [60 + 7.6 * max(map(len, labels)) for labels in (left, right)]
    inside = len(columns) * (_BOX + _GAP) - _GAP
    lead = _GAP if columns[0].bit else 26  # of the first wires, which may have to cross
    sides[0] += lead - 26
    width = max(sum(sides) + inside, 9.5 * max(len(title) * 1.4, len(subtitle)))
    start = (width - sum(sides) - inside) / 2 + sides[0]
    canvas = Canvas(width, _TOP + lanes * _ROW + 34)
    canvas.text(width / 2, 30, title, size=18)
    canvas.text(width / 2, 50, subtitle, size=12, colour=MUTED)

    def y_of(row: int) -> float:
        return _TOP + (row + 0.5) * _ROW

    def wire(start: tuple[float, float], end: tuple[float, float], value: int) -> None:
        canvas.wire(start, end, palette[value] if value >= 0 else FAINT, 3 if value >= 0 else 1.4)

    values, rows = np.array(entering), list(range(lanes))
    ends = [(start - lead, y_of(row)) for row in rows]
    for number, column in enumerate(columns):
        x = start + number * (_BOX + _GAP)
        rows = _rows(column.bit, lanes)
        for lane in np.argsort(values, kind="stable"):
            wire(ends[lane], (x, y_of(rows[lane])), int(values[lane]))
        out = switch.column(values, column.bit, column.first, column.second)
        out = out if column.valid is None else np.where(column.valid, out, -1)
        for index, low in enumerate(switch.lower(lanes, column.bit)):
            high = low | 1 << column.bit
            if index >= column.fixed:
                canvas.box(x, y_of(rows[low]) - 11, _BOX, _ROW + 22)
            for target, upper in ((low, column.first[index]), (high, column.second[index])):
                source = high if upper else low
                wire((x, y_of(rows[source])), (x + _BOX, y_of(rows[target])), int(out[target]))
        values, ends = out, [(x + _BOX, y_of(row)) for row in rows]
        canvas.text(x + _BOX / 2, canvas.height - 12, f"bit {column.bit}", size=11, colour=MUTED)
    for lane in range(lanes):
        wire(ends[lane], (start + inside + 26, y_of(lane)), values[lane])
        for label, at, anchor, value in (
            (left[lane], start - lead - 8, "end", entering[lane]),
            (right[lane], start + inside + 34, "start", values[lane]),
        ):
            canvas.text(
                at, y_of(lane) + 4, label, anchor=anchor, colour=palette[value] if value >= 0 else FRAME
            )
    _headings(canvas, columns, start)
    return canvas.svg()


def _headings(canvas: Canvas, columns: list[Column], left: float) -> None:
    start = 0
    while start < len(columns):
        end = start
        while end < len(columns) and columns[end].part == columns[start].part:
            end += 1
        if columns[start].part:
            first, last = (left + index * (_BOX + _GAP) for index in (start, end - 1))
            canvas.text((first + last + _BOX) / 2, _TOP - 20, columns[start].part, size=13)
            canvas.shapes.append(
                f"<path d='M{first:.1f} {_TOP - 12} H{last + _BOX:.1f}' stroke='{FRAME}' stroke-width='1.2'/>"
            )
        start = end


def _benes_columns(slot: np.ndarray, part: str = "") -> list[Column]:
    crossed = golden_benes.loop(slot[None])[0]
    middle = len(crossed) // 2
    return [
        Column(bit, now, ~now, part, fixed=1 << bit if number > middle else 0)
        for number, (bit, now) in enumerate(zip(golden_benes.bits(len(slot)), crossed, strict=True))
    ]


def draw_benes(permutation: Sequence[int]) -> str:
    """Return a picture of a Benes network that brings input ``permutation[j]`` to output j."""
    slot = np.array(permutation)
    lanes = len(slot)
    return draw_columns(
        f"Benes network, {lanes} lanes",
        "set by the looping algorithm for " + " ".join(map(str, permutation)),
        _benes_columns(slot),
        np.arange(lanes),
        left=[f"in {lane}" for lane in range(lanes)],
        right=[f"out {lane} = in {source}" for lane, source in enumerate(slot)],
    )


def _copy_columns(ends: np.ndarray, part: str = "") -> list[Column]:
    label, lanes = copy.labels(ends), len(ends)
    columns = []
    for bit in reversed(range(switch.log2(lanes))):
        low = switch.lower(lanes, bit)
        takes = []
        for half in (low, low | 1 << bit):
            first = label[half >> bit << bit]
            takes.append((first + (low - first) % (1 << bit)) >> bit & 1 != 0)
        columns.append(Column(bit, takes[0], takes[1], part))
    return columns


def draw_copy(copies: Sequence[int], lanes: int | None = None) -> str:
    """Return a picture of a copy network that gives ``copies[i]`` lanes to input i, in order.

    ``lanes`` is a power of two, at least the sum of the copies (default: the next one).

    Raises
    ------
    ValueError
        An input has no copy, or ``lanes`` is no power of two or less than the sum of the copies.
    """
    total = sum(copies)
    if not copies or min(copies) < 1:
        raise ValueError("copies: at least one of each input is wanted")
    lanes = max(2, 1 << (total - 1).bit_length()) if lanes is None else lanes
    if switch.log2(lanes) < 1 or lanes < total:
        raise ValueError(f"lanes={lanes}: a power of two from {total} is wanted")
    ends = np.zeros(lanes, dtype=bool)
    ends[np.cumsum(copies) - 1] = True
    ends[-1] = False
    label = copy.labels(ends)
    entering = np.where(np.arange(lanes) < len(copies), np.arange(lanes), -1)
    return draw_columns(
        f"Copy network (broadcast banyan), {lanes} lanes",
        "copies: " + " ".join(map(str, copies)),
        _copy_columns(ends),
        entering,
        left=[f"in {lane}" if lane < len(copies) else "–" for lane in range(lanes)],
        right=[
            f"slot {lane} = in {label[lane]}" if label[lane] < len(copies) else f"slot {lane}"
            for lane in range(lanes)
        ],
    )


def draw_distribution(positions: Sequence[int], bitmap: Sequence[int]) -> str:
    """Return a picture of a ``multicast-benes`` distribution network.

    Parameters
    ----------
    positions : window position of each lane, −1 for none
    bitmap : bits of a vector; as many as lanes

    Raises
    ------
    ValueError
        ``bitmap`` has another length than ``positions``, that length is no power of two, or a position is
        outside of −1…lanes − 1.
    """
    lanes = len(positions)
    if len(bitmap) != lanes:
        raise ValueError(f"bitmap: as many bits as lanes, {lanes}, are wanted")
    present = np.array(bitmap, dtype=bool)
    used, ends, slot = (item[0] for item in route.assign(np.array([positions]), lanes))
    where = np.flatnonzero(present)  # position of each compressed value
    kept = np.zeros(lanes, dtype=bool)
    kept[: len(where)] = used[where]
    columns = []
    for bit in range(switch.log2(lanes)):
        keep = concentrator.straight(kept, bit)
        columns.append(Column(bit, ~keep, keep, "Compress: drop what no lane wants"))
    key = np.where(np.array(positions) < 0, lanes, positions)
    filled_by = np.sort(key)  # position of each slot
    filled = np.append(present, False)[filled_by]
    ends[-1] = False
    copies = _copy_columns(ends & filled, "Copy: expand and copy")
    crossings = _benes_columns(slot, "Benes: slots to lanes")
    last, first = copies.pop(), crossings.pop(0)
    low, high = np.where(first.first, last.second, last.first), np.where(first.first, last.first, last.second)
    at = np.arange(lanes) ^ np.repeat(first.first, 2)  # slot of each wire behind the column that does both
    columns += [*copies, Column(0, low, high, "both", filled[at]), *crossings]
    entering = np.full(lanes, -1)
    entering[: len(where)] = where
    return draw_columns(
        f"Distribution network, {lanes} lanes",
        f"positions of the lanes: {' '.join('–' if p < 0 else str(p) for p in positions)};  "
        f"bitmap of the vector: {' '.join(str(int(bit)) for bit in bitmap)}",
        columns,
        entering,
        left=[f"value {ranks(present)[p]} (k={p})" for p in where] + ["–"] * (lanes - len(where)),
        right=[
            f"lane {lane}: " + ("empty" if p < 0 else f"k={p}" if present[p] else f"k={p} is 0")
            for lane, p in enumerate(positions)
        ],
    )
