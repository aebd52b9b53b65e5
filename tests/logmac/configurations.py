"""Configurations of ``logmac`` that tests of all engines use."""

from typing import Any

#: Built in a moment.
SMALL: dict[str, Any] = {"lanes": 2, "sum_bits": 12}

#: Its netlist has what a small one has not: signed ports, memories, few bits, constants.
AWKWARD: dict[str, Any] = {"weight_depth": 4, "fold_sign": True}

#: More that is proven, by name: sums of log numbers, a bin a fraction.
PROVEN: dict[str, dict[str, Any]] = {
    "log_bins": {
        "lanes": 2,
        "weight_code": "log:2:1",
        "activation_code": "log:2:1",
        "accumulator": "binned",
        "bin_bits": 10,
    }
}

#: What a soak draws where the general rule gives nothing that is small or allowed: a range, or values.
SOAK: dict[str, Any] = {
    "weight_code": [
        "dally3",
        "exponent:-2:2",
        "exponent:0:0",
        "exponent:-6:0",
        "log:2:2",
        "log:2:1",
        "log:3:1:flag",
        "log:4:3",
    ],
    "activation_code": ["integer", "log:2:2", "log:2:1", "log:3:2:flag"],
    "log_output": ["none", "log:2:2", "log:3:3", "log:3:1:flag"],
    "sum_bits": (4, 24),
    "bin_bits": (4, 20),
    "lookup_bits": (1, 8),
}

#: Whose beats end an item that gives a beat of results: those with tlast, and every so many.
ENDS = ("activations", None)
