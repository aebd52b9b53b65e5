"""The post-processing unit's bench over configurations, at gate level, and on units that are broken on purpose."""

import re
from pathlib import Path
from typing import Any

import pytest

from dotforge.engines.requantise.config import RequantiseConfig
from dotforge.export.design import Generated, from_parameters
from dotforge.parameters import ParameterError
from dotforge.synthesis import area
from dotforge.verify.verify import verify
from dotforge_sim.simulator.bench import BenchFailure

CONFIGURATIONS: list[dict[str, Any]] = [
    {},
    {"element_bits": 2, "scale_bits": 2, "sum_bits": 8, "unit_bits": 1},
    {"element_bits": 8, "scale_bits": 10, "sum_bits": 40, "unit_bits": 30, "vector": 17,
     "scale_rounding": "ceil"},
    {"pipeline": "auto", "clock_mhz": 180},
    {"format": "nvfp4", "scale_search": "four_over_six"},
]  # fmt: skip
#: Registers where a clock needs them: smallest and largest, both roundings, divisors above and below the remainder.
CLOCKED: list[dict[str, Any]] = [
    {"clock_mhz": 150, "element_bits": 2, "scale_bits": 2, "sum_bits": 8, "unit_bits": 1},
    {"clock_mhz": 100, "element_bits": 8, "scale_bits": 10, "sum_bits": 40, "unit_bits": 30, "vector": 17,
     "scale_rounding": "ceil"},
    {"clock_mhz": 120, "element_bits": 8, "scale_bits": 10, "sum_bits": 8, "unit_bits": 32},
    {"clock_mhz": 160, "element_bits": 8, "scale_bits": 10, "sum_bits": 48, "unit_bits": 32, "vector": 64},
    {"clock_mhz": 30, "device": "ice40-up5k", "scale_rounding": "ceil"},
]  # fmt: skip
SEARCH: dict[str, Any] = {
    "format": "nvfp4", "scale_search": "four_over_six", "sum_bits": 12, "unit_bits": 10,
}  # fmt: skip
SCALES: list[dict[str, Any]] = [
    {"scale_bits": bits, "element_bits": 2 + bits * 5 % 7, "scale_rounding": rounding, "unit_bits": 9}
    for bits in range(2, 11)
    for rounding in ("nearest", "ceil")
] + [
    {"sum_bits": 48, "unit_bits": 32, "scale_bits": 10, "element_bits": 8, "vector": 64},
    {"sum_bits": 8, "unit_bits": 32, "scale_bits": 10, "element_bits": 8},
    {"format": "nvfp4"},
    {"format": "nvfp4", "sum_bits": 8, "unit_bits": 1},
    {"format": "nvfp4", "scale_search": "four_over_six", "sum_bits": 48, "unit_bits": 32},
    {"format": "nvfp4", "scale_search": "four_over_six", "sum_bits": 12, "unit_bits": 4},
] + [{"pipeline": "auto", **each} for each in CLOCKED]  # fmt: skip


def name(parameters: dict[str, Any]) -> str:
    return ",".join(f"{key}={value}" for key, value in parameters.items()) or "default"


