"""Configurations of the Flex-DPE that published figures hold for, one for each number of lanes and format.

Nothing is chosen in them: they stay what they are when other choices are measured.
"""

from typing import Any

__all__ = ["PUBLISHED"]

#: As small as it gets: one stationary value a beat, no registers that are not needed, folds that drain.
_SMALL: dict[str, Any] = {
    "optimize": "none",
    "row_bits": 8,
    "index_bits": 4,
    "stationary_bandwidth": 1,
    "multiplier_pipeline": 0,
    "fold_change": "drain",
}

#: Name → parameters.
PUBLISHED: dict[str, dict[str, Any]] = {
    # Area beside SIGMA's own RTL.
    "bf16-16": {"lanes": 16, "format": "bf16", **_SMALL},
    "bf16-32": {"lanes": 32, "format": "bf16", **_SMALL},
    "int8-32": {"lanes": 32, **_SMALL},
    # Clock rate.
    "int8-16": {
        "lanes": 16,
        "optimize": "none",
        "distribution": "crossbar",
        "distribution_pipeline": 5,
        "multiplier_pipeline": 3,
        "control_pipeline": True,
        "operators": True,
    },
    # Cycles: three route engines of eight walkers keep up with folds of 128 vectors.
    "int8-128": {
        "lanes": 128,
        "optimize": "none",
        "stationary_bandwidth": 128,
        "route_engines": 3,
        "route_walkers": 8,
        "row_buffer": 128,
    },
    "bf16-128": {"lanes": 128, "format": "bf16", "optimize": "none"},
}
