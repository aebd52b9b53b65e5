"""The formulas of SIGMA and of its baseline, the averages that it prints, and our own model beside a full count."""

import math
from dataclasses import asdict
from fractions import Fraction
from statistics import fmean, geometric_mean
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csc_array

from dotforge.registry import configure
from dotforge_sim.models import flexdpe_estimate
from dotforge_sim.models.errors import ModelError
from dotforge_sim.models.exact import exact
from dotforge_sim.models.flexdpe_cycles import count_cycles
from dotforge_sim.models.flexdpe_estimate import SAMPLED, Windows, count, random_windows, sparse_windows
from dotforge_sim.models.flexdpe_timing import Timing
from dotforge_sim.models.operands import of_gemm
from dotforge_sim.models.paper import Sigma
from dotforge_sim.models.systolic_array import SystolicArray, square
from dotforge_sim.models.workloads import SPARSITIES, Gemm, paper_workloads

ONE = Fraction(1)


def gemm(m: int, n: int, k: int, a: float = 1, b: float = 1) -> Any:
    return of_gemm(Gemm("", m, n, k, Fraction(str(a)), Fraction(str(b))))


@pytest.mark.parametrize(
    ("shape", "stationary", "streaming", "buckets", "folds"),
    [
        # 128·4096 / 128; 2048 · 32 folds; 32 · log2 16384
        ((128, 2048, 4096), "a", "unlimited", (4096, 65536, 448), 32),
        ((128, 2048, 4096), "b", "unlimited", (65536, 65536, 7168), 512),
        # 2048 · 32 chunks of K · ceil(128 · 128 / 16384)
        ((128, 2048, 4096), "a", "limited", (4096, 65536, 448), 32),
        # 3072 · 32 · ceil(320 · 128 / 16384 = 2.5)
        ((320, 3072, 4096), "a", "limited", (10240, 294912, 1120), 80),
        ((1024, 16, 500_000), "b", "unlimited", (62500, 500736, 6846), 489),
        ((2048, 1, 128), "b", "limited", (1, 2048, 14), 1),
    ],
)
def test_the_paper_s_formulas(
    shape: tuple[int, int, int], stationary: str, streaming: Any, buckets: tuple[int, ...], folds: int
) -> None:
    found = Sigma(streaming=streaming).count(gemm(*shape), stationary)
    assert ((found.loading, found.streaming, found.add), found.folds) == (buckets, folds)
    assert found.total == sum(buckets)


def test_densities_are_exact_decimals() -> None:
    """1024 · 500000 · 0.2 / 16384 is 6250, and not a little more."""
    found = Sigma().count(gemm(1024, 16, 500_000, 0.2, 0.7), "a")
    assert (found.folds, found.loading, found.streaming) == (6250, 800_000, 100_000)
    assert found.useful_macs == 1024 * 16 * 500_000 * Fraction(14, 100)


@pytest.mark.parametrize(
    ("shape", "array", "stationary", "folds", "total"),
    [
        ((128, 128, 128), (128, 128), "a", 1, 384),
        ((128, 2048, 4096), (128, 128), "a", 32, 32 * (2048 + 256)),
        ((2048, 4096, 32), (128, 128), "a", 16, 16 * (4096 + 128 + 32)),
        ((2048, 4096, 32), (32, 512), "a", 4, 4 * (4096 + 64)),
        ((1024, 16, 500_000), (128, 128), "b", 3907, 3907 * (1024 + 256)),
    ],
)
def test_the_systolic_array(
    shape: tuple[int, int, int], array: tuple[int, int], stationary: str, folds: int, total: int
) -> None:
    found = SystolicArray(*array).count(gemm(*shape), stationary)
    assert (found.folds, found.total) == (folds, total)


def test_a_narrow_operand_uses_an_eighth_of_the_array() -> None:
    """SIGMA, VI-B: with a 16-500000 matrix stationary, a 128×128 TPU has a utilization of 12.5 %."""
    found = SystolicArray(128, 128).count(gemm(1024, 16, 499_968), "b")
    assert found.stationary_utilisation == 0.125