@pytest.mark.parametrize("parameters", CONFIGURATIONS, ids=name)
def test_bench(parameters: dict[str, Any], tmp_path: Path) -> None:
    summary = verify(from_parameters("requantise", parameters), tmp_path, seed=3)
    assert summary["tests"] == 9
    assert summary["vectors"] >= 200
    assert summary["mismatches"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("parameters", SCALES, ids=name)
def test_bench_on_every_scale_width(parameters: dict[str, Any], tmp_path: Path) -> None:
    assert verify(from_parameters("requantise", parameters), tmp_path, seed=4)["vectors"] >= 200


@pytest.mark.slow
@pytest.mark.usefixtures("icarus")
def test_bench_on_icarus(tmp_path: Path) -> None:
    generated = from_parameters("requantise", {"sum_bits": 12, "unit_bits": 6})
    assert verify(generated, tmp_path, simulator="icarus")["vectors"] >= 200


@pytest.mark.slow
def test_bench_on_the_netlist(tmp_path: Path) -> None:
    generated = from_parameters("requantise", {"sum_bits": 12, "unit_bits": 6})
    gates = area.netlist(generated.verilog, generated.top)
    assert "requantise_divider" not in gates
    assert verify(Generated(gates, generated.manifest), tmp_path)["vectors"] >= 200


def test_cycles() -> None:
    configurations: list[tuple[dict[str, Any], int]] = [
        ({}, 4 + 3 + 16 * 4),
        ({"vector": 64, "element_bits": 8, "scale_bits": 10}, 10 + 3 + 64 * 8),
        ({"format": "nvfp4"}, 1 + 20 + 1 + 16 * 8),
        ({"format": "nvfp4", "scale_search": "four_over_six"}, 1 + 2 * (20 + 1 + 16 * 8) + 1),
    ]
    for parameters, period in configurations:
        config = RequantiseConfig(**parameters)
        generated = from_parameters("requantise", parameters)
        assert config.period == period
        assert generated.manifest["latency"] == config.period + 1


def test_a_clock_costs_a_cycle_a_vector_and_is_refused_beyond_the_loops() -> None:
    clocked = from_parameters("requantise", {"pipeline": "auto", "clock_mhz": 180}).manifest
    (interval,) = clocked["intervals"]
    assert interval["cycles"] == RequantiseConfig().period + 1
    assert clocked["resolved"]["pipeline"] == clocked["latency"] - 3 - interval["cycles"] == 3
    assert clocked["initiation_interval"] == from_parameters("requantise", {}).manifest["initiation_interval"]
    with pytest.raises(ParameterError, match="parameter clock_mhz=400: allowed 1…202 on ecp5"):
        from_parameters("requantise", {"pipeline": "auto", "clock_mhz": 400})
    with pytest.raises(ParameterError, match="parameter clock_mhz=180: allowed 100; others go with pipeline"):
        from_parameters("requantise", {"clock_mhz": 180})


def test_output_is_what_the_next_engine_takes() -> None:
    """Same fields at the same places, where a beat of it is a vector."""
    _same_beat({}, "vsquant", {})
    taken = {"lanes": 16, "weight_format": "nvfp4", "activation_format": "nvfp4"}
    _same_beat({"format": "nvfp4", "sum_bits": 8}, "mxdot", taken)


def _same_beat(parameters: dict[str, Any], engine: str, its: dict[str, Any]) -> None:
    made = from_parameters("requantise", parameters).manifest["streams"][-1]
    taken = from_parameters(engine, its).manifest["streams"][0]
    for stream in (made, taken):  # what is said of them may differ
        for told in (stream, *stream["fields"]):
            del told["meaning"]
    assert (made["name"], made["fields"], made["tlast"]) == (taken["name"], taken["fields"], taken["tlast"])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"scale_search": "four_over_six"},
            "scale_search=four_over_six: allowed none; others go with format=nvfp4",
        ),
        ({"format": "nvfp4", "element_bits": 3}, "element_bits=3: allowed 4; others go with format=vsquant"),
        ({"format": "nvfp4", "vector": 32}, "vector=32: allowed 16; others go with format=vsquant"),
        ({"format": "nvfp4", "scale_rounding": "ceil"}, "scale_rounding=ceil: allowed nearest"),
        ({"format": "nvfp4", "pipeline": "auto"}, "pipeline=auto: allowed 0; others go with format=vsquant"),
        ({"format": "mxfp4"}, "format=mxfp4: allowed vsquant, nvfp4"),
    ],
)
def test_parameters_without_effect(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        from_parameters("requantise", parameters)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        (r"(ends \? )(either_\d+ : takes)", r"\1~ \2"),
        (r"(assign either_\d+ = better_\d+) \| inverse_\d+;", r"\1;"),
        (r"(module requantise_nvfp4_element.*?assign either_2 = quotient\[0\]) \| rest;", r"\1;"),
        (r"(assign either_\d+ = sticky) \| rest;", r"\1;"),
    ],
    ids=["the worse block", "a scale of zero wins", "ties of elements", "ties of scales"],
)
def test_a_broken_search_fails(pattern: str, replacement: str, tmp_path: Path) -> None:
    whole = from_parameters("requantise", SEARCH)
    broken, count = re.subn(pattern, replacement, whole.verilog, flags=re.S)
    assert count
    with pytest.raises(BenchFailure):
        verify(Generated(broken, whole.manifest), tmp_path)


@pytest.mark.parametrize(
    ("parameters", "pattern", "replacement"),
    [
        ({}, r"(assign fits = )~ ", r"\1"),
        ({}, r"(module requantise_scale_quotient.*?assign both_\d+ = fits) & \w+;", r"\1;"),
        ({}, r"(assign either_\d+ = larger_\d+) \| inverse_\d+;", r"\1;"),
        ({}, r"(assign xor_\d+ = up) \^ negative;", r"\1;"),
        *(
            pytest.param({"pipeline": "auto"}, *each, marks=pytest.mark.slow)
            for each in (
                (r"assign free = [^;]*;", "assign free = 1'h1;"),
                (r"(assign inverse_\d+ = ~) ones;", r"\1 1'h0;"),
                (r"(assign less_\d+ = running_maximum) < ", r"\1 > "),
                (r"in_vector <= less_\d+;", "in_vector <= 1'h1;"),
            )
        ),
    ],
    ids=[
        "inverts the comparison",
        "rounds the largest scale up",
        "keeps the maximum",
        "forgets two's complement",
        "does not wait until a vector is taken, at a clock",
        "rounds all ones up, at a clock",
        "keeps the least, at a clock",
        "goes on behind the end, at a clock",
    ],
)
def test_broken_verilog_fails(
    parameters: dict[str, Any], pattern: str, replacement: str, tmp_path: Path
) -> None:
    whole = from_parameters("requantise", {"sum_bits": 12, "unit_bits": 6, **parameters})
    broken, count = re.subn(pattern, replacement, whole.verilog, flags=re.S)
    assert count
    with pytest.raises(BenchFailure) as failure:
        verify(Generated(broken, whole.manifest), tmp_path)
    print(failure.value)
