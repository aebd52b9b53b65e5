"""Configurations of ``mxdot`` that tests of all engines use."""

from typing import Any

#: Built in a moment; a beat is a whole block, so that a bench has few of them.
SMALL: dict[str, Any] = {"weight_format": "mxfp4", "activation_format": "mxfp4", "lanes": 32, "pipeline": 2}

#: Its netlist has what a small one has not: signed ports, memories, few bits, constants.
AWKWARD: dict[str, Any] = {"lanes": 2, "weight_format": "mxfp8_e5m2", "activation_format": "mxfp4"}

#: More that is proven, by name: scales that are small floating-point numbers, dot products of several beats a block.
PROVEN: dict[str, dict[str, Any]] = {
    "nvfp4": {"weight_format": "nvfp4", "activation_format": "nvfp4", "lanes": 2, "pipeline": 1}
}

#: What a soak draws where the general rule gives nothing that is small or allowed: a range, or values.
SOAK: dict[str, Any] = {"lanes": [1, 2, 4, 8]}

#: Whose beats end an item that gives a beat of results: those with tlast, and every so many.
ENDS = ("activations", None)
