"""Two-level quantisers: every code round-trips, errors are bounded, methods compare as they should."""

from typing import Any

import numpy as np
import pytest

from dotforge_golden.clipping import clip_and_round, least_error_threshold
from dotforge_golden.mx import quantise as mx_quantise
from dotforge_golden.quantise import (
    CLIPPINGS,
    bits_an_element,
    clipping_report,
    quantise,
    sqnr,
    thresholds,
)


@pytest.mark.parametrize("scale_rounding", ["nearest", "ceil"])
@pytest.mark.parametrize("scale_bits", [2, 4, 6, 10])
@pytest.mark.parametrize("bits", range(2, 9))
def test_every_code_round_trips(bits: int, scale_bits: int, scale_rounding: str) -> None:
    """Every element with every scale (or 64 of them) comes back from its value."""
    largest = 2 ** (bits - 1) - 1
    codes = np.arange(-largest, largest + 1)
    scales = np.unique(np.linspace(1, 2**scale_bits - 1, 64).astype(int))
    values = codes * scales[:, None] * 0.37
    vector = len(codes)
    found = quantise(values, bits=bits, scale_bits=scale_bits, vector=vector, scale_rounding=scale_rounding)
    assert np.array_equal(found.scales[:, 0], scales)
    assert np.array_equal(found.elements, np.tile(codes, (len(scales), 1)))
    assert np.allclose(found.values(), values, rtol=1e-12)


@pytest.mark.parametrize("per_row", [False, True])
def test_errors_are_within_half_a_step(per_row: bool) -> None:
    """Nothing is clipped when scales are rounded up."""
    rng = np.random.default_rng(1)
    values = rng.standard_t(3, size=(9, 77))
    found = quantise(values, bits=4, scale_bits=6, vector=16, per_row=per_row, scale_rounding="ceil")
    assert found.elements.shape == (9, 77)
    assert found.scales.shape == (9, 5)
    assert (len(np.unique(found.units)) > 1) == per_row
    step = np.repeat(found.scales, 16, axis=1)[:, :77] * found.units[:, None]
    assert (np.abs(found.values() - values) <= step / 2 * (1 + 1e-9)).all()
    assert found.scales.max() == 63
    assert np.abs(found.elements).max() == 7


def test_zeros() -> None:
    values = np.zeros((2, 20))
    values[0, 0] = 5
    for clipping in CLIPPINGS:
        found = quantise(values, bits=4, scale_bits=4, vector=16, clipping=clipping, per_row=True)
        assert np.array_equal(found.scales, [[15, 0], [0, 0]])
        assert np.allclose(found.values(), values)


def test_finer_scales_are_better() -> None:
    """More scale bits, shorter vectors and optimum clipping each raise the ratio on Gaussian data."""
    values = np.random.default_rng(2).normal(size=(64, 256))

    def ratio(vector: int, scale_bits: int, clipping: str = "max") -> float:
        return sqnr(
            values, quantise(values, bits=4, scale_bits=scale_bits, vector=vector, clipping=clipping).values()
        )

    assert ratio(16, 4) > ratio(32, 4) > ratio(64, 4) > clipping_report(values, 4)["max"]["sqnr_db"]
    assert ratio(16, 8) > ratio(16, 4)
    for vector in (16, 32, 64):
        assert ratio(vector, 8, "optimum") > ratio(vector, 8)


@pytest.mark.parametrize("per_row", [False, True])
def test_a_smaller_unit_serves_heavy_tails(per_row: bool) -> None:
    values = np.random.default_rng(4).standard_t(2, size=(40, 256))
    shared: dict[str, Any] = {"bits": 4, "scale_bits": 4, "vector": 16, "per_row": per_row}
    most, least = quantise(values, **shared), quantise(values, **shared, unit="least_error")
    assert (least.units <= most.units).all()
    noise = [((found.values() - values) ** 2).sum(axis=1) for found in (most, least)]
    if per_row:
        assert (noise[1] <= noise[0] * (1 + 1e-9)).all()
    assert noise[1].sum() < (1.0 if per_row else 0.9) * noise[0].sum()


