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
