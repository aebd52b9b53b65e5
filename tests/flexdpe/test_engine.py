"""The engine's bench over configurations."""

from pathlib import Path
from typing import Any

import pytest

from dotforge.export.design import from_parameters
from dotforge.verify.verify import verify

CONFIGURATIONS: list[dict[str, Any]] = [
    {},
    {"lanes": 4, "format": "bf16", "stationary_bandwidth": 1, "fold_change": "drain"},
    {"lanes": 8, "host_routes": True, "stationary_bandwidth": 8, "distribution": "crossbar"},
    {"lanes": 8, "optimize": "none", "window": 4, "row_buffer": 5, "route_engines": 2, "index_bits": 4},
    {
        "lanes": 8, "optimize": "none", "control_pipeline": True, "operators": True, "distribution": "crossbar",
        "distribution_pipeline": 5, "multiplier_pipeline": 3,
    },
]  # fmt: skip
MORE: list[dict[str, Any]] = [
    {"lanes": 4, "reduction": "linear", "format": "fp8_e4m3"},
    {
        "lanes": 8, "optimize": "none", "reduction": "art", "format": "fp16", "distribution_pipeline": 0,
        "multiplier_pipeline": 0,
    },
    {"lanes": 8, "optimize": "none", "host_routes": True, "window": 2, "format": "int4", "sum_format": "exact"},
    {
        "lanes": 8, "optimize": "none", "adder_pipeline": 2, "multiplier_pipeline": 2, "distribution_pipeline": 5,
        "format": "int16", "row_buffer": 3,
    },
    {"lanes": 4, "format": "fp8_e5m2", "window": 2, "sum_format": "fp32"},
    {
        "lanes": 16, "optimize": "none", "format": "bf16", "stationary_bandwidth": 16, "route_walkers": 4,
        "row_bits": 8,
    },
    {"lanes": 16, "optimize": "none"},
    {"lanes": 8, "optimize": "none", "format": "bf16", "multiplier": "dsp", "multiplier_pipeline": 4},
    {"lanes": 8, "optimize": "none", "multiplier": "auto", "operators": True, "multiplier_pipeline": 3},
    {"lanes": 32, "optimize": "none", "stationary_bandwidth": 8, "route_engines": 3, "row_buffer": 16},
    {"lanes": 32},
]  # fmt: skip


def name(parameters: dict[str, Any]) -> str:
    return ",".join(f"{key}={value}" for key, value in parameters.items()) or "default"


@pytest.mark.parametrize("parameters", CONFIGURATIONS, ids=name)
def test_bench(parameters: dict[str, Any], tmp_path: Path) -> None:
    summary = verify(from_parameters("flexdpe", parameters), tmp_path, seed=3)
    assert summary["tests"] == 15
    assert summary["vectors"] >= 300
    assert summary["mismatches"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("parameters", MORE, ids=name)
def test_bench_everywhere(parameters: dict[str, Any], tmp_path: Path) -> None:
    assert verify(from_parameters("flexdpe", parameters), tmp_path, seed=4)["vectors"] >= 300


@pytest.mark.parametrize("lanes", [4, pytest.param(512, marks=pytest.mark.slow)])
def test_smallest_and_largest_can_be_written(lanes: int) -> None:
    made = from_parameters("flexdpe", {"lanes": lanes})
    (sums,) = (stream for stream in made.manifest["streams"] if stream["name"] == "sums")
    assert next(field["lanes"] for field in sums["fields"] if field["name"] == "value") == lanes
    assert made.verilog.rstrip().endswith("endmodule")
