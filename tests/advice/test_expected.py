"""What golden says ahead of a run is what the run then says."""

from typing import Any

import numpy as np
import pytest

import dotforge
from dotforge_sim.run.errors import RunError
from dotforge_sim.run.expected import Expected, expected
from dotforge_sim.run.gemm import Design

SLOW = [
    ("mxdot", {"weight_format": "nvfp4", "activation_format": "nvfp4", "pipeline": 2}, {}),
    ("logmac", {"activation_bits": 8, "sum_bits": 24}, {"quantize": "scaled"}),
    ("vsquant", {"sparsity": "2:4"}, {"prune": "magnitude"}),
    ("systolic", {"format": "bf16"}, {"quantize": "nearest"}),
    ("flexdpe", {"format": "fp8_e4m3"}, {"quantize": "scaled", "stationary": "a"}),
    ("flexdpu", {"engines": 2, "lanes": 4, "format": "bf16"}, {"quantize": "nearest"}),
    ("flexdpu", {"engines": 2, "lanes": 8}, {"quantize": "scaled", "stationary": "a", "regor": "given"}),
]
FAST = [
    ("mxdot", {}, {}),
    ("vsquant", {}, {}),
    ("systolic", {"rows": 2, "columns": 2}, {"quantize": "scaled"}),
    ("flexdpe", {"lanes": 4}, {"quantize": "scaled"}),
]


def operands() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    a, b = random.normal(size=(6, 96)), random.normal(size=(96, 5))
    b[random.random(b.shape) < 0.7] = 0
    return a, b


def ahead(
    engine: str, parameters: dict[str, Any], options: dict[str, Any], a: np.ndarray, b: np.ndarray
) -> Expected:
    made = dotforge.engine(engine, **parameters)
    module = made._runner()
    return expected(module, Design("", made.manifest), a, b, module.Options(**options))


@pytest.mark.parametrize(
    ("engine", "parameters", "options"),
    [*FAST, *(pytest.param(*each, marks=pytest.mark.slow) for each in SLOW)],
)
def test_a_run_says_the_same(engine: str, parameters: dict[str, Any], options: dict[str, Any]) -> None:
    a, b = operands()
    found = ahead(engine, parameters, options, a, b)
    told = dotforge.engine(engine, **parameters).run(a, b, **options).statistics
    assert told["mismatches"] == 0
    assert found.sqnr_db == told["quantization"]["product_sqnr_db"]
    assert found.cycles == told["cycles"]["total"]
    assert found.stationary == told["stationary"]
    assert found.formats == tuple(told["quantization"][name]["format"] for name in "ab")


def test_bits_of_zeros_are_left_out_where_the_engine_leaves_them_out() -> None:
    a, b = operands()
    dense = ahead("systolic", {"rows": 2, "columns": 2}, {"quantize": "scaled"}, a, b).bits
    sparse = ahead("flexdpe", {"lanes": 4}, {"quantize": "scaled"}, a, b).bits
    assert dense == (8 * a.size, 8 * b.size)
    assert b.size + 7 * np.count_nonzero(b) < sparse[1] <= b.size + 8 * np.count_nonzero(b)


def test_long_products_of_a_flexdpu_are_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    from dotforge_sim.run import flexdpu  # noqa: PLC0415

    given = ("flexdpu", {"engines": 1, "lanes": 4}, {"quantize": "scaled"}, *operands())
    followed = ahead(*given)
    monkeypatch.setattr(flexdpu, "_FOLLOWED", 1)
    estimated = ahead(*given)
    assert (followed.estimated, estimated.estimated) == (False, True)
    assert estimated.cycles == pytest.approx(followed.cycles, rel=0.15)


@pytest.mark.parametrize(
    ("engine", "parameters", "options", "message"),
    [
        ("flexdpe", {"lanes": 4, "sum_format": "int8"}, {}, "sums overflow int8"),
        ("systolic", {"sum_format": "int8"}, {}, "sums overflow int8"),
        ("logmac", {"weight_depth": 8}, {"quantize": "scaled"}, "no exact cycle model"),
        ("flexdpu", {"engines": 1, "lanes": 4, "sum_format": "int18"}, {}, "sums overflow int18"),
    ],
)
def test_what_is_not_known_ahead(
    engine: str, parameters: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(RunError, match=message):
        ahead(engine, parameters, options, np.full((4, 16), 100.0), np.full((16, 4), 100.0))
