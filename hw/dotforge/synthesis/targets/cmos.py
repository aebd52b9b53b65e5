"""Transistors: the area flow of :mod:`dotforge.synthesis.area`."""

from dataclasses import dataclass
from typing import Any

from ...export.design import Generated
from ...tools import source
from .. import area, hierarchy
from .base import Settings

__all__ = ["Cmos"]


@dataclass(frozen=True)
class Cmos:
    """The default target; needs nothing but Yosys."""

    name: str = "cmos"
    kind: str = "transistors"
    uses: frozenset[str] = frozenset()
    devices: tuple[str, ...] = ()

    def tools(self, settings: Settings) -> dict[str, str]:
        """Return nothing: Yosys is all."""
        return {}

    def options(self, settings: Settings, engine: str) -> dict[str, Any]:
        """Return hierarchy mode, and a hash of the flow: commands, limits, and the code that counts.

        Parameters
        ----------
        settings : what was chosen for the run
        engine : name of the engine
        """
        flow = source.digest(
            area.FLOW, area.ABC_SCRIPT, area.MEMORY_BITS_LIMIT, sorted(area.COUNTED),
            source.code(area, hierarchy, __name__),
        )  # fmt: skip
        return {"hierarchy": settings.mode, "flow": flow}

    def measure(self, generated: Generated, settings: Settings) -> dict[str, Any]:
        """Count transistors, flat or as a sum, and by module.

        Parameters
        ----------
        generated : the design
        settings : what was chosen for the run
        """
        name, timeout = settings.yosys, settings.timeout
        tree = hierarchy.measure(generated.verilog, generated.top, yosys=name, timeout=timeout)
        totals = tree.total
        if settings.mode == "flat":
            totals = area.synthesize(generated.verilog, generated.top, yosys=name, timeout=timeout)
        return {"totals": _costs(totals), "modules": tree.rows(), "timing": None}


def _costs(found: area.Area) -> dict[str, Any]:
    return {
        "transistors": found.transistors,
        "registers": found.registers,
        "cells": found.cells,
        "memory_bits": found.memory_bits,
    }
