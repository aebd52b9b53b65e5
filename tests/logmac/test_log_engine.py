"""The engine of log numbers: its bench over configurations, what it refuses, and mutations."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dotforge.engines.logmac import log_bins, log_lane
from dotforge.export.design import Generated, from_parameters
from dotforge.parameters import ParameterError
from dotforge.synthesis import area
from dotforge.verify.verify import verify
from dotforge_sim.simulator.bench import BenchFailure

L22: dict[str, Any] = {"weight_code": "log:2:2", "activation_code": "log:2:2"}
CONFIGURATIONS: list[dict[str, Any]] = [
    {**L22, "lanes": 4, "sum_bits": 16},
    {**L22, "lanes": 3, "sum_bits": 18, "accumulator": "binned", "bin_bits": 12, "pipeline": 2},
    {
        "lanes": 2, "weight_code": "log:2:2:flag", "activation_bits": 5, "sum_bits": 18, "overflow": "saturate",
        "pipeline": 1,
    },
    {
        "lanes": 4, "weight_code": "log:2:1", "accumulator": "binned", "bin_bits": 10, "sum_bits": 12,
        "overflow": "saturate", "weight_depth": 4, "log_output": "log:3:2:flag", "log_shift": 2,
    },
    {
        "lanes": 3, "weight_code": "log:4:3", "activation_code": "log:2:2:flag", "lookup_bits": 8,
        "sum_bits": 34, "log_output": "log:4:3", "log_shift": 9, "pipeline": 2,
    },
]  # fmt: skip
MORE: list[dict[str, Any]] = [
    {"lanes": lanes, "weight_code": weight, "activation_code": activation, "accumulator": accumulator,
     "pipeline": pipeline, "sum_bits": 18, "overflow": overflow, "weight_depth": depth, "log_output": output}
    for lanes, depth in ((1, 0), (8, 3))
    for weight, activation in (("log:2:2", "log:2:2"), ("log:2:0:flag", "integer"))
    for accumulator in ("convert", "binned")
    for pipeline, overflow, output in ((0, "wrap", "none"), (1, "saturate", "log:2:2"), (2, "wrap", "log:4:1"))
]  # fmt: skip
MORE.append(
    {"weight_code": "log:4:3", "activation_code": "log:4:3", "sum_bits": 48, "lanes": 4, "lookup_bits": 8}
)


def name(parameters: dict[str, Any]) -> str:
    return ",".join(f"{key}={value}" for key, value in parameters.items())


@pytest.mark.parametrize(
    "parameters", [*CONFIGURATIONS[:4], pytest.param(CONFIGURATIONS[4], marks=pytest.mark.slow)], ids=name
)
def test_bench(parameters: dict[str, Any], tmp_path: Path) -> None:
    summary = verify(from_parameters("logmac", parameters), tmp_path, seed=3)
    assert summary["tests"] == 8
    assert summary["vectors"] >= 500
    assert summary["mismatches"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("parameters", MORE, ids=name)
def test_bench_everywhere(parameters: dict[str, Any], tmp_path: Path) -> None:
    assert verify(from_parameters("logmac", parameters), tmp_path, seed=4)["vectors"] >= 350


@pytest.mark.usefixtures("icarus")
def test_bench_on_icarus(tmp_path: Path) -> None:
    generated = from_parameters("logmac", {**CONFIGURATIONS[1], "lanes": 2})
    assert verify(generated, tmp_path, simulator="icarus")["vectors"] >= 350


@pytest.mark.slow
def test_bench_on_the_netlist(tmp_path: Path) -> None:
    generated = from_parameters("logmac", {**L22, "lanes": 2, "sum_bits": 16, "log_output": "log:2:2"})
    gates = area.netlist(generated.verilog, generated.top)
    assert verify(Generated(gates, generated.manifest), tmp_path)["vectors"] >= 350


@pytest.mark.parametrize("lanes", [2, 16])
def test_lanes_and_heaps_share_their_definitions(lanes: int) -> None:
    verilog = from_parameters("logmac", {**L22, "accumulator": "binned", "lanes": lanes}).verilog
    for module, uses in (("log_lane", lanes), ("product_heap", 4), ("accumulator", 4)):
        assert len(re.findall(rf"^module logmac_{module}\(", verilog, re.M)) == 1
        assert len(re.findall(rf"^  logmac_{module} \w+ \(", verilog, re.M)) == uses


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"weight_code": "log:5:2"}, "parameter weight_code=log:5:2: allowed: log:X:Y"),
        ({"weight_code": "dally4"}, "parameter weight_code=dally4: allowed: dally3, .*log:X:Y"),
        ({**L22, "activation_code": "int"}, "parameter activation_code=int: allowed: log:X:Y .*integer"),
        ({**L22, "fold_sign": True}, "parameter fold_sign=True: allowed False"),
        ({**L22, "activation_bits": 8}, "parameter activation_bits=8: allowed 4; .*activation_code=integer"),
        ({**L22, "bin_bits": 20}, "parameter bin_bits=20: allowed 16; .*accumulator=binned"),
        ({**L22, "log_shift": 3}, "parameter log_shift=3: allowed 0; .*log_output"),
        ({**L22, "lookup_bits": 13}, "parameter lookup_bits=13: allowed 1…12"),
        ({"activation_code": "log:2:2"}, "parameter activation_code=log:2:2: allowed integer; .*weight_code"),
        ({"accumulator": "binned"}, "parameter accumulator=binned: allowed convert"),
        ({"lookup_bits": 6}, "parameter lookup_bits=6: allowed 5"),
        ({"log_output": "log:2:2"}, "parameter log_output=log:2:2: allowed none"),
    ],
)
def test_refuses(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        from_parameters("logmac", parameters)


def round_the_lookup_down(patch: pytest.MonkeyPatch) -> None:
    original = log_lane._table
    patch.setattr(log_lane, "_table", lambda index, table: original(index, (*table[:-1], table[-1] - 1)))


def lose_a_digit(patch: pytest.MonkeyPatch) -> None:
    original = log_bins.signed_digits
    patch.setattr(log_bins, "signed_digits", lambda constant: original(constant)[-2:])


BINNED = {**L22, "lanes": 2, "accumulator": "binned", "bin_bits": 12, "sum_bits": 18}
BROKEN_SOURCE = [
    (round_the_lookup_down, {**L22, "lanes": 2}),
    (lose_a_digit, BINNED),
]

#: Broken in the Verilog: parameters, a pattern, which must occur, and what replaces it.
BROKEN_VERILOG: dict[str, tuple[dict[str, Any], str, str]] = {
    "forget_a_bin's_overflow": (BINNED, r"(?<=\| \{ )overflow_\d+", "1'h0"),
    "ignore_the_stall": ({**BINNED, "log_output": "log:2:2"}, r"= \w+ \? (\w+) : log_4;", r"= \1;"),
    "keep_the_flag": ({**L22, "lanes": 2}, r"= ~ clear;", "= 1'h1;"),
}


def fails(broken: Generated, directory: Path) -> None:
    with pytest.raises(BenchFailure) as failure:
        verify(broken, directory)
    print(failure.value)


@pytest.mark.parametrize(("mutation", "parameters"), BROKEN_SOURCE)
def test_an_engine_with_broken_source_fails(
    mutation: Callable[[pytest.MonkeyPatch], None],
    parameters: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    whole = from_parameters("logmac", parameters)
    mutation(monkeypatch)
    broken = from_parameters("logmac", parameters)
    monkeypatch.undo()
    assert broken.verilog != whole.verilog
    fails(broken, tmp_path)


@pytest.mark.parametrize("mutation", BROKEN_VERILOG)
def test_an_engine_with_broken_verilog_fails(mutation: str, tmp_path: Path) -> None:
    parameters, pattern, replacement = BROKEN_VERILOG[mutation]
    whole = from_parameters("logmac", parameters)
    verilog, count = re.subn(pattern, replacement, whole.verilog)
    assert count == 1
    fails(Generated(verilog, whole.manifest), tmp_path)
