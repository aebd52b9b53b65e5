"""The engine's bench over configurations, at gate level, and on engines that are broken on purpose."""

import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from amaranth.hdl import Const, Value

from dotforge.arithmetic import heap
from dotforge.engines.mxdot import engine, to_float
from dotforge.engines.mxdot import product as products
from dotforge.engines.mxdot.config import MXDotConfig
from dotforge.engines.mxdot.payloads import payloads
from dotforge.export.design import Generated, from_parameters
from dotforge.formats.block import ELEMENTS
from dotforge.parameters import ParameterError
from dotforge.synthesis import area
from dotforge.verify.verify import verify
from dotforge_sim.simulator.bench import BenchFailure


def of(format: str, **more: Any) -> dict[str, Any]:
    return {"weight_format": format, "activation_format": format, **more}


CONFIGURATIONS: list[Any] = [
    {},
    pytest.param(of("nvfp4", lanes=16, pipeline=3), marks=pytest.mark.slow),
    {"weight_format": "mxfp4", "activation_format": "mxfp8_e5m2", "lanes": 2, "pipeline": 1},
    of("mxfp4", lanes=4, pipeline="auto", accumulation="wide", clock_mhz=180),
    pytest.param(of("nvfp4", pipeline="auto", accumulation="wide", clock_mhz=180), marks=pytest.mark.slow),
]
MORE = [
    of(format, lanes=lanes, pipeline=pipeline)
    for format in ELEMENTS
    for lanes, pipeline in ((1, 0), (8, 2), (ELEMENTS[format].block, 3))
] + [
    {"weight_format": weight, "activation_format": activation, "lanes": 4, "pipeline": 2}
    for weight, activation in product(ELEMENTS, ELEMENTS)
    if weight != activation and "nvfp4" not in (weight, activation)
]


def name(parameters: dict[str, Any]) -> str:
    return ",".join(f"{key}={value}" for key, value in parameters.items()) or "default"


