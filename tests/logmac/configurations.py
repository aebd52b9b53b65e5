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
