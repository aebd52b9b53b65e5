"""The engine's bench over configurations, at gate level, and on engines that are broken on purpose."""

import re
from pathlib import Path
from typing import Any

import pytest

from dotforge.engines.systolic.config import MOST_MULTIPLIERS, SystolicConfig
from dotforge.export.design import Generated, from_parameters
from dotforge.parameters import ParameterError
from dotforge.synthesis import area
from dotforge.verify.verify import verify
from dotforge_sim.simulator.bench import BenchFailure

FORMATS = ("int4", "int8", "int16", "bf16", "fp16", "fp8_e4m3", "fp8_e5m2")
CONFIGURATIONS: list[dict[str, Any]] = [
    {"rows": 3, "columns": 2, "format": "bf16", "multiplier_pipeline": 1, "adder_pipeline": 2},
    {
        "rows": 5,
        "columns": 3,
        "format": "int8",
        "multiplier": "dsp",
        "multiplier_pipeline": 1,
        "adder_pipeline": 2,
    },
    {"rows": 5, "columns": 3, "sum_format": "int12", "double_buffer": False},
]
MORE: list[dict[str, Any]] = [
    {"rows": rows, "columns": columns, "format": format, "double_buffer": double_buffer,
     "multiplier_pipeline": multiplier, "adder_pipeline": adder, "operators": operators}
    for format, (rows, columns), double_buffer, (multiplier, adder), operators in zip(
        FORMATS, ((1, 1), (1, 4), (4, 1), (2, 7), (7, 2), (5, 5), (3, 4)), (True, False) * 4,
        ((2, 1), (0, 2), (1, 3), (3, 4), (0, 1), (2, 5), (1, 1)), (False, True, True, False, True, True, False),
        strict=False,
    )
] + [
    {"rows": 6, "format": "int4", "sum_format": "int8", "multiplier_pipeline": 1, "adder_pipeline": 2},
    {"format": "int8", "sum_format": "int10", "operators": True},
    {"format": "fp16", "flush_subnormals": True},
    {"format": "fp16", "multiplier": "dsp", "multiplier_pipeline": 3, "operators": True},
    {"rows": 2, "format": "bf16", "multiplier": "dsp", "multiplier_pipeline": 1, "flush_subnormals": True},
    {"rows": 2, "format": "int16", "multiplier": "auto", "operators": True, "multiplier_pipeline": 2},
    {"rows": 16, "columns": 16, "sum_format": "exact"},
]  # fmt: skip


def name(parameters: dict[str, Any]) -> str:
    return ",".join(f"{key}={value}" for key, value in parameters.items()) or "default"


