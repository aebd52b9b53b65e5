"""``synth``: what a generated engine costs, as a report that says how it was measured."""

import json
from typing import Any

from ..export.design import Generated
from ..tools import process, result_cache, source
from ..tools import yosys as tool
from .metrics import power_schema, required, timing_schema, totals_schema
from .targets import HIERARCHIES, TARGETS, Settings, check
from .targets import target as find_target

__all__ = ["HIERARCHIES", "SCHEMA", "TARGETS", "report_head", "synthesize"]

_COSTS = {**totals_schema(), "cells": {"type": "object", "additionalProperties": {"type": "integer"}}}

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
        "target": {"anyOf": [{"enum": list(TARGETS)}, {"type": "string", "pattern": "^(liberty|import):."}]},
        "verilog_sha256": {
            "type": ["string", "null"],
            "pattern": "^[0-9a-f]{64}$",
            "description": "null: imported, of a design that is not known here",
        },
        "tools": {"type": "object", "additionalProperties": {"type": "string"}},
        "options": {"type": "object"},
        "totals": {
            "type": "object",
            "required": ["cells"],
            "anyOf": required(),
            "properties": _COSTS,
        },
        "modules": {
            "type": "array",
            "items": {"type": "object", "required": ["module", "instances", "children"], "properties": _COSTS},
        },
        "timing": {
            "type": ["object", "null"],
            "properties": {
                **timing_schema(),
                "seeds": {"type": "object", "additionalProperties": {"type": "number"}},
                "critical_path": {"type": ["object", "null"]},
            },
        },
        "power": {
            "type": ["object", "null"],
            "properties": power_schema(),
        },
        "notes": {"type": "array", "items": {"type": "string"}, "description": "what is missing, and why"},
        "evidence": {
            "type": ["object", "null"],
            "required": ["verilog_sha256", "same_verilog"],
            "description": "of the bench's latest run",
        },
    },
}  # fmt: skip


def report_head(manifest: dict[str, Any], target: str, settings: Settings) -> dict[str, Any]:
    """Return what a report says before anything is measured: design, target, tools, options.

    Parameters
    ----------
    manifest : of the design
    target : name of the target
    settings : what was chosen for the run

    Raises
    ------
    TargetError
        There is no such target, what it needs is not there, or it makes no use of what was chosen.
    """
    chosen = find_target(target)
    check(chosen, settings.chosen)
    tools = {**manifest["tools"], "synthesis": tool.version(settings.yosys)}
    return {
        "schema": 1,
        "engine": manifest["engine"],
        "top": manifest["top"],
        "parameters": manifest["parameters"],
        "target": chosen.name,
        "verilog_sha256": manifest["verilog_sha256"],
        "tools": {**tools, **chosen.tools(settings)},
        "options": chosen.options(settings, manifest["engine"]),
    }


def synthesize(
    generated: Generated,
    *,
    target: str = "cmos",
    mode: str = "flat",
    yosys: str | None = None,
    timeout: float = 1800,
    **choices: Any,
) -> dict[str, Any]:
    """Synthesize an engine.

    Parameters
    ----------
    generated : Verilog and manifest
    target : one of :data:`TARGETS`, or ``liberty:PATH``
    mode : one of :data:`HIERARCHIES`
    yosys : which Yosys (see :mod:`dotforge.tools.yosys`)
    timeout : seconds for one run of one tool
    choices : more of :class:`dotforge.synthesis.targets.Settings`, as far as the target uses them

    Returns
    -------
    A report, valid under :data:`SCHEMA`. Results are cached by Verilog hash, tools and options, which hash the
    commands, tables and code that make the figures.

    Raises
    ------
    TargetError
        There is no such target, what it needs is not there, or it makes no use of what was chosen.
    YosysError
        Synthesis failed, did not end in time, or left a cell that is not counted. Where only timing or power
        fails, a note of the report says so.
    """
    settings = Settings(mode=mode, yosys=yosys or tool.installed(), timeout=timeout, **choices)
    report = report_head(generated.manifest, target, settings)
    # Options hash what counts; the rest of what makes a figure is the code that runs the tools.
    key = json.dumps(
        [report, source.code(tool, process, result_cache, __name__)], sort_keys=True, allow_nan=False
    )
    costs = result_cache.load(key)
    if costs is None:
        costs = find_target(target).measure(generated, settings)
        if not costs.pop("incomplete", False):
            result_cache.store(key, costs)
    report = {**report, **costs}
    result_cache.remember(report)
    return report