@pytest.mark.parametrize("parameters", CONFIGURATIONS, ids=name)
def test_bench(parameters: dict[str, Any], tmp_path: Path) -> None:
    summary = verify(from_parameters("mxdot", parameters), tmp_path, seed=3)
    assert summary["tests"] == (13 if parameters.get("accumulation") == "wide" else 12)
    assert summary["vectors"] >= 1400
    assert summary["mismatches"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("parameters", MORE, ids=name)
def test_bench_everywhere(parameters: dict[str, Any], tmp_path: Path) -> None:
    assert verify(from_parameters("mxdot", parameters), tmp_path, seed=4)["vectors"] >= 1400


@pytest.mark.slow
@pytest.mark.usefixtures("icarus")
@pytest.mark.parametrize("parameters", [{}, of("nvfp4", lanes=2, pipeline=1)], ids=name)
def test_bench_on_icarus(parameters: dict[str, Any], tmp_path: Path) -> None:
    assert verify(from_parameters("mxdot", parameters), tmp_path, simulator="icarus")["vectors"] >= 1400


@pytest.mark.slow
def test_bench_on_the_netlist(tmp_path: Path) -> None:
    """What `synth` counts is what the bench passes on: gates and flip-flops only."""
    generated = from_parameters("mxdot", of("nvfp4", lanes=2, pipeline=2))
    gates = area.netlist(generated.verilog, generated.top)
    assert "mxdot_block_sum" not in gates
    assert " + " not in gates
    assert verify(Generated(gates, generated.manifest), tmp_path)["vectors"] >= 1400


@pytest.mark.parametrize(
    "parameters",
    [
        of("mxfp4", lanes=1),
        pytest.param(of("mxfp8_e5m2", lanes=32, pipeline=3), marks=pytest.mark.slow),
    ],
    ids=["narrow", "wide"],
)
def test_elaborates(parameters: dict[str, Any]) -> None:
    generated = from_parameters("mxdot", parameters)
    assert generated.verilog.count("module mxdot_element_product(") == 1
    assert generated.verilog.count("module mxdot_scaled_block(") == 1
    assert generated.manifest["latency"] == parameters.get("pipeline", 0) + 1


def test_a_clock_says_how_deep_it_goes() -> None:
    depths = []
    for mhz in (30, 90, 180):
        told = from_parameters(
            "mxdot", {"pipeline": "auto", "accumulation": "wide", "clock_mhz": mhz}
        ).manifest
        assert told["initiation_interval"] == 1
        assert told["latency"] == told["resolved"]["pipeline"] + 3
        depths.append(told["latency"])
    assert depths == sorted(set(depths))


def test_streams_say_what_codes_mean() -> None:
    for format in ELEMENTS:
        inputs, outputs = payloads(MXDotConfig(**of(format)))
        assert all(stream.meaning for stream in (*inputs.values(), *outputs.values()))
        fields = [field for stream in (*inputs.values(), *outputs.values()) for field in stream.fields]
        assert all(field.meaning for field in fields)
        weight, scale = inputs["weights"].fields
        assert "NaN" in scale.encoding
        assert weight.format == ELEMENTS[format].code
        if format == "nvfp4":
            assert weight.values[:8] == (0, 0.5, 1, 1.5, 2, 3, 4, 6)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"lanes": 24}, "parameter lanes=24: blocks of 32 elements allow its divisors"),
        (of("nvfp4", lanes=32), "parameter lanes=32: blocks of 16 elements allow its divisors"),
        (
            {"weight_format": "nvfp4"},
            "parameter activation_format=mxfp4: weights of nvfp4 allow nvfp4",
        ),
        (
            {"pipeline": "auto"},
            "parameter pipeline=auto: allowed 0…3; auto goes with accumulation=wide",
        ),
        (
            {"accumulation": "wide"},
            "parameter accumulation=wide: allowed fp32; wide goes with pipeline=auto",
        ),
        (
            of("mxint8", pipeline="auto", accumulation="wide"),
            "parameter weight_format=mxint8: accumulation=wide allows mxfp4 and nvfp4",
        ),
        ({"clock_mhz": 180}, "parameter clock_mhz=180: allowed 100; others go with pipeline=auto"),
        (
            {"pipeline": "auto", "accumulation": "wide", "clock_mhz": 400},
            "parameter clock_mhz=400: allowed 1…204 on ecp5 with the other parameters",
        ),
        (
            {"activation_format": "nvfp4"},
            "parameter activation_format=nvfp4: weights of mxfp4 allow formats that start with mx",
        ),
    ],
)
def test_refuses(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        from_parameters("mxdot", parameters)
    assert str(caught.value) == message


def lose_a_carry(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(heap, "full_adder", lambda a, b, c: (a ^ b ^ c, (a & b) | (b & c)))


def forget_subnormals(patch: pytest.MonkeyPatch) -> None:
    """Every element has its hidden bit."""
    unpack = products.unpack

    def broken(*arguments: Any) -> Any:
        fields = unpack(*arguments)
        return type(fields)(**{**vars(fields), "normal": Const(1, 1)})

    patch.setattr(products, "unpack", broken)


def shift_one_place_less(patch: pytest.MonkeyPatch) -> None:
    """The exponent of FP32 is one too small."""
    add_constant = to_float.add_constant
    patch.setattr(
        to_float, "add_constant", lambda m, name, a, constant: add_constant(m, name, a, constant - 1)
    )


def forget_the_part(patch: pytest.MonkeyPatch) -> None:
    """Each beat of a block starts its sum anew."""
    patch.setattr(
        engine, "Mux", lambda test, yes, no: Const(0) if _named(no, "partial") else _mux(test, yes, no)
    )


def keep_the_sum(patch: pytest.MonkeyPatch) -> None:
    """The running sum of the dot product before goes on."""
    patch.setattr(engine, "Mux", lambda test, yes, no: no if _named(no, "running") else _mux(test, yes, no))


_mux = engine.Mux


def _named(value: Value, stem: str) -> bool:
    return getattr(value, "name", "").startswith(stem)


def expect_red(broken: Generated, directory: Path) -> None:
    with pytest.raises(BenchFailure) as failure:
        verify(broken, directory)
    print(failure.value)


@pytest.mark.parametrize(
    "mutation",
    [
        forget_the_part,
        *(
            pytest.param(each, marks=pytest.mark.slow)
            for each in (lose_a_carry, forget_subnormals, shift_one_place_less, keep_the_sum)
        ),
    ],
)
def test_a_broken_engine_fails(
    mutation: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    parameters = of("nvfp4", lanes=2)
    whole = from_parameters("mxdot", parameters)
    mutation(monkeypatch)
    broken = from_parameters("mxdot", parameters)
    monkeypatch.undo()
    assert broken.verilog != whole.verilog
    expect_red(broken, tmp_path)


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        pytest.param(r"assign fire = (\w+) & enable;", r"assign fire = \1;", marks=pytest.mark.slow),
        pytest.param(r"assign ends = last \| (\w+);", r"assign ends = \1;", marks=pytest.mark.slow),
        (r"(?s)(module mxdot_small_float_scale\(.*?assign nan = )[^;]*;", r"\g<1>1'h0;"),
    ],
    ids=[
        "takes a beat while it is stalled",
        "goes on with a block that ended early",
        "takes a scale of NaN for a number",
    ],
)
def test_broken_verilog_fails(pattern: str, replacement: str, tmp_path: Path) -> None:
    whole = from_parameters("mxdot", of("nvfp4", lanes=2))
    broken, count = re.subn(pattern, replacement, whole.verilog)
    assert count
    expect_red(Generated(broken, whole.manifest), tmp_path)
