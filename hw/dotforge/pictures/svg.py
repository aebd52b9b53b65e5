"""Shapes and colours of pictures, as SVG text."""

from dataclasses import dataclass, field
from html import escape

__all__ = ["FAINT", "FRAME", "MUTED", "TEXT", "Canvas", "colours"]

#: Colours of what carries nothing, of frames, and of text.
FAINT, FRAME, MUTED, TEXT = "#c9ced6", "#7b8794", "#52606d", "#1f2933"

_FONT = "font-family='DejaVu Sans, Helvetica, Arial, sans-serif'"

#: Place on the sheet, x to the right and y down.
Point = tuple[float, float]


def colours(count: int) -> list[str]:
    """Return colours that are easy to tell apart, in the order in which neighbours differ most."""
    named = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9", "#7b3294", "#e69f00"]
    more = [
        f"hsl({index * 137.5 % 360:.0f},65%,{40 + index % 3 * 10}%)" for index in range(len(named), count)
    ]
    return (named + more)[:count]


@dataclass
class Canvas:
    """A white sheet that shapes are put on, in order."""

    width: float
    height: float
    shapes: list[str] = field(default_factory=list)

    def wire(self, start: Point, end: Point, colour: str, thickness: float) -> None:
        """Draw a smooth wire.

        Parameters
        ----------
        start, end : (x, y) in pixels
        colour : as SVG writes it
        thickness : of the line, pixels
        """
        (x0, y0), (x1, y1) = start, end
        middle = (x0 + x1) / 2
        self.shapes.append(
            f"<path d='M{x0:.1f} {y0:.1f} C{middle:.1f} {y0:.1f} {middle:.1f} {y1:.1f} {x1:.1f} {y1:.1f}' "
            f"fill='none' stroke='{colour}' stroke-width='{thickness}' stroke-linecap='round'/>"
        )

    def straight(self, start: Point, end: Point, colour: str, thickness: float) -> None:
        """Draw a straight line.

        Parameters
        ----------
        start, end : (x, y) in pixels
        colour : as SVG writes it
        thickness : of the line, pixels
        """
        (x0, y0), (x1, y1) = start, end
        self.shapes.append(
            f"<path d='M{x0:.1f} {y0:.1f} L{x1:.1f} {y1:.1f}' stroke='{colour}' stroke-width='{thickness}' "
            "stroke-linecap='round'/>"
        )

    def circle(self, centre: Point, radius: float, fill: str, stroke: str) -> None:
        """Draw a node.

        Parameters
        ----------
        centre : (x, y) in pixels
        radius : pixels
        fill : colour inside
        stroke : colour of the line
        """
        self.shapes.append(
            f"<circle cx='{centre[0]:.1f}' cy='{centre[1]:.1f}' r='{radius}' fill='{fill}' stroke='{stroke}' "
            "stroke-width='1.2'/>"
        )

    def box(self, x: float, y: float, width: float, height: float) -> None:
        """Draw a switch.

        Parameters
        ----------
        x : pixels from the left
        y : pixels from the top
        width, height : pixels
        """
        self.shapes.append(
            f"<rect x='{x:.1f}' y='{y:.1f}' width='{width:.1f}' height='{height:.1f}' rx='5' fill='#ffffff' "
            f"stroke='{FRAME}' stroke-width='1.2'/>"
        )

    def text(
        self, x: float, y: float, text: str, *, size: int = 12, anchor: str = "middle", colour: str = TEXT
    ) -> None:
        """Write text.

        Parameters
        ----------
        x : pixels from the left
        y : pixels from the top
        text : not escaped
        size : of the letters, pixels
        anchor : ``start``, ``middle`` or ``end``: where x is
        colour : as SVG writes it
        """
        self.shapes.append(
            f"<text x='{x:.1f}' y='{y:.1f}' {_FONT} font-size='{size}' text-anchor='{anchor}' "
            f"fill='{colour}'>{escape(text)}</text>"
        )

    def svg(self) -> str:
        """Return the picture."""
        head = (
            f"<svg xmlns='http://www.w3.org/2000/svg' width='{self.width:.0f}' height='{self.height:.0f}' "
            f"viewBox='0 0 {self.width:.0f} {self.height:.0f}'>"
        )
        return (
            "\n".join([head, "<rect width='100%' height='100%' fill='#ffffff'/>", *self.shapes, "</svg>"])
            + "\n"
        )
