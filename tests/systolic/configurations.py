"""Configurations of ``systolic`` that tests of all engines use."""

from typing import Any

#: Built in a moment.
SMALL: dict[str, Any] = {"rows": 2, "columns": 2, "format": "int4"}

#: A single set of weights, adders and multipliers of several cycles, no round number of anything.
AWKWARD: dict[str, Any] = {
    "rows": 3,
    "columns": 5,
    "format": "fp8_e5m2",
    "double_buffer": False,
    "multiplier_pipeline": 2,
    "adder_pipeline": 3,
}

#: What a soak draws where the general rule gives nothing that is small or allowed: a range, or values.
SOAK: dict[str, Any] = {
    "rows": (1, 5),
    "columns": (1, 5),
    "format": ["int4", "int8", "int16", "bf16", "fp16", "fp8_e4m3", "fp8_e5m2"],
    "sum_format": ["auto", "exact", "int32", "fp32"],
}

#: Whose beats end an item that gives a beat of results: those with tlast, and every so many.
ENDS = ("activations", 1)
