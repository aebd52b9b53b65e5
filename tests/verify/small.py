"""A small configuration of every engine: what a test builds that tries all of them, in Icarus too."""

from typing import Any

from dotforge.registry import engines

_SMALL: dict[str, dict[str, Any]] = {
    "flexdpe": {"lanes": 4, "format": "int4", "stationary_bandwidth": 2, "row_bits": 6, "index_bits": 4},
    "logmac": {"lanes": 2, "sum_bits": 8},
    "mxdot": {"weight_format": "mxfp4", "activation_format": "mxfp4", "lanes": 32, "pipeline": 2},
    "requantise": {"element_bits": 2, "scale_bits": 2, "sum_bits": 8, "unit_bits": 1},
    "vsquant": {"lanes": 4, "weight_bits": 2, "activation_bits": 3, "sum_bits": 14},
}


def small(engine: str) -> dict[str, Any]:
    """Return its parameters; an engine that is not listed is tried as it comes."""
    return _SMALL.get(engine, {})


#: Names of all engines.
ENGINES = tuple(engines())
