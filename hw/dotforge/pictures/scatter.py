"""Scatter plots with an efficient frontier as SVG text, without any plotting package."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

__all__ = ["Point", "Scatter", "frontier", "render"]

_WIDTH, _HEIGHT = 620, 460
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 150, 42, 48
_ON, _OFF, _LINE = "#0072b2", "#888888", "#d55e00"


@dataclass(frozen=True)
class Point:
    """A point; those with the same label are joined and labelled once.

    Attributes
    ----------
    name : shown where a pointer rests on it
    x, y : place
    label : beside it, or beside the highest of several; the name by default
    """

    name: str
    x: float
    y: float
    label: str = ""


@dataclass(frozen=True)
class Scatter:
    """One plot: more is better along x, less along y, which is logarithmic.

    Attributes
    ----------
    title : above the plot
    x_unit, y_unit : along the axes
    points : in any order
    """

    title: str
    x_unit: str
    y_unit: str
    points: Sequence[Point]


def frontier(points: Sequence[Point]) -> list[Point]:
    """Return the points that no other one beats: none has as much x for less y, or more x for as much y."""
    kept: list[Point] = []
    for point in sorted(points, key=lambda point: (point.y, -point.x)):
        if not kept or point.x > kept[-1].x:
            kept.append(point)
    return kept


def render(plots: Sequence[Scatter]) -> str:
    """Return plots as one SVG, side by side."""
    width, height = len(plots) * _WIDTH, _HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for number, plot in enumerate(plots):
        parts += [f'<g transform="translate({number * _WIDTH},0)">', *_plot(plot), "</g>"]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _plot(plot: Scatter) -> list[str]:
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    low_x = 5 * math.floor(min(point.x for point in plot.points) / 5)
    high_x = max(5 * math.ceil(max(point.x for point in plot.points) / 5), low_x + 5)
    ticks = _ticks(min(point.y for point in plot.points), max(point.y for point in plot.points))

    def at_x(x: float) -> float:
        return _LEFT + (right - _LEFT) * (x - low_x) / (high_x - low_x)

    def at_y(y: float) -> float:
        return bottom - (bottom - _TOP) * math.log(y / ticks[0]) / math.log(ticks[-1] / ticks[0])

    parts = [f'<text x="{_LEFT}" y="18" font-size="13" font-weight="bold">{escape(plot.title)}</text>']
    for tick in ticks:
        parts.append(f'<path d="M{_LEFT} {at_y(tick):.1f}H{right}" stroke="#dddddd"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{at_y(tick) + 4:.1f}" text-anchor="end">{tick:,}</text>')
    for x in range(low_x, high_x + 1, 5):
        parts.append(f'<path d="M{at_x(x):.1f} {_TOP}V{bottom}" stroke="#eeeeee"/>')
        parts.append(f'<text x="{at_x(x):.1f}" y="{bottom + 16}" text-anchor="middle">{x}</text>')
    parts.append(
        f'<text x="{right}" y="{bottom + 34}" text-anchor="end" fill="#555555">{escape(plot.x_unit)}</text>'
    )
    parts.append(f'<text x="{_LEFT - 56}" y="{_TOP - 9}" fill="#555555">{escape(plot.y_unit)}</text>')

    best = frontier(plot.points)
    path = "L".join(f"{at_x(point.x):.1f} {at_y(point.y):.1f}" for point in best)
    parts.append(f'<path d="M{path}" fill="none" stroke="{_LINE}" stroke-width="1.5"/>')
    families: dict[str, list[Point]] = {}
    for point in sorted(plot.points, key=lambda point: (point.y, point.x)):
        families.setdefault(point.label or point.name, []).append(point)
    taken: list[tuple[float, float, float]] = []
    for label, family in families.items():
        if len(family) > 1:
            path = "L".join(f"{at_x(point.x):.1f} {at_y(point.y):.1f}" for point in family)
            parts.append(f'<path d="M{path}" fill="none" stroke="#bbbbbb"/>')
        for point in family:
            colour = _ON if point in best else _OFF
            parts.append(
                f'<circle cx="{at_x(point.x):.1f}" cy="{at_y(point.y):.1f}" r="4" fill="{colour}">'
                f"<title>{escape(point.name)}</title></circle>"
            )
        x, y = at_x(family[-1].x), at_y(family[-1].y)
        text = y + 4
        wide = 6.2 * len(label)
        # Up, until neither a label nor another point is in the way.
        while any(
            abs(text - other_y) < 12 and x - other_wide < other_x < x + wide
            for other_x, other_y, other_wide in taken
        ) or any(
            abs(text - 4 - at_y(point.y)) < 8 and x + 5 < at_x(point.x) < x + 9 + wide
            for point in plot.points
        ):
            text -= 3
        taken.append((x, text, wide))
        if y + 4 - text > 8:
            parts.append(f'<path d="M{x:.1f} {y:.1f}L{x + 8:.1f} {text - 3:.1f}" stroke="#bbbbbb"/>')
        colour = _ON if any(point in best for point in family) else "#555555"
        parts.append(
            f'<text x="{x + 9:.1f}" y="{text:.1f}" fill="{colour}" '
            f'paint-order="stroke" stroke="white" stroke-width="3">{escape(label)}</text>'
        )
    return parts


def _ticks(low: float, high: float) -> list[int]:
    """Round numbers, a factor of about 1.5 apart, from below the lowest to above the highest."""
    steps = [round(step * 10**power) for power in range(7) for step in (1, 1.5, 2, 3, 5, 7)]
    first = max((index for index, step in enumerate(steps) if step <= low), default=0)
    last = next(index for index, step in enumerate(steps) if step >= high and index > first)
    return steps[first : last + 1]