@pytest.mark.parametrize("parameters", CONFIGURATIONS, ids=name)
def test_bench(parameters: dict[str, Any], tmp_path: Path) -> None:
    summary = verify(from_parameters("systolic", parameters), tmp_path, seed=3)
    assert summary["tests"] == 7 + ("int12" in parameters.values())
    assert summary["skipped"] == 0
    assert summary["vectors"] >= 2000
    assert summary["mismatches"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("parameters", MORE, ids=name)
def test_bench_everywhere(parameters: dict[str, Any], tmp_path: Path) -> None:
    assert verify(from_parameters("systolic", parameters), tmp_path, seed=4)["vectors"] >= 500


@pytest.mark.slow
@pytest.mark.usefixtures("icarus")
@pytest.mark.parametrize("parameters", CONFIGURATIONS, ids=name)
def test_bench_on_icarus(parameters: dict[str, Any], tmp_path: Path) -> None:
    assert verify(from_parameters("systolic", parameters), tmp_path, simulator="icarus")["vectors"] >= 2000


@pytest.mark.slow
def test_bench_on_the_netlist(tmp_path: Path) -> None:
    """What `synth` counts is what the bench passes on: gates and flip-flops only."""
    generated = from_parameters("systolic", {"rows": 3, "columns": 2, "format": "int4", "sum_format": "int8"})
    gates = area.netlist(generated.verilog, generated.top)
    assert "systolic_row" not in gates
    assert verify(Generated(gates, generated.manifest), tmp_path)["vectors"] >= 400


@pytest.mark.parametrize(
    "parameters",
    [
        {"rows": 1, "columns": 1, "format": "int4", "sum_format": "exact"},
        pytest.param(
            {"rows": 128, "columns": 128, "format": "bf16", "multiplier_pipeline": 3, "adder_pipeline": 5},
            marks=pytest.mark.slow,
        ),
        pytest.param({"rows": 512, "columns": 32, "format": "int16"}, marks=pytest.mark.slow),
    ],
    ids=["smallest", "largest", "tallest"],
)
def test_elaborates(parameters: dict[str, Any]) -> None:
    """A row of each width is one module, however many there are."""
    generated = from_parameters("systolic", parameters)
    config = SystolicConfig(**parameters)
    made_of = {
        (config.partial_width(row - 1) if row else 0, config.partial_width(row)) for row in range(config.rows)
    }
    assert len(re.findall(r"^module systolic_row(?:_\d+)?\(", generated.verilog, re.M)) == len(made_of)
    assert generated.manifest["latency"] == config.latency


@pytest.mark.parametrize("format", ["int4", "int8", "int16"])
@pytest.mark.parametrize("rows", [1, 2, 3, 100, 512])
def test_sums_hold_the_largest_and_no_more(format: str, rows: int) -> None:
    """By row, from the operands' range alone: one bit less would not hold the largest sum."""
    config = SystolicConfig(rows=rows, columns=1, format=format, sum_format="exact")
    largest = 2 ** (2 * int(format[3:]) - 2)
    for row in range(rows):
        width = config.partial_width(row)
        assert 2 ** (width - 2) - 1 < (row + 1) * largest <= 2 ** (width - 1) - 1
        assert not config.flagged(row)
    narrow = SystolicConfig(rows=rows, columns=1, format=format, sum_format=f"int{config.sum.width - 1}")
    assert narrow.may_overflow
    assert narrow.flagged(0) == (rows == 1)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"rows": 0}, "parameter rows=0: allowed 1…512"),
        ({"rows": 256, "columns": 65}, "parameter columns=65: allowed 1…64 with rows=256"),
        ({"format": "fp64"}, f"parameter format=fp64: allowed {', '.join(FORMATS)}"),
        ({"sum_format": "int3"}, "parameter sum_format=int3: allowed auto, exact, fp32, int4…int64"),
        ({"sum_format": "fp32"}, "parameter sum_format=fp32: not a sum of format=int8"),
        ({"format": "bf16", "sum_format": "int32"}, "parameter sum_format=int32: not a sum of format=bf16"),
        ({"flush_subnormals": True}, "parameter flush_subnormals=True: format=int8 has no subnormals"),
        (
            {"multiplier": "dsp", "format": "fp8_e4m3"},
            "parameter multiplier=dsp: format=fp8_e4m3 allows auto, logic; flows map significands of 8 bits or more "
            "to blocks, not of 4",
        ),
        ({"multiplier_pipeline": 3}, "parameter multiplier_pipeline=3: allowed 0…2 with format=int8"),
    ],
)
def test_refuses(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        from_parameters("systolic", parameters)
    assert str(caught.value) == message
    assert MOST_MULTIPLIERS == 16_384


PARAMETERS = {"rows": 2, "columns": 4, "format": "int4"}
NARROW = {"rows": 3, "columns": 2, "format": "int4", "sum_format": "int7"}
#: What is broken: parameters, a pattern that the Verilog has once, and what replaces it.
BROKEN: dict[str, tuple[dict[str, Any], str, str]] = {
    "a row swaps with the one above": (
        PARAMETERS | {"rows": 3}, r"\.swap\(swap_\d+\[0\]\)", ".swap(swap)"
    ),
    "a stall does not stop the skew": (PARAMETERS, r"= en \? i\[7:4\] : late_1_0", "= i[7:4]"),
    "a fold is complete a row early": (PARAMETERS, r"taken & row\[1\]", "taken & row[0]"),
    "weights load over those that columns wait for": (PARAMETERS, r"swap \? 2'h2", "swap ? 2'h0"),
    "the next fold's weights are not waited for": (PARAMETERS, r"= streaming \| loaded", "= 1'h1"),
    "tlast comes a cycle early": (PARAMETERS, r"(last_\d+)\[5\]", r"\1[4]"),
    "a later row forgets an overflow": (NARROW, r"(assign overflow = \w+) \| \w+;", r"\1;"),
    "weights load while they are multiplied": (
        PARAMETERS | {"double_buffer": False}, r"freed \? 2'h3", "freed ? 2'h0"
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "what", [pytest.param(each, marks=pytest.mark.slow if n > 1 else ()) for n, each in enumerate(BROKEN)]
)
def test_a_broken_engine_fails(what: str, tmp_path: Path) -> None:
    parameters, pattern, replacement = BROKEN[what]
    whole = from_parameters("systolic", parameters)
    broken, count = re.subn(pattern, replacement, whole.verilog)
    assert count == 1, f"{count} places"
    with pytest.raises(BenchFailure) as failure:
        verify(Generated(broken, whole.manifest), tmp_path)
    print(failure.value)
