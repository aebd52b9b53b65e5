"""Optimum clipping: the recursion against the minimiser of J, on densities and on samples."""

import math

import numpy as np
import pytest

from dotforge_golden.clipping import (
    GAUSSIAN,
    LAPLACIAN,
    Density,
    clip_and_round,
    error,
    least_error_threshold,
    optimum,
    sample_threshold,
)

DENSITIES = {"gaussian": GAUSSIAN, "laplacian": LAPLACIAN}


def minimiser(density: Density, bits: int) -> float:
    """Golden-section search on J, which knows nothing of the recursion."""
    low, high, ratio = 0.3, 20.0, (math.sqrt(5) - 1) / 2
    for _ in range(120):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if error(density.moments(left), left, bits) < error(density.moments(right), right, bits):
            high = right
        else:
            low = left
    return (low + high) / 2


@pytest.mark.parametrize("name", DENSITIES)
@pytest.mark.parametrize("bits", range(2, 9))
def test_recursion_finds_the_minimiser_of_j(name: str, bits: int) -> None:
    density = DENSITIES[name]
    best = minimiser(density, bits)
    assert optimum(density, bits) == pytest.approx(best, abs=1e-6)
    assert optimum(density, bits, start=3.0) == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize("name", DENSITIES)
@pytest.mark.parametrize("bits", range(2, 9))
def test_slides_recursion_is_close(name: str, bits: int) -> None:
    """Without the boundary term it stops above the minimiser, where J is at most 0.4 % above the least."""
    density = DENSITIES[name]
    slide, best = optimum(density, bits, boundary=False), optimum(density, bits)
    assert best < slide < 1.04 * best
    least = error(density.moments(best), best, bits)
    assert least <= error(density.moments(slide), slide, bits) < 1.004 * least
    moments = density.moments(slide)
    rounding = 4.0**-bits / 3
    assert slide == pytest.approx(
        moments.outside_first / (rounding * moments.inside + moments.outside), rel=1e-12
    )


@pytest.mark.parametrize("name", DENSITIES)
def test_moments_are_integrals(name: str) -> None:
    """The trapezoidal rule on the density."""
    density = DENSITIES[name]
    for s in (0.5, 1.0, 2.5):
        found = density.moments(s)
        x = np.linspace(s, 60, 400_001)
        f = np.array([density.moments(0.0).density]) * 0 + (
            np.sqrt(2 / np.pi) * np.exp(-x * x / 2) if name == "gaussian" else np.exp(-x)
        )
        step = x[1] - x[0]
        for power, wanted in enumerate((found.outside, found.outside_first, found.outside_second)):
            values = f * x**power
            assert (values.sum() - values[[0, -1]].sum() / 2) * step == pytest.approx(wanted, abs=1e-6)
        assert found.inside + found.outside == pytest.approx(1)
        assert found.density == pytest.approx(f[0])


def test_samples_approach_the_density() -> None:
    rng = np.random.default_rng(1)
    normal, laplace = rng.normal(size=400_000), rng.laplace(size=400_000)
    for bits in (3, 4, 6):
        slide = optimum(GAUSSIAN, bits, boundary=False)
        assert float(sample_threshold(normal, bits)) == pytest.approx(slide, rel=0.02)
        slide = optimum(LAPLACIAN, bits, boundary=False)
        assert float(sample_threshold(laplace, bits)) == pytest.approx(slide, rel=0.02)


def test_zeros_do_not_count() -> None:
    """Exact zeros leave the threshold where it is, however many there are."""
    rng = np.random.default_rng(2)
    values = rng.normal(size=20_000)
    with_zeros = np.concatenate([values, np.zeros(60_000)])
    assert float(sample_threshold(with_zeros, 4)) == pytest.approx(float(sample_threshold(values, 4)))


def test_few_samples() -> None:
    assert float(sample_threshold([0.0, 0.0], 4)) == 0
    assert float(sample_threshold([3.0, -3.0, 3.0], 4)) == 3
    assert float(sample_threshold([2.0], 4)) == 2
    rows = sample_threshold([[1.0, 1.0, 1.0, 9.0], [0.0, 0.0, 0.0, 0.0]], 2)
    assert rows.shape == (2,)
    assert rows[1] == 0


@pytest.mark.parametrize("bits", [2, 4, 6])
def test_least_error_is_least(bits: int) -> None:
    rng = np.random.default_rng(3)
    values = rng.laplace(size=5000)

    def measured(threshold: float) -> float:
        return float(((clip_and_round(values, threshold, bits) - values) ** 2).sum())

    best = least_error_threshold(values, bits)
    others = [*np.linspace(0.1, 10, 100), float(sample_threshold(values, bits)), float(np.abs(values).max())]
    assert measured(best) <= min(measured(float(other)) for other in others) * 1.001
    assert least_error_threshold(np.zeros(5), bits) == 0


def test_clip_and_round_uses_all_symmetric_codes() -> None:
    found = clip_and_round(np.linspace(-9, 9, 1000), 7.0, 4)
    assert np.array_equal(np.unique(found), np.arange(-7, 8))
    assert not clip_and_round([1.0, 2.0], 0.0, 4).any()
