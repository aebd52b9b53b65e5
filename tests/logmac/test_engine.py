"""The engine's bench over configurations, at gate level, and on engines that are broken on purpose."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from amaranth.hdl import Const

from dotforge.arithmetic import heap
from dotforge.engines.logmac import datapath, lane
from dotforge.engines.logmac.config import LogMacConfig
from dotforge.export.design import Generated, from_parameters
from dotforge.parameters import make
from dotforge.synthesis import area
from dotforge.verify.verify import verify
from dotforge_sim.simulator.bench import BenchFailure

CONFIGURATIONS: list[dict[str, Any]] = [
    {},
    {"lanes": 1, "sum_bits": 8},
    {"lanes": 3, "fold_sign": True, "pipeline": 2},
    {"lanes": 4, "weight_depth": 4, "sum_bits": 8, "pipeline": 1},
    {"lanes": 5, "fold_sign": True, "overflow": "saturate", "sum_bits": 12, "weight_code": "exponent:-2:2"},
    {"lanes": 2, "activation_bits": 2, "weight_code": "exponent:0:0", "sum_bits": 4},
    {
        "lanes": 8, "weight_depth": 5, "fold_sign": True, "pipeline": 2, "activation_bits": 8,
        "weight_code": "exponent:-6:0", "sum_bits": 24, "overflow": "saturate",
    },
    {"lanes": 1, "weight_depth": 1, "sum_bits": 8, "overflow": "saturate"},
    {"lanes": 5, "pipeline": "auto", "clock_mhz": 180, "sum_bits": 8},
    {
        "lanes": 3, "pipeline": "auto", "clock_mhz": 150, "weight_depth": 4, "fold_sign": True, "sum_bits": 10,
        "overflow": "saturate", "weight_code": "exponent:-2:2",
    },
]  # fmt: skip
MORE: list[dict[str, Any]] = [
    {"lanes": lanes, "weight_depth": depth, "fold_sign": fold, "pipeline": pipeline, "overflow": overflow,
     "sum_bits": 14}
    for lanes in (2, 7, 64)
    for depth in (0, 3)
    for fold in (False, True)
    for pipeline in (0, 1, 2)
    for overflow in ("wrap", "saturate")
]  # fmt: skip


def name(parameters: dict[str, Any]) -> str:
    return ",".join(f"{key}={value}" for key, value in parameters.items()) or "default"


@pytest.mark.parametrize("parameters", CONFIGURATIONS, ids=name)
def test_bench(parameters: dict[str, Any], tmp_path: Path) -> None:
    summary = verify(from_parameters("logmac", parameters), tmp_path, seed=3)
    assert summary["tests"] == 8
    assert summary["vectors"] >= 350
    assert summary["mismatches"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("parameters", MORE, ids=name)
def test_bench_everywhere(parameters: dict[str, Any], tmp_path: Path) -> None:
    assert verify(from_parameters("logmac", parameters), tmp_path, seed=4)["vectors"] >= 350


@pytest.mark.usefixtures("icarus")
@pytest.mark.parametrize("parameters", CONFIGURATIONS[1:4], ids=name)
def test_bench_on_icarus(parameters: dict[str, Any], tmp_path: Path) -> None:
    assert verify(from_parameters("logmac", parameters), tmp_path, simulator="icarus")["vectors"] >= 350


def test_bench_on_the_netlist(tmp_path: Path) -> None:
    """What `synth` counts is what the bench passes on: gates and flip-flops only."""
    generated = from_parameters("logmac", {"lanes": 4, "sum_bits": 12, "weight_depth": 2})
    gates = area.netlist(generated.verilog, generated.top)
    assert "logmac_accumulator" not in gates
    assert " + " not in gates
    assert verify(Generated(gates, generated.manifest), tmp_path)["vectors"] >= 350


@pytest.mark.parametrize(
    "parameters",
    [
        {"lanes": 1, "activation_bits": 2, "weight_code": "exponent:0:0", "sum_bits": 4},
        {"lanes": 64, "weight_depth": 4096, "fold_sign": True, "pipeline": 2, "overflow": "saturate"},
        pytest.param(
            {"lanes": 256, "activation_bits": 8, "weight_code": "exponent:-15:0", "sum_bits": 48},
            marks=pytest.mark.slow,
        ),
    ],
    ids=["smallest", "deepest", "widest"],
)  # fmt: skip
def test_elaborates(parameters: dict[str, Any]) -> None:
    """One definition of a lane, and as many uses as lanes."""
    generated = from_parameters("logmac", parameters)
    assert len(re.findall(r"^module logmac_shift_add_lane\(", generated.verilog, re.M)) == 1
    assert len(re.findall(r"^  logmac_shift_add_lane \w+ \(", generated.verilog, re.M)) == parameters["lanes"]


def test_exact_width_holds_the_extremes() -> None:
    for lanes in (1, 2, 16, 255, 256):
        for overrides in ({}, {"activation_bits": 8, "weight_code": "exponent:-15:0"}, {"sum_bits": 4}):
            config = make(LogMacConfig, {"lanes": lanes, **overrides})
            largest = lanes << (config.product_bits - 1)
            low = -(2 ** (config.sum_bits - 1)) - largest
            high = 2 ** (config.sum_bits - 1) - 1 + largest
            assert -(2 ** (config.exact_bits - 1)) <= low
            assert high < 2 ** (config.exact_bits - 1)


def lose_a_carry(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(heap, "full_adder", lambda a, b, c: (a ^ b ^ c, (a & b) | (b & c)))


def forget_zero(patch: pytest.MonkeyPatch) -> None:
    original = lane.code_fields
    patch.setattr(lane, "code_fields", lambda code, weight: (*original(code, weight)[:2], Const(0, 1)))


def drop_the_sign_bit(patch: pytest.MonkeyPatch) -> None:
    original = datapath.Heap.add_bit

    def add_bit(self: Any, bit: Any, column: int, *, ready: int = 0) -> None:
        if not (column == 0 and ready == 0):
            original(self, bit, column, ready=ready)

    patch.setattr(datapath.Heap, "add_bit", add_bit)


#: Broken where the hardware is described.
BROKEN_SOURCE = [lose_a_carry, forget_zero, drop_the_sign_bit]

#: Broken in the Verilog: parameters, a pattern, which must occur, and what replaces it.
BROKEN_VERILOG: dict[str, tuple[dict[str, Any], str, str]] = {
    "keep_the_flag": ({}, r"= ~ clear;", "= 1'h1;"),
    "ignore_the_stall": ({"pipeline": 1}, r"= enable \? (\w+) : sum;", r"= \1;"),
    "swap_the_banks": ({"weight_depth": 2}, r"array\[read_address\]", "array[~read_address]"),
    "end_without_a_beat": ({"pipeline": 1}, r"= valid & last;", "= last;"),
    "keep_the_flag_at_a_clock": ({"pipeline": "auto"}, r"= ~ first_held;", "= 1'h1;"),
    "ignore_the_stall_at_a_clock": ({"pipeline": "auto"}, r"= enable \? (\w+) : exact_sum;", r"= \1;"),
}


def fails(broken: Generated, directory: Path) -> None:
    with pytest.raises(BenchFailure) as failure:
        verify(broken, directory)
    print(failure.value)


@pytest.mark.parametrize("mutation", BROKEN_SOURCE)
def test_an_engine_with_broken_source_fails(
    mutation: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole = from_parameters("logmac", {"lanes": 4, "sum_bits": 10})
    mutation(monkeypatch)
    broken = from_parameters("logmac", {"lanes": 4, "sum_bits": 10})
    monkeypatch.undo()
    assert broken.verilog != whole.verilog
    fails(broken, tmp_path)


@pytest.mark.parametrize("mutation", BROKEN_VERILOG)
def test_an_engine_with_broken_verilog_fails(mutation: str, tmp_path: Path) -> None:
    parameters, pattern, replacement = BROKEN_VERILOG[mutation]
    whole = from_parameters("logmac", {"lanes": 4, "sum_bits": 10, **parameters})
    verilog, count = re.subn(pattern, replacement, whole.verilog)
    assert count == 1
    fails(Generated(verilog, whole.manifest), tmp_path)
