"""Configurations of ``vsquant`` that tests of all engines use."""

from typing import Any

#: Built in a moment.
SMALL: dict[str, Any] = {"lanes": 4, "weight_bits": 2, "activation_bits": 3, "sum_bits": 14}

#: Its netlist has what a small one has not: signed ports, memories, few bits, constants.
AWKWARD: dict[str, Any] = {"lanes": 2, "sum_bits": 12}

#: What a soak draws where the general rule gives nothing that is small or allowed: a range, or values.
SOAK: dict[str, Any] = {"vector": [16, 20, 24, 32], "lanes": [1, 2, 4, 6, 8, 16, 32], "sum_bits": (8, 24)}

#: Whose beats end an item that gives a beat of results: those with tlast, and every so many.
ENDS = ("activations", None)
