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
