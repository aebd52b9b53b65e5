"""Configurations of ``requantise`` that tests of all engines use."""

from typing import Any

#: Built in a moment.
SMALL: dict[str, Any] = {"element_bits": 2, "scale_bits": 2, "sum_bits": 8, "unit_bits": 1}

#: Its netlist has what a small one has not: signed ports, memories, few bits, constants.
AWKWARD: dict[str, Any] = {"vector": 16, "sum_bits": 9, "element_bits": 2}

#: Stream → field → the least value that it may have.
LEAST = {"sums": {"unit": 1}}

#: What a soak draws where the general rule gives nothing that is small or allowed: a range, or values.
SOAK: dict[str, Any] = {"vector": (1, 20), "sum_bits": (4, 16), "unit_bits": (1, 8), "scale_bits": (1, 6)}

#: Whose beats end an item that gives a beat of results: those with tlast, and every so many.
ENDS = ("sums", "vector")
