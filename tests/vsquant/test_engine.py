"""The engine's bench over configurations, at gate level, and on engines that are broken on purpose."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from amaranth.hdl import Const, Value

from dotforge.arithmetic import heap
from dotforge.engines.vsquant import engine, scale
from dotforge.engines.vsquant.config import VSQuantConfig
from dotforge.engines.vsquant.payloads import payloads
from dotforge.export.design import Generated, from_parameters
from dotforge.parameters import ParameterError
from dotforge.synthesis import area
from dotforge.verify.verify import verify
from dotforge_sim.simulator.bench import BenchFailure

CONFIGURATIONS: list[dict[str, Any]] = [
    {},
    {"lanes": 1, "sum_bits": 10, "pipeline": 1},
    {"lanes": 4, "gate": True, "pipeline": 2, "overflow": "saturate", "sum_bits": 12},
    {"lanes": 4, "sparsity": "2:4", "gate": True, "pipeline": 3, "weight_bits": 8, "activation_bits": 3,
     "weight_scale_bits": 10, "activation_scale_bits": 6, "scale_product_bits": 3, "sum_bits": 40},
    {"weight_bits": 2, "activation_bits": 2, "weight_scale_bits": 2, "activation_scale_bits": 2,
     "scale_product_bits": 1, "sum_bits": 8, "gate": True, "overflow": "saturate"},
    {"lanes": 4, "pipeline": "auto", "clock_mhz": 150, "gate": True, "overflow": "saturate", "sum_bits": 12,
     "scale_rounding": "half_even"},
    {"lanes": 8, "sparsity": "2:4", "pipeline": "auto", "clock_mhz": 130, "multiplier": "dsp"},
]  # fmt: skip
CLOCKED: list[dict[str, Any]] = [
    {"lanes": 32, "weight_bits": 8, "activation_bits": 8, "sum_bits": 32, "multiplier": "dsp"},
    {"lanes": 4, "sparsity": "2:4", "gate": True, "weight_bits": 8, "activation_bits": 3, "weight_scale_bits": 10,
     "activation_scale_bits": 6, "scale_product_bits": 3, "sum_bits": 40},
    {"lanes": 1, "device": "ice40-up5k", "clock_mhz": 30, "multiplier": "dsp", "scale_product_bits": 0},
]  # fmt: skip
MORE: list[dict[str, Any]] = [
    {"vector": vector, "lanes": lanes, "pipeline": pipeline, "gate": gate, "sparsity": sparsity, "sum_bits": 16,
     "overflow": overflow, "scale_rounding": rounding}
    for vector, lanes in ((16, 32), (64, 16), (48, 6))
    for sparsity in ("none", "2:4")
    for pipeline, overflow in ((0, "wrap"), (1, "saturate"), (2, "saturate"), (3, "wrap"))
    for gate, rounding in ((False, "half_up"), (True, "half_even"))
] + [
    {"weight_bits": 8, "activation_bits": 8, "weight_scale_bits": 8, "activation_scale_bits": 8,
     "scale_product_bits": 8, "sum_bits": 32},
    {"weight_bits": 4, "activation_bits": 8, "weight_scale_bits": 10, "activation_scale_bits": 10,
     "scale_product_bits": 2, "sum_bits": 48, "pipeline": 3},
] + [{"pipeline": "auto", "clock_mhz": 140, **each} for each in CLOCKED]  # fmt: skip


def name(parameters: dict[str, Any]) -> str:
    return ",".join(f"{key}={value}" for key, value in parameters.items()) or "default"


@pytest.mark.parametrize("parameters", CONFIGURATIONS, ids=name)
def test_bench(parameters: dict[str, Any], tmp_path: Path) -> None:
    summary = verify(from_parameters("vsquant", parameters), tmp_path, seed=3)
    assert summary["tests"] == 9
    assert summary["vectors"] >= 360
    assert summary["mismatches"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("parameters", MORE, ids=name)
def test_bench_everywhere(parameters: dict[str, Any], tmp_path: Path) -> None:
    assert verify(from_parameters("vsquant", parameters), tmp_path, seed=4)["vectors"] >= 800


@pytest.mark.slow
@pytest.mark.usefixtures("icarus")
@pytest.mark.parametrize("parameters", CONFIGURATIONS[1:3], ids=name)
def test_bench_on_icarus(parameters: dict[str, Any], tmp_path: Path) -> None:
    assert verify(from_parameters("vsquant", parameters), tmp_path, simulator="icarus")["vectors"] >= 800


def test_bench_on_the_netlist(tmp_path: Path) -> None:
    """What `synth` counts is what the bench passes on: gates and flip-flops only."""
    generated = from_parameters("vsquant", {"lanes": 4, "sum_bits": 12, "gate": True, "pipeline": 2})
    gates = area.netlist(generated.verilog, generated.top)
    assert "vsquant_accumulator" not in gates
    assert " + " not in gates
    assert verify(Generated(gates, generated.manifest), tmp_path)["vectors"] >= 800


@pytest.mark.parametrize(
    "parameters",
    [
        {"vector": 64, "lanes": 1, "weight_bits": 2, "activation_bits": 2, "weight_scale_bits": 2,
         "activation_scale_bits": 2, "sum_bits": 8},
        pytest.param({"vector": 16, "lanes": 64, "weight_bits": 8, "activation_bits": 8, "weight_scale_bits": 10,
         "activation_scale_bits": 10, "scale_product_bits": 0, "sum_bits": 48, "pipeline": 3,
         "sparsity": "2:4", "overflow": "saturate", "gate": True}, marks=pytest.mark.slow),
    ],
    ids=["narrow", "wide"],
)  # fmt: skip
def test_elaborates(parameters: dict[str, Any]) -> None:
    generated = from_parameters("vsquant", parameters)
    assert generated.verilog.count("module vsquant_block_sum(") == 1
    assert generated.verilog.count("module vsquant_scale_product(") == 1


def test_says_where_the_unit_is() -> None:
    sums = from_parameters("vsquant", {}).manifest["streams"][-1]["fields"][0]
    assert (sums["format"], sums["unit"]) == ("int24", 4)
    sums = from_parameters("vsquant", {"scale_product_bits": 0}).manifest["streams"][-1]["fields"][0]
    assert (sums["format"], sums["unit"]) == ("int24", 0)


@pytest.mark.parametrize("parameters", [{}, {"lanes": 4, "sparsity": "2:4"}, {"lanes": 64}], ids=name)
def test_streams_say_what_they_mean(parameters: dict[str, Any]) -> None:
    inputs, outputs = payloads(VSQuantConfig(**parameters))
    for stream in (*inputs.values(), *outputs.values()):
        assert stream.meaning
        assert all(field.meaning for field in stream.fields)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"vector": 15}, "parameter vector=15: allowed 16…64"),
        ({"lanes": 24}, "parameter lanes=24: 24 elements a cycle are neither a part nor a multiple of vector=16"),
        ({"scale_product_bits": 9}, "parameter scale_product_bits=9: allowed 0…8, the bits of both scales"),
        ({"lanes": 3, "sparsity": "2:4"}, "parameter lanes=3: 2:4 sparsity allows even numbers"),
        ({"vector": 18, "lanes": 18, "sparsity": "2:4"}, "parameter vector=18: 2:4 sparsity allows multiples of 4"),
    ],
)  # fmt: skip
def test_refuses(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        from_parameters("vsquant", parameters)
    assert str(caught.value) == message


def lose_a_carry(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(heap, "full_adder", lambda a, b, c: (a ^ b ^ c, (a & b) | (b & c)))


def truncate_the_scale(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(scale.Heap, "add_constant", lambda self, constant: None)


def forget_the_part(patch: pytest.MonkeyPatch) -> None:
    """Each beat of a vector starts its block sum anew."""
    patch.setattr(
        engine, "Mux", lambda test, yes, no: Const(0) if _named(no, "partial") else _mux(test, yes, no)
    )


def keep_the_sum(patch: pytest.MonkeyPatch) -> None:
    """The running sum of the dot product before goes on."""
    patch.setattr(engine, "Mux", lambda test, yes, no: no if _named(no, "sum") else _mux(test, yes, no))


_mux = engine.Mux


def _named(value: Value, stem: str) -> bool:
    return getattr(value, "name", "").startswith(stem)


@pytest.mark.parametrize(
    ("mutation", "parameters"),
    [
        (lose_a_carry, {}),
        (truncate_the_scale, {}),
        (forget_the_part, {"lanes": 4}),
        (keep_the_sum, {}),
    ],
)
def test_a_broken_engine_fails(
    mutation: Callable[[pytest.MonkeyPatch], None],
    parameters: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    parameters = {"lanes": 2, "sum_bits": 14, "weight_bits": 2, "activation_bits": 3, **parameters}
    whole = from_parameters("vsquant", parameters)
    mutation(monkeypatch)
    broken = from_parameters("vsquant", parameters)
    monkeypatch.undo()
    assert broken.verilog != whole.verilog
    with pytest.raises(BenchFailure) as failure:
        verify(broken, tmp_path)
    print(mutation.__name__, failure.value)


@pytest.mark.parametrize(
    ("pattern", "replacement", "parameters"),
    [
        (r"assign fire = (\w+) & enable;", r"assign fire = \1;", {}),
        (r"assign ends = last \| (\w+);", r"assign ends = \1;", {}),
        (r"indices\[0\] \?", "!indices[0] ?", {"lanes": 2, "sparsity": "2:4"}),
    ],
    ids=[
        "takes a beat while it is stalled",
        "goes on with a vector that ended early",
        "takes the neighbour of four",
    ],
)
def test_broken_verilog_fails(
    pattern: str, replacement: str, parameters: dict[str, Any], tmp_path: Path
) -> None:
    whole = from_parameters("vsquant", {"lanes": 4, "weight_bits": 2, "activation_bits": 3, **parameters})
    broken, count = re.subn(pattern, replacement, whole.verilog)
    assert count
    with pytest.raises(BenchFailure) as failure:
        verify(Generated(broken, whole.manifest), tmp_path)
    print(failure.value)
