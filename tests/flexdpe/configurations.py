"""Configurations of ``flexdpe`` that tests of all engines use."""

from typing import Any

#: Built in a moment.
SMALL: dict[str, Any] = {
    "lanes": 4,
    "format": "int4",
    "stationary_bandwidth": 2,
    "row_bits": 6,
    "index_bits": 4,
}

#: Its netlist has what a small one has not: signed ports, memories, few bits, constants.
AWKWARD: dict[str, Any] = {"lanes": 4, "format": "int4"}

#: What a soak draws where the general rule gives nothing that is small or allowed: a range, or values.
SOAK: dict[str, Any] = {
    "lanes": [4, 8],
    "window": [2, 4, 8],
    "stationary_bandwidth": [1, 2, 4, 8],
    "route_walkers": [1, 2, 4],
    "row_bits": (5, 12),
    "row_buffer": (0, 6),
    "format": ["int4", "int8", "int16", "bf16", "fp16", "fp8_e4m3", "fp8_e5m2"],
    "sum_format": ["auto", "exact", "int32", "fp32"],
}
