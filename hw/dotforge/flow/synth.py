"""``synth``: what a generated engine costs, as a report that says how it was measured."""

import hashlib
import json
from typing import Any, cast

import diskcache

from dotforge_sim.cache import root

from . import area, hierarchy, yosys
from .generated import Generated

__all__ = ["HIERARCHIES", "SCHEMA", "TARGETS", "synthesize"]

#: Names of the targets.
TARGETS = ("cmos",)

#: How a hierarchy is measured: as one flat netlist, or a sum over its modules.
HIERARCHIES = ("flat", "sum")

_COUNT = {"type": ["integer", "null"], "minimum": 0}
_COSTS = {
    "transistors": _COUNT,
    "registers": _COUNT,
    "cells": {"type": "object", "additionalProperties": {"type": "integer"}},
    "memory_bits": _COUNT,
}

#: JSON schema of a report.
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "dotforge synthesis report",
    "type": "object",
    "required": [
        "schema", "engine", "top", "parameters", "target", "verilog_sha256", "tools", "options", "totals",
        "modules", "timing",
    ],
    "properties": {
        "schema": {"const": 1},
        "engine": {"type": "string"},
        "top": {"type": "string"},
        "parameters": {"type": "object"},
        "target": {"enum": list(TARGETS)},
        "verilog_sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "tools": {"type": "object"},
        "options": {"type": "object"},
        "totals": {"type": "object", "required": ["transistors", "registers"], "properties": _COSTS},
        "modules": {"type": "array", "items": {"type": "object"}},
        "timing": {"type": ["object", "null"]},
    },
}  # fmt: skip


def synthesize(
    generated: Generated,
    *,
    target: str = "cmos",
    mode: str = "flat",
    engine: str | None = None,
    timeout: float = 1800,
) -> dict[str, Any]:
    """Synthesize an engine.

    Parameters
    ----------
    generated : Verilog and manifest
    target : one of :data:`TARGETS`
    mode : one of :data:`HIERARCHIES`
    engine : which Yosys (see :mod:`dotforge.flow.yosys`)
    timeout : seconds for one run of Yosys

    Returns
    -------
    A report, valid under :data:`SCHEMA`. Results are cached by Verilog hash, tools and options.

    Raises
    ------
    YosysError
        Synthesis failed, did not end in time, or left a cell that is not counted.
    """
    engine = engine or yosys.default_engine()
    report = {
        "schema": 1,
        "engine": generated.engine,
        "top": generated.top,
        "parameters": generated.manifest["parameters"],
        "target": target,
        "verilog_sha256": generated.manifest["verilog_sha256"],
        "tools": {**generated.manifest["tools"], "synthesis": yosys.version(engine)},
        "options": {"hierarchy": mode, "flow": hashlib.sha256(repr(area.FLOW).encode()).hexdigest()[:12]},
    }
    key = json.dumps(report, sort_keys=True)
    with diskcache.Cache(str(root() / "synthesis"), disk=diskcache.JSONDisk) as cache:
        costs = cast(dict[str, Any] | None, cache.get(key))
        if costs is None:
            costs = _measure(generated, mode, engine, timeout)
            cache.set(key, costs)
    return {**report, **costs, "timing": None}


def _measure(generated: Generated, mode: str, engine: str, timeout: float) -> dict[str, Any]:
    tree = hierarchy.measure(generated.verilog, generated.top, engine=engine, timeout=timeout)
    totals = tree.total
    if mode == "flat":
        totals = area.synthesize(generated.verilog, generated.top, engine=engine, timeout=timeout)
    return {"totals": _costs(totals), "modules": tree.rows()}


def _costs(found: area.Area) -> dict[str, Any]:
    return {
        "transistors": found.transistors,
        "registers": found.registers,
        "cells": found.cells,
        "memory_bits": found.memory_bits,
    }
