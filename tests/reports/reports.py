"""Synthesis reports as tests need them."""

import copy
from typing import Any

_BASE: dict[str, Any] = {
    "schema": 1,
    "engine": "logmac",
    "top": "logmac",
    "parameters": {"lanes": 16, "fold_sign": False},
    "target": "cmos",
    "verilog_sha256": "0" * 64,
    "tools": {"dotforge": "0.1.0", "amaranth": "0.5.10", "synthesis": "pyosys 0.70"},
    "options": {"hierarchy": "flat"},
    "totals": {"transistors": 1000, "registers": 20, "memory_bits": 0, "cells": {}},
    "modules": [],
    "timing": None,
}


def report(**changes: Any) -> dict[str, Any]:
    """A valid report; ``totals``, ``tools``, ``options``, ``parameters`` are merged, the rest replaced."""
    made = copy.deepcopy(_BASE)
    for name, value in changes.items():
        made[name] = (
            {**made[name], **value} if name in ("totals", "tools", "options", "parameters") else value
        )
    return made


def placed(fmax: float, **changes: Any) -> dict[str, Any]:
    """A report of an FPGA."""
    made = report(target="ecp5", timing={"fmax_mhz": fmax}, **changes)
    made["totals"] = {"luts": 500, "ffs": 20, "dsps": 0, "brams": 0, "cells": {}}
    return made