def test_clipping_report() -> None:
    values = np.random.default_rng(3).laplace(size=20_000)
    report = clipping_report(values, 4)
    ratios = [report[way]["sqnr_db"] for way in ("max", "percentile", "optimum", "least_error")]
    assert ratios == sorted(ratios)
    assert ratios[3] - ratios[2] < 0.1
    assert report["max"]["threshold"] == np.abs(values).max()
    assert report["percentile"]["threshold"] == np.percentile(np.abs(values), 99.9)


def test_thresholds_refuse_other_ways() -> None:
    with pytest.raises(ValueError, match="clipping is one of max, percentile, optimum, not best"):
        thresholds([1.0], clipping="best", bits=4)


def test_sqnr() -> None:
    assert sqnr([1.0, -1.0], [1.0, -1.0]) == np.inf
    assert sqnr([10.0], [11.0]) == pytest.approx(20)
    assert sqnr([0.0], [1.0]) == -np.inf
    assert sqnr([1e300, 0.0], [1.1e300, 0.0]) == pytest.approx(20)


def test_bits_an_element() -> None:
    assert bits_an_element(4, 4, 16) == 4.25
    assert bits_an_element(4, 8, 64) == 4.125


def test_least_error_is_least() -> None:
    """On more values than are tried one by one, heavy tails included: never worse than the recursion."""
    rng = np.random.default_rng(3)
    for values in (rng.normal(size=20_000), rng.standard_t(2, 20_000)):
        for bits in (2, 4):
            tried = least_error_threshold(values, bits, candidates=60, samples=1 << 12)
            other = thresholds(values, clipping="optimum", bits=bits)
            found, least = (sqnr(values, clip_and_round(values, each, bits)) for each in (tried, other))
            assert found > least - 0.05, (bits, found, least)


def test_optimum_is_of_the_codes_that_there_are() -> None:
    """2^B - 1 levels, not the paper's 2^B: 1 dB at 2 bits on a Gaussian, within 0.02 dB of the best threshold."""
    rng = np.random.default_rng(4)
    for values in (rng.normal(size=4_000), rng.laplace(size=4_000)):
        report = {way: entry["sqnr_db"] for way, entry in clipping_report(values, 2).items()}
        assert report["optimum"] > report["least_error"] - 0.02
        assert report["optimum"] > report["optimum_paper"] + 0.7
    paper = quantise(values[None], bits=2, scale_bits=1, vector=4_000, clipping="optimum", levels="paper")
    assert sqnr(values, paper.values()[0]) == pytest.approx(report["optimum_paper"], abs=1e-6)


@pytest.mark.parametrize("power", [-1070, -300, 900, 950])
def test_very_small_and_very_large_numbers(power: int) -> None:
    """No square leaves the range of float64: results scale with the values."""
    values = np.ldexp(np.random.default_rng(5).normal(size=(2, 64)), power + 60)
    base = np.ldexp(values, -power)
    for options in ({"clipping": "optimum"}, {"unit": "least_error"}):
        shared = {"bits": 4, "scale_bits": 4, "vector": 16, **options}
        found, wanted = quantise(values, **shared), quantise(base, **shared)
        assert np.array_equal(found.elements, wanted.elements)
        assert np.array_equal(found.scales, wanted.scales)


@pytest.mark.parametrize("largest", [7.16e-42, 1e-41, 1e-44, 1e-45, 1e-38, 3e-36, 1.0, 1e40])
def test_the_tensor_scale_keeps_the_largest_element(largest: float) -> None:
    """Below 2^-126, where FP32 has few bits, as elsewhere: one part in 16 of the block's scale, no clipping."""
    values = np.array([[largest, -largest / 3] + [0.0] * 14])
    found = mx_quantise(values, format="nvfp4")
    assert abs(found.values()[0, 0] / largest - 1) < 1 / 16
