"""Plots by matplotlib, the same bytes for the same data on any machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["KINDS", "figure", "rendered"]

#: Kinds of files.
KINDS = ("svg", "png")

#: One look for all.
_STYLE: Any = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "axes.axisbelow": True,
    "legend.frameon": True,
    "legend.framealpha": 0.9,
    "legend.edgecolor": "none",
    "svg.hashsalt": "dotforge",
    "svg.fonttype": "none",
    "figure.dpi": 100,
}


@contextmanager
def figure(rows: int, columns: int, width: float, height: float) -> Iterator[tuple[Any, Any]]:
    """Give a figure and its axes, (rows, columns), and forget it afterwards.

    Parameters
    ----------
    rows, columns : of plots
    width, height : of all, in inches
    """
    import matplotlib  # noqa: PLC0415 - only who draws waits for it

    matplotlib.use("Agg", force=False)
    from matplotlib import pyplot  # noqa: PLC0415

    with matplotlib.rc_context(_STYLE):
        made, axes = pyplot.subplots(
            rows, columns, figsize=(width, height), squeeze=False, layout="constrained"
        )
        try:
            yield made, axes
        finally:
            pyplot.close(made)


def rendered(made: Any, kind: str) -> bytes:
    """Return a figure as a file of one of :data:`KINDS`.

    Parameters
    ----------
    made : figure of Matplotlib
    kind : ``svg`` or ``png``

    Raises
    ------
    ValueError
        It is another kind.
    """
    import io  # noqa: PLC0415

    if kind not in KINDS:
        raise ValueError(f"a picture is no {kind}: allowed are {', '.join(KINDS)}")
    buffer = io.BytesIO()
    metadata = {"Date": None} if kind == "svg" else {"Software": None}
    made.savefig(buffer, format=kind, metadata=metadata, dpi=150)
    return buffer.getvalue()
