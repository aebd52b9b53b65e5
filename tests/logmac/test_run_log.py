"""``run`` on matrices of real numbers: quantised, multiplied on the RTL, scaled back."""

from typing import Any

import numpy as np
import pytest

from dotforge.export.design import from_parameters
from dotforge_golden.log_number import log_number, worst_error
from dotforge_golden.quantise import sqnr
from dotforge_sim.run.gemm import Design, RunError, RunResult
from dotforge_sim.run.logmac import Options, run

L22: dict[str, Any] = {"weight_code": "log:2:2", "activation_code": "log:2:2", "lanes": 4, "sum_bits": 20}
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "converted": L22,
    "binned": {
        **L22,
        "accumulator": "binned",
        "bin_bits": 14,
        "pipeline": 2,
        "log_output": "log:4:3",
        "log_shift": 2,
    },
    "by integers": {
        "weight_code": "log:2:2:flag", "activation_bits": 6, "lanes": 4, "sum_bits": 24, "weight_depth": 16,
    },
    "shift-add": {"lanes": 4, "sum_bits": 20, "fold_sign": True},
}  # fmt: skip
SHAPES = {"normal": (7, 53, 5), "Laplacian": (3, 61, 9), "heavy-tailed": (5, 35, 11)}


def drawn(kind: str, shape: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(21)
    draw = {"normal": rng.normal, "Laplacian": rng.laplace}.get(kind)
    m, k, n = shape
    if draw:
        return draw(size=(m, k)), draw(size=(k, n)) * 0.02
    return rng.standard_t(2.5, (m, k)), rng.standard_t(2.5, (k, n)) * 1000


def multiply(a: np.ndarray, b: np.ndarray, parameters: dict[str, Any], **options: Any) -> RunResult:
    generated = from_parameters("logmac", parameters)
    return run(Design(generated.verilog, generated.manifest), a, b, Options(**options), lambda *_: None)


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_real_numbers(name: str, kind: str) -> None:
    a, b = drawn(kind, SHAPES[kind])
    parameters = CONFIGURATIONS[name]
    result = multiply(a, b, parameters, quantize="scaled", unit="least_error", activation_unit="row")
    report = result.statistics
    assert result.failure is None
    assert report["mismatches"] == 0
    quantization = report["quantization"]
    print(name, kind, quantization)
    assert quantization["product_sqnr_db"] == pytest.approx(sqnr(a @ b, result.c))
    assert quantization["product_sqnr_db"] > 7
    assert quantization["a"]["sqnr_db"] > 12
    assert quantization["b"]["sqnr_db"] > 9
    assert quantization["a"]["units"]["count"] == len(a)
    margin = report["overflow_margin"]
    assert 0 < margin["largest_sum"] <= margin["limit"]
    assert margin["bits"] == pytest.approx(np.log2(margin["limit"] / margin["largest_sum"]))
    assert margin["worst_case_sum"] > margin["largest_sum"]
    assert ("bins" in margin) == (name == "binned")

    saved = result.arrays
    for side, matrix in (("a", a), ("b", b)):
        words, units = saved[f"{side}_elements"], saved[f"{side}_units"]
        assert words.shape == matrix.shape
        values = dict(zip(saved[f"{side}_words"].tolist(), saved[f"{side}_values"], strict=True))
        found = np.vectorize(values.__getitem__)(words) * (units[:, None] if side == "a" else units)
        assert sqnr(matrix, found) == pytest.approx(quantization[side]["sqnr_db"])
    if name == "shift-add":  # nothing but the operands is rounded
        assert np.allclose(result.c, _decoded(saved, "a") @ _decoded(saved, "b"), rtol=1e-12)


def _decoded(saved: dict[str, np.ndarray], side: str) -> np.ndarray:
    order = np.argsort(saved[f"{side}_words"])
    place = np.searchsorted(saved[f"{side}_words"][order], saved[f"{side}_elements"])
    units = saved[f"{side}_units"]
    return saved[f"{side}_values"][order][place] * (units[:, None] if side == "a" else units)


def test_the_output_in_logarithms_is_near_the_sum() -> None:
    a, b = drawn("normal", (7, 53, 5))
    result = multiply(a, b, CONFIGURATIONS["binned"])
    assert result.statistics["quantization"]["kind"] == "scaled"
    values = log_number("log:4:3").decode(np.arange(256))
    units = result.arrays["a_units"][:, None] * result.arrays["b_units"]
    scaled = result.c / units / 2**2
    assert np.abs(scaled[..., None] - values).min(axis=-1).max() < 1e-9 * np.abs(values).max()
    linear = multiply(a, b, {**CONFIGURATIONS["binned"], "log_output": "none", "log_shift": 0}).c
    inside = np.abs(linear / units) >= 2**2 * 2 ** (1 / 8)
    assert inside.sum() > 20
    assert np.abs(result.c / linear - 1)[inside].max() <= worst_error(3) + 1e-9


def test_auto_takes_exponents_as_they_are() -> None:
    a = np.array([[1, -8, 7]])
    b = np.array([[0.5], [-0.25], [1]])
    parameters = CONFIGURATIONS["shift-add"]
    result = multiply(a, b, parameters)
    assert result.c.tolist() == [[0.5 + 2 + 7]]
    assert result.statistics["quantization"]["kind"] == "none"
    assert result.statistics["quantization"]["product_sqnr_db"] is None
    with pytest.raises(RunError, match="--quantize scaled"):
        multiply(a / 3, b, parameters)


def test_log_numbers_are_taken_as_they_are_when_told() -> None:
    number = log_number("log:2:2")
    rng = np.random.default_rng(2)
    a, b = number.decode(rng.integers(0, 32, (3, 9))), number.decode(rng.integers(0, 32, (9, 2)))
    result = multiply(a, b, L22, quantize="none")
    assert result.statistics["quantization"]["b"]["sqnr_db"] is None
    assert sqnr(a @ b, result.c) > 35  # what the lookup's rounding leaves
    with pytest.raises(RunError, match=r"B holds 1 weights that the code cannot represent, such as 3\.0"):
        multiply(a[:, :1], np.array([[3.0]]), L22, quantize="none")


def test_bins_that_overflow_are_a_failure() -> None:
    a, b = np.full((2, 200), 2.0**3), np.full((200, 1), 2.0**3)
    a[0, 1:] = 0
    parameters = {**CONFIGURATIONS["binned"], "log_output": "none", "log_shift": 0}
    result = multiply(a, b, parameters, quantize="none")
    assert result.failure is not None
    assert "1 of 2 sums overflowed" in result.failure
    assert "bin_bits" in result.failure
    assert result.statistics["overflow_margin"]["bins"]["bits"] < 0
