"""Configurations of ``flexdpu`` that tests of all engines use."""

from typing import Any

#: Built in a moment.
SMALL: dict[str, Any] = {
    "engines": 2,
    "lanes": 4,
    "groups": 1,
    "format": "int4",
    "stationary_bandwidth": 2,
    "row_bits": 4,
    "index_bits": 6,
    "accumulator_words": 256,
}

#: Its netlist has what a small one has not: two jobs, a limited bandwidth, more banks than lanes, a short row buffer.
AWKWARD: dict[str, Any] = {
    "engines": 2,
    "lanes": 4,
    "format": "int4",
    "bandwidth": 6,
    "accumulator_banks": 8,
    "accumulator_words": 256,
    "row_bits": 4,
    "index_bits": 6,
    "row_buffer": 4,
}

#: What a soak draws, besides the defaults.
SOAK: dict[str, Any] = {
    "engines": [1, 2],
    "lanes": [4],
    "groups": [1, 2],
    "window": [2, 4],
    "stationary_bandwidth": [1, 2, 4],
    "bandwidth": [4, 5, 8],
    "accumulator_words": [4, 16, 64, 256],
    "accumulator_banks": [1, 2, 4, 8],
    "route_engines": (1, 2),
    "route_walkers": [1, 2],
    "row_bits": (2, 5),
    "row_buffer": (0, 6),
    "index_bits": (4, 8),
    "data_width": [64, 128, 256],
    "job_queue": (1, 3),
    "format": ["int4", "int8", "int16", "bf16", "fp16", "fp8_e4m3", "fp8_e5m2"],
    "sum_format": ["auto", "int32", "fp32"],
}