def test_averages_of_the_paper() -> None:
    """VI-C: 2× dense, 82 % against 59 %; 6× sparse, 40 % and under 10 %; pinned is what the formulas give."""
    sigma, tpu = Sigma(), square(16_384)
    dense = [(sigma.count(product), tpu.count(product)) for product in map(of_gemm, paper_workloads())]
    assert geometric_mean([b.total / a.total for a, b in dense]) == pytest.approx(1.867, abs=5e-4)
    assert fmean(a.overall_efficiency or 0 for a, _ in dense) == pytest.approx(0.8031, abs=5e-5)
    assert fmean(b.overall_efficiency or 0 for _, b in dense) == pytest.approx(0.4922, abs=5e-5)
    pairs = [pair for each in SPARSITIES for pair in ((1 - each[0], 1 - each[1]), (1 - each[1], 1 - each[0]))]
    sparse = [
        (sigma.count(product), tpu.count(product))
        for pair in pairs
        for product in map(of_gemm, paper_workloads(*pair))
    ]
    assert len(sparse) == 60
    assert geometric_mean([b.total / a.total for a, b in sparse]) == pytest.approx(6.351, abs=5e-4)
    assert fmean(a.overall_efficiency or 0 for a, _ in sparse) == pytest.approx(0.4225, abs=5e-5)
    assert fmean(b.overall_efficiency or 0 for _, b in sparse) == pytest.approx(0.0689, abs=5e-5)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: Sigma(multipliers=3), "multipliers 3"),
        (lambda: Sigma(bandwidth=0), "bandwidth 0"),
        (lambda: square(1000), "multipliers 1000"),
        (lambda: SystolicArray(0, 4), "rows of the array 0"),
        (lambda: exact("logmac", {}, gemm(1, 1, 1)), "engine logmac"),
    ],
)
def test_bad_machines(made: Any, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        made()


def _timing(rng: np.random.Generator) -> Timing:
    lanes = int(rng.choice([8, 16, 32, 64, 128]))
    given = {"lanes": lanes, "optimize": "none", "stationary_bandwidth": int(rng.choice([4, lanes]))}
    return Timing.of(asdict(configure("flexdpe", given)[1]))


def _bits(rng: np.random.Generator, rows: int, k: int, density: float) -> Any:
    bits = np.zeros(rows * k, bool)
    bits[rng.permutation(rows * k)[: round(rows * k * density)]] = True
    return csc_array(bits.reshape(rows, k))


def _compare(seed: int, most: int) -> tuple[float, bool]:
    """Return by how much the exact model is off a full count of the same matrices, and whether it counted them."""
    rng = np.random.default_rng(seed)
    timing = _timing(rng)
    rows, k, vectors = int(rng.integers(100, most)), int(rng.integers(100, most)), int(rng.integers(1, 400))
    a, b = (
        _bits(rng, count, k, float(rng.choice(densities)))
        for count, densities in ((rows, (1, 0.5, 0.2)), (vectors, (1, 0.7, 0.3)))
    )
    windows = sparse_windows(timing, a, b, bitmaps=vectors)
    full, folds = count_cycles(
        timing, [windows.make(each, rows) for each in range(len(windows.values))], vectors
    )
    found = count(timing, windows, vectors)
    assert found.folds == folds
    assert found.cycles.streaming == full.streaming
    return abs(found.cycles.total / full.total - 1), found.counted


def test_exact_within_one_percent_of_a_full_count() -> None:
    off = [_compare(seed, 300) for seed in range(4)]
    assert len(off) == 4
    assert any(not counted for _, counted in off)
    assert max(each for each, _ in off) < 0.01, off


@pytest.mark.slow
def test_exact_within_one_percent_of_a_full_count_of_fifty() -> None:
    off = [_compare(seed, 900) for seed in range(50)]
    within = sum(each < 0.01 for each, _ in off)
    assert within >= 49, sorted(off)[-3:]
    assert max(off)[0] < 0.02


def test_folds_from_densities_are_those_of_matrices() -> None:
    timing = Timing.of(asdict(configure("flexdpe", {"lanes": 32, "optimize": "none"})[1]))
    drawn = random_windows(timing, (300, 500, 40), (0.2, 0.05), seed=3, bitmaps=40)
    again = random_windows(timing, (300, 500, 40), (0.2, 0.05), seed=3, bitmaps=40)
    assert (drawn.useful == again.useful).all()
    assert int(drawn.values.sum()) == 30_000
    # A position is used unless 40 vectors all lack it.
    assert drawn.useful.sum() / drawn.values.sum() == pytest.approx(1 - 0.95**40, abs=0.03)
    assert math.isclose(count(timing, drawn, 40).folds, 30_000 * (1 - 0.95**40) / 32, rel_tol=0.05)


def test_what_is_carried_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first window as counted; the folds beyond its own at ``slope``, the windows beyond it at ``level``."""

    def sample(timing: Timing, windows: Windows, vectors: int, group: np.ndarray, before: list[Any]) -> Any:
        start, slope, level = (50, 2, 3) if before else (100, 5, 7)
        return SimpleNamespace(start=start, folds=2, slope=slope, level=level, add=11, one=["first"])

    monkeypatch.setattr(flexdpe_estimate, "_Sample", sample)
    timing = Timing.of(asdict(configure("flexdpe", {"lanes": 8, "optimize": "none"})[1]))
    values, sizes = np.full(5, SAMPLED), np.array([8, 8, 8, 8, 3])
    windows = Windows(values, np.array([40, 33, 24, 16, 20]), sizes, SAMPLED, lambda number, most: None)  # type: ignore
    found = count(timing, windows, 4)
    assert found.folds == 5 + 5 + 3 + 2 + 3
    assert found.cycles.loading == (100 + 5 * (5 + 5 + 3 + 2 - 2) + 7 * (4 - 1)) + (
        50 + 2 * (3 - 2) + 3 * (1 - 1)
    )
    assert (found.cycles.streaming, found.cycles.add, found.counted) == (18 * 4, 11, False)


def test_nothing_to_multiply() -> None:
    parameters = asdict(configure("flexdpe", {"lanes": 8, "optimize": "none"})[1])
    found = exact("flexdpe", parameters, gemm(5, 6, 7, 0, 1))
    assert (found.total, found.folds, found.stationary_utilisation) == (0, 0, None)
