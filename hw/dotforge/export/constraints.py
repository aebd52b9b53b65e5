"""Constraint files: the templates in ``constraints/``, filled from a manifest."""

from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from ..tools.files import data_directory

__all__ = ["constraint", "templates", "values"]

#: Fraction of the clock period that inputs and outputs take outside.
IO_FRACTION = 0.2


def values(manifest: Mapping[str, Any], clock_mhz: float) -> dict[str, str]:
    """Return what the templates may ask for.

    Parameters
    ----------
    manifest : of the engine
    clock_mhz : clock rate, above 0
    """
    period = 1000 / clock_mhz
    return {
        "top": manifest["top"],
        "engine": manifest["engine"],
        "clock": manifest["clock"],
        "reset": manifest["reset"],
        "clock_mhz": f"{clock_mhz:g}",
        "period_ns": f"{period:.3f}",
        "period_ps": f"{1000 * period:.0f}",
        "io_delay_ns": f"{period * IO_FRACTION:.3f}",
        "io_percent": f"{100 * IO_FRACTION:g}",
        "io_fraction": f"{IO_FRACTION:g}",
    }


def templates() -> list[Path]:
    """Return the templates, one a file type."""
    return sorted(data_directory("constraints").glob("engine.*"))


def constraint(kind: str, manifest: Mapping[str, Any], clock_mhz: float) -> str:
    """Return a filled template.

    Parameters
    ----------
    kind : suffix of the template, as in ``sdc``
    manifest : of the design; ``top``, ``engine``, ``clock`` and ``reset`` are used
    clock_mhz : clock
    """
    text = (data_directory("constraints") / f"engine.{kind}").read_text(encoding="utf-8")
    return Template(text).substitute(values(manifest, clock_mhz))
