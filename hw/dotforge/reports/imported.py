"""``import``: reports of other people's flows as one of ours, for comparisons and pages."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..tools.files import OutputError, reason
from .vendor import open_tools, quartus, vivado
from .vendor.found import Found, is_same_device

__all__ = ["READ", "import_reports", "read"]

#: What is read, for messages and help.
READ = (
    "Vivado's report_utilization and report_timing_summary, Quartus' .fit.rpt, .fit.summary, .flow.rpt, .sta.rpt and "
    ".sta.summary, nextpnr's --report, Yosys' stat -json, metrics of OpenROAD-flow-scripts and LibreLane"
)


def read(path: Path, *, clock: str | None = None, period: float | None = None) -> Found:
    """Read one report of a tool that is known by what is in it.

    Parameters
    ----------
    path : the report
    clock : whose rate is wanted (default: the slowest one's)
    period : ns that slacks are of, for metrics that do not say

    Raises
    ------
    OutputError
        It cannot be read, is of no tool that is known, or lacks a figure.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise OutputError(f"cannot read {path}: {reason(error)}") from error
    if '"creator": "Yosys' in text and "}" in text:  # with what the log says around it
        text = text[text.index("{") : text.rindex("}") + 1]
    if text.lstrip()[:1] == "{":
        try:
            content = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise OutputError(f"{path} is no JSON that can be read: {error}") from None
        if open_tools.recognises(content):
            try:
                return open_tools.parse(content, text, str(path), clock, period)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise OutputError(
                    f"{path}: {type(error).__name__} {error}: not as its tool writes it"
                ) from None
    if vivado.recognises(text):
        return vivado.parse(text, str(path), clock)
    if quartus.recognises(text):
        return quartus.parse(text, str(path), clock, period)
    raise OutputError(f"{path} is no report that is known: {READ}")


def import_reports(
    paths: Sequence[Path],
    *,
    manifest: dict[str, Any] | None = None,
    name: str = "",
    clock: str | None = None,
    period: float | None = None,
) -> dict[str, Any]:
    """Return one report, valid under :data:`dotforge.synthesis.synth.SCHEMA`, of all that reports of a design say.

    Parameters
    ----------
    paths : reports of one tool, of the same design: area in one of them
    manifest : of the design, where dotforge generated it
    name : of the design, where it is not (default: as the reports name it)
    clock, period : see :func:`read`

    Raises
    ------
    OutputError
        A report is not known; reports are of different tools, devices or designs, or say the same thing twice;
        none has an area.
    """
    found = [read(path, clock=clock, period=period) for path in paths]
    first = found[0]
    for path, each in zip(paths[1:], found[1:], strict=True):
        for what in ("tool", "version", "device", "design"):
            was, now = getattr(first, what), getattr(each, what)
            same = is_same_device(was, now) if what == "device" else was == now
            if was and now and not same:
                raise OutputError(f"{paths[0]} is of {what} {was}, {path} of {now}: one report is of one run")
    merged: dict[str, dict[str, Any]] = {"totals": {}, "timing": {}, "power": {}}
    for part, content in merged.items():
        for path, each in zip(paths, found, strict=True):
            given = getattr(each, part)
            if given and content:
                raise OutputError(f"{path} says {part} once more: {', '.join(map(str, paths))}")
            content.update(given)
    if not merged["totals"]:
        raise OutputError(f"no area in {', '.join(map(str, paths))}: give the report of utilisation too")
    design = next((each.design for each in found if each.design), "")
    if manifest is not None and design and design != manifest["top"]:
        raise OutputError(f"{paths[0]} is of design {design}, the directory holds {manifest['top']}")
    engine = manifest["engine"] if manifest else name or design
    if not engine:
        raise OutputError(f"{paths[0]} does not say of which design it is: give --name or --design")
    device = max((each.device for each in found), key=len)
    version = next((each.version for each in found if each.version), "unknown")
    return {
        "schema": 1,
        "engine": engine,
        "top": manifest["top"] if manifest else design or engine,
        "parameters": manifest["parameters"] if manifest else {},
        "target": " ".join(filter(None, (f"import:{first.tool}", device))),
        "verilog_sha256": manifest["verilog_sha256"] if manifest else None,
        "tools": {first.tool: version},
        "options": {"period_ns": period} if period is not None else {},
        "totals": {**merged["totals"], "cells": {}},
        "modules": [],
        "timing": merged["timing"] or None,
        "power": merged["power"] or None,
        "notes": [note for each in found for note in each.notes],
    }
