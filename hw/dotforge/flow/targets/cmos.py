"""Transistors: the area flow of :mod:`dotforge.flow.area`."""

import hashlib
from dataclasses import dataclass
from typing import Any

from .. import area, hierarchy
from ..generated import Generated
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

    def options(self, settings: Settings) -> dict[str, Any]:
        """Return hierarchy mode and a hash of the flow."""
        return {"hierarchy": settings.mode, "flow": hashlib.sha256(repr(area.FLOW).encode()).hexdigest()[:12]}

    def measure(self, generated: Generated, settings: Settings) -> dict[str, Any]:
        """Count transistors, flat or as a sum, and by module."""
        engine, timeout = settings.engine, settings.timeout
        tree = hierarchy.measure(generated.verilog, generated.top, engine=engine, timeout=timeout)
        totals = tree.total
        if settings.mode == "flat":
            totals = area.synthesize(generated.verilog, generated.top, engine=engine, timeout=timeout)
        return {"totals": _costs(totals), "modules": tree.rows(), "timing": None}


def _costs(found: area.Area) -> dict[str, Any]:
    return {
        "transistors": found.transistors,
        "registers": found.registers,
        "cells": found.cells,
        "memory_bits": found.memory_bits,
    }
