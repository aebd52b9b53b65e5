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
