"""Bar charts as SVG text, without any plotting package."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

__all__ = ["Panel", "render"]

_COLOURS = ("#5b7fa6", "#d9822b", "#6aa56a", "#a05fa0", "#888888")
_WIDTH, _HEIGHT = 430, 270
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 10, 34, 44


@dataclass(frozen=True)
class Panel:
    """One chart: a bar for each series in each group.

    Attributes
    ----------
    title : above the chart
    unit : of the values, along the axis
    groups : names along the horizontal axis
    series : name → a value for each group
    """

    title: str
    unit: str
    groups: Sequence[str]
    series: Mapping[str, Sequence[float]]


def render(panels: Sequence[Panel], *, columns: int = 2) -> str:
    """Return panels as one SVG, in rows of ``columns``, legend below.

    Parameters
    ----------
    panels : in reading order
    """
    rows = -(-len(panels) // columns)
    width, height = columns * _WIDTH, rows * _HEIGHT + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for number, panel in enumerate(panels):
        left, top = number % columns * _WIDTH, number // columns * _HEIGHT
        parts += [f'<g transform="translate({left},{top})">', *_panel(panel), "</g>"]
    names = list(dict.fromkeys(name for panel in panels for name in panel.series))
    for number, name in enumerate(names):
        x = _LEFT + 130 * number
        parts.append(f'<rect x="{x}" y="{height - 22}" width="12" height="12" fill="{_colour(number)}"/>')
        parts.append(f'<text x="{x + 17}" y="{height - 12}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _colour(number: int) -> str:
    return _COLOURS[number % len(_COLOURS)]


def _panel(panel: Panel) -> list[str]:
    highest = max((value for values in panel.series.values() for value in values), default=0) or 1
    step = _step(highest)
    limit = step * -(-highest // step)
    plot_width, plot_height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    bottom = _TOP + plot_height
    parts = [f'<text x="{_LEFT}" y="18" font-size="13" font-weight="bold">{escape(panel.title)}</text>']
    for tick in range(round(limit / step) + 1):
        y = bottom - plot_height * tick * step / limit
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}" stroke="#dddddd"/>')
        parts.append(f'<text x="{_LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{tick * step:g}</text>')
    parts.append(f'<text x="{_LEFT}" y="{_HEIGHT - 8}" fill="#555555">{escape(panel.unit)}</text>')
    slot = plot_width / len(panel.groups)
    bar = slot * 0.8 / len(panel.series)
    for group, name in enumerate(panel.groups):
        start = _LEFT + slot * (group + 0.1)
        parts.append(
            f'<text x="{start + slot * 0.4:.1f}" y="{bottom + 15}" text-anchor="middle">{escape(name)}</text>'
        )
        for number, values in enumerate(panel.series.values()):
            size = plot_height * values[group] / limit
            parts.append(
                f'<rect x="{start + bar * number:.1f}" y="{bottom - size:.1f}" width="{bar * 0.92:.1f}" '
                f'height="{size:.1f}" fill="{_colour(number)}"/>'
            )
    return parts


def _step(highest: float) -> float:
    """Return a round distance of gridlines, three to eight of them up to ``highest``."""
    size = 1.0
    while size > highest:
        size /= 10
    while size * 10 <= highest:
        size *= 10
    return next(size * factor for factor in (0.2, 0.5, 1.0, 2.0) if highest / (size * factor) <= 8)
